"""What step 01 finds, from its result alone."""

from __future__ import annotations

from functools import partial

import pandas as pd

from scaling_lib.findings import ALREADY, Finding, Verdict
from scaling_lib.slo.result import Assessed, SLOResult, Unmeasured, barely_over
from scaling_lib.slo.spell_findings import BIG_SPELL, COMMAND, spell_findings
from scaling_lib.slo.windows import window_words
from scaling_lib.stats import proportion_interval
from scaling_lib.words import duration, listing, number, percent, plural

NEARLY_SPENT = 0.75  # of the budget: time to watch
OWN_QUERY = (
    "The SLO's own query was not asked: counted are the journey's requests, bad by status 500 and up or by the "
    "threshold. Where the query counts others, such as 429 or more routes, its figure differs."
)
WHOLE = 0.99  # of a window covered: what was counted in it is the answer, not a sample
HALF = 0.5
LONGEST_S = 3 * 365 * 86_400.0  # a longer wait for a verdict helps no one

_finding = partial(Finding, step="01", command=COMMAND)


def findings(assessed: Assessed) -> list[Finding]:
    """One finding an SLO, one a spell of them all, and what is wrong with the alerts."""
    if not assessed.results and not assessed.unmeasured:
        return [
            _finding(
                name="no-slo",
                verdict="unknown",
                sentence="No SLO is given, so no journey can be held to one.",
                action="Take the starter SLOs proposed below, or write your own into assessment.yaml.",
            )
        ]
    costliest = sorted(assessed.results, key=lambda each: -each.spent.value)
    found = [_attained(each) for each in costliest]
    found += spell_findings(costliest)
    found += [finding for each in costliest for finding in _alerts(each)]
    return [*found, *_unhurt(assessed), *_outside(assessed), *(_unmeasured(each) for each in assessed.unmeasured)]


def decidable(each: SLOResult) -> bool:
    """Whether a history of a length that someone could wait for would decide."""
    needed = each.attainment.events_needed
    return needed is not None and needed / each.pace <= LONGEST_S


def _unmeasured(each: Unmeasured) -> Finding:
    return _finding(
        name="broken-evidence" if each.broken else "not-measured",
        subject=each.slo.name,
        verdict="act" if each.broken else "unknown",
        sentence=f"{each.slo.name} is not measured" + (": its evidence cannot be read." if each.broken else "."),
        why=each.reason,
        action=each.supply,
    )


def _unhurt(assessed: Assessed) -> list[Finding]:
    """The incidents that were given and that an SLO did not feel."""
    return [
        _finding(
            name="did-not-hurt",
            subject=f"{name}, {start:%Y-%m-%d %H:%M}",
            verdict="ok",
            sentence=f"The incident {name} of {start:%Y-%m-%d %H:%M} UTC did not hurt {listing(names)}.",
            why=f"From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC no more failed than allowed: the alerts "
            "are not scored on it there.",
        )
        for (name, start, end), names in _by_incident(assessed, "unhurt").items()
    ]


def _by_incident(assessed: Assessed, kind: str) -> dict[tuple[str, pd.Timestamp, pd.Timestamp], list[str]]:
    slos: dict[tuple[str, pd.Timestamp, pd.Timestamp], list[str]] = {}
    for each in assessed.results:
        for row in getattr(each, kind).to_dict("records"):
            slos.setdefault((row["name"], row["start"], row["end"]), []).append(each.slo.name)
    return slos


def _outside(assessed: Assessed) -> list[Finding]:
    """The incidents that were given but that the evidence does not reach."""
    return [
        _finding(
            name="outside-the-evidence",
            subject=f"{name}, {start:%Y-%m-%d %H:%M}",
            verdict="unknown",
            sentence=f"The incident {name} of {start:%Y-%m-%d %H:%M} UTC lies outside the evidence.",
            why=f"From {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC nothing is recorded for {listing(names)}; "
            "the alerts are not scored on it.",
            action="Supply evidence of that time, or correct the incident's times in assessment.yaml.",
        )
        for (name, start, end), names in _by_incident(assessed, "outside").items()
    ]


