"""What step 01 finds, from its result alone."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scaling_lib.findings import Finding, Verdict
from scaling_lib.slo.alerts import detection_time
from scaling_lib.slo.assess import Assessed, SLOResult, Unmeasured
from scaling_lib.slo.windows import window_words
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, number, percent, plural

NEARLY_SPENT = 0.75  # of the budget: time to watch
OWN_QUERY = (
    "The SLO's own query was not asked: counted are the journey's requests, bad by status 500 and up or by the "
    "threshold. Where the query counts others, such as 429 or more routes, its figure differs."
)
COMMAND = "scaling run --step 01"
WHOLE = 0.99  # of a window covered: what was counted in it is the answer, not a sample
HALF = 0.5
GRACE = pd.Timedelta(minutes=5)
BIG_SPELL = 0.02  # of a window's budget in one spell: what the fastest alert is made to page on (SRE Workbook, ch. 5)


def findings(assessed: Assessed) -> list[Finding]:
    """One finding an SLO, one a spell, and what is wrong with the alerts."""
    if not assessed.results and not assessed.unmeasured:
        return [
            Finding(
                step="01",
                name="no-slo",
                verdict="unknown",
                sentence="No SLO is given, so no journey can be held to one.",
                action="Take the starter SLOs proposed below, or write your own into assessment.yaml.",
                command=COMMAND,
            )
        ]
    costliest = sorted(assessed.results, key=lambda each: -each.spent.value)
    found = [_attained(each) for each in costliest]
    found += [finding for each in costliest for finding in _spells(each)]
    found += [finding for each in costliest for finding in _alerts(each)]
    return [*found, *_outside(assessed), *(_unmeasured(each) for each in assessed.unmeasured)]


def headline(assessed: Assessed) -> str:
    """The sentence that answers the step's question."""
    if not assessed.results:
        return "Not measured: no SLO has evidence."
    missed = [each for each in assessed.results if each.attainment.counted == "missed"]
    met = sum(_kept(each) for each in assessed.results)
    open_ = len(assessed.results) - len(missed) - met
    so_far = " so far" if min(each.covered for each in assessed.results) < HALF else ""
    parts = [f"{met} of {plural(len(assessed.results) + len(assessed.unmeasured), 'SLO')} met{so_far}"]
    if missed:
        worst = sorted(missed, key=lambda each: -each.spent.value)
        names = listing([f"{each.slo.name} ({percent(each.spent.value)})" for each in worst], 2)
        parts = [f"No. Over budget: {names}", *parts]
    if open_:
        parts.append(f"{open_} with too few requests to tell")
    if assessed.unmeasured:
        parts.append(f"{len(assessed.unmeasured)} not measured")
    return "; ".join(parts) + "."


def _unmeasured(each: Unmeasured) -> Finding:
    return Finding(
        step="01",
        name="broken-evidence" if each.broken else "not-measured",
        subject=each.slo.name,
        verdict="act" if each.broken else "unknown",
        sentence=f"{each.slo.name} is not measured" + (": its evidence cannot be read." if each.broken else "."),
        why=each.reason,
        action=each.supply,
        command=COMMAND,
    )


def _outside(assessed: Assessed) -> list[Finding]:
    """The incidents that were given but that the evidence does not reach."""
    slos: dict[tuple[str, pd.Timestamp, pd.Timestamp], list[str]] = {}
    for each in assessed.results:
        for row in each.outside.to_dict("records"):
            slos.setdefault((row["name"], row["start"], row["end"]), []).append(each.slo.name)
    return [
        Finding(
            step="01",
            name="outside-the-evidence",
            subject=f"{name}, {start:%Y-%m-%d %H:%M}",
            verdict="unknown",
            sentence=f"The incident {name} of {start:%Y-%m-%d %H:%M} UTC lies outside the evidence.",
            why=f"From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC nothing is recorded for {listing(names)}; "
            "the alerts are not scored on it.",
            action="Supply evidence of that time, or correct the incident's times in assessment.yaml.",
            command=COMMAND,
        )
        for (name, start, end), names in slos.items()
    ]


