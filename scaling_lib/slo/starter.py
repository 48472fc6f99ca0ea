"""A starter SLO proposed from history: a target or threshold it would have kept on most days, and when it would not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.slo.attainment import measurable
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import minute_grid
from scaling_lib.slo.windows import window_length_s

TARGETS = (0.9999, 0.9995, 0.999, 0.998, 0.995, 0.99, 0.98, 0.97, 0.95, 0.9)
STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # thresholds people remember
MARGIN = 1.25  # the proposal leaves room for a quarter more failures, or a quarter more latency, than history had
MOST_PERIODS = 0.9
FEWEST_PERIODS = 10
WHOLE_DAYS = 14
Period = Literal["day", "hour", "minute"]
FREQUENCIES: dict[Period, str] = {"day": "D", "hour": "h", "minute": "min"}


@dataclass(frozen=True, kw_only=True)
class StarterSLO:
    """A proposed SLO and what speaks for it.

    kind: "availability" or "latency"; target: a fraction; threshold_s: for latency, else None.
    period: what history was cut into, "day" wherever it is long enough; periods: how many had traffic.
    kept: the share of them in which the target would have been kept.
    failed: the others: start, total, bad, sli, worst first.
    provisional: whether fewer than 14 days of history, or too little traffic to measure the target, stand behind it.
    sentence: the proposal in words.
    """

    kind: Literal["availability", "latency"]
    target: float
    threshold_s: float | None
    period: Period
    periods: int
    kept: float
    failed: pd.DataFrame
    provisional: bool
    sentence: str


def starter_availability(
    counts: pd.DataFrame, *, window: str = "28d", keep: float = MOST_PERIODS, margin: float = MARGIN
) -> StarterSLO:
    """The highest usual target that history, with `margin` times its failures, would have kept in most periods.

    counts: see `minute_grid`; window: the SLO's, for which the target has to be measurable with history's traffic.
    keep: the share of periods that have to keep it.
    Periods are days where 10 are there, else hours, else minutes. Raises NotEnoughData below 10 minutes with traffic,
    and when not even 90% would have been kept.
    """
    _check(keep, margin)
    grid = minute_grid(counts)
    period, table = _periods(grid)
    days = len(grid) / 1440
    expected = float(grid["total"].mean()) * window_length_s(window, grid.index[-1]) / 60
    for target in TARGETS:
        allowed = float(allowed_share(target)) * table["total"]
        enough = float((margin * table["bad"] <= allowed).mean()) >= keep
        if enough and measurable(target, expected).measurable:
            return _proposal("availability", target, None, period, table, days < WHOLE_DAYS)
    if measurable(TARGETS[-1], expected).measurable:
        raise NotEnoughData(
            f"Starter SLO: found a history in which not even {TARGETS[-1]:.0%} was kept in {keep:.0%} of the {period}s "
            "with a margin. No target helps here: repair the service first, then measure anew."
        )
    raise NotEnoughData(
        f"Starter SLO: found traffic of {expected:,.0f} events in {window}; expected at least "
        f"{measurable(TARGETS[-1], expected).events_needed:,} for any target. Add synthetic traffic or a longer window."
    )


def starter_latency(
    bins: pd.DataFrame, target: float = 0.99, *, keep: float = MOST_PERIODS, margin: float = MARGIN
) -> StarterSLO:
    """A threshold that history, `margin` times slower, would have kept for `target` of the requests in most periods.

    bins: one row for each period and latency: `time` (with a time zone), `latency_s` (the bin's upper end, above 0),
        `n` (requests). Times are cut to days, hours or minutes as for availability.
    target: a fraction in (0, 1). The threshold is a round number of seconds: 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, ...
    Raises NotEnoughData below 10 periods with requests, InvalidInput for unusable bins.
    """
    _check(keep, margin)
    allowed = float(allowed_share(target))
    absent = [name for name in ("time", "latency_s", "n") if name not in bins.columns]
    if absent:
        raise InvalidInput(f"Latency bins: found no column {' and '.join(absent)}; expected time, latency_s and n.")
    used = bins[bins["n"] > 0]
    if len(used) and (used["time"].dt.tz is None or not bool((used["latency_s"] > 0).all())):
        raise InvalidInput("Latency bins: expected times with a time zone and latencies above 0 s.")
    period, starts = _cut(pd.DatetimeIndex(used["time"]))
    quantiles = np.array(
        [_quantile(part["latency_s"].to_numpy(), part["n"].to_numpy(), target) for _, part in used.groupby(starts)]
    )
    needed = float(np.quantile(quantiles, keep, method="inverted_cdf")) * margin
    threshold = _round_up(needed)
    slow = used["n"].where(used["latency_s"] > threshold, 0)
    table = pd.DataFrame({"total": used["n"], "bad": slow}).groupby(starts).sum().astype(float)
    span = (used["time"].max() - used["time"].min()) / pd.Timedelta(days=1)
    few = float(table["total"].mean()) * allowed < 1
    return _proposal("latency", target, threshold, period, table, span < WHOLE_DAYS - 1 or few)


def _check(keep: float, margin: float) -> None:
    if not 0 < keep <= 1 or not margin >= 1:
        raise InvalidInput(f"Starter SLO: found keep {keep} and margin {margin}; expected 0 < keep <= 1 <= margin.")


def _periods(grid: pd.DataFrame) -> tuple[Period, pd.DataFrame]:
    used = grid[grid["total"] > 0]
    period, starts = _cut(pd.DatetimeIndex(used.index))
    return period, used.groupby(starts).sum()


def _cut(times: pd.DatetimeIndex) -> tuple[Period, NDArray[np.object_] | pd.DatetimeIndex]:
    """The longest period of which history has ten, and each time's."""
    most = 0
    for period, frequency in FREQUENCIES.items():
        starts = times.tz_convert("UTC").floor(frequency)
        most = starts.nunique()
        if most >= FEWEST_PERIODS:
            return period, starts
    raise NotEnoughData(
        f"Starter SLO: found traffic in {most} minutes; expected at least {FEWEST_PERIODS} minutes for a provisional "
        f"proposal, {WHOLE_DAYS} days for one to agree on."
    )


def _quantile(values: NDArray[np.float64], counts: NDArray[np.float64], q: float) -> float:
    order = np.argsort(values)
    running = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(running, q * running[-1] * (1 - 1e-12))])


