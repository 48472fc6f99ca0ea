"""What step 04's figures rest on, by kind of evidence."""

from __future__ import annotations

from scaling_lib.assessment import Assessment
from scaling_lib.findings import Source

KINDS = ("spans", "load tests", "load metrics", "requests")


def used_sources(system: Assessment) -> dict[str, tuple[Source, ...]]:
    """What was read, one a kind and origin, with its rows and time range."""
    found: dict[str, tuple[Source, ...]] = {}
    ledger = [each for each in system.evidence().sources if each.rows]
    for kind in KINDS:
        simulated = {each.origin == "simulated" for each in ledger if each.kind == kind}
        parts = []
        for origin in sorted(simulated):
            own = [each for each in ledger if each.kind == kind and (each.origin == "simulated") == origin]
            starts, ends = [each.start for each in own if each.start], [each.end for each in own if each.end]
            parts.append(
                Source(
                    table=kind,
                    rows=sum(each.rows for each in own),
                    start=f"{min(starts):%Y-%m-%dT%H:%M:%SZ}" if starts else "",
                    end=f"{max(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else "",
                    origin="simulated" if origin else "measured",
                )
            )
        found[kind] = tuple(parts)
    return found
