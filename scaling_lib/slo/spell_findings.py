"""What step 01 finds of the spells in which requests failed: one finding for what overlaps in time."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from scaling_lib.findings import Finding, Verdict
from scaling_lib.slo.alerts import detection_time
from scaling_lib.slo.result import SLOResult
from scaling_lib.slo.windows import window_words
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, percent

COMMAND = "scaling run --step 01"
BIG_SPELL = 0.02  # of a window's budget in one spell: what the fastest alert is made to page on (SRE Workbook, ch. 5)
ALIKE = 0.02  # two shares of a budget that differ by less, relatively, are told as one

Spell = tuple[SLOResult, Mapping[Hashable, Any]]


def spell_findings(results: Sequence[SLOResult]) -> list[Finding]:
    """One finding for the spells of all SLOs that overlap: the costliest first, with what the others lost beside it."""
    return [_spell(group) for group in _groups(results)]


def _spell(group: Sequence[Spell]) -> Finding:
    each, row = group[0]
    start, end, share = row["start"], row["end"], float(row["budget_spent"])
    own = [one.share_of_budget(float(spell["bad_in_window"])) for one, spell in group]
    verdict: Verdict = "act" if share > BIG_SPELL or max(own) > 1 else "watch" if max(own) else "ok"
    given = not all(spell["found"] for _, spell in group)
    beside: dict[str, float] = {}
    for (one, _), spent in zip(group, own, strict=True):
        if one.slo.name != each.slo.name:
            beside[one.slo.name] = beside.get(one.slo.name, 0.0) + spent
    also = [f"{name} ({percent(spent)})" for name, spent in beside.items()]
    return Finding(
        step="01",
        name="spell",
        subject=f"{each.slo.name}, {start:%Y-%m-%d %H:%M}",
        verdict=verdict,
        sentence=(
            f"{each.slo.name}: {_failed(each, row)} from {start:%Y-%m-%d %H:%M} to {_end(start, end)} UTC"
            f"{_inside(each, row)}: {_cost(each, own[0], share)}."
            + (f" At the same time: {listing(also)}." if also else "")
        ),
        impact=Estimate(share, share, share, 1.0, "fraction"),
        why=f"The spell was {'given' if given else 'found in the counts'}. {_paged(each, row)}",
        evidence=tuple(
            dict.fromkeys(source for one, spell in group for source in one.rows.sources(spell["start"], spell["end"]))
        ),
        action="Find the cause in the traces and changes of that time; write the review down.",
        command=COMMAND,
        figure="burn",
    )


def _failed(each: SLOResult, row: Mapping[Hashable, Any]) -> str:
    """How many of what failed."""
    bad = float(row["bad"])
    was = each.went_bad.replace("were", "was") if bad == 1 else each.went_bad
    return f"{each.told(bad, row['start'], row['end'])} {each.unit_of(bad)} {was}"


def _end(start: pd.Timestamp, end: pd.Timestamp) -> str:
    return f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"


def _inside(each: SLOResult, row: Mapping[Hashable, Any]) -> str:
    """How many of a spell that began before the last window fell into it."""
    if row["start"] >= each.start:
        return ""
    inside = each.told(float(row["bad_in_window"]), each.start, row["end"])
    return f", {inside} of them in its last {window_words(each.slo.window)} window"


def _cost(each: SLOResult, own: float, share: float) -> str:
    """What a spell spent of the budget that the evidence allows, and of a whole window's where that is another."""
    whole = f"of a whole {window_words(each.slo.window)} budget"
    if abs(own - share) < ALIKE * share:
        return f"{percent(share)} {whole}"
    return f"{percent(own)} of the budget of the {each.unit} seen, {percent(share)} {whole}"


def _groups(results: Sequence[SLOResult]) -> list[list[Spell]]:
    """The spells that overlap, the costliest of each group first.

    Only those that reach into the SLO's last window: what lies before it is history, and stands in the table.
    """
    rows = [(each, row) for each in results for row in each.replay.incidents.to_dict("records")]
    groups: list[list[Spell]] = []
    end = None
    for each, row in sorted(rows, key=lambda spell: spell[1]["start"]):
        if row["end"] <= each.start:
            continue
        if end is None or row["start"] >= end:
            groups.append([])
        groups[-1].append((each, row))
        end = row["end"] if end is None else max(end, row["end"])
    return [sorted(group, key=lambda spell: -float(spell[1]["budget_spent"])) for group in groups]


def _paged(each: SLOResult, row: Mapping[Hashable, Any]) -> str:
    if not row["detected"]:
        return "The alerts would not have paged."
    if row["delay_s"] == 0:
        return "A page was firing already when it began."
    if row["early"]:
        return f"{_replayed(row)} {_in_theory(each, row)}"
    return _replayed(row)


def _in_theory(each: SLOResult, row: Mapping[Hashable, Any]) -> str:
    """What the page would have taken, had the alert's windows been full of healthy traffic before."""
    inside = each.counts[row["start"].floor("min") : row["end"] - pd.Timedelta(microseconds=1)]
    rate = float(inside["bad"].sum()) / max(float(inside["total"].sum()), 1.0)
    needed = min(detection_time(tier, each.slo.target, rate) for tier in each.policy.only("page"))
    lasted = (row["end"] - row["start"]).total_seconds()
    said = "But the alert's window was not seen in full before it. With a full, healthy window before it, "
    if needed == math.inf:
        return f"{said}an error rate of {percent(rate)} never pages."
    if needed > lasted:
        return f"{said}it would not have paged: that takes {duration(needed)}, and it lasted {duration(lasted)}."
    return f"{said}the page would have come after {duration(needed)}."


def _replayed(row: Mapping[Hashable, Any]) -> str:
    delay, before, reset = duration(row["delay_s"]), percent(row["budget_spent_before"]), float(row["reset_s"])
    text = f"The alerts would have paged after {delay}; by then {before} of the window's budget was spent on it."
    return text + (f" They would have been quiet {duration(reset)} after it ended." if not math.isnan(reset) else "")
