"""SLO and capacity together: the highest load at which the latency still meets its target."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.stats import Estimate, proportion_interval, ratio_interval
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import number, quantity

Floats = NDArray[np.float64]
State = Literal[
    "within the tested range", "not reached within the tested range", "already beyond at the lightest level"
]

FEWEST_REPEATS = 3  # of one load, whose scatter then tells how sure their mean is


@dataclass(frozen=True)
class SloCapacity(Estimate):
    """The highest load that meets the SLO, in `unit`; NaN where the tested range does not hold it.

    low: the highest load up to which every level certainly meets it, 0 where not even the lightest does.
    high: the lowest load that certainly misses it, infinite where none does.
        Both are NaN where no level's own interval is known.
    state: see `State`; between: the neighbouring levels that the value lies between, (0, lightest) and (heaviest, inf)
        at the ends. levels: how many; threshold: what the figure was held against.
    """

    _: KW_ONLY
    state: State
    between: tuple[float, float]
    levels: int
    threshold: float

    def __str__(self) -> str:
        if self.state == "within the tested range":
            return Estimate.__str__(self)
        if self.state == "already beyond at the lightest level":
            return f"{self.state}, {quantity(self.between[1], self.unit)}"
        certain = "" if math.isnan(self.low) else f"; certainly met up to {quantity(self.low, self.unit)}"
        return f"{self.state}, up to {quantity(self.between[0], self.unit)}{certain}"


def slo_capacity(
    load: ArrayLike,
    latency: ArrayLike,
    threshold: float,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "",
) -> SloCapacity:
    """The highest load at which a latency, such as the p99 of each level, is still at most the threshold.

    load: (k,) numbers above 0, such as users or requests/s. In a closed test give users: beyond saturation the
        throughput turns back while latency goes on. latency: (k,), in the threshold's unit, above 0.
    low, high: (k,) the interval of each latency at `level`, NaN where it is not known. Where neither is given and loads
        repeat, the scatter of at least three samples of a load stands for them.
    level: of the interval; unit: of the load.

    Latency is taken to never fall with load. The value is where the isotonic regression of the logarithms, joined by
    lines between levels, crosses the threshold. The interval takes no shape between levels for granted: its ends are
    levels. From the lightest on, each is asked whether its interval lies within the threshold, up to the first that
    does not; from the heaviest down, whether it lies beyond. As the order is fixed beforehand, either end is wrong only
    if one certain level is, so the coverage is at least `level` whatever the noise: close levels make it narrow.
    Levels whose interval is not known are passed over. A level that certainly misses ends it, also where heavier ones
    meet the threshold again. Measured coverage of the nominal 95%: 0.97 to 1.00
    (tests/benchmarks/bench_load_curve.py), the lowest where a level lies next to the true load; values within 3%.

    Raises InvalidInput for numbers that cannot be, NotEnoughData for fewer than two loads.
    Sources: Barlow, Bartholomew, Bremner and Brunk, Statistical Inference under Order Restrictions (1972); Maurer,
    Hothorn and Lehmacher, Multiple comparisons in drug clinical trials (1995), for tests in a fixed order.
    """
    check_level("slo_capacity", level)
    loads, seen = _positive("load", load), _positive("latency", latency)
    if not (math.isfinite(threshold) and threshold > 0):
        raise InvalidInput(f"slo_capacity: found the threshold {threshold}; expected a number above 0.")
    if len(loads) != len(seen):
        raise InvalidInput(f"slo_capacity: found {len(loads)} loads and {len(seen)} latencies; expected one for each.")
    ends = [_ends(name, each, len(loads)) for name, each in (("low", low), ("high", high))]
    given = low is not None or high is not None
    levels = _levels(loads, np.log(seen), *ends, given=given, level=level)
    return _crossing(levels, threshold, level, unit)


def slo_capacity_of_shares(
    load: ArrayLike,
    bins: Sequence[pd.DataFrame],
    threshold: float,
    target: float,
    *,
    level: float = 0.95,
    unit: str = "",
) -> SloCapacity:
    """The highest load at which the share of requests within a threshold still meets the SLO's target.

    load: (k,) as for `slo_capacity`, each load once. bins: for each load its latency bins (columns `bin`, `n`; `error`
        and `time` where known), as `LoadTests.bins_of` gives them; errors are left out, as latency SLOs do.
    threshold: seconds; target: a fraction in (0, 1).

    As `slo_capacity`, with the share beyond the threshold against 1 - target. Where `time` is known, its interval
    allows for requests that are slow together. The bin that holds the threshold, 2% wide, counts half; the interval
    holds both that all of it is within, and that none is.
    """
    check_level("slo_capacity_of_shares", level)
    loads = _positive("load", load)
    if len(loads) != len(bins) or len(np.unique(loads)) != len(loads):
        raise InvalidInput(
            f"slo_capacity_of_shares: found {len(loads)} loads, {len(np.unique(loads))} of them different, and "
            f"{len(bins)} tables of bins; expected one table for each load, and each load once."
        )
    if not (math.isfinite(threshold) and threshold > 0) or not 0 < target < 1:
        raise InvalidInput(
            f"slo_capacity_of_shares: found threshold {threshold} and target {target}; expected seconds above 0, and a "
            "fraction between 0 and 1."
        )
    shares = [_share_beyond(each, threshold, level) for each in bins]
    order = np.argsort(loads)
    table = np.array([[each.value, each.low, each.high, smooth] for each, smooth in shares])[order]
    levels = pd.DataFrame({"load": loads[order], "figure": np.log(table[:, 3]), "weight": 1.0})
    with np.errstate(divide="ignore"):
        levels["low"], levels["high"] = np.log(table[:, 1]), np.log(table[:, 2])
    if len(levels) < 2:
        raise _too_few(len(levels))
    return _crossing(levels, 1 - target, level, unit)


def _crossing(levels: pd.DataFrame, threshold: float, level: float, unit: str) -> SloCapacity:
    """Where the figure (a logarithm, by ascending load, with low, high and weight) crosses the threshold."""
    from scipy.optimize import isotonic_regression

    limit = math.log(threshold)
    load = levels["load"].to_numpy()
    figure = isotonic_regression(levels["figure"].to_numpy(), weights=levels["weight"].to_numpy()).x
    within = int(np.searchsorted(figure, limit + 1e-12, side="right"))  # so many levels meet it
    ends = _certain(levels, limit)
    missed = np.flatnonzero((levels["low"] > limit).to_numpy())
    if len(missed):
        ends = (ends[0], min(ends[1], float(load[missed[0]])))
    if len(missed) and missed[0] < within:  # smoothed away by levels beyond that meet it, and missed for certain
        within = int(missed[0])
        figure = np.where(np.arange(len(load)) < within, np.minimum(figure, limit), levels["figure"].to_numpy())
    if within == len(load):
        state: State = "not reached within the tested range"
        value, between = math.nan, (float(load[-1]), math.inf)
    elif within == 0:
        state, value, between = "already beyond at the lightest level", math.nan, (0.0, float(load[0]))
    else:
        state, between = "within the tested range", (float(load[within - 1]), float(load[within]))
        part = (limit - figure[within - 1]) / (figure[within] - figure[within - 1])
        value = between[0] + float(part) * (between[1] - between[0])
        value = min(max(value, ends[0]), ends[1]) if not math.isnan(ends[0]) else value
    return SloCapacity(
        value, *ends, level, unit, state=state, between=between, levels=len(load), threshold=float(threshold)
    )


def _certain(levels: pd.DataFrame, limit: float) -> tuple[float, float]:
    """The last level, from the lightest on, that certainly meets; the last, from the heaviest down, that misses."""
    known = levels.dropna(subset=["low", "high"])
    if known.empty:
        return math.nan, math.nan
    meets, misses = (known["high"] <= limit).to_numpy(), (known["low"] > limit).to_numpy()[::-1]
    load = known["load"].to_numpy()
    first, last = int(np.argmin([*meets, False])), int(np.argmin([*misses, False]))
    return (float(load[first - 1]) if first else 0.0), (float(load[::-1][last - 1]) if last else math.inf)


def _levels(loads: Floats, figure: Floats, low: Floats, high: Floats, *, given: bool, level: float) -> pd.DataFrame:
    """One row a load, ascending: the mean of its figures, the interval of that mean, and its weight."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = pd.DataFrame({"load": loads, "figure": figure, "low": np.log(low), "high": np.log(high)})
    if bool(((rows["low"] > rows["figure"] + 1e-9) | (rows["high"] < rows["figure"] - 1e-9)).any()):
        raise InvalidInput("slo_capacity: found a latency that is not between its low and its high; expected it there.")
    by_load = rows.groupby("load", sort=True)
    if len(by_load) < 2:
        raise _too_few(len(by_load))
    found = by_load["figure"].agg(["mean", "std", "count"])
    # Of several of the same load, what is certain is what all of them are certain of.
    ends = by_load.agg({"low": "min", "high": "max"}) if given else _scatter(found, level)
    table = pd.DataFrame(
        {"load": found.index.to_numpy(), "figure": found["mean"].to_numpy(), "weight": found["count"].to_numpy(float)}
    )
    return table.assign(low=ends["low"].to_numpy(), high=ends["high"].to_numpy())


