"""Standard plans of rings, priced in the error budget of the SLO that a defect would hurt most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import NotMeasured
from scaling_lib.rollout.canary import JudgedCanary
from scaling_lib.rollout.detection import Detection, by_alerts, by_version
from scaling_lib.rollout.dora import Dora
from scaling_lib.rollout.rings import Ring, RingRisk, ring_risk, safest_in_time
from scaling_lib.slo import Assessed
from scaling_lib.slo.result import SLOResult
from scaling_lib.stats import Estimate
from scaling_lib.words import percent, plural

Floats = NDArray[np.float64]

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
BIG_BANG = "all at once"
LEAST_SEEN = 0.5  # of a window: with less, what is left of its budget is hardly more than a guess
STANDARD: dict[str, tuple[Ring, ...]] = {
    BIG_BANG: (Ring(share=1.0),),
    "5% for 30 min first": (Ring(share=0.05, soak_s=30 * MINUTE_S), Ring(share=1.0)),
    "1%, 10%, 50% for 2 h first": (
        Ring(share=0.01, soak_s=30 * MINUTE_S),
        Ring(share=0.1, soak_s=30 * MINUTE_S),
        Ring(share=0.5, soak_s=HOUR_S),
        Ring(share=1.0),
    ),
    "1%, 10%, 50% for 1 day first": (
        Ring(share=0.01, soak_s=2 * HOUR_S),
        Ring(share=0.1, soak_s=6 * HOUR_S),
        Ring(share=0.5, soak_s=16 * HOUR_S),
        Ring(share=1.0),
    ),
    "1%, 10%, 50% for a day each first": (
        Ring(share=0.01, soak_s=DAY_S),
        Ring(share=0.1, soak_s=DAY_S),
        Ring(share=0.5, soak_s=DAY_S),
        Ring(share=1.0),
    ),
}
# Where nothing was recorded. The chance: between the best and the worst failure rate that a band of the 2024 DORA
# report has. The others: from a slight fault to an outage, and from an automatic rollback to one by hand.
ASSUMED_CHANCE = Estimate(0.15, 0.05, 0.4, unit="fraction", assumed=True)
ASSUMED_FAILING = (0.01, 1.0)
ASSUMED_ROLLBACK = Estimate(1800.0, 300.0, 7200.0, unit="s", assumed=True)


@dataclass(frozen=True, kw_only=True)
class Input:
    """What the price rests on: its name, its value as it is said, its source; assumed: from nowhere, or from little."""

    name: str
    value: str
    source: str
    assumed: bool = False


@dataclass(frozen=True, kw_only=True)
class PricedPlan:
    """One plan: what it costs where the SLO's alerts alone see a defect, and where the versions are compared too."""

    name: str
    alerts: RingRisk
    versions: RingRisk


@dataclass(frozen=True, kw_only=True)
class Plans:
    """Plans priced in one SLO's budget.

    slo: its result of step 01; left: of the budget of its last window, a fraction, below 0 where overspent. compared:
    whether versions are compared here, as a canary shows; then that is how defects are seen. chosen: the shortest plan
    that with a defect stays within what is left in 95 of 100 cases, or the cheapest; within: whether it does.
    a_window: what all rollouts of a window together are expected to cost by that plan; None where it is not known how
    many there are.
    """

    slo: SLOResult
    left: float
    inputs: tuple[Input, ...]
    plans: tuple[PricedPlan, ...]
    compared: bool
    chosen: PricedPlan
    within: bool
    a_window: Estimate | None

    @property
    def assumed(self) -> tuple[str, ...]:
        """The inputs that nothing was measured of."""
        return tuple(each.name for each in self.inputs if each.assumed)

    def risk(self, plan: PricedPlan) -> RingRisk:
        """What a plan costs as defects are seen here."""
        return plan.versions if self.compared else plan.alerts


def priced_plans(
    assessed: Assessed,
    delivery: Dora | None,
    deployments: pd.DataFrame | None,
    incidents: pd.DataFrame | None,
    canaries: Sequence[JudgedCanary],
) -> Plans:
    """Price the standard plans.

    assessed: step 01's result. delivery, deployments, incidents: None where not measured; canaries: that were judged.
    The SLO is the one of availability of whose budget that is left a defect at once for all takes the largest part.
    Raises NotMeasured where no SLO of availability is measured.
    """
    results = [each for each in assessed.results if each.slo.kind == "availability" and each.rate > 0]
    results = [each for each in results if math.isfinite(each.spent.value)]
    if not results:
        raise NotMeasured(
            "No SLO of availability is measured, so a rollout has no error budget to be priced in.",
            supply="Give a critical journey an availability SLO, and its requests (step 01).",
        )
    chance = delivery.failed if delivery is not None else ASSUMED_CHANCE
    failing, said, recorded = _failing(results, canaries)
    rollback, how = _rollback(delivery, deployments, incidents)
    bang = {
        each.slo.name: _risk(each, STANDARD[BIG_BANG], chance, failing, rollback, _alerts(each)) for each in results
    }
    worst = max(results, key=lambda each: bang[each.slo.name].if_defect_high / max(_left(each), 1e-9))
    alerts = _alerts(worst)
    versions = by_version(worst.rate, background=min(_background(worst), 0.5))
    plans = tuple(
        PricedPlan(
            name=name,
            alerts=_risk(worst, rings, chance, failing, rollback, alerts),
            versions=_risk(worst, rings, chance, failing, rollback, _either(alerts, versions)),
        )
        for name, rings in STANDARD.items()
    )
    compared = any(each.judgement is not None for each in canaries)
    risks = [each.versions if compared else each.alerts for each in plans]
    best = risks.index(safest_in_time(risks, _left(worst)))
    return Plans(
        slo=worst,
        left=_left(worst),
        inputs=(
            Input(
                name="left of its budget",
                value=percent(_left(worst)),
                source=f"step 01, {percent(worst.covered)} of its last window seen",
                assumed=worst.covered < LEAST_SEEN,
            ),
            _input("chance of a defect", chance, _chance_from(delivery)),
            Input(
                name="requests that a defect fails",
                value=said,
                source=recorded or "nothing recorded",
                assumed=not recorded,
            ),
            _input("rollback, from the alert on", rollback, how),
        ),
        plans=plans,
        compared=compared,
        chosen=plans[best],
        within=risks[best].if_defect_high <= _left(worst),
        a_window=_a_window(risks[best], delivery, worst),
    )


