"""What step 02 finds, from its result alone."""

from __future__ import annotations

import math
from functools import partial

from scaling_lib.capacity.assess import Capacity
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, quantity

COMMAND = "scaling run --step 02"
TRUSTED = 0.2  # a model further off than this at any level is not taken for an answer
ACTIONS: dict[str, Verdict] = {"act now": "act", "order by": "watch", "fine": "ok", "unknown": "unknown"}
KINDS = {  # what to supply where a part is not known
    "demand": "Supply requests: they tell today's demand, its season and its growth.",
    "load tests": "Supply a load test to past the point where throughput no longer rises.",
    "load curve": "Supply a load test of at least six levels, each held until it is steady.",
    "model": "Describe `resources` in assessment.yaml, with the metrics of their use.",
}

_finding = partial(Finding, step="02", command=COMMAND)


def findings(result: Capacity) -> list[Finding]:
    """The answer first, then when it comes, what saturates, and how far all this can be trusted."""
    found = [*_capacity(result), *_runs_out(result)]
    found += [_saturation(result, point) for point in result.points]
    found += [*_checks(result), *_model(result), *_absent(result)]
    return found


def headline(result: Capacity) -> str:
    """The sentence that answers the step's question."""
    if not result.limits:
        return "Not measured: neither a load test nor a model tells how much the system can take."
    first = result.limits[0]
    words = f"{first.why} beyond {quantity(first.rate.value, '')} requests/s"
    if result.peak is None or result.needed is None:
        return f"{words[0].upper()}{words[1:]}; today's demand is not measured."
    times, factor = quantity(first.rate.value / result.peak.value, "x"), quantity(result.factor, "x")
    full = f" What saturates first is the {result.bottleneck}." if result.bottleneck else ""
    if first.rate.high < result.needed.value:
        return f"It takes {times} today's load, not {factor}: {words}.{full}"
    if first.rate.low >= result.needed.value:
        return f"It takes {times} today's load, more than the {factor} asked for; {words}.{full}"
    return f"Whether it takes {factor} today's load is not certain: {times}, within the interval; {words}.{full}"


def _capacity(result: Capacity) -> list[Finding]:
    if not result.limits or result.needed is None or result.peak is None:
        return []
    first, needed = result.limits[0], result.needed
    short, enough = first.rate.high < needed.value, first.rate.low >= needed.value
    verdict: Verdict = "act" if short else "ok" if enough else "watch"
    told = "is not enough for" if short else "is enough for" if enough else "may not be enough for"
    assumed = ", a factor that was assumed" if result.assumed else ""
    return [
        _finding(
            name="capacity",
            verdict=verdict,
            sentence=(
                f"A capacity of {first.rate} {told} {number(result.factor)} times today's busiest minute of "
                f"{quantity(result.peak.value, '')} requests/s{assumed}: that asks for {needed}."
            ),
            impact=_times(first.rate, result.peak),
            why=f"Beyond it {first.why}. " + _why(result),
            evidence=_evidence(result, "load tests", "requests", "metrics of load tests"),
            action="" if enough else _relief(result),
            figure="load",
        )
    ]


def _why(result: Capacity) -> str:
    others = [f"{each.why} beyond {each.rate}" for each in result.limits[1:]]
    parts = [f"Further limits: {listing(others, 3)}."] if others else []
    if result.curve:
        parts.append(result.curve.limiting.sentence)
    if result.headroom:
        parts.append(result.headroom.sentence)
    return " ".join(parts)


def _relief(result: Capacity) -> str:
    """What to do about the bottleneck, and how far that carries."""
    if not result.migration:
        return "Find what limits: describe `resources` in assessment.yaml, with the metrics of their use."
    step = result.migration[0]
    then = "it still limits" if step.next_bottleneck == step.resource else f"then {step.next_bottleneck} limits"
    last = result.migration[-1]
    far = ""
    if result.needed is not None and last.after.high < result.needed.value:
        far = f" All {len(result.migration)} reliefs together give {last.after}: still too little."
    return (
        f"Relieve {step.resource}: half its demand, or twice as much of it, gives {step.after} ({step.gain} of "
        f"before), and {then}.{far}"
    )