def _scatter(found: pd.DataFrame, level: float) -> pd.DataFrame:
    """Student's t of repeated samples of a load; NaN where there are fewer than three."""
    from scipy import special

    count = found["count"].to_numpy(dtype=np.float64)
    error = found["std"].to_numpy() / np.sqrt(count)
    half = np.where(count >= FEWEST_REPEATS, special.stdtrit(np.maximum(count - 1, 1), 0.5 + level / 2) * error, np.nan)
    return pd.DataFrame({"low": found["mean"] - half, "high": found["mean"] + half})


def _share_beyond(bins: pd.DataFrame, threshold: float, level: float) -> tuple[Estimate, float]:
    """The share of a level's requests beyond the threshold, with interval; and one that is never 0, for its log."""
    if absent := [name for name in ("bin", "n") if name not in bins]:
        raise InvalidInput(f"slo_capacity_of_shares: found bins without the column {absent[0]!r}; expected bin and n.")
    answered = bins[~bins["error"].astype(bool)] if "error" in bins else bins
    total = float(answered["n"].sum())
    if not total > 0:
        raise InvalidInput(
            "slo_capacity_of_shares: found a load without a single answer; expected requests in each. Leave it out."
        )
    place = math.floor(math.log(max(threshold * 1e6, 1.0)) / math.log(GAMMA) + 1e-9)
    certainly = _ratio(answered, (answered["bin"] > place).to_numpy(), level)
    perhaps = _ratio(answered, (answered["bin"] >= place).to_numpy(), level)
    value = (certainly.value + perhaps.value) / 2
    smooth = (value * total + 0.5) / (total + 1)
    return Estimate(value, certainly.low, perhaps.high, level, "fraction"), smooth


