"""Which option, if any, the measured constraints justify: each tried on all that is not sure of the system."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.architecture.load import Load, load_of
from scaling_lib.architecture.pattern import UNDO_DAYS, Drawn, Pattern
from scaling_lib.errors import InvalidInput
from scaling_lib.model import System
from scaling_lib.model.uncertainty import DRAWS, draw, generator, interval
from scaling_lib.stats import Estimate

Floats = NDArray[np.float64]
Verdict = Literal["JUSTIFIED", "PROVISIONAL", "NOT JUSTIFIED", "NOT ENOUGH", "NOT NEEDED", "DEARER", "MEASURE FIRST"]

WANTED = 0.95
ALL = Estimate(1.0, 1.0, 1.0, unit="fraction")
MOVES = 1.001  # less of a gain than this leaves the constraint as it is


@dataclass(frozen=True, kw_only=True, eq=False)
class Option:
    """One pattern, evaluated.

    verdict: "NOT JUSTIFIED" where it leaves the measured bottleneck as it is (gate 0); "NOT ENOUGH" where the load at
        the horizon is met with less than the wanted probability; "NOT NEEDED" where doing nothing is enough; "DEARER"
        where another one is enough and costs less (or as much, and is undone sooner); "JUSTIFIED" for the cheapest that
        is enough, "PROVISIONAL" where it rests on assumed figures; "MEASURE FIRST" in its place where knowing more is
        worth more than it costs.
    met: the probability that the load at the horizon is carried within the SLO. capacity: requests/s; gain: of it, over
        doing nothing. response: of a lone request, seconds. monthly_cost: None where no price is given.
    bottleneck: what is full first then. front: whether no other is at least as good in probability, cost and undoing,
        and better in one. assumed: the names of what it rests on that nobody measured, its price too.
    """

    pattern: Pattern
    verdict: Verdict
    met: float
    capacity: Estimate
    gain: Estimate
    response: Estimate
    monthly_cost: Estimate | None
    bottleneck: str
    front: bool
    assumed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """All options, the best first.

    needed: requests/s at the horizon; bottleneck: what is full first today. swings: a row an assumption and option:
        option, assumption, assumed, low, high: the probability of being met with it at either end of its interval.
    value_of_knowing: what perfect knowledge of all that is not sure would gain on average, in money a month where the
        worth of carrying the load is given, else in probability; measure: the assumption whose ends swing the best
        option most. wanted: the probability that is enough.
    """

    options: tuple[Option, ...]
    needed: Estimate
    bottleneck: str
    swings: pd.DataFrame
    value_of_knowing: float
    measure: str
    wanted: float
    in_money: bool

    @property
    def chosen(self) -> Option | None:
        """The option to take: justified, provisional or to be measured first; None where none is."""
        taken = [each for each in self.options if each.verdict in ("JUSTIFIED", "PROVISIONAL", "MEASURE FIRST")]
        return taken[0] if taken else None


def evaluate(
    system: System,
    patterns: Sequence[Pattern],
    *,
    needed: Estimate,
    within_slo: Estimate = ALL,
    wanted: float = WANTED,
    worth_a_month: float | None = None,
    measuring_costs: float | None = None,
) -> Evaluation:
    """Evaluate options by Monte Carlo over the measured intervals.

    system: measured; patterns: the options, with doing nothing among them. needed: requests/s at the horizon, the peak
    that has to be carried. within_slo: the share of the capacity up to which the SLO is kept. wanted: the probability
    that is enough. worth_a_month: of carrying the load, in the currency of the costs; measuring_costs: of the next
    measurement, in the same (without worth_a_month: the gain in probability that is worth it).

    Raises InvalidInput without doing nothing, with a name twice, or for a probability that cannot be.
    Sources: Denning and Buzen (1978) for the law; Howard, Information value theory, IEEE Transactions 2 (1966), for the
    expected value of perfect information.
    """
    _check(patterns, wanted)
    load = load_of(system)
    peak = draw(needed, generator("needed").standard_normal(DRAWS))
    kept = draw(within_slo, generator("within slo").standard_normal(DRAWS))
    tried = {each.name: each.applied(load) for each in patterns}
    carried = {name: then.capacity() * np.minimum(kept, 1.0) >= peak for name, then in tried.items()}
    met = {name: float(each.mean()) for name, each in carried.items()}
    nothing = next(each.name for each in patterns if each.aim == "nothing")
    fronts = _front(patterns, met)
    best = _best(patterns, met, load, tried, wanted)
    swings = _swings(patterns, load, peak, kept)
    value = _value_of_knowing(patterns, carried, worth_a_month)
    first = swings[swings["option"] == best] if best else swings.iloc[:0]
    widest = first.assign(width=(first["high"] - first["low"]).abs()).sort_values("width", ascending=False)
    measure = str(widest["assumption"].iloc[0]) if len(widest) and widest["width"].iloc[0] > 0 else ""
    measuring = measuring_costs is not None and bool(measure) and value > measuring_costs
    options = []
    for each in patterns:
        then = tried[each.name]
        assumed = _assumed(each, needed, within_slo)
        verdict = _verdict(each, best, nothing, met, wanted, load, then)
        if verdict == "JUSTIFIED":
            verdict = "MEASURE FIRST" if measuring else ("PROVISIONAL" if assumed else "JUSTIFIED")
        options.append(
            Option(
                pattern=each,
                verdict=verdict,
                met=met[each.name],
                capacity=_figure(then.capacity(), system.level, "requests/s"),
                gain=_figure(then.capacity() / load.capacity(), system.level, "x"),
                response=_figure(then.response_s(), system.level, "s"),
                monthly_cost=each.monthly_cost,
                bottleneck=then.bottleneck(),
                front=each.name in fronts,
                assumed=assumed,
            )
        )
    ranks = ("JUSTIFIED", "PROVISIONAL", "MEASURE FIRST", "DEARER", "NOT NEEDED", "NOT ENOUGH", "NOT JUSTIFIED")
    return Evaluation(
        options=tuple(sorted(options, key=lambda each: (ranks.index(each.verdict), -each.met))),
        needed=needed,
        bottleneck=load.bottleneck(),
        swings=swings,
        value_of_knowing=value,
        measure=measure,
        wanted=wanted,
        in_money=worth_a_month is not None,
    )


def _assumed(pattern: Pattern, needed: Estimate, within_slo: Estimate) -> tuple[str, ...]:
    """What of an option's verdict nobody measured."""
    found = [each.name for each in pattern.assumptions if not each.measured]
    if pattern.monthly_cost is None or pattern.monthly_cost.assumed:
        found.append("its price")
    found += ["the load at the horizon"] * needed.assumed + [
        "the share of the capacity within the SLO"
    ] * within_slo.assumed
    return tuple(found)


