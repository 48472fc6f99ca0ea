"""What a rollout in rings may cost of the error budget, before it begins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.model.uncertainty import draw, generator
from scaling_lib.rollout.detection import Detection, check_share
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.windows import parse_window
from scaling_lib.stats import Estimate

Floats = NDArray[np.float64]

DRAWS = 20_000
SEVERITIES = 64  # points of the curve of detection times; between them it runs straight in logarithms
HIGH = 0.95


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A stage of a rollout: the share of the requests that reach the new version, and for how many seconds."""

    share: float
    soak_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class RingRisk:
    """What one rollout costs of a period's error budget, as fractions of the whole budget.

    expected: over all rollouts, most of which carry no defect; its interval is that of the chance of a defect.
    high: 95 of 100 rollouts cost less. if_defect, if_defect_high: mean and 95% of those that carry one.
    over_left: the chance that a rollout costs more than is left. takes_s: the soaking of all rings.
    caught: by ring, the share of defects that are seen in it; what is left is not seen within the period.
    """

    rings: tuple[Ring, ...]
    expected: Estimate
    high: float
    if_defect: float
    if_defect_high: float
    over_left: float
    takes_s: float
    caught: tuple[float, ...]


def ring_risk(
    rings: Sequence[Ring],
    *,
    target: float,
    defect_chance: Estimate,
    failing: tuple[float, float],
    detect: Detection,
    rollback_s: Estimate,
    left: float = 1.0,
    period: str = "28d",
) -> RingRisk:
    """Price a plan of rings in error budget.

    rings: in order; the last one's share is 1 and lasts to the end of the period where nothing is seen.
    target: of the SLO; period: its window, such as "28d". left: of the budget, a fraction; below 0 it is overspent.
    defect_chance: that a rollout carries a defect, such as the change failure rate. failing: the least and the largest
    share of the new version's requests that a defect fails; between them as likely at each power of ten.
    detect: see `rollout.detection`; of each ring anew, as if it saw nothing before. rollback_s: from the alert to the
    last failing request.

    A big bang is `[Ring(share=1)]`. Raises InvalidInput for plans and options that cannot be.
    Method: 20,000 rollouts drawn; cost = sum over rings of share x failing x seconds / ((1 - target) x period).
    """
    _check(rings, failing)
    seconds = parse_window(period).seconds
    if seconds is None or not isinstance(left, (int, float)) or math.isnan(left):
        raise InvalidInput(
            f"ring_risk: found period {period!r} and {left!r} left; expected days, such as '28d', and "
            "a fraction of the budget."
        )
    budget_s = float(allowed_share(target)) * seconds
    random = generator("rings")
    severity = np.exp(random.uniform(math.log(failing[0]), math.log(failing[1]), DRAWS))
    back_s = draw(rollback_s, random.standard_normal(DRAWS))
    chance = np.minimum(draw(defect_chance, random.standard_normal(DRAWS)), 1.0)
    defect = random.random(DRAWS) < chance
    spent, unseen, caught = np.zeros(DRAWS), np.ones(DRAWS, dtype=bool), []
    for place, ring in enumerate(rings):
        lasts = float(seconds) if place == len(rings) - 1 else ring.soak_s
        after = _detection_times(detect, ring.share, severity, failing)
        seen = unseen & (after < lasts)
        time = np.where(seen, np.minimum(after, lasts) + back_s, lasts)
        spent += np.where(unseen, ring.share * severity * np.minimum(time, float(seconds)), 0.0) / budget_s
        caught.append(float(seen.mean()))
        unseen &= ~seen
    cost = np.where(defect, spent, 0.0)
    mean = float(spent.mean())
    return RingRisk(
        rings=tuple(rings),
        expected=defect_chance.times(mean, unit="fraction"),
        high=float(np.quantile(cost, HIGH)),
        if_defect=mean,
        if_defect_high=float(np.quantile(spent, HIGH)),
        over_left=float((cost > left).mean()) if left > 0 else 1.0,
        takes_s=sum(ring.soak_s for ring in rings[:-1]),
        caught=tuple(caught),
    )


def safest_in_time(risks: Sequence[RingRisk], left: float) -> RingRisk:
    """The shortest rollout that in 95 of 100 cases with a defect stays within the budget left; else the cheapest one.

    Raises InvalidInput where no plan is given.
    """
    if not risks:
        raise InvalidInput("safest_in_time: found no plan; expected one or more.")
    within = [risk for risk in risks if risk.if_defect_high <= left]
    if within:
        return min(within, key=lambda risk: (risk.takes_s, risk.if_defect_high))
    return min(risks, key=lambda risk: (risk.if_defect_high, risk.takes_s))


def _detection_times(detect: Detection, share: float, severity: Floats, failing: tuple[float, float]) -> Floats:
    grid = np.geomspace(*failing, SEVERITIES) if failing[0] < failing[1] else np.array(failing[:1])
    times = np.array([detect(share, min(float(each), 1.0)) for each in grid])
    never = ~np.isfinite(times)
    logs = np.log(np.maximum(np.where(never, 1.0, times), 1e-3))
    known = np.flatnonzero(~never)
    if not len(known):
        return np.full(len(severity), np.inf)
    found = np.exp(np.interp(np.log(severity), np.log(grid[known]), logs[known]))
    return np.where(severity < grid[known[0]] * (1 - 1e-12), np.inf, found)


def _check(rings: Sequence[Ring], failing: tuple[float, float]) -> None:
    if not rings:
        raise InvalidInput("ring_risk: found no ring; expected one or more, the last with a share of 1.")
    for ring in rings:
        check_share("ring_risk", "ring's share", ring.share)
        if not 0 <= ring.soak_s < math.inf:
            raise InvalidInput(f"ring_risk: found a ring of {ring.soak_s} s; expected 0 or more.")
    shares = [ring.share for ring in rings]
    if shares[-1] != 1 or shares != sorted(shares):
        raise InvalidInput(
            f"ring_risk: found rings with the shares {shares}; expected growing shares, the last of which is 1."
        )
    for share in failing:
        check_share("ring_risk", "share of failing requests", share)
    if failing[0] > failing[1]:
        raise InvalidInput(f"ring_risk: found failing shares from {failing[0]} to {failing[1]}; expected low to high.")
