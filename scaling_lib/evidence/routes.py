"""Paths to routes: `/orders/123?x=1` is a request of `/orders/{id}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MOST_ROUTES = 200  # a service; beyond, paths hold an id that no rule knows
MOST_IN_A_FILE = 5000  # only against files without end: which routes are rare is known when all files are merged
OTHER = "(other)"
_IDS = re.compile(
    r"""(?x)^(?:
    \d+ |                                                     # 123
    [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12} |    # a UUID
    (?=[^\d]*\d)[0-9a-fA-F]{8,} |                             # a hash
    \d{4}-\d{2}(?:-\d{2})?(?:T[\d:.]+Z?)? |                   # a date
    [^@/\s]+@[^@/\s]+\.[^@/\s]+ |                             # an e-mail address
    (?=[^\d]*\d)(?=[^a-zA-Z]*[a-zA-Z])[\w.~=-]{20,} |         # a token
    [A-Za-z]{1,6}[-_]?\d{2,} |                                # cart-123
    (?=[^\d]*\d)[A-Za-z]+[-_](?=[^\d]*\d)[0-9a-fA-F]{6,}      # cart-9f31c2aa
    )$"""
)

# What an engine replaces before paths are told apart, so that a few hundred of them are left of a million; a subset of
# _IDS without lookahead, which few engines have. Behind it a segment ends, with the path or before what is cut off.
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
ID_SEGMENTS = (
    rf"/(?:[0-9]+|{_UUID}|[0-9][0-9a-fA-F]{{7,}}|[0-9a-fA-F]{{7,}}[0-9]|[A-Za-z]{{1,6}}[-_]?[0-9]{{2,}})([/?#;]|$)"
)
AN_ID = r"/0\1"


def template(path: str) -> str:
    """The route of a path: query and fragment cut, segments that are ids read `{id}`, no slash at the end."""
    method, blank, rest = path.partition(" ")
    if blank and method.isalpha() and method.isupper() and rest.startswith("/"):
        return f"{method} {template(rest)}"  # "GET /orders/123", as a column of routes may have it
    if path and "/" not in path:
        return path  # a name such as "checkout"
    bare = re.split(r"[?#;]", path, maxsplit=1)[0]
    bare = re.sub(r"^[a-z][a-z0-9+.-]*://[^/]*", "", bare) or "/"
    parts = ["{id}" if _IDS.match(part) else part for part in bare.split("/") if part]
    return "/" + "/".join(parts)


def capped(counts: Mapping[str, int], named: Iterable[str] = (), most: int = MOST_ROUTES) -> dict[str, str]:
    """Each route to itself, and beyond the `most` busiest to "(other)"; those in `named` always stay."""
    keep = set(named)
    ranked = sorted(counts, key=lambda route: (route not in keep, -counts[route], route))
    kept = set(ranked[: max(most, len(keep & set(counts)))])
    return {route: route if route in kept else OTHER for route in counts}


def named_among(routes: Iterable[str], patterns: Iterable[str]) -> set[str]:
    """The routes that a pattern names and that "(other)" would hide; `*` finds its requests in "(other)" too."""
    strict = [pattern for pattern in dict.fromkeys(patterns) if not matches(pattern, OTHER)]
    return {route for route in routes if any(matches(pattern, route) for pattern in strict)}


def is_of(place: tuple[str, str], route: str, service: str = "") -> bool:
    """Whether requests of a place, (service, route), are of a journey's route, and of its service if it names one."""
    return bool(route) and service in ("", place[0]) and matches(route, place[1])


def matches(pattern: str, route: str) -> bool:
    """Whether a route of the evidence is the one a journey names: with or without the method, `*` for anything."""
    wanted = pattern.strip()
    if "/" in wanted and not wanted.startswith("/") and " " in wanted:
        method, _, path = wanted.partition(" ")
        wanted = f"{method.upper()} {path.strip()}"
    else:
        route = route.partition(" ")[2] or route
    expression = re.escape(wanted).replace(r"\*", ".*")
    return re.fullmatch(expression, route) is not None
