"""A canary judged by samples, such as a metric by minute or the latencies of requests: has it shifted?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout.counts import Looks, Verdict
from scaling_lib.rollout.e_values import MOST, mixture_bound
from scaling_lib.rollout.placements import Placed, differences, placed
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import percent, plural, quantity

Direction = Literal["increase", "decrease", "either"]
Floats = NDArray[np.float64]

TOLERATED = 0.1
FEWEST = 20  # points a side: below, how much one point says of the next cannot be told
FEWEST_EFFECTIVE = 10  # independent points a side that they are worth
TUNED_FOR = 50.0  # effective points at which the bound for any number of looks is tightest
MOST_NEEDED = 1e9
LEAST_MEDIAN = 1e-300  # its inverse is still a number


@dataclass(frozen=True, kw_only=True)
class SamplesJudgement:
    """What the samples say of a canary.

    verdict: "FAIL" where the values surely shifted to the bad side, and not surely by less than what is tolerated;
        "PASS" where the shift surely stays within; "NO DATA" where a side has no value; else "INCONCLUSIVE".
    because: the sentence that says why.
    shift: of the canary over the baseline, in the values' unit (Hodges-Lehmann); relative: to the baseline's median,
        NaN where that is 0. chance: that a value of the canary is above one of the baseline, ties half.
    spread: the canary's over the baseline's, median distance from the median; spread_differs: whether surely.
    evidence: against "no shift", either way: where looked at once a p-value (small is strong), else an e-value (large
        is strong), at which the interval just reaches 0; NaN without enough points.
    effective: points that are worth as much if they did not remember each other, of the smaller side.
    needed: more points a side that would decide; 0 where it is decided, None where none would. left_out: values that
        were no numbers.
    """

    verdict: Verdict
    because: str
    shift: Estimate
    relative: Estimate
    chance: float
    spread: float
    spread_differs: bool
    evidence: float
    effective: float
    needed: int | None
    left_out: int
    looks: Looks


def judge_samples(
    canary: ArrayLike,
    baseline: ArrayLike,
    *,
    worse: Direction = "increase",
    tolerated: float = TOLERATED,
    looks: Looks = "any",
    level: float = 0.95,
    unit: str = "",
    what: str = "values",
) -> SamplesJudgement:
    """Judge a canary by values in the order of time, of the same stretch of time as the baseline's.

    canary, baseline: one number a point; NaN and infinite ones are left out and counted. Of the same length they are
        taken as of the same moments, so that what moves both does not count.
    worse: the bad side. tolerated: the shift to it that is still taken, as a share of the baseline's median (where that
        is 0: in the values' unit). looks, level: see `judge_counts`. what: the values' name, for the sentence.

    A rank test whose variance allows for values that remember the ones before (first-order autocorrelation, corrected
    for its bias and with its standard error added, as underestimating it is what makes false alarms); at any number of
    looks the bound of a normal mixture takes the place of the quantile, which holds asymptotically.
    False alarms at a nominal 5%, either side (tests/benchmarks/bench_canary.py): 60 points a side, independent 0.025,
    remembering by 0.7 0.034 (a plain rank test 0.41); by 0.95, 0.07. Over 40 looks: see there.
    Raises InvalidInput for values and options that cannot be.
    Sources: Brunner and Munzel, Biometrical Journal 42 (2000); Hodges and Lehmann (1963); Howard and others (2021).
    """
    for name, given, allowed in (("worse", worse, get_args(Direction)), ("looks", looks, get_args(Looks))):
        if given not in allowed:
            raise InvalidInput(f"judge_samples: found {name} {given!r}; expected one of {', '.join(allowed)}.")
    if not 0 <= tolerated < math.inf:
        raise InvalidInput(f"judge_samples: found a tolerated shift of {tolerated}; expected a share of at least 0.")
    check_level("judge_samples", level)
    sides, left_out = _finite(canary, baseline)
    if not (len(sides[0]) and len(sides[1])):
        return _no_data(sides, left_out, looks, level, unit, what)
    found = placed(*sides)
    shift = _shift(sides, found, _multiplier(found, looks, level), level, unit)
    middle = abs(float(np.median(sides[1])))
    limit = tolerated * middle if middle else tolerated
    enough = min(map(len, sides)) >= FEWEST and found.effective >= FEWEST_EFFECTIVE
    verdict = _verdict(shift, worse, limit) if enough else "INCONCLUSIVE"
    needed = _needed(shift, worse, limit, found, min(map(len, sides)), enough) if verdict == "INCONCLUSIVE" else 0
    relative = shift.times(1 / middle if middle > LEAST_MEDIAN else math.nan, unit="fraction")
    away = tuple(np.abs(side - np.median(side)) for side in sides)
    spreads = placed(*away)
    return SamplesJudgement(
        verdict=verdict,
        because=_because(verdict, shift, relative, limit, needed, found.effective, what),
        shift=shift,
        relative=relative,
        chance=found.chance,
        spread=_ratio(float(np.median(away[0])), float(np.median(away[1]))),
        spread_differs=enough and abs(spreads.chance - 0.5) > _multiplier(spreads, looks, level) * spreads.error,
        evidence=_evidence(sides, found, shift.value, looks) if enough else math.nan,
        effective=found.effective,
        needed=needed,
        left_out=left_out,
        looks=looks,
    )


def _finite(canary: ArrayLike, baseline: ArrayLike) -> tuple[tuple[Floats, Floats], int]:
    """The values that are numbers, of both sides where moments are shared, and how many are not."""
    sides = []
    for name, values in (("canary", canary), ("baseline", baseline)):
        try:
            side = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            side = np.empty((0, 0))
        if side.ndim != 1:
            raise InvalidInput(f"judge_samples: expected one number a point for the {name}; found {values!r:.80}.")
        sides.append(side)
    known = [np.isfinite(side) for side in sides]
    if len(sides[0]) == len(sides[1]):
        both = known[0] & known[1]
        return (sides[0][both], sides[1][both]), int((~both).sum())
    left_out = sum(int((~each).sum()) for each in known)
    return (sides[0][known[0]], sides[1][known[1]]), left_out


def _multiplier(found: Placed, looks: Looks, level: float) -> float:
    """How many standard errors the interval reaches to each side."""
    from scipy import stats

    tail = (1 - level) / 2
    if looks == "any":
        points = max(found.effective, 1.0)
        tail = float(stats.norm.sf(mixture_bound(points, TUNED_FOR, 1 - level) / math.sqrt(points)))
    return float(stats.t.isf(tail, max(found.effective - 1, 1.0)))


def _shift(sides: tuple[Floats, Floats], found: Placed, multiplier: float, level: float, unit: str) -> Estimate:
    """Hodges-Lehmann's shift; its ends are the differences that so many standard errors of the chance reach."""
    apart = differences(*sides)
    value = float(np.median(apart))
    aligned = placed(sides[0] - value, sides[1])
    reach = multiplier * max(found.error, aligned.error)
    low, high = np.quantile(apart, [max(0.5 - reach, 0.0), min(0.5 + reach, 1.0)])
    return Estimate(value, min(float(low), value), max(float(high), value), level, unit)


