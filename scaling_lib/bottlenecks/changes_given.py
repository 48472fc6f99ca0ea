"""The evidence before and after each change, for a terminal."""

from __future__ import annotations

from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.changes import side_of
from scaling_lib.words import listing, plural

NEEDED = {"spans": "spans", "load tests": "load tests", "load metrics": "`metrics` of the load tests"}


def changes_given(system: Assessment) -> tuple[list[str], bool]:
    """Lines that say what is given of each change and what step 04 lacks of it; and whether some of it is broken."""
    lines, broken = ["", "Changes"], False
    for change in system.config.changes:
        lines.append(f"  {change.name}")
        for side in ("before", "after"):
            ledger = side_of(system, change, side).evidence()
            rows = {kind: sum(each.rows for each in ledger.sources if each.kind == kind) for kind in NEEDED}
            given = [f"{kind} {plural(count, 'row')}" for kind, count in rows.items() if count]
            lacks = [words for kind, words in NEEDED.items() if not rows[kind]]
            lines.append(
                f"    {side:<6} {', '.join(given) or 'nothing that can be used'}"
                + (f"; without {listing(lacks)}" if lacks else "")
            )
            lines += [f"           BROKEN: {problem}" for problem in ledger.broken]
            broken = broken or bool(ledger.broken)
    return (lines, broken) if system.config.changes else ([], False)