def _attained(each: SLOResult) -> Finding:
    slo, held = each.slo, each.attainment
    verdict: Verdict = "ok"
    action = ""
    if held.state == "missed":
        verdict = "act"
        sentence = f"{slo.name} is missed: {_share(each)} against {percent(slo.target)}; {_spent(each)}."
        action = "Stop risky changes to this journey until their causes are removed. " + _cause(each)
    elif held.state == "met":
        sentence = f"{slo.name} is met: {_share(each)} against {percent(slo.target)}; {_spent(each)}."
        if each.spent.value > NEARLY_SPENT:
            verdict, action = "watch", "Little budget is left: slow down changes to this journey."
    elif held.counted == "met" and each.covered >= WHOLE:
        verdict = "watch" if each.spent.value > NEARLY_SPENT else "ok"
        action = "Little budget is left: slow down changes to this journey." if verdict == "watch" else ""
        sentence = (
            f"{slo.name} was kept in its {window_words(slo.window)} window: {percent(held.sli.value)} against "
            f"{percent(slo.target)}; {_spent(each, percent(each.spent.value))}."
        )
    elif held.counted == "missed":
        verdict = "act"
        sentence = (
            f"{slo.name} was missed in this evidence: {percent(held.sli.value)} against {percent(slo.target)}; "
            f"{_spent(each, percent(each.spent.value))}."
        )
        action = f"{_cause(each)} Collect a longer history to know its usual rate."
    else:
        verdict = "unknown"
        sentence = f"{slo.name} cannot be told yet: {_share(each)} against {percent(slo.target)}; {_needed(each)}."
        action = (
            "Collect a longer history; or lower the target, if so much precision is not worth its wait."
            if decidable(each)
            else "Set a target clearly below what is measured, or improve the journey clearly beyond it; more traffic, "
            "such as a synthetic probe's, tells sooner."
        )
    if each.own_query:
        sentence += " Counted by the journey's requests, not by its own query."
    return _finding(
        name="attainment",
        subject=slo.name,
        verdict=verdict,
        sentence=sentence,
        impact=each.spent,
        bites=ALREADY if verdict == "act" else None,
        why=_why(each),
        evidence=each.rows.sources(),
        action=action,
        figure="budget",
    )


def _spent(each: SLOResult, share: str = "") -> str:
    """What is spent of which budget: that of a whole window, or of what was seen of it; 100.4% is said to be over."""
    of = "its budget" if each.covered >= WHOLE else f"the budget of the {each.unit} seen"
    return f"{share or each.spent} of {of} is spent{barely_over(each.spent.value)}"


def _share(each: SLOResult) -> str:
    """The share of good ones with its interval, or that no bad one was seen."""
    share = str(each.attainment.shown)
    if each.budget.spent:
        return share
    none = "no slow one" if each.slo.kind == "latency" else "no failure"
    return f"{share} ({none} in {number(each.budget.total)} {each.unit_of(each.budget.total)})"


def _cause(each: SLOResult) -> str:
    """What to look at, by what was found: spells in the window, or failures all the time."""
    spells = each.replay.incidents
    if ((spells["end"] > each.start) & (spells["bad"] > 0)).any():
        return f"Find what caused the spells of {each.slo.name}."
    bad, shared = "failures", "status, path or host"
    if each.slo.kind == "latency":
        bad, shared = "slow requests", "path or host, and where their time goes in the traces"
    return f"No spell stands out: its {bad} are a steady share. Look at what they have in common: {shared}."


def _needed(each: SLOResult) -> str:
    needed = each.attainment.events_needed
    if needed is None or not decidable(each):
        return "it runs so near its target that no history of a usable length would decide"
    time = duration(needed / each.pace)
    return f"not enough data, {number(needed)} more {each.unit} of the same kind ({time} at this rate) would decide"