def moves_the_bottleneck(load: Load, then: Load) -> bool:
    """Gate 0: whether the capacity rises in most of what may be; X <= min over k of m_k / D_k."""
    return float((then.capacity() > MOVES * load.capacity()).mean()) > 0.5


def _verdict(
    pattern: Pattern, best: str, nothing: str, met: dict[str, float], wanted: float, load: Load, then: Load
) -> Verdict:
    if pattern.name == best:
        return "JUSTIFIED"
    if pattern.aim == "nothing":
        return "NOT ENOUGH"
    if not moves_the_bottleneck(load, then):
        return "NOT JUSTIFIED"
    if met[nothing] >= wanted:
        return "NOT NEEDED"
    return "DEARER" if met[pattern.name] >= wanted else "NOT ENOUGH"


def _best(patterns: Sequence[Pattern], met: dict[str, float], load: Load, tried: dict[str, Load], wanted: float) -> str:
    """The cheapest option that is enough, "" where none is; without prices the one that is undone soonest."""
    enough = [
        each
        for each in patterns
        if met[each.name] >= wanted and (each.aim == "nothing" or moves_the_bottleneck(load, tried[each.name]))
    ]
    if not enough:
        return ""
    if nothing := [each for each in enough if each.aim == "nothing"]:
        return nothing[0].name
    return min(enough, key=lambda each: (_cost(each), UNDO_DAYS[each.undo], each.adds, -met[each.name])).name


def _front(patterns: Sequence[Pattern], met: dict[str, float]) -> set[str]:
    points = {each.name: (-met[each.name], _cost(each), UNDO_DAYS[each.undo]) for each in patterns}

    def dominated(name: str) -> bool:
        own = points[name]
        others = (point for other, point in points.items() if other != name)
        return any(all(a <= b for a, b in zip(each, own, strict=True)) and each != own for each in others)

    return {name for name in points if not dominated(name)}


def _cost(pattern: Pattern) -> float:
    """Money a month; what has no price is dearer than what has one, and among those without the undoing decides."""
    return pattern.monthly_cost.value if pattern.monthly_cost is not None else math.inf


def _swings(patterns: Sequence[Pattern], load: Load, peak: Floats, kept: Floats) -> pd.DataFrame:
    """The probability of being met with one assumption held at either end, all else as it may be."""
    rows = []
    for pattern in patterns:
        drawn = pattern.drawn()
        for each in pattern.assumptions:
            ends = [
                _met(pattern, load, {**drawn, each.name: np.full(DRAWS, end)}, peak, kept)
                for end in (each.figure.low, each.figure.high)
            ]
            rows.append((pattern.name, each.name, not each.measured, *ends))
    return pd.DataFrame(rows, columns=["option", "assumption", "assumed", "low", "high"])


def _met(pattern: Pattern, load: Load, drawn: Drawn, peak: Floats, kept: Floats) -> float:
    return float((pattern.applied(load, drawn).capacity() * np.minimum(kept, 1.0) >= peak).mean())


def _value_of_knowing(patterns: Sequence[Pattern], carried: dict[str, NDArray[np.bool_]], worth: float | None) -> float:
    """EVPI = E[max U] - max E[U], with U the worth where the load is carried, less the cost."""
    scale = 1.0 if worth is None else worth
    costs = [0.0 if worth is None else _cost(each) for each in patterns]
    utilities = np.stack([carried[each.name] * scale - cost for each, cost in zip(patterns, costs, strict=True)])
    return float(utilities.max(axis=0).mean() - utilities.mean(axis=1).max())


def _figure(drawn: Floats, level: float, unit: str) -> Estimate:
    finite = np.where(np.isfinite(drawn), drawn, np.nan)
    if np.isnan(finite).all():
        return Estimate(math.inf, math.inf, math.inf, level, unit)
    return interval(float(np.nanmedian(finite)), np.nan_to_num(drawn, posinf=float(np.nanmax(finite))), level, unit)


def _check(patterns: Sequence[Pattern], wanted: float) -> None:
    names = [each.name for each in patterns]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InvalidInput(f"evaluate: found the option {twice[0]!r} twice; expected each name once.")
    if not any(each.aim == "nothing" for each in patterns):
        raise InvalidInput("evaluate: found no option of doing nothing among the patterns; expected it: it competes.")
    if not 0 < wanted < 1:
        raise InvalidInput(f"evaluate: found a wanted probability of {wanted}; expected it between 0 and 1.")