def _kept(each: SLOResult) -> bool:
    """Whether the SLO is met for all that is known of its window, or certainly in the long run."""
    return each.attainment.state == "met" or (each.attainment.counted == "met" and each.covered >= WHOLE)


def _attained(each: SLOResult) -> Finding:
    slo, held = each.slo, each.attainment
    verdict: Verdict = "ok"
    action = ""
    if held.state == "missed":
        verdict = "act"
        sentence = (
            f"{slo.name} is missed: {held.sli} against {percent(slo.target)}; {each.spent} of its budget is spent."
        )
        action = "Stop risky changes to this journey until the causes of its spells are removed."
    elif held.state == "met":
        sentence = f"{slo.name} is met: {held.sli} against {percent(slo.target)}; {each.spent} of its budget is spent."
        if each.spent.value > NEARLY_SPENT:
            verdict, action = "watch", "Little budget is left: slow down changes to this journey."
    elif held.counted == "met" and each.covered >= WHOLE:
        verdict = "watch" if each.spent.value > NEARLY_SPENT else "ok"
        action = "Little budget is left: slow down changes to this journey." if verdict == "watch" else ""
        sentence = (
            f"{slo.name} was kept in its {window_words(slo.window)} window: {percent(held.sli.value)} against "
            f"{percent(slo.target)}; {percent(each.spent.value)} of its budget is spent."
        )
    elif held.counted == "missed":
        verdict = "act"
        sentence = (
            f"{slo.name} was missed in this evidence: {percent(held.sli.value)} against {percent(slo.target)}; "
            f"{percent(each.spent.value)} of the budget that its {each.unit} earn is spent."
        )
        action = f"Find what caused the spells of {slo.name}; collect a longer history to know its usual rate."
    else:
        verdict = "unknown"
        sentence = f"{slo.name} cannot be told yet: {held.sli} against {percent(slo.target)}; {_needed(each)}."
        action = "Collect a longer history; or lower the target, if so much precision is not worth its wait."
    if slo.total_query and slo.source != "assessment.yaml":
        sentence += " Counted by the journey's requests, not by its own query."
    return Finding(
        step="01",
        name="attainment",
        subject=slo.name,
        verdict=verdict,
        sentence=sentence,
        impact=each.spent,
        why=_why(each),
        evidence=(each.source,),
        action=action,
        command=COMMAND,
        figure="budget",
    )


def _needed(each: SLOResult) -> str:
    needed = each.attainment.events_needed
    if needed is None:
        return f"it runs at its target, and no number of {each.unit} would decide"
    rate = each.rate if each.slo.budgeting == "occurrences" else 1 / each.slice_s
    time = duration(needed / rate)
    return f"not enough data, {number(needed)} more {each.unit} of the same kind ({time} at this rate) would decide"


def _why(each: SLOResult) -> str:
    slo, held, total, bad = each.slo, each.attainment, number(each.budget.total), number(each.budget.spent)
    parts = [f"{bad} of {total} {each.unit} failed it; {number(each.budget.allowed)} were allowed."]
    if slo.total_query and slo.source != "assessment.yaml":
        parts.append(OWN_QUERY)
    parts.append(f"The interval: {each.attainment.method}.")
    if each.slo.kind == "latency" and each.source.table == "metrics":
        parts.append("Its histogram holds errors too: they are counted as fast or slow as they were.")
    if each.attainment.caveat:
        parts.append(each.attainment.caveat)
    if each.covered < 0.995:
        parts.append(
            f"The evidence covers {percent(each.covered)} of the {window_words(each.slo.window)} window: the budget is "
            "that of the requests seen; what the rest of the window holds is not measured."
        )
    if held.state == "insufficient data" and (held.counted == "missed" or each.covered >= WHOLE):
        parts.append(f"Its usual rate is not known yet: {held.sli} in the long run, {_needed(each)}.")
    if held.state == "met" and each.covered < HALF:
        parts.append("So short a history says nothing of outages that are rarer than it is long.")
    if len(each.exclusions.table):
        left_out = plural(len(each.exclusions.table), "stretch", "stretches")
        parts.append(f"{left_out} left out; with everything counted it is {each.exclusions.without.sli}.")
    return " ".join(parts)