def _round_up(value: float) -> float:
    """The next round number: 0.213 gives 0.25."""
    scale = 10.0 ** math.floor(math.log10(value))
    step = next(step for step in STEPS if step * scale >= value * (1 - 1e-9))
    return float(f"{step * scale:.6g}")


def _proposal(
    kind: Literal["availability", "latency"],
    target: float,
    threshold: float | None,
    period: Period,
    table: pd.DataFrame,
    provisional: bool,
) -> StarterSLO:
    allowed = float(allowed_share(target))
    missed = table["bad"] > allowed * table["total"] * (1 + 1e-12)
    shares = table.assign(sli=1 - table["bad"] / table["total"]).rename_axis("start")
    failed = shares[missed].sort_values("sli", kind="stable").reset_index()
    kept = 1 - len(failed) / len(table)
    what = f"{target * 100:.6g}% " + ("good" if threshold is None else f"within {threshold * 1000:.6g} ms")
    sentence = f"{what}: history would have kept it on {len(table) - len(failed)} of {len(table)} {period}s"
    sentence += ", provisional until two weeks are measured." if provisional else "."
    return StarterSLO(
        kind=kind,
        target=target,
        threshold_s=threshold,
        period=period,
        periods=len(table),
        kept=kept,
        failed=failed,
        provisional=provisional,
        sentence=sentence,
    )
