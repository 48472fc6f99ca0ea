"""The tables of step 01: most from results alone, latency histograms and files from the assessment too."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence

import pandas as pd

from scaling_lib import figures
from scaling_lib.assessment import Assessment
from scaling_lib.errors import NotMeasured, ScalingError
from scaling_lib.slo.attainment import measurable
from scaling_lib.slo.bucket_spellings import with_one_spelling
from scaling_lib.slo.exclusions import applying, counted_stretches
from scaling_lib.slo.journeys import journey, journey_sli
from scaling_lib.slo.latency import latency_sli, verdict_depends_on_interpolation
from scaling_lib.slo.openslo_out import openslo
from scaling_lib.slo.prometheus_out import prometheus_rules
from scaling_lib.slo.result import Assessed, SLOResult, barely_over
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, number, percent

FRACTIONS = (
    "target",
    "measured",
    "budget spent",
    "error rate",
    "evidence's budget spent",
    "window's budget spent",
    "spent before the page",
    "fires above",
    "if independent",
    "left at the end",
    "overspent at the end",
    "occurrences",
    "timeslices",
    "ratio timeslices",
    "disagreed for",
    "with it counted",
    "without it",
    "share within",
)
UNITS = dict.fromkeys(FRACTIONS, "fraction") | {"clustering": "x"}
ATTAINMENT_CAPTION = (
    "Each SLO against the evidence. Here: what was counted. Long run: whether the rate the service runs at keeps "
    "the target for certain. Own query not asked: the file's own query may count others than the journey's requests."
)
JOURNEYS_CAPTION = (
    "Journeys made of steps. Lowest: if no two steps ever fail together; product: if they fail independently; highest: "
    "if they always fail together. The intervals are taken over the steps' common minutes: what hits several steps at "
    "once counts as one outage, not as several. That of the highest is the least of the steps' own."
)
CERTAINTY_CAPTION = (
    "The share of good requests with an interval that allows for failures that come together, and one that takes each "
    "as independent; the first is left out where nothing shows whether they come together. Clustering: how many "
    "requests tell as much as one would, if failures never came together. At the end: what this evidence predicts of "
    "the window's budget, what will be left of it and how likely more than all of it will be spent."
)
METHODS_CAPTION = (
    "The share of the budget spent as OpenSLO's three methods count it: failed requests (occurrences), slices of time "
    "with too few good requests (timeslices), and the mean of the slices' failure rates (ratio timeslices). A slice is "
    "a minute and its target the SLO's, where the SLO names none. Disagreed for: the share of the time in which some "
    "had budget left and others had overspent."
)
HISTOGRAMS_CAPTION = (
    "The share of requests within the threshold from the metrics' histograms. Between two bucket edges it is known as "
    "a range only. Errors are among them, and what exclusions cover is left out. It is of the metrics' own time, from "
    "and to (UTC), alone: a share of requests above may be of another time."
)


def certainty_table(assessed: Assessed) -> pd.DataFrame:
    """One row an SLO: its SLI allowing for clusters and as if independent, how failures cluster, what is left open.

    clustering: the design effect, how many times the variance is that of independent failures. remarks: also where a
    whole window, at the evidence's mean traffic, could not tell the target from its neighbours, and what the rest of
    the window was taken to bring.
    """
    rows = [
        {
            "slo": each.slo.name,
            "measured": each.attainment.shown,
            "if independent": each.independent.sli,
            "clustering": each.attainment.design_effect,
            "remarks": " ".join(
                filter(None, (each.attainment.caveat, _unmeasurable(each, assessed.level), _to_come(each)))
            ),
            "left at the end": each.projection.left_at_end if each.projection else None,
            "overspent at the end": each.projection.overspent if each.projection else None,
        }
        for each in assessed.results
    ]
    columns = ["slo", "measured", "if independent", "clustering", "left at the end", "overspent at the end", "remarks"]
    return pd.DataFrame(rows, columns=columns)


def method_table(assessed: Assessed) -> pd.DataFrame:
    """One row an SLO: the share of the budget spent by each of OpenSLO's methods, and when they disagree.

    disagreed for: the share of the slices after which some methods had budget left and others had overspent.
    """
    rows = [
        {
            "slo": each.slo.name,
            "occurrences": each.methods.methods["occurrences"].spent_fraction,
            "timeslices": each.methods.methods["timeslices"].spent_fraction,
            "ratio timeslices": each.methods.methods["ratio_timeslices"].spent_fraction,
            "verdicts differ": each.methods.differs,
            "disagreed for": each.methods.disagreement,
            "remarks": " ".join(filter(None, (_disagreed(each), *_barely_over(each), each.methods.caveat))),
        }
        for each in assessed.results
    ]
    columns = ["slo", "occurrences", "timeslices", "ratio timeslices", "verdicts differ", "disagreed for", "remarks"]
    return pd.DataFrame(rows, columns=columns)


def _disagreed(each: SLOResult) -> str:
    """From when to when the methods disagreed."""
    apart = each.methods.apart
    return f"They disagreed between {apart[0]:%Y-%m-%d %H:%M} and {apart[-1]:%Y-%m-%d %H:%M} UTC." if len(apart) else ""


def _barely_over(each: SLOResult) -> list[str]:
    """What overspent its budget and yet reads 100%."""
    shares = {name: method.spent_fraction for name, method in each.methods.methods.items()}
    return [
        f"By {name.replace('_', ' ')} 100%{over}." for name, spent in shares.items() if (over := barely_over(spent))
    ]


def exclusion_table(assessed: Assessed) -> pd.DataFrame:
    """One row an SLO and exclusion: what was left out, and the SLI with it counted and without."""
    rows = [
        {
            "slo": each.slo.name,
            "reason": row["reason"],
            "start": row["start"],
            "end": row["end"],
            "events": int(row["total"]),
            "failed": row["bad"],
            "with it counted": row["sli_all_but"],
            "without it": each.exclusions.with_all.sli.value,
            "verdict flips": bool(row["verdict_flips"]),
        }
        for each in assessed.results
        for row in each.exclusions.table.to_dict("records")
    ]
    columns = ["slo", "reason", "start", "end", "events", "failed", "with it counted", "without it", "verdict flips"]
    return pd.DataFrame(rows, columns=columns)


def histogram_table(system: Assessment) -> pd.DataFrame:
    """One row a latency SLO whose journey has a histogram: the share within the threshold, between the bucket edges.

    What exclusions cover is left out, as nearly as the histogram's samples lie together.
    """
    journeys = {each.name: each for each in system.journeys}
    rows = []
    for slo in system.slos():
        given = journeys[slo.journey].metrics if slo.journey in journeys else None
        if slo.threshold_s is None or given is None or not given.buckets:
            continue
        try:
            times = system.metrics().select(given.buckets)["time"]
            within = latency_sli(_buckets(system, given.buckets, slo.journey), slo.threshold_s)
        except ScalingError as reason:
            rows.append({"slo": slo.name, "target": slo.target, "remarks": f"not measured: {reason}"})
            continue
        rows.append(
            {
                "slo": slo.name,
                "threshold": duration(slo.threshold_s),
                "target": slo.target,
                "share within": within,
                "here": _verdict(within, slo.target),
                "from": times.min(),
                "to": times.max(),
                "remarks": _open(within, slo.target),
            }
        )
    return pd.DataFrame(rows, columns=["slo", "threshold", "target", "share within", "here", "from", "to", "remarks"])


def _verdict(within: Estimate, target: float) -> str:
    """Whether the target is kept at both ends of the buckets, at neither, or at one."""
    if math.isnan(within.value):
        return "not measured"
    if verdict_depends_on_interpolation(within, target):
        return "cannot be told"
    return "met" if within.low >= target else "missed"


def _open(within: Estimate, target: float) -> str:
    """What the histogram leaves open of a verdict."""
    if math.isnan(within.value):
        return "not measured: no traffic, or no bucket edge but +Inf"
    if verdict_depends_on_interpolation(within, target):
        return "the verdict depends on where between two bucket edges the requests lie"
    return ""


def journey_table(system: Assessment, assessed: Assessed) -> pd.DataFrame:
    """One row a journey made of steps: what its steps' availability promises and gives together, between the bounds.

    A step made of steps counts as those; each counts once. Of several availability SLOs of a step, the strictest is
    taken: the highest target.
    """
    by_journey: dict[str, SLOResult] = {}
    for each in sorted(assessed.results, key=lambda each: each.slo.target):
        if each.slo.kind == "availability":
            by_journey[each.slo.journey] = each
    made_of = {each.name: each.steps for each in system.journeys if each.steps}
    rows = []
    for made in (each for each in system.journeys if each.steps):
        steps = _steps(made.name, made_of, by_journey)
        known = [by_journey[step] for step in steps if step in by_journey]
        absent = [step for step in steps if step not in by_journey]
        if absent or not known:
            rows.append({"journey": made.name, "what": "", "weakest step": f"not measured: {listing(absent)}"})
            continue
        promised = journey({each.slo.journey: each.slo.target for each in known})
        kept = journey_sli(
            {each.slo.journey: each.attainment.shown for each in known},
            counts={each.slo.journey: each.counted for each in known},
        )
        for what, one in (("promised", promised), ("measured", kept)):
            rows.append(
                {
                    "journey": made.name,
                    "what": what,
                    "lowest": _told(one.low),
                    "product": _told(one.product),
                    "highest": _told(one.high),
                    "weakest step": one.weakest,
                }
            )
    return pd.DataFrame(rows, columns=["journey", "what", "lowest", "product", "highest", "weakest step"])


def _buckets(system: Assessment, selector: str, journey: str) -> dict[float, float]:
    """Cumulative counts by edge over all that is not excluded."""
    found: dict[float, float] = {}
    metrics = with_one_spelling(system.metrics(), selector)
    for start, end in counted_stretches(applying(system.exclusions, journey)):
        for edge, count in metrics.histogram(selector, start, end).items():
            found[edge] = found.get(edge, 0.0) + count
    return found


def _steps(name: str, made_of: Mapping[str, Sequence[str]], measured: Container[str]) -> list[str]:
    """The steps a journey comes down to, each once: those of its steps that are measured, or made of no others."""
    found: dict[str, None] = {}
    seen = {name}
    waiting = list(made_of[name])
    while waiting:
        step = waiting.pop(0)
        if step in measured or step not in made_of:
            found[step] = None
        elif step not in seen:
            seen.add(step)
            waiting = [*made_of[step], *waiting]
    return list(found)


def _unmeasurable(each: SLOResult, level: float) -> str:
    """Said where a whole window of the evidence's traffic cannot measure the SLO."""
    can = measurable(each.slo.target, each.pace * each.policy.period_s, level)
    if not can.measurable:
        return f"Not measurable: it takes {can.events_needed:,} {each.unit} a window."
    return ""


def _to_come(each: SLOResult) -> str:
    """What the budget at the end of the window was projected from, where any of it is to come."""
    ahead = each.projection
    if ahead is None or ahead.end <= ahead.at:
        return ""
    return f"At the end: {number(ahead.expected_total)} {each.unit}, the rest of the window as {ahead.basis}."


def _told(share: float | Estimate) -> str:
    return str(share) if isinstance(share, Estimate) else percent(share)


def rules_file(system: Assessment) -> figures.Shown:
    """The SLOs' Prometheus rules as a file, or what is missing to write them."""
    try:
        text = prometheus_rules(system.slos())
    except NotMeasured as reason:
        return figures.nothing(str(reason))
    return figures.text_file(text, "slo-rules", "yaml", "Prometheus rules for these SLOs")


def openslo_file(system: Assessment) -> figures.Shown:
    """The SLOs in OpenSLO's form as a file."""
    if not (slos := system.slos()):
        return figures.nothing("No SLO is given, so none can be written in OpenSLO's form.")
    return figures.text_file(openslo(slos), "openslo", "yaml", "These SLOs in OpenSLO's form")
