"""The load that one journey's latency SLO allows, from the levels of a load test, in users and in requests/s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.capacity.knee import plateau
from scaling_lib.capacity.slo_capacity import SloCapacity, slo_capacity, slo_capacity_of_shares
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.evidence.load_tests import ALL, LoadTest, LoadTests
from scaling_lib.evidence.load_tests.omission import corrected_bins
from scaling_lib.evidence.load_tests.parts import OMISSION
from scaling_lib.evidence.routes import matches
from scaling_lib.evidence.slos import SLO
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, percent

Floats = NDArray[np.float64]

QUANTILES = {"p50_s": 0.5, "p95_s": 0.95, "p99_s": 0.99}


@dataclass(frozen=True, kw_only=True)
class LoadWithinSlo:
    """The highest load of a test at which a journey keeps its latency SLO.

    slo; names: the requests of the test that are the journey's, ("",) for all together.
    figure: what was held against the SLO, such as "p99" or "share within 300 ms".
    capacity: in users, or in requests/s where users are not known or the load is open.
    requests: the same in requests/s of all requests together; low and high as in `capacity`.
    notes: what to know, sentences.
    """

    slo: SLO
    names: tuple[str, ...]
    figure: str
    capacity: SloCapacity
    requests: Estimate
    notes: tuple[str, ...]


def load_within_slo(
    tests: LoadTests, test: LoadTest, levels: pd.DataFrame, slo: SLO, *, route: str = "", level: float = 0.95
) -> LoadWithinSlo:
    """The highest load of a test at which the requests of a route keep a latency SLO.

    levels: of `evidence.load_tests.levels`, with the rows of all names. route: as in assessment.yaml, matched against
    the names of the test's requests, or one of these names; "" for all together.

    Where the file has single durations, the share within the threshold is held against the target; else the test's
    own quantile that is at least the target (p95 for 90%), which is then a little strict. Where the test shows signs of
    coordinated omission and its source says the expected interval, the requests that were left out are put back first.
    Raises NotMeasured where the route was not sent, latency is not known, or the target is beyond p99; InvalidInput for
    an SLO that is not one of latency; NotEnoughData for fewer than two loads.
    """
    if slo.kind != "latency" or slo.threshold_s is None:
        raise InvalidInput(f"load_within_slo: found the SLO {slo.name} of kind {slo.kind}; expected one of latency.")
    own = levels[levels["test"] == test.test]
    together = own[own["name"] == ALL].set_index("level", drop=False)
    names = _names(own, test, route)
    by_users = test.load != "open" and bool(together["users"].notna().all())
    loads, unit = (together["users"], "users") if by_users else (together["throughput"], "requests/s")
    notes: list[str] = []
    if test.percentiles == "bins":
        figure = f"share within {duration(slo.threshold_s)}"
        found = _by_share(tests, test, together, loads, names, slo, level, unit)
        if _omitted(test):
            notes.append(
                "Users waited in stalls: the requests that they would have sent meanwhile are put back, as if all of "
                "them had been of this journey."
            )
    else:
        column, q = _column(slo)
        figure = column.removesuffix("_s")
        if q > slo.target:
            notes.append(f"{figure} stands for the SLO's {percent(slo.target)}, which is a little less strict.")
        rows = _rows(own, names, column, slo)
        found = slo_capacity(
            loads[rows.index], rows[column], slo.threshold_s,
            low=rows[f"{column}_low"], high=rows[f"{column}_high"], level=level, unit=unit,
        )  # fmt: skip
        unknown = int(rows[f"{column}_low"].isna().sum())
        if unknown:
            notes.append(
                f"How sure {figure} is is not known at {unknown} of {len(rows)} levels, which are too short: they are "
                "passed over in the interval."
            )
    if _repeats(loads):
        notes.append("Some levels have the same load: what all of them are sure of counts.")
    return LoadWithinSlo(
        slo=slo, names=names, figure=figure, capacity=found,
        requests=_requests(found, together, loads) if by_users else Estimate(
            found.value, found.low, found.high, level, "requests/s"
        ),
        notes=tuple(notes),
    )  # fmt: skip


def _names(levels: pd.DataFrame, test: LoadTest, route: str) -> tuple[str, ...]:
    if not route:
        return (ALL,)
    there = [str(name) for name in levels["name"].unique() if name != ALL]
    found = tuple(name for name in there if name == route or matches(route, name))
    if not found:
        raise NotMeasured(
            f"The load test {test.test} sent no request of {route!r}; it sent {listing(there) or 'none with a name'}.",
            supply=f"Load-test {route}, or name its requests in the test as in assessment.yaml.",
        )
    return found


def _column(slo: SLO) -> tuple[str, float]:
    """The quantile nearest to the target that is not below it."""
    found = [(column, q) for column, q in QUANTILES.items() if q >= slo.target - 1e-9]
    if not found:
        raise NotMeasured(
            f"{slo.name}: the load test's file tells quantiles up to p99, and the target is {percent(slo.target)}.",
            supply="Use a format with single durations: k6, JMeter, Vegeta, or an HdrHistogram log.",
        )
    return found[0]


def _rows(levels: pd.DataFrame, names: Sequence[str], column: str, slo: SLO) -> pd.DataFrame:
    """The levels at which the quantile is known."""
    if len(names) > 1:
        raise NotMeasured(
            f"{slo.name}: its route is {len(names)} names of the load test ({listing(names)}), and quantiles of "
            "several cannot be put together.",
            supply="Give them one name in the test, or use a format with single durations.",
        )
    rows = levels[levels["name"] == names[0]].set_index("level")
    rows = rows[rows[column].notna()]
    if rows.empty:
        raise NotMeasured(
            f"{slo.name}: the latency of single levels is not known from the load test's file.",
            supply="Supply a file with single durations, or Locust's history with --csv-full-history.",
        )
    return rows


def _by_share(
    tests: LoadTests,
    test: LoadTest,
    together: pd.DataFrame,
    loads: pd.Series[float],
    names: Sequence[str],
    slo: SLO,
    level: float,
    unit: str,
) -> SloCapacity:
    chosen = tests.bins_of(test.test) if names == (ALL,) else pd.concat([tests.bins_of(test.test, n) for n in names])
    parts: dict[float, list[pd.DataFrame]] = {}
    for load, start, end in zip(loads, together["start"], together["end"], strict=True):
        inside = chosen[(chosen["time"] >= start) & (chosen["time"] < end) & ~chosen["error"]]
        if _omitted(test) and len(inside):
            inside = corrected_bins(inside, expected_interval_s=test.expected_interval_s or 0.0)
        if len(inside):
            parts.setdefault(float(load), []).append(inside)
    if not parts:
        raise NotMeasured(f"{slo.name}: no request of it was answered within a level of the load test {test.test}.")
    return slo_capacity_of_shares(
        list(parts), [pd.concat(each) for each in parts.values()], slo.threshold_s or 0.0, slo.target,
        level=level, unit=unit,
    )  # fmt: skip


def _omitted(test: LoadTest) -> bool:
    """Whether requests are missing from the latencies, and it is known how many."""
    return test.expected_interval_s is not None and any(sign.kind == OMISSION for sign in test.signs)


def _repeats(loads: pd.Series[float]) -> bool:
    return bool(loads.duplicated().any())


def _requests(found: SloCapacity, together: pd.DataFrame, loads: pd.Series[float]) -> Estimate:
    """The throughput at so many users: the least below the value and the most above it, with the levels' own ends.

    Throughput may turn back where users go on. Where it has ended, no number of users brings more.
    """
    mean = together.assign(load=loads).groupby("load")[["throughput", "throughput_low", "throughput_high"]].mean()
    users = mean.index.to_numpy(dtype=np.float64)

    def served(at: float, column: str = "throughput") -> float:
        known = mean[column].fillna(mean["throughput"]).to_numpy()
        return float(np.interp(at, users, known))

    value = served(found.value) if math.isfinite(found.value) else math.nan
    low, high = found.low, found.high
    if low > 0:
        low = min(served(low, "throughput_low"), value) if not math.isnan(value) else served(low, "throughput_low")
    if math.isfinite(high):
        start = found.value if math.isfinite(found.value) else 0.0
        between = mean.loc[(users >= start) & (users <= high), "throughput_high"]
        high = max([served(high, "throughput_high"), *between.dropna()])
    elif _ends(together):
        high = float(mean["throughput_high"].fillna(mean["throughput"]).max())
    return Estimate(value, low, high, found.level, "requests/s")


def _ends(together: pd.DataFrame) -> bool:
    """Whether throughput ends within the tested range."""
    try:
        return plateau(together).reached
    except NotEnoughData:
        return False