def _spells(each: SLOResult) -> list[Finding]:
    """Those that reach into the SLO's last window: what lies before it is history, and stands in the table."""
    start = each.window.index[0]
    return [_spell(each, row) for row in each.replay.incidents.to_dict("records") if row["end"] > start]


def _spell(each: SLOResult, row: Mapping[Hashable, Any]) -> Finding:
    start, end, share = row["start"], row["end"], float(row["budget_spent"])
    found = each.spells.set_index("name")["found"]
    origin = "found in the counts" if bool(found.get(row["name"], False)) else "given"
    own = each.share_of_budget(float(row["bad"]))
    verdict: Verdict = "act" if share > BIG_SPELL or own > 1 else "watch" if own else "ok"
    failed = number(float(row["bad"]))
    return Finding(
        step="01",
        name="spell",
        subject=f"{each.slo.name}, {start:%Y-%m-%d %H:%M}",
        verdict=verdict,
        sentence=(
            f"{each.slo.name}: {failed} requests failed it from {start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC: "
            f"{percent(own)} of the budget that the evidence's requests allow, {percent(share)} of a whole "
            f"{window_words(each.slo.window)} budget."
        ),
        impact=Estimate(share, share, share, each.spent.level, "fraction"),
        why=f"The spell was {origin}. {_paged(each, row)}",
        evidence=(each.source,),
        action="Find the cause in the traces and changes of that time; write the review down.",
        command=COMMAND,
        figure="burn",
    )


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
    text = f"The alerts would have paged after {delay}, {before} of the window's budget later"
    return text + (f", and been quiet {duration(reset)} after it ended." if not math.isnan(reset) else ".")


def _alerts(each: SLOResult) -> list[Finding]:
    found = []
    name, replayed = each.slo.name, f"Replayed over {each.counts['total'].sum():,.0f} requests, minute by minute"
    missed = each.replay.incidents[
        ~each.replay.incidents["detected"] & (each.replay.incidents["budget_spent"] > BIG_SPELL)
    ]
    if len(missed):
        found.append(
            Finding(
                step="01",
                name="missed-by-alerts",
                subject=each.slo.name,
                verdict="act",
                sentence=f"The alerts of {name} would miss {plural(len(missed), 'spell')} of {len(each.spells)}.",
                impact=each.replay.recall,
                why=f"{replayed}; recall {each.replay.recall}.",
                evidence=(each.source,),
                action="Lower the factor of the fastest tier, or shorten its windows.",
                command=COMMAND,
                figure="detection",
            )
        )
    if each.replay.false_pages:
        found.append(
            Finding(
                step="01",
                name="false-pages",
                subject=each.slo.name,
                verdict="watch",
                sentence=f"The alerts of {name} would page {plural(each.replay.false_pages, 'time')} for nothing.",
                impact=each.replay.precision,
                why=f"{replayed}; precision {each.replay.precision}. For nothing: {_when(each)}.",
                evidence=(each.source,),
                action="Ask for more requests in the window before a page, or lengthen the short window.",
                command=COMMAND,
                figure="burn",
            )
        )
    serious = [remark for remark in each.remarks if remark.kind in ("unreachable", "one-event page")]
    if serious:
        found.append(
            Finding(
                step="01",
                name="alert-lint",
                subject=each.slo.name,
                verdict="watch",
                sentence=f"Alerts on {each.slo.name}: {serious[0].sentence}",
                why=" ".join(remark.sentence for remark in serious[1:])
                or "From the policy, the target and the traffic.",
                evidence=(each.source,),
                action="Use a longer window for this tier, or a synthetic probe to add traffic.",
                command=COMMAND,
            )
        )
    return found


def _when(each: SLOResult) -> str:
    false = each.replay.pages[each.replay.pages["false"]]
    return listing([f"{start:%Y-%m-%d %H:%M}" for start in false["start"]])
