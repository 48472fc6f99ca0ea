"""What changed between two runs, for a terminal."""

from __future__ import annotations

from scaling_lib.roadmap.compare import CHANGES, Comparison
from scaling_lib.words import plural


def comparison_text(found: Comparison, *, everything: bool = False) -> str:
    """A line a finding that changed, by the kind of change; `everything`: those that did not too."""
    lines = []
    for change in CHANGES:
        rows = found.frame[found.frame["change"] == change].to_dict("records")
        if not rows or (change == "same" and not everything):
            continue
        lines.append(f"{change} ({plural(len(rows), 'finding')})")
        for row in rows:
            verdicts = " -> ".join(
                dict.fromkeys(each for each in (row["verdict_before"], row["verdict_after"]) if each)
            )
            figures = " -> ".join(dict.fromkeys(each for each in (row["before"], row["after"]) if each))
            lines.append(f"  {row['step']}  {verdicts:<16} {row['sentence']}{f'  [{figures}]' if figures else ''}")
    states = found.states[found.states["before"] != found.states["after"]].to_dict("records")
    lines += [f"step {row['step']}: {row['before'] or 'not there'} -> {row['after'] or 'not there'}" for row in states]
    if not lines:
        lines.append(f"nothing changed in {plural(len(found.frame), 'finding')}")
    return "\n".join([*lines, *(f"note: {note}" for note in found.notes)])