def _input(name: str, found: Estimate, source: str) -> Input:
    return Input(name=name, value=str(replace(found, assumed=False)), source=source, assumed=found.assumed)


def _left(result: SLOResult) -> float:
    return 1 - result.spent.value


def _risk(
    result: SLOResult,
    rings: Sequence[Ring],
    chance: Estimate,
    failing: tuple[float, float],
    rollback: Estimate,
    detect: Detection,
) -> RingRisk:
    days = max(round((result.end - result.start).total_seconds() / DAY_S), 1)
    return ring_risk(
        rings,
        target=result.slo.target,
        defect_chance=chance,
        failing=failing,
        detect=detect,
        rollback_s=rollback,
        left=_left(result),
        period=f"{days}d",
    )


def _alerts(result: SLOResult) -> Detection:
    return by_alerts(result.policy, result.slo.target, background=_background(result))


def _either(one: Detection, other: Detection) -> Detection:
    return lambda share, failing: min(one(share, failing), other(share, failing))


def _background(result: SLOResult) -> float:
    """The share that fails when nothing is wrong: outside of the stretches of failure."""
    quiet = np.ones(len(result.counts), dtype=bool)
    for start, end in zip(result.spells["start"], result.spells["end"], strict=True):
        quiet &= ~((result.counts.index >= start) & (result.counts.index < end))
    rows = result.counts[quiet]
    total = float(rows["total"].sum())
    return float(rows["bad"].sum()) / total if total else 0.0


def _failing(results: Sequence[SLOResult], canaries: Sequence[JudgedCanary]) -> tuple[tuple[float, float], str, str]:
    """The least and the largest share of requests that failed in a stretch of failure, or of a canary that fails."""
    spells = [
        float(bad / total)
        for each in results
        for bad, total in zip(each.spells["bad"], each.spells["total"], strict=True)
        if total > 0 and bad > 0
    ]
    found = [
        guardrail.judgement.canary.value
        for each in canaries
        if each.judgement is not None and "failures" in each.judgement.failed
        for guardrail in each.judgement.guardrails
        if guardrail.name == "failures" and hasattr(guardrail.judgement, "canary")
    ]
    shares = [min(each, 1.0) for each in (*spells, *found)]
    if len(shares) < 2:
        return ASSUMED_FAILING, _range(*ASSUMED_FAILING), ""
    parts = [plural(len(spells), "stretch", "stretches") + " of failure of the SLOs"] if spells else []
    parts += [f"{plural(len(found), 'canary', 'canaries')} that failed"] if found else []
    return (min(shares), max(shares)), _range(min(shares), max(shares)), " and ".join(parts)


def _range(low: float, high: float) -> str:
    return f"{Estimate(low, low, low, unit='fraction')} to {Estimate(high, high, high, unit='fraction')}"


def _rollback(
    delivery: Dora | None, deployments: pd.DataFrame | None, incidents: pd.DataFrame | None
) -> tuple[Estimate, str]:
    """From the alert to the end: of incidents that a deployment brought; else how long rollbacks themselves took."""
    if delivery is not None and incidents is not None and len(delivery.matched):
        times = _since_detection(delivery, incidents)
        if len(times):
            return _of(times), f"{plural(len(times), 'incident')} after a deployment that failed, from detection on"
    if deployments is not None:
        back = deployments[deployments["task"].str.lower().str.startswith(("rollback", "roll back", "revert"))]
        took = np.asarray((back["finished"] - back["created"]).dt.total_seconds().dropna(), dtype=np.float64)
        if len(took := took[took > 0]):
            return _of(took), f"{plural(len(took), 'rollback')} themselves, without the time to decide on them"
    return ASSUMED_ROLLBACK, "nothing recorded"


def _since_detection(delivery: Dora, incidents: pd.DataFrame) -> Floats:
    """Of each failed deployment the first incident of its service within a day: from its detection to its end."""
    found = []
    for service, finished in zip(delivery.matched["service"], delivery.matched["finished"], strict=True):
        after = (incidents["detected"] - finished).dt.total_seconds()
        own = incidents[(incidents["service"] == service) & after.between(0, DAY_S) & incidents["resolved"].notna()]
        if len(own):
            first = own.sort_values("detected").iloc[0]
            found.append((first["resolved"] - first["detected"]).total_seconds())
    return np.array([each for each in found if each > 0], dtype=np.float64)


def _of(seconds: Floats) -> Estimate:
    """Their median, from the shortest to the longest."""
    return Estimate(float(np.median(seconds)), float(seconds.min()), float(seconds.max()), unit="s")


def _chance_from(delivery: Dora | None) -> str:
    if delivery is None:
        return "nothing recorded"
    return f"{plural(len(delivery.matched), 'failure')} of {plural(delivery.deployments, 'deployment')}"


def _a_window(risk: RingRisk, delivery: Dora | None, result: SLOResult) -> Estimate | None:
    if delivery is None:
        return None
    weeks = (result.end - result.start).total_seconds() / (7 * DAY_S)
    return risk.expected.times(delivery.a_week.value * weeks)
