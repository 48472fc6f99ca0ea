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
from scaling_lib.capacity.within_slo import LoadWithinSlo
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.load_tests import ALL, LoadTests
from scaling_lib.evidence.load_tests.levels import levels
from scaling_lib.stats import Estimate
from scaling_lib.words import listing

LATENCIES = ["slo", "journey", "figure", "throughput", "latency_s", "latency_low_s", "latency_high_s"]
Shown = Literal["load test", "extrapolated", "model"]
NEVER_KEPT = "already beyond at the lightest level"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A load beyond which something breaks, requests/s.

    times: over today's busiest minute, x, with nothing deducted; None where that is not known.
    why: what breaks, such as "throughput no longer rises"; shown: by what; resource: what is full there, "" where
        nothing is (an SLO) or it is not known.
    headroom: net of all that takes from it; None where it is not known.
    """

    rate: Estimate
    times: Estimate | None
    why: str
    shown: Shown = "load test"
    resource: str = ""
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
) -> tuple[Limit, ...]:
    """All of them, the lowest first; the model is asked only where no load test reached an end."""
    found: list[tuple[Estimate, str, Shown, str]] = []
    for each in within:
        if not math.isnan(each.requests.value):
            found.append((each.requests, f"{each.slo.name} is no longer kept", "load test", ""))
        elif curve and each.capacity.state == NEVER_KEPT and each.capacity.high <= each.capacity.between[1]:
            lightest = float(curve.levels["throughput"].min())
            rate = Estimate(lightest, 0.0, lightest, each.requests.level, "requests/s")
            found.append((rate, f"{each.slo.name} is not kept, not even at the lightest load", "load test", ""))
    for fill in filled:
        if math.isfinite(fill.full.value) and fill.full.value > 0:
            shown: Shown = "load test" if fill.seen else "extrapolated"
            found.append((fill.full, f"{fill.resource} is full", shown, fill.resource))
    if curve and curve.plateau and curve.plateau.reached:
        full = curve.limiting.resource if curve.limiting.outcome == "found" else ""
        found.append((curve.plateau.throughput, "throughput no longer rises", "load test", full))
    elif model and model.laws:
        bounds = model.system(1.0).bounds()
        found.append((bounds.saturation, f"{bounds.bottleneck} is full, by the model", "model", bounds.bottleneck))
    rows = [
        Limit(rate=rate, times=_times(rate, peak), why=why, shown=shown, resource=resource)
        for rate, why, shown, resource in found
    ]
    return tuple(sorted(rows, key=lambda limit: limit.rate.value))


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