def _evidence(sides: tuple[Floats, Floats], found: Placed, shift: float, looks: Looks) -> float:
    """The p-value, or the e-value of the normal mixture, of a chance so far from one half; as `_multiplier` has it."""
    from scipy import special, stats

    away = abs(found.chance - 0.5)
    error = max(found.error, placed(sides[0] - shift, sides[1]).error)
    if away == 0 or error == 0:
        return (1.0 if away == 0 else 0.0) if looks == "once" else (1.0 if away == 0 else math.exp(MOST))
    points = max(found.effective, 1.0)
    logs = float(stats.t.logsf(away / error, max(found.effective - 1, 1.0)))
    if looks == "once":
        return min(2 * math.exp(logs), 1.0)
    normal = -float(special.ndtri_exp(logs))  # the deviate of so small a tail
    whole = points + TUNED_FOR
    return math.exp(min(normal**2 * points / (2 * whole) - 0.5 * math.log(whole / TUNED_FOR), MOST))


def _verdict(shift: Estimate, worse: Direction, limit: float) -> Verdict:
    rise, fall = worse != "decrease", worse != "increase"
    if (not rise or shift.high <= limit) and (not fall or shift.low >= -limit):
        return "PASS"
    return "FAIL" if (rise and shift.low > 0) or (fall and shift.high < 0) else "INCONCLUSIVE"


def _needed(shift: Estimate, worse: Direction, limit: float, found: Placed, points: int, enough: bool) -> int | None:
    """Points a side until the interval, which shrinks as their root grows, leaves 0 or the limit."""
    least = max(FEWEST, math.ceil(points * FEWEST_EFFECTIVE / max(found.effective, 1e-9)))
    half = max(shift.high - shift.value, shift.value - shift.low)
    bad = {"increase": shift.value, "decrease": -shift.value, "either": abs(shift.value)}[worse]
    room = max(limit - bad, bad)
    if half > room * math.sqrt(MOST_NEEDED / points):
        return None
    times = (half / room) ** 2 if half > 0 else 1.0
    return math.ceil(max(points * times, points + 1 if enough else least)) - points


def _no_data(
    sides: tuple[Floats, Floats], left_out: int, looks: Looks, level: float, unit: str, what: str
) -> SamplesJudgement:
    empty = " and the ".join(name for name, side in zip(("canary", "baseline"), sides, strict=True) if not len(side))
    unknown = Estimate(math.nan, math.nan, math.nan, level, unit)
    return SamplesJudgement(
        verdict="NO DATA",
        because=f"There are no {what} of the {empty}: nothing is known of it.",
        shift=unknown,
        relative=unknown,
        chance=math.nan,
        spread=math.nan,
        spread_differs=False,
        evidence=math.nan,
        effective=0.0,
        needed=None,
        left_out=left_out,
        looks=looks,
    )


def _ratio(one: float, other: float) -> float:
    return one / other if other else (1.0 if one == 0 else math.inf)


def _because(
    verdict: Verdict,
    shift: Estimate,
    relative: Estimate,
    limit: float,
    needed: int | None,
    effective: float,
    what: str,
) -> str:
    share = "" if math.isnan(relative.value) else f", {percent(relative.value)} of the baseline's median"
    seen = f"The canary's {what} shifted by {shift}{share}; {quantity(limit, shift.unit)} are tolerated"
    if verdict == "PASS":
        return f"{seen}, and the interval stays within."
    if verdict == "FAIL":
        return f"{seen}, and the shift is surely there."
    worth = f"what is here is worth {plural(math.floor(effective), 'independent point')} a side"
    more = f"{needed:,} more points a side" if needed is not None else "no number of points"
    return f"{seen}; {worth}. At what is seen {more} would decide."
