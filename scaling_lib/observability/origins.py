"""What the figures of step 03 rest on, by kind of evidence."""

from __future__ import annotations

from collections.abc import Iterable

from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Source

KINDS = ("spans", "metrics", "alerts", "logs", "dashboards", "teams")


def origins(read: Iterable[Quality]) -> dict[str, tuple[Source, ...]]:
    """One Source a kind and origin, with its rows and time range. read: of all sources, as the ledger has them."""
    found: dict[tuple[str, bool], list[Quality]] = {}
    for each in read:
        if each.kind in KINDS and each.rows:
            found.setdefault((each.kind, each.origin == "simulated"), []).append(each)
    sources: dict[str, list[Source]] = {}
    for (kind, simulated), own in sorted(found.items()):
        starts, ends = [each.start for each in own if each.start], [each.end for each in own if each.end]
        sources.setdefault(kind, []).append(
            Source(
                table=kind,
                rows=sum(each.rows for each in own),
                start=f"{min(starts):%Y-%m-%dT%H:%M:%SZ}" if starts else "",
                end=f"{max(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else "",
                origin="simulated" if simulated else "measured",
            )
        )
    return {kind: tuple(own) for kind, own in sources.items()}