def _why(each: SLOResult) -> str:
    held, total = each.attainment, number(each.budget.total)
    bad = each.told(each.budget.spent, each.start, each.end)
    unit, allowed = each.unit_of(each.budget.total), number(each.budget.allowed)
    parts = [f"{bad} of {total} {unit} {each.went_bad}; {allowed} were allowed."]
    if each.own_query:
        parts.append(OWN_QUERY)
    parts.append(_rests_on(each))
    if each.slo.kind == "latency" and each.rows.table == "metrics":
        parts.append("Its histogram holds errors too: they are counted as fast or slow as they were.")
    if held.caveat and not held.assumes_independence:
        parts.append(held.caveat)
    if each.covered < 0.995:
        parts.append(
            f"The evidence covers {percent(each.covered)} of the {window_words(each.slo.window)} window: the budget is "
            f"that of the {each.unit} seen; what the rest of the window holds is not measured."
        )
    if held.state == "insufficient data" and (held.counted == "missed" or each.covered >= WHOLE):
        parts.append(f"Its usual rate is not known yet: {held.shown} in the long run, {_needed(each)}.")
    if each.covered < HALF:
        parts.append("So short a history says nothing of outages that are rarer than it is long.")
    if stretches := int((each.exclusions.table["minutes"] > 0).sum()):
        left_out = plural(stretches, "stretch", "stretches")
        parts.append(f"{left_out} left out; with everything counted it is {each.exclusions.without.shown}.")
    return " ".join(parts)


def _rests_on(each: SLOResult) -> str:
    """What the interval allows for, or why none is shown."""
    held, bad = each.attainment, "slow ones" if each.slo.kind == "latency" else "failures"
    if held.assumes_independence:
        return f"Nothing shows whether {bad} come together: no interval is shown, and the long run is judged as if not."
    if held.design_effect == 1:
        return f"The interval takes {bad} as independent: nothing shows that they come together."
    return (
        f"The interval allows for {bad} that come together: it is as wide as if only one in "
        f"{number(held.design_effect)} {each.unit} had been seen, each by itself."
    )


def _alerts(each: SLOResult) -> list[Finding]:
    found = []
    name, replayed = each.slo.name, f"Replayed over {each.counts['total'].sum():,.0f} requests, minute by minute"
    missed, costly = unpaged(each), costly_spells(each)
    if len(missed):
        paged = proportion_interval(len(costly) - len(missed), len(costly), each.attainment.sli.level)
        found.append(
            _finding(
                name="missed-by-alerts",
                subject=each.slo.name,
                verdict="act",
                sentence=f"The alerts of {name} would miss {len(missed)} of {plural(len(costly), 'costly spell')}.",
                impact=paged,
                why=f"{replayed}. Costly is what spends over {percent(BIG_SPELL)} of a whole window's budget; the "
                f"share of such spells paged on is {paged}.",
                evidence=each.rows.sources(),
                action="Let the fastest alert page at a lower burn rate (its factor), or look over shorter windows.",
                figure="detection",
            )
        )
    if each.replay.false_pages:
        found.append(
            _finding(
                name="false-pages",
                subject=each.slo.name,
                verdict="watch",
                sentence=f"The alerts of {name} would page {plural(each.replay.false_pages, 'time')} for nothing.",
                impact=each.replay.precision,
                why=f"{replayed}. Share of pages that were right: {each.replay.precision}. For nothing: {_when(each)}.",
                evidence=each.rows.sources(),
                action="Let alerts page only above a least number of requests, or lengthen their short windows.",
                figure="burn",
            )
        )
    serious = [remark for remark in each.remarks if remark.kind in ("unreachable", "one-event page")]
    if serious:
        found.append(
            _finding(
                name="alert-lint",
                subject=each.slo.name,
                verdict="watch",
                sentence=f"Alerts on {each.slo.name}: {serious[0].sentence}",
                why=" ".join(remark.sentence for remark in serious[1:])
                or "From the policy, the target and the traffic.",
                evidence=each.rows.sources(),
                action="Let this alert look over a longer window, or add traffic with a synthetic probe.",
            )
        )
    return found


def costly_spells(each: SLOResult) -> pd.DataFrame:
    """The spells that spent much of a window's budget, without those that only early pages fell on."""
    spells = each.replay.incidents
    return spells[(spells["budget_spent"] > BIG_SPELL) & ~spells["early"]]


def unpaged(each: SLOResult) -> pd.DataFrame:
    """The costly spells on which no alert would have paged."""
    costly = costly_spells(each)
    return costly[~costly["detected"]]


def _when(each: SLOResult) -> str:
    false = each.replay.pages[each.replay.pages["false"]]
    return listing([f"{start:%Y-%m-%d %H:%M}" for start in false["start"]])
