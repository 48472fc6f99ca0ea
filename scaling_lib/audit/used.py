"""What step 07's figures rest on, by kind of evidence."""

from __future__ import annotations

from collections.abc import Iterable

from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Source

KINDS = ("bills", "requests", "metrics", "scans", "spans")


def used_sources(read: Iterable[Quality]) -> dict[str, tuple[Source, ...]]:
    """One Source a kind and origin, with its rows and time range. read: of all sources, as the ledger has them."""
    found: dict[tuple[str, bool], list[Quality]] = {}
    for each in read:
        if each.kind in KINDS and each.rows:
            found.setdefault((each.kind, each.origin == "simulated"), []).append(each)
    sources: dict[str, tuple[Source, ...]] = {}
    for (kind, simulated), own in sorted(found.items()):
        starts, ends = [each.start for each in own if each.start], [each.end for each in own if each.end]
        one = Source(
            table=kind,
            rows=sum(each.rows for each in own),
            start=f"{min(starts):%Y-%m-%dT%H:%M:%SZ}" if starts else "",
            end=f"{max(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else "",
            origin="simulated" if simulated else "measured",
        )
        sources[kind] = (*sources.get(kind, ()), one)
    return sources