def _ratio(bins: pd.DataFrame, beyond: NDArray[np.bool_], level: float) -> Estimate:
    n = bins["n"].to_numpy(dtype=np.float64)
    if "time" not in bins:
        return proportion_interval(float(n[beyond].sum()), float(n.sum()), level, "exact")
    place, times = pd.factorize(bins["time"], sort=True)
    slow = np.bincount(place[beyond], weights=n[beyond], minlength=len(times))
    return ratio_interval(slow, np.bincount(place, weights=n, minlength=len(times)), level).estimate


def _positive(name: str, given: ArrayLike) -> Floats:
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as cause:
        raise InvalidInput(f"slo_capacity: {name} is not numbers ({cause}); expected one dimension of them.") from cause
    bad = ~(np.isfinite(values) & (values > 0))
    if values.ndim != 1 or bool(bad.any()):
        found = f"{number(float(values[bad][0]))}" if values.ndim == 1 else f"{values.ndim} dimensions"
        raise InvalidInput(
            f"slo_capacity: found {found} in {name}; expected one dimension of finite numbers above 0. Leave out "
            "levels without load or without a latency."
        )
    return values


def _ends(name: str, given: ArrayLike | None, count: int) -> Floats:
    values = np.full(count, np.nan) if given is None else np.asarray(given, dtype=np.float64)
    if values.shape != (count,) or bool((values < 0).any()):
        raise InvalidInput(
            f"slo_capacity: found {values.shape} values in {name}, or one below 0; expected one for each load, NaN "
            "where it is not known."
        )
    return values


def _too_few(found: int) -> NotEnoughData:
    return NotEnoughData(
        f"slo_capacity: found {found} load; expected at least 2 that differ, best one that meets the SLO and one that "
        "does not, with some between."
    )