def _runs_out(result: Capacity) -> list[Finding]:
    reached, demand = result.runs_out, result.demand
    if reached is None or demand is None or not result.limits:
        return []
    growth = (
        f"The busiest hour grows by {demand.growth} a month" if demand.growth_told else "No growth is told from none"
    )
    by = f"{reached.horizon:%Y-%m-%d}"
    verdict: Verdict = "ok"
    if reached.state == "already":
        verdict, told = "act", "and the limit is reached already"
    elif reached.date is not None:
        early = f"{reached.low:%Y-%m-%d}" if reached.low is not None else "before that"
        verdict, told = "act", f"and the limit is reached about {reached.date:%Y-%m-%d}, {early} at the earliest"
    elif reached.low is not None:
        verdict, told = "watch", f"and the limit may be reached from {reached.low:%Y-%m-%d} on"
    else:
        told = f"and the limit is not reached before {by}"
    ahead = demand.ahead.sentence if demand.ahead else ""
    return [
        _finding(
            name="limit-reached",
            verdict=verdict,
            sentence=f"{growth}, {told}.",
            impact=demand.growth if demand.growth_told else None,
            why=" ".join([ahead, *demand.notes]).strip(),
            evidence=_evidence(result, "requests"),
            action="Have more capacity there before that date." if verdict == "act" else "",
            figure="demand",
        )
    ]


def _saturation(result: Capacity, point: SaturationPoint) -> Finding:
    verdict = ACTIONS[point.action]
    action = ""
    if point.action == "act now":
        action = f"More of {point.resource.name} is needed now."
    elif point.order_by is not None:
        action = f"Order more of {point.resource.name} by {point.order_by:%Y-%m-%d}."
    elif point.action == "unknown":
        action = point.supply
    return _finding(
        name="saturation",
        subject=point.resource.name,
        verdict=verdict,
        sentence=point.sentence,
        impact=None if math.isnan(point.now.value) else point.now,
        why=" ".join(point.notes),
        evidence=_evidence(result, "metrics"),
        action=action,
    )


def _checks(result: Capacity) -> list[Finding]:
    return [
        _finding(
            name="load-test",
            subject=f"{check.name}",
            verdict="watch",
            sentence=f"The load test is in doubt ({check.name}): {check.sentence}",
            why="Figures that rest on it may be wrong.",
            evidence=_evidence(result, "load tests"),
            action="Repeat the test without this fault.",
        )
        for check in (result.curve.failed if result.curve else ())
    ]


def _model(result: Capacity) -> list[Finding]:
    model = result.calibrated
    if model is None:
        return []
    held = model.check
    verdict: Verdict = "unknown"
    if held is not None and not math.isnan(held.throughput_error):
        verdict = "ok" if held.throughput_error <= TRUSTED else "watch"
    return [
        _finding(
            name="model",
            verdict=verdict,
            sentence=held.verdict if held else "The model of the system is not held against any load test.",
            impact=None if held is None or math.isnan(held.throughput_error) else _share(held.throughput_error),
            why=" ".join([*model.calibration.notes, *model.absent]),
            evidence=_evidence(result, "load tests", "metrics of load tests", "metrics", "spans"),
            action=""
            if verdict == "ok"
            else "Supply a load test with the metrics of its time: it tells how far to trust.",
        )
    ]


def _absent(result: Capacity) -> list[Finding]:
    return [
        _finding(
            name="not-measured",
            subject=name,
            verdict="unknown",
            sentence=f"Not known: {name}.",
            why=result.absent[name],
            action=supply,
        )
        for name, supply in KINDS.items()
        if name in result.absent
    ]


def _times(rate: Estimate, peak: Estimate) -> Estimate:
    return Estimate(rate.value / peak.value, rate.low / peak.high, rate.high / peak.low, rate.level, "x")


def _share(error: float) -> Estimate:
    return Estimate(error, error, error, 1.0, "fraction")


def _evidence(result: Capacity, *kinds: str) -> tuple[Source, ...]:
    return tuple(result.sources[kind] for kind in kinds if kind in result.sources)
