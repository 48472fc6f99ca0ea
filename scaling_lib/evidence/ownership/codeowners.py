"""One line of CODEOWNERS by GitHub's rules, which are those of .gitignore with exceptions.

Source: GitHub's documentation, "About code owners": no `!`, no ranges in brackets, `\\#` is not escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OWNER = re.compile(r"@[^\s@/]+(?:/[^\s@/]+)?|[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A pattern with its owners: none of them takes away what earlier rules gave. line: where it stands."""

    pattern: str
    owners: tuple[str, ...]
    line: int
    matches: re.Pattern[str]


def rule_of(text: str, line: int) -> Rule | str | None:
    """A line's rule; None of a comment and an empty line, and the reason why it is none where GitHub skips it too."""
    words = re.split(r"(?<!\\)\s+", re.sub(r"(?:^|\s)#.*", "", text).strip())
    if not words[0]:
        return None
    pattern, owners = words[0].replace("\\ ", " "), tuple(words[1:])
    if pattern.startswith("!"):
        return "begins with !, which CODEOWNERS does not know"
    if "[" in pattern or "]" in pattern:
        return "has a range in brackets, which CODEOWNERS does not know"
    if wrong := [owner for owner in owners if not OWNER.fullmatch(owner)]:
        return f"names the owner {wrong[0]!r}, which is neither @user, @organisation/team nor an address"
    return Rule(pattern=pattern, owners=owners, line=line, matches=re.compile(_expression(pattern)))


def _expression(pattern: str) -> str:
    """A regular expression that matches the whole of the paths that a pattern stands for."""
    rooted = "/" in pattern.rstrip("/")
    parts = pattern.strip("/").split("/")
    text = "" if rooted else r"(?:.*/)?"
    for place, part in enumerate(parts):
        last = place == len(parts) - 1
        if part == "**":
            text += r".+" if last else r"(?:.*/)?"
            continue
        text += re.sub(r"\\?[*?]|[^*?\\]+|\\", _letters, part) + ("" if last else "/")
    if pattern.endswith("/"):
        return text + r"/.+"
    if parts[-1] == "*" and rooted:
        return text  # docs/* is of the files in it, not of those in folders below
    return text + r"(?:/.+)?"


def _letters(found: re.Match[str]) -> str:
    return {"*": r"[^/]*", "?": r"[^/]"}.get(found[0], re.escape(found[0].removeprefix("\\")))
