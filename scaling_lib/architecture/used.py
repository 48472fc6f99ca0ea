"""What step 06's figures rest on beside step 04's: the history of the code and of its deployments."""

from __future__ import annotations

from collections.abc import Mapping

from scaling_lib.assessment import Assessment
from scaling_lib.findings import Source

KINDS = ("changes", "deployments")


def used_sources(system: Assessment, known: Mapping[str, tuple[Source, ...]]) -> dict[str, tuple[Source, ...]]:
    """Those that are known, and each source of the two kinds that was read, with its rows and time range."""
    found = dict(known)
    for kind in KINDS:
        found[kind] = tuple(
            Source(
                table=kind,
                rows=each.rows,
                start=f"{each.start:%Y-%m-%dT%H:%M:%SZ}" if each.start else "",
                end=f"{each.end:%Y-%m-%dT%H:%M:%SZ}" if each.end else "",
                origin="simulated" if each.origin == "simulated" else "measured",
            )
            for each in system.sources.get(kind, ())
            if each.rows
        )
    return found
