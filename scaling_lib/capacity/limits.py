"""Every load beyond which something breaks: an SLO, a resource, the throughput of the load test, or by the model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.fills import Fill
from scaling_lib.capacity.headroom import Headroom, headroom
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.mix import Mix
from scaling_lib.capacity.within_slo import LoadWithinSlo
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.load_tests import ALL, LoadTests
from scaling_lib.evidence.load_tests.levels import levels
from scaling_lib.model.gathered import LIMIT
from scaling_lib.stats import Estimate
from scaling_lib.words import listing

LATENCIES = ["slo", "journey", "figure", "throughput", "latency_s", "latency_low_s", "latency_high_s"]
Shown = Literal["load test", "extrapolated", "model"]
ENDS = "throughput no longer rises"
NEVER_KEPT = "already beyond at the lightest level"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A load beyond which something breaks, requests/s.

    times: over today's busiest minute, x, with nothing deducted; None where that is not known.
    why: what breaks, such as "throughput no longer rises"; shown: by what; resource: what is full there, "" where
        nothing is (an SLO) or it is not known. of_slo: whether it is an SLO that breaks.
    headroom: net of all that takes from it; None where it is not known.
    """

    rate: Estimate
    times: Estimate | None
    why: str
    shown: Shown = "load test"
    resource: str = ""
    of_slo: bool = False
    headroom: Headroom | None = None

    @property
    def modelled(self) -> bool:
        """Whether no load test has shown it."""
        return self.shown != "load test"

    @property
    def counts(self) -> Estimate | None:
        """How many times today's busiest minute may come, after all deductions where they are known."""
        return self.headroom.factor if self.headroom else self.times

    @property
    def certain(self) -> Estimate | None:
        """The same without what nobody gave."""
        taken = self.headroom.deductions if self.headroom else ()
        return self.times if any(each.assumed and each.amount.value for each in taken) else self.counts


def limits(
    curve: LoadCurve | None,
    within: Sequence[LoadWithinSlo],
    model: Calibrated | None,
    filled: Sequence[Fill],
    peak: Estimate | None,
    mix: Mix | None = None,
) -> tuple[Limit, ...]:
    """All of them, the lowest first. What a load test has not shown full the model extrapolates, at today's mix.

    model: at today's mix. mix: of the load test and today, None where they are the same: rates are then of today's.
    """
    found = [*_slos(curve, within), *_filled([each for each in filled if not each.recorded])]
    end = _end(curve)
    full = curve.limiting.full if curve else ""
    found += [end] if end else []
    if mix is not None:
        found = [replace(each, rate=mix.converted(each.rate, each.resource or full)) for each in found]
    found += _filled([each for each in filled if each.recorded])
    carried = mix.converted(end.rate, full).value if end and mix else end.rate.value if end else 0.0
    shown = {each.resource for each in found if each.resource}
    found += [each for each in _modelled(model, carried, reached=end is not None) if each.resource not in shown]
    return tuple(sorted((replace(each, times=_times(each.rate, peak)) for each in found), key=_rate))


def _slos(curve: LoadCurve | None, within: Sequence[LoadWithinSlo]) -> list[Limit]:
    found = []
    for each in within:
        name, rate, why = each.slo.name, each.requests, "is no longer kept"
        if math.isnan(rate.value):
            never = each.capacity.state == NEVER_KEPT and each.capacity.high <= each.capacity.between[1]
            if curve is None or not never:
                continue
            lightest = float(curve.levels["throughput"].min())
            rate, why = (
                replace(rate, value=lightest, low=0.0, high=lightest),
                "is not kept, not even at the lightest load",
            )
        found.append(Limit(rate=rate, times=None, why=f"{name} {why}", of_slo=True))
    return found


def _filled(filled: Sequence[Fill]) -> list[Limit]:
    return [
        Limit(
            rate=each.full,
            times=None,
            why=f"{each.resource} is full",
            shown="load test" if each.seen else "extrapolated",
            resource=each.resource,
        )
        for each in filled
        if math.isfinite(each.full.value) and each.full.value > 0
    ]


def _end(curve: LoadCurve | None) -> Limit | None:
    """Where the throughput of the load test ends; None where it does not."""
    if curve is None or curve.plateau is None or not curve.plateau.reached:
        return None
    return Limit(rate=curve.plateau.throughput, times=None, why=ENDS, resource=curve.limiting.full)


def _modelled(model: Calibrated | None, carried: float, *, reached: bool) -> list[Limit]:
    """The resources whose work is counted: where each is full by the model, at no less than what was carried.

    reached: whether a load test has shown the end of throughput; else what else the model has fill first counts too.
    """
    if model is None or not model.laws:
        return []
    by = model.system(1.0).limits()
    first = min(by, key=lambda name: by[name].value)
    names = [*model.laws, *([] if reached or first in model.laws or first == LIMIT else [first])]
    found = []
    for name in names:
        rate = by[name]
        if math.isfinite(rate.value) and rate.value > 0:
            rate = replace(rate, value=max(rate.value, carried), high=max(rate.high, carried))
            found.append(
                Limit(rate=rate, times=None, why=f"{name} is full, by the model", shown="model", resource=name)
            )
    return found


def _rate(limit: Limit) -> float:
    return limit.rate.value


def least(times: Sequence[Estimate]) -> Estimate | None:
    """What all of them leave: each end is the lowest of theirs; what is not known of one low end is not of all.

    The lowest high end holds for all, whatever is not known of others.
    """
    if not times:
        return None
    value, low = (float(np.min([getattr(each, end) for each in times])) for end in ("value", "low"))
    highs = [each.high for each in times if not math.isnan(each.high)]
    return replace(times[0], value=value, low=low, high=min(highs, default=math.nan))


def _times(rate: Estimate, peak: Estimate | None) -> Estimate | None:
    """Nothing is taken from it, with the draws of the headroom."""
    if peak is None or not peak.value or not rate.value:
        return None
    return headroom(rate, peak, level=rate.level).factor


def chosen_test(tests: LoadTests, name: str) -> str:
    """The test that is named, or the one with the most levels, among them the one with the most users."""
    names = [test.test for test in tests.tests]
    if name or len(names) == 1:
        return name or names[0]
    own = levels(replace(tests, samples=tests.samples[tests.samples["name"] == ALL]))
    own = own[own["name"] == ALL]
    size = own.groupby("test").agg(levels=("level", "size"), users=("users", "max")).reindex(names)
    return str(size.sort_values(["levels", "users"], ascending=False, kind="stable").index[0])


def check_name(tests: LoadTests | None, name: str) -> None:
    """Raise InvalidInput where there are load tests, and none of that name."""
    names = [test.test for test in tests.tests] if tests else []
    if name and names and name not in names:
        raise InvalidInput(f"load_test: found {name!r}; expected one of {listing(names)}.")


def latencies(within: Sequence[LoadWithinSlo]) -> pd.DataFrame:
    """The quantile that each SLO is about, by level, from what was held against it: the columns of LATENCIES."""
    parts = [
        each.levels.dropna(subset=["latency_s"]).assign(
            slo=each.slo.name, journey=each.slo.journey, figure=each.quantile
        )
        for each in within
    ]
    return pd.concat(parts, ignore_index=True)[LATENCIES] if parts else pd.DataFrame(columns=LATENCIES)
