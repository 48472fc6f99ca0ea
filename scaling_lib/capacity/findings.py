"""What step 02 finds, from its result alone."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from scaling_lib.capacity.absent_findings import COMMAND, KINDS, absent_findings
from scaling_lib.capacity.assess import Capacity
from scaling_lib.capacity.headline import headline
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, plural, quantity

__all__ = ["findings", "headline"]

TRUSTED = 0.2  # a model whose throughput is further off than this at any level is not taken for an answer
SOON = pd.Timedelta(days=90)  # a limit that may be reached within a quarter of a year is acted on now
MOST_NOTES = 2  # of a forecast in a reason; the table of demand has them all
ACTIONS: dict[str, Verdict] = {"act now": "act", "order by": "watch", "fine": "ok", "unknown": "unknown"}
_finding = partial(Finding, step="02", command=COMMAND)


def findings(result: Capacity) -> list[Finding]:
    """The answer first, then when it comes, what saturates, and how far all this can be trusted."""
    found = [*_capacity(result), *_runs_out(result)]
    found += [_saturation(result, point) for point in result.points]
    found += [*_checks(result), *_model(result), *absent_findings(result)]
    return found


def _capacity(result: Capacity) -> list[Finding]:
    if not result.limits:
        return _no_limit(result)
    first = result.limits[0]
    evidence = _evidence(result, "load tests", "load metrics", "requests")
    if result.needed is None or result.times is None or result.peak is None or first.times is None:
        sentence = f"The system takes {first.rate}; how much of that is used today is not measured."
        why = f"Beyond it {first.why}. {_why(result)}".strip()
        return [
            _finding(
                name="capacity", verdict="unknown", sentence=sentence, impact=first.rate, why=why, evidence=evidence,
                action=KINDS["demand"][1], figure="load",
            )
        ]  # fmt: skip
    state = result.state or "uncertain"
    verdict: Verdict = "act" if state == "too little" else "ok" if state == "enough" else "watch"
    if first.modelled or (result.assumed and state == "too little"):
        verdict = "watch"
    told = {"too little": "is not enough for", "enough": "is enough for", "uncertain": "may not be enough for"}[state]
    assumed = " (a factor that was assumed)" if result.assumed else ""
    needed = result.needed
    asked = Estimate(needed.value, needed.low, needed.high, needed.level, needed.unit)
    return [
        _finding(
            name="capacity",
            verdict=verdict,
            sentence=(
                f"A capacity of {first.rate}{_less(result)} {told} {number(result.factor)} times today's busiest "
                f"minute of {quantity(result.peak.value, '')} requests/s{assumed}: that asks for {asked}."
            ),
            impact=result.times,
            why=f"Beyond it {first.why}. {_why(result)}".strip(),
            evidence=evidence,
            action="" if verdict == "ok" else _relief(result),
            figure="load" if result.curve else "",
        )
    ]


def _no_limit(result: Capacity) -> list[Finding]:
    """A load test that reached no end tells what is carried at least."""
    if result.curve is None:
        return []
    carried, needed = result.carried, result.needed
    enough = needed is not None and carried >= needed.high
    asked = (
        f"; {number(result.factor)} times today's busiest minute asks for {quantity(needed.value, '')}"
        if needed is not None
        else ""
    )
    return [
        _finding(
            name="capacity",
            verdict="ok" if enough else "unknown",
            sentence=f"The load test carried {quantity(carried, 'requests/s')} and reached no limit{asked}.",
            why=" ".join([*([result.curve.plateau.sentence] if result.curve.plateau else []), *_refused(result)]),
            evidence=_evidence(result, "load tests", "load metrics", "requests"),
            action="" if enough else "Repeat the load test with more users, until throughput no longer rises.",
            figure="load",
        )
    ]


def _refused(result: Capacity) -> list[str]:
    """Why there is no plateau: the one reason that matters here."""
    told = result.curve.refused.get("plateau", "") if result.curve else ""
    return [told] if told else []


def _why(result: Capacity) -> str:
    """Further limits, what is full there, and what takes from the capacity."""
    others = [f"{each.why} beyond {each.rate}" for each in result.limits[1:]]
    parts = [f"Further limits: {listing(others, 2)}."] if others else []
    if result.limits[0].modelled:
        parts.append("No load test has shown it.")
    if result.curve and result.curve.limiting.resource:
        parts.append(result.curve.limiting.sentence)
    if result.headroom and result.headroom.deducted:
        parts.append(result.headroom.sentence)
    if math.isnan(result.limits[0].rate.low):
        parts.append("How sure the capacity is is not known: it is taken as exact.")
    return " ".join(parts)


def _less(result: Capacity) -> str:
    """What of the capacity does not count."""
    taken = list(result.headroom.deducted) if result.headroom else []
    return f", less {listing(taken)}," if taken else ""


def _with_deductions(result: Capacity) -> float:
    """The capacity that leaves what is asked for after the same deductions, requests/s; NaN where it is not known."""
    times, whole = result.times, result.limits[0].times
    if result.needed is None or times is None or whole is None:
        return math.nan
    return result.needed.value * whole.value / times.value if times.value else math.inf


def _relief(result: Capacity) -> str:
    """What to do about the bottleneck, and how far that carries."""
    if result.limits[0].modelled:
        needed = quantity(result.needed.value, "requests/s") if result.needed else "what is asked for"
        return f"Load-test it up to {needed}: so far the model alone says so."
    if not result.migration:
        return "Find what limits: describe `resources` in assessment.yaml, with the metrics of their use."
    asked = result.needed
    least = _with_deductions(result)
    far = next((each for each in result.migration if each.after.low >= least), None)
    step = far or result.migration[-1]
    by: dict[str, float] = {}
    for each in result.migration[: result.migration.index(step) + 1]:
        by[each.resource] = by.get(each.resource, 1.0) * each.factor
    words = listing([f"{name} by {number(factor)}x" for name, factor in by.items()])
    then = "still limits then" if step.next_bottleneck == step.resource else "limits then"
    lasts = "That is enough for" if far else "That may still be too little for"
    less = " after the same deductions" if result.headroom and result.headroom.deducted else ""
    told = f" {lasts} {quantity(asked.value, '')}{less};" if asked is not None else ""
    return (
        f"Relieve {words}: more of it, or less work for it. Throughput then ends at {step.after}.{told} "
        f"{step.next_bottleneck} {then}."
    )


def _runs_out(result: Capacity) -> list[Finding]:
    reached, demand = result.runs_out, result.demand
    if reached is None or demand is None or not result.limits:
        return []
    verdict: Verdict = "ok"
    action = ""
    if reached.state == "already":
        verdict, told = "act", "the limit is reached already"
        action = "Add capacity now, or turn load away."
    elif reached.date is not None:
        early = reached.low if reached.low is not None else reached.date
        soon = early - reached.ends <= SOON
        verdict = "act" if soon else "watch"
        told = f"the limit is reached about {reached.date:%Y-%m-%d}"
        told += f", {early:%Y-%m-%d} at the earliest" if early.date() != reached.date.date() else ""
        action = f"Have more capacity there before {early:%Y-%m-%d}."
    elif reached.low is not None:
        verdict, told = "watch", f"the limit may be reached from {reached.low:%Y-%m-%d} on, but not likely"
        action = f"Assess again before {reached.low:%Y-%m-%d}."
    else:
        told = f"the limit is not reached before {reached.horizon:%Y-%m-%d}"
    growth = f"The busiest hour grows by {demand.growth} a month" if demand.growth_told else "No growth is certain"
    ahead = [demand.ahead.sentence] if demand.ahead else []
    return [
        _finding(
            name="limit-reached",
            verdict=verdict,
            sentence=f"{growth}; {told}.",
            impact=demand.growth if demand.growth_told else None,
            why=" ".join([*ahead, *demand.notes[:MOST_NOTES]]),
            evidence=_evidence(result, "requests"),
            action=action,
            figure="demand",
        )
    ]


def _saturation(result: Capacity, point: SaturationPoint) -> Finding:
    name, why = point.resource.name, " ".join(_sentence(note) for note in point.notes)
    sentence, action = point.sentence, ""
    if point.action == "act now":
        action = (
            f"Reduce the use of {name} now." if point.resource.scales == "not at all" else f"Get more of {name} now."
        )
    elif point.order_by is not None:
        action = f"Order more of {name} by {point.order_by:%Y-%m-%d}."
    elif point.state == "not measured":
        sentence, action = f"{name}: its use is not measured.", point.supply
        why = result.absent["metrics"].why if "metrics" in result.absent else point.sentence
    elif point.action == "unknown":
        action = _sentence(point.supply)
    return _finding(
        name="saturation",
        subject=name,
        verdict=ACTIONS[point.action],
        sentence=sentence,
        impact=None if math.isnan(point.now.value) else point.now,
        why=why,
        evidence=() if point.state == "not measured" else _evidence(result, "metrics"),
        action=action,
    )


def _checks(result: Capacity) -> list[Finding]:
    return [
        _finding(
            name="load-test",
            subject=check.name,
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
    errors = held.table["throughput_error"].abs().dropna() if held else pd.Series(dtype=float)
    worst = float(errors.max()) if len(errors) else math.nan
    verdict: Verdict = "unknown" if math.isnan(worst) else "ok" if worst <= TRUSTED else "watch"
    remarks = len(model.calibration.notes) + len(model.absent)
    rests = listing(sorted(set(model.calibration.origins.values())))
    why = f"Its demands rest on {rests}."
    if remarks:
        why += f" {plural(remarks, 'remark')} on them stand below the model's tables."
    return [
        _finding(
            name="model",
            verdict=verdict,
            sentence=held.verdict if held else "The model of the system is not held against any load test.",
            impact=None if math.isnan(worst) else Estimate(worst, worst, worst, 1.0, "fraction"),
            why=why,
            evidence=_evidence(result, "load tests", "load metrics", "metrics", "spans"),
            action=""
            if verdict == "ok"
            else "Supply a load test with the metrics of its time: it tells how far to trust the model.",
        )
    ]


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def _evidence(result: Capacity, *kinds: str) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))
