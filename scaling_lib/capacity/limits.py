"""Every load beyond which something breaks: an SLO, the throughput of the load test, or what the model says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.headroom import headroom
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.within_slo import LoadWithinSlo
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.load_tests import ALL, LoadTests
from scaling_lib.evidence.load_tests.levels import levels
from scaling_lib.stats import Estimate
from scaling_lib.words import listing

LATENCIES = ["slo", "journey", "figure", "throughput", "latency_s", "latency_low_s", "latency_high_s"]
NEVER_KEPT = "already beyond at the lightest level"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The highest load that counts, requests/s.

    times: over today's busiest minute, x, with nothing deducted; None where that is not known.
    why: what breaks, such as "throughput no longer rises"; modelled: whether no load test has shown it.
    """

    rate: Estimate
    times: Estimate | None
    why: str
    modelled: bool = False


def limits(
    curve: LoadCurve | None, within: Sequence[LoadWithinSlo], model: Calibrated | None, peak: Estimate | None
) -> tuple[Limit, ...]:
    """All of them, the lowest first; the model is asked only where no load test reached an end."""
    found: list[tuple[Estimate, str, bool]] = []
    for each in within:
        if not math.isnan(each.requests.value):
            found.append((each.requests, f"{each.slo.name} is no longer kept", False))
        elif curve and each.capacity.state == NEVER_KEPT:
            lightest = float(curve.levels["throughput"].min())
            rate = Estimate(lightest, 0.0, lightest, each.requests.level, "requests/s")
            found.append((rate, f"{each.slo.name} is not kept, not even at the lightest load", False))
    if curve and curve.plateau and curve.plateau.reached:
        found.append((curve.plateau.throughput, "throughput no longer rises", False))
    elif model and model.laws:
        bounds = model.system(1.0).bounds()
        found.append((bounds.saturation, f"{bounds.bottleneck} is full, by the model", True))
    rows = [Limit(rate=rate, times=_times(rate, peak), why=why, modelled=own) for rate, why, own in found]
    return tuple(sorted(rows, key=lambda limit: limit.rate.value))


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
