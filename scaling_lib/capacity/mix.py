"""What the load test's mix of requests and today's differ by, and what that makes of a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.demand import JourneyDemand
from scaling_lib.capacity.request_rates import OTHER
from scaling_lib.evidence.load_tests import ALL
from scaling_lib.model.uncertainty import DRAWS, Floats, draw, generator, interval
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent

DIFFERS = 0.01  # of the requests: a mix nearer than this is the same
LATEST = pd.Timedelta(days=28)  # of the recorded demand, for today's mix


@dataclass(frozen=True, kw_only=True)
class Mix:
    """test, today: by journey, its share of the requests. other: the share of the requests that is another kind.

    times: by resource, the load at which it is full at today's mix over that at the test's, "x"; only of those whose
        demands are known by journey. draws: what each may be (DRAWS).
    """

    test: Mapping[str, float]
    today: Mapping[str, float]
    other: float
    times: Mapping[str, Estimate]
    draws: Mapping[str, Floats] = field(repr=False)

    @property
    def sentence(self) -> str:
        """How the two differ."""
        most = sorted(self.test.keys() | self.today.keys(), key=lambda name: (-abs(self._more(name)), name))
        parts = [
            f"{name} {percent(self.test.get(name, 0.0))} of its requests, {percent(self.today.get(name, 0.0))} today"
            for name in most[:2]
        ]
        return f"The load test's mix is not today's: {listing(parts)}."

    def converted(self, rate: Estimate, resource: str) -> Estimate:
        """A rate of the test's mix as one of today's; as it is where the resource's demands by journey are not known.

        Then its lower end is what it would be if the kinds that came more often took twice as much as the others.
        """
        if resource in self.times:
            return multiplied(rate, self.times[resource].value, self.draws[resource], rate.unit)
        return replace(rate, low=rate.low / (1 + self.other))

    def _more(self, name: str) -> float:
        return self.today.get(name, 0.0) - self.test.get(name, 0.0)


def multiplied(figure: Estimate, by: float, drawn: Floats, unit: str) -> Estimate:
    """A figure times a factor and its draws, taken to be independent; an end that is not known stays so."""
    own = draw(figure, generator("capacity", "times").standard_normal(DRAWS)) * drawn
    found = interval(figure.value * by, own, figure.level, unit)
    low, high = (math.nan if math.isnan(getattr(figure, end)) else getattr(found, end) for end in ("low", "high"))
    return replace(found, low=low, high=high, assumed=figure.assumed)


def mix_of(
    system: Assessment,
    rows: pd.DataFrame,
    demand: JourneyDemand,
    journeys: Sequence[JourneyDemand],
    model: Calibrated | None,
) -> Mix | None:
    """The two mixes; None where they are the same, or that of the test is not known.

    rows: the levels of the load test by name, as `evidence.load_tests.levels` gives them.
    """
    test, today = _of_test(system, rows), _today(demand, journeys)
    if not test or not today:
        return None
    apart = sum(abs(today.get(name, 0.0) - test.get(name, 0.0)) for name in test.keys() | today.keys()) / 2
    if apart < DIFFERS:
        return None
    times, draws = _times(model, test, today)
    return Mix(test=test, today=today, other=apart, times=times, draws=draws)


def at_mix(model: Calibrated, shares: Mapping[str, float]) -> Calibrated:
    """The model with its requests in this mix; as it is where it does not tell the journeys apart."""
    known = model.calibration.mix
    if not shares.keys() <= known.keys():
        return model
    return replace(model, calibration=replace(model.calibration, mix={name: shares.get(name, 0.0) for name in known}))


def _of_test(system: Assessment, rows: pd.DataFrame) -> dict[str, float]:
    """By journey, from the names of the test's requests; none where it tells only all together."""
    if rows.empty or "name" not in rows:
        return {}
    own = rows[rows["name"] != ALL]
    length = (own["end"] - own["start"]).dt.total_seconds().fillna(1.0)
    counts = (own["throughput"] * length).groupby([system.journey_of(str(name)) or OTHER for name in own["name"]]).sum()
    total = float(counts.sum())
    return {str(name): float(count) / total for name, count in counts.items() if count > 0} if total > 0 else {}


def _today(demand: JourneyDemand, journeys: Sequence[JourneyDemand]) -> dict[str, float]:
    every = demand.minutes.dropna()
    every = every[every.index > every.index[-1] - LATEST]
    total = float(every.sum())
    if not journeys or total <= 0:
        return {}
    own = {each.journey: float(each.minutes.reindex(every.index).sum()) / total for each in journeys}
    rest = 1 - sum(own.values())
    return own | ({OTHER: rest} if rest > 1e-6 else {})


def _times(
    model: Calibrated | None, test: Mapping[str, float], today: Mapping[str, float]
) -> tuple[dict[str, Estimate], dict[str, Floats]]:
    """Demand of the mean request in the test over that of today, by resource whose journeys are told apart."""
    if model is None or not (test.keys() | today.keys()) <= model.calibration.mix.keys():
        return {}, {}
    before, then = (at_mix(model, shares).system(1.0) for shares in (test, today))
    drawn_before, drawn_then = before.mean_demand_draws(), then.mean_demand_draws()
    times, draws = {}, {}
    for name, own in model.calibration.demands.items():
        values = [each.value for each in own.values()]
        value, most = then.mean_demand(name).value, max(values)
        if value > 0 and most > 0 and np.ptp(values) > 0:
            draws[name] = drawn_before[name] / drawn_then[name]
            ratio = before.mean_demand(name).value / value
            times[name] = interval(ratio, draws[name], model.calibration.level, "x")
    return times, draws
