"""SLO and capacity together: the highest load at which the latency still meets its target."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import floats, is_finite
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
        certain = "; at no load certain" if self.low == 0 else certain
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
    loads, seen = positive("load", load), positive("latency", latency)
    if not (is_finite(threshold) and threshold > 0):
        raise InvalidInput(f"slo_capacity: found the threshold {threshold!r}; expected a number above 0.")
    if len(loads) != len(seen):
        raise InvalidInput(f"slo_capacity: found {len(loads)} loads and {len(seen)} latencies; expected one for each.")
    ends = [_ends(name, each, len(loads)) for name, each in (("low", low), ("high", high))]
    given = low is not None or high is not None
    levels = _levels(loads, np.log(seen), *ends, given=given, level=level)
    return crossing(levels, threshold, level, unit)


def crossing(levels: pd.DataFrame, threshold: float, level: float, unit: str) -> SloCapacity:
    """Where a figure crosses the threshold.

    levels: a row a load, ascending: load, the figure (a logarithm) with its low and high, and its weight; can_meet and
        can_miss, where they are known: whether a level can be certain of either at all, whatever it shows.
    """
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
    light = known[known["can_meet"]] if "can_meet" in known else known
    heavy = (known[known["can_miss"]] if "can_miss" in known else known)[::-1]
    meets, misses = (light["high"] <= limit).to_numpy(), (heavy["low"] > limit).to_numpy()
    first, last = int(np.argmin([*meets, False])), int(np.argmin([*misses, False]))
    low, high = light["load"].iloc[:first], heavy["load"].iloc[:last]
    return (float(low.iloc[-1]) if first else 0.0), (float(high.iloc[-1]) if last else math.inf)


def _levels(loads: Floats, figure: Floats, low: Floats, high: Floats, *, given: bool, level: float) -> pd.DataFrame:
    """One row a load, ascending: the mean of its figures, the interval of that mean, and its weight."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = pd.DataFrame({"load": loads, "figure": figure, "low": np.log(low), "high": np.log(high)})
    if bool(((rows["low"] > rows["figure"] + 1e-9) | (rows["high"] < rows["figure"] - 1e-9)).any()):
        raise InvalidInput("slo_capacity: found a latency that is not between its low and its high; expected it there.")
    by_load = rows.groupby("load", sort=True)
    if len(by_load) < 2:
        raise too_few(len(by_load))
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


def positive(name: str, given: ArrayLike) -> Floats:
    """One dimension of finite numbers above 0; InvalidInput for anything else."""
    values = floats("slo_capacity", name, given)
    bad = ~(np.isfinite(values) & (values > 0))
    if values.ndim != 1 or bool(bad.any()):
        found = f"{number(float(values[bad][0]))}" if values.ndim == 1 else f"{values.ndim} dimensions"
        raise InvalidInput(
            f"slo_capacity: found {found} in {name}; expected one dimension of finite numbers above 0. Leave out "
            "levels without load or without a latency."
        )
    return values


def _ends(name: str, given: ArrayLike | None, count: int) -> Floats:
    values = np.full(count, np.nan) if given is None else floats("slo_capacity", name, given)
    if values.shape != (count,) or bool((values < 0).any()):
        raise InvalidInput(
            f"slo_capacity: found {values.shape} values in {name}, or one below 0; expected one for each load, NaN "
            "where it is not known."
        )
    return values


def too_few(found: int) -> NotEnoughData:
    """The error of fewer than two loads."""
    return NotEnoughData(
        f"slo_capacity: found {found} load; expected at least 2 that differ, best one that meets the SLO and one that "
        "does not, with some between."
    )
