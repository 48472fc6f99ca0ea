"""What step 02 finds, from its result alone."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import pandas as pd

from scaling_lib.capacity.absent_findings import COMMAND, KINDS, absent_findings
from scaling_lib.capacity.headline import carried_words, headline, today, when_words
from scaling_lib.capacity.over_findings import over_findings
from scaling_lib.capacity.result import Capacity
from scaling_lib.capacity.saturation import SaturationPoint
from scaling_lib.capacity.scaled_findings import scaled_findings
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.model.beyond import told as ends
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent, plural, quantity

__all__ = ["findings", "headline"]

SOON = pd.Timedelta(days=90)  # a limit that may be reached within a quarter of a year is acted on now
DAY_S = 86_400
MOST_NOTES = 2  # of a forecast in a reason; the table of demand has them all
ACTIONS: dict[str, Verdict] = {"act now": "act", "order by": "watch", "fine": "ok", "unknown": "unknown"}
MODEL_ACTIONS: dict[Verdict, str] = {
    "ok": "",
    "watch": "Where the model does not hold, go by the load test itself.",
    "unknown": "Supply a load test with the metrics of its time: it tells how far to trust the model.",
}
MORE_USERS = "Repeat the load test with more users, until throughput no longer rises."
MORE_LOADS = (
    "Supply a load test of at least three different loads, from a light one to where throughput no longer rises."
)
_finding = partial(Finding, step="02", command=COMMAND)


def findings(result: Capacity) -> list[Finding]:
    """The answer first, then when it comes, what saturates, and how far all this can be trusted."""
    found = [*_capacity(result), *_runs_out(result)]
    found += over_findings(result)
    found += [_saturation(result, point) for point in result.points if point.state != "contradicts its limit"]
    found += [*scaled_findings(result), *_checks(result), *_model(result), *absent_findings(result)]
    return found


def _capacity(result: Capacity) -> list[Finding]:
    decides = result.decides
    if decides is None:
        return _no_limit(result)
    evidence = _evidence(result, "load tests", "load metrics", "requests")
    if result.needed is None or result.times is None or result.peak is None:
        first = result.limits[0]
        return [
            _finding(
                name="capacity", verdict="unknown", impact=first.rate, evidence=evidence, action=KINDS["demand"][1],
                sentence=f"The system takes {first.rate}; how much of that is used today is not measured.",
                why=f"Beyond it {first.why}. {_why(result)}".strip(), figure="load",
            )
        ]  # fmt: skip
    verdicts: dict[str, Verdict] = {"too little": "act", "enough": "ok", "uncertain": "watch"}
    verdict = verdicts[result.state or "uncertain"] if result.certain else "watch"
    told = {"too little": "is not enough for", "enough": "is enough for", "uncertain": "may not be enough for"}
    assumed = " (a factor that was assumed)" if result.assumed else ""
    return [
        _finding(
            name="capacity",
            verdict=verdict,
            sentence=(
                f"A capacity of {decides.rate}{_less(result)} {told[result.state or 'uncertain']} "
                f"{number(result.factor)} times {today(result)} busiest minute of "
                f"{quantity(result.peak.value, '')} requests/s{assumed}: that asks for "
                f"{replace(result.needed, assumed=False)}."
            ),
            impact=result.times,
            why=f"Beyond it {decides.why}. {_why(result)}".strip(),
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
            sentence=f"{_sentence(carried_words(result)).rstrip('.')}{asked}.",
            why=" ".join([*([result.curve.plateau.sentence] if result.curve.plateau else []), *_refused(result)]),
            evidence=_evidence(result, "load tests", "load metrics", "requests"),
            action="" if enough else MORE_USERS if result.curve.plateau else MORE_LOADS,
            figure="load",
        )
    ]


def _refused(result: Capacity) -> list[str]:
    """Why there is no plateau: the one reason that matters here."""
    told = result.curve.refused.get("plateau", "") if result.curve else ""
    return [told] if told else []


def _why(result: Capacity) -> str:
    """Further limits, what is full there, and what takes from the capacity."""
    decides = result.decides
    others = [f"{each.why} beyond {each.rate}" for each in result.limits if each is not decides]
    parts = [f"Further limits: {listing(others, 2)}."] if others else []
    if decides and decides.modelled:
        by = "It is extrapolated from lighter loads: no" if decides.shown == "extrapolated" else "No"
        parts.append(f"{by} load test has shown it.")
        parts += [each.note for each in result.fills if each.note and each.resource == decides.resource]
        if result.unknown:
            parts.append(f"When {listing(list(result.unknown))} is full is not known: it may be sooner.")
    if result.mix:
        parts.append(mix_words(result))
    if result.curve and result.curve.limiting.resource:
        parts.append(result.curve.limiting.sentence)
    if result.headroom and result.headroom.deducted:
        parts.append(result.headroom.sentence)
    if decides and (math.isnan(decides.rate.low) or math.isnan(decides.rate.high)):
        parts.append("How sure the capacity is is not known, so whether it is enough is not certain.")
    return " ".join(parts)


def mix_words(result: Capacity) -> str:
    """How the load test's mix differs from today's, and what that makes of its limits; "" where it does not."""
    mix = result.mix
    if mix is None:
        return ""
    times = mix.times.get(result.bottleneck)
    if times is None:
        return (
            f"{mix.sentence} What a request takes is not known by journey: if what comes more often today took twice "
            f"as much as the rest, limits would be {percent(1 - 1 / (1 + mix.other))} lower: their intervals hold that."
        )
    what = f"as a request of today's takes {quantity(1 / times.value, 'x')} as much of {result.bottleneck}"
    return f"{mix.sentence} Limits are told at today's mix: {times} of the test's, {what}."


def _less(result: Capacity) -> str:
    """What of the capacity does not count."""
    taken = list(result.headroom.deducted) if result.headroom else []
    return f", less {listing(taken)}," if taken else ""


def _relief(result: Capacity) -> str:
    """What to do about the bottleneck, and how far that carries."""
    if result.decides and result.decides.modelled:
        needed = quantity(result.needed.value, "requests/s") if result.needed else "what is asked for"
        what = "an extrapolation" if result.decides.shown == "extrapolated" else "the model"
        return f"Load-test it up to {needed}: so far {what} alone says so."
    if result.curve and result.curve.limiting.outcome == "nothing that was measured is full":
        return (
            "Find what limits: nothing that was measured is full where throughput ends. Describe pools, locks and "
            "quotas as `resources` in assessment.yaml, with the metrics of their use."
        )
    if not result.reliefs:
        return "Find what limits: describe `resources` in assessment.yaml, with the metrics of their use."
    last = next((each for each in result.reliefs if each.enough == "yes"), result.reliefs[-1])
    by: dict[str, float] = {}
    for each in result.reliefs[: result.reliefs.index(last) + 1]:
        by[each.step.resource] = by.get(each.step.resource, 1.0) * each.step.factor
    words = listing([f"{name} by {number(factor)}x" for name, factor in by.items()])
    told = ""
    if last.times is not None:
        asked = quantity(result.factor, "x")
        answer = {"yes": "is enough for", "perhaps": "is perhaps enough for", "no": "is still not enough for"}
        told = f" The system then takes {last.times} {today(result)} load, which {answer[last.enough or 'no']} {asked}."
    then = last.step.next_bottleneck
    still = "limits still" if then == last.step.resource else "limits next"
    return (
        f"Relieve {words}: so much more of it, or so much less work for it. Throughput then ends at "
        f"{ends(last.step.after, last.step.measured_to)}.{told} What {still} is {then}."
    )


def _runs_out(result: Capacity) -> list[Finding]:
    reached, demand = result.runs_out, result.demand
    if reached is None or demand is None or not result.limits:
        return []
    verdict: Verdict = "ok"
    action = ""
    if reached.state == "already":
        verdict, action = "act", "Add capacity now, or turn load away."
    elif reached.low is not None:
        early = reached.low
        likely = reached.date is not None
        verdict = "act" if likely and early - reached.ends <= SOON else "watch"
        action = f"{'Have more capacity there' if likely else 'Assess again'} before {early:%Y-%m-%d}."
    by = "By simulated requests the" if result.simulated("requests") else "The"
    growth = f"{by} busiest hour grows by {demand.growth} a month" if demand.growth_told else "No growth is certain"
    ahead = [demand.ahead.sentence] if demand.ahead else []
    return [
        _finding(
            name="limit-reached",
            verdict=verdict,
            sentence=f"{growth}; {when_words(result)}.",
            impact=demand.growth if demand.growth_told else None,
            bites=reached.time.times(1 / DAY_S, unit="days"),
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
    if point.use is not None and result.simulated(f"metrics of {name}"):
        sentence = sentence.replace(f"{name}: ", f"{name}, by simulated metrics: ", 1)
    return _finding(
        name="saturation",
        subject=name,
        verdict=ACTIONS[point.action],
        sentence=sentence,
        impact=None if math.isnan(point.now.value) else point.now,
        bites=point.time.time.times(1 / DAY_S, unit="days") if point.time else None,
        why=why,
        evidence=() if point.state == "not measured" else _evidence(result, f"metrics of {name}"),
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
    errors = held.table[["throughput_error", "response_s_error"]].to_numpy().ravel().tolist() if held else []
    worst = max((abs(each) for each in errors if not math.isnan(each)), default=math.nan)
    verdict: Verdict = "unknown" if held is None or math.isnan(worst) else "ok" if held.holds else "watch"
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
            impact=Estimate(worst, worst, worst, 1.0, "fraction") if math.isfinite(worst) else None,
            why=why,
            evidence=_evidence(result, "load tests", "load metrics", "spans"),
            action=MODEL_ACTIONS[verdict],
        )
    ]


def _sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return f"{text[0].upper()}{text[1:].rstrip('.')}." if text else ""


def _evidence(result: Capacity, *kinds: str) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))
