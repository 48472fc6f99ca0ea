"""What step 05 finds of feature flags."""

from __future__ import annotations

from functools import partial

from scaling_lib.findings import Finding
from scaling_lib.rollout.result import Rollout
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, plural

_finding = partial(Finding, step="05", command="scaling run --step 05")


def flag_findings(result: Rollout) -> list[Finding]:
    """Stale flags, kill switches that nobody tried, and flags without an owner, a definition or a date."""
    flags = result.flags
    if flags is None:
        return []
    evidence = result.sources.get("flags", ())
    count = len(flags.frame)
    stale, finished, orphans = flags.names("stale"), flags.names("finished"), flags.names("no_owner")
    found = [
        _finding(
            name="stale-flags",
            verdict="watch" if stale else ("unknown" if count and flags.age_unknown == count else "ok"),
            sentence=f"{len(stale)} of {plural(count, 'flag')} {'is' if len(stale) == 1 else 'are'} stale"
            + (f": {listing(stale, len(stale))}." if stale else "."),
            impact=Estimate(len(stale), len(stale), len(stale), 1.0, "flags") if stale else None,
            why=f"{plural(len(finished), 'stale flag')} {'is' if len(finished) == 1 else 'are'} the same for all "
            f"already: {listing(finished)}."
            if finished
            else "",
            evidence=evidence,
            action=f"Remove the code of {listing(finished)} first; decide the others." if finished
            else ("Decide them, and remove their code." if stale else ""),
            figure="flags",
        )
    ]  # fmt: skip
    if flags.untested:
        found.append(
            _finding(
                name="untried-kill-switches",
                verdict="act",
                sentence=f"{listing(flags.untested)}: a kill switch that was not tried within half a year.",
                why="Whether it works is only known once it was used; the first time should not be the emergency.",
                evidence=evidence,
                action=f"Try {listing(flags.untested)} in a quiet hour, and note the date.",
            )
        )
    if flags.unknown:
        found.append(
            _finding(
                name="unknown-flags",
                verdict="watch",
                sentence=f"The code asks for {listing(flags.unknown)}, which no system of flags has: it always gets "
                "its default.",
                evidence=evidence,
                action="Remove the code that asks, or define the flag.",
            )
        )
    if orphans:
        found.append(
            _finding(
                name="flags-without-owner",
                verdict="watch",
                sentence=f"{plural(len(orphans), 'flag')} {'has' if len(orphans) == 1 else 'have'} no owner: "
                f"{listing(orphans)}.",
                evidence=evidence,
                action="Name who decides each.",
            )
        )
    if flags.overlaps:
        found.append(
            _finding(
                name="flags-drawn-alike",
                verdict="watch",
                sentence=f"{listing(flags.overlaps[0])} are drawn alike: the same users get all of them.",
                why="A canary's users then have other flags too, and what is seen may be theirs.",
                evidence=evidence,
                action="Give each its own seed or group.",
            )
        )
    if flags.age_unknown > 0:
        found.append(
            _finding(
                name="flags-without-age",
                verdict="unknown",
                sentence=f"Of {plural(flags.age_unknown, 'flag')} of {count} the age is not known.",
                evidence=evidence,
                action="Write the date of creation into its metadata (flagd keeps none).",
            )
        )
    return found
