"""The canaries of an assessment and what is given of each, for a terminal."""

from __future__ import annotations

from scaling_lib.assessment import Assessment
from scaling_lib.rollout.canary import judged_canary
from scaling_lib.words import percent


def canaries_given(system: Assessment) -> tuple[list[str], bool]:
    """Lines that say how many requests of each version there are; and whether some evidence is broken."""
    lines, broken = ["", "Canaries"], False
    for canary in system.config.canaries:
        found = judged_canary(system, canary)
        lines.append(f"  {canary.name}")
        if found.sides is not None:
            for version, side in ((canary.canary, found.sides.canary), (canary.baseline, found.sides.baseline)):
                failed = "" if side.failures[0] != side.failures[0] else f", {side.failures[0]:,.0f} failed"
                lines.append(f"    {version:<12} {side.requests:,.0f} requests{failed}")
            lines.append(f"    meant for {canary.canary}: {percent(canary.share)}")
        for part, absent in found.absent.items():
            lines.append(f"    {'BROKEN' if absent.broken else 'without'} {part}: {system.named_here(absent.why)}")
            broken = broken or absent.broken
    return (lines, broken) if system.config.canaries else ([], False)
