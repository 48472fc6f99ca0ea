"""A starter SLO proposed from history: a target or threshold it kept for sure, on what it rests, and when it failed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.slo.attainment import Attainment, attainment, measurable
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import are_silent, minute_grid, rate_per_s, steps_s
from scaling_lib.slo.windows import window_length_s
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, number, percent, plural

TARGETS = (0.9999, 0.9995, 0.999, 0.998, 0.995, 0.99, 0.98, 0.97, 0.95, 0.9)
STEPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # thresholds people remember
SHORTEST_S = 0.001  # no threshold below: networks alone take as long
MARGIN = 1.25  # the proposal leaves room for a quarter more failures, or a quarter more latency, than history had
MOST_PERIODS = 0.9
FEWEST_PERIODS = 10
WHOLE_DAYS = 14
DAY_S = 86400.0
Period = Literal["day", "hour", "minute"]
FREQUENCIES: dict[Period, str] = {"day": "D", "hour": "h", "minute": "min"}
BLOCKS: dict[Period, str] = {"day": "h", "hour": "h", "minute": "min"}  # that show how slow requests come together


@dataclass(frozen=True, kw_only=True)
class StarterSLO:
    """A proposed SLO and what speaks for it.

    kind: "availability" or "latency"; target: a fraction; threshold_s: for latency, else None.
    sli: what history gave, with the interval whose low end keeps the target; without ends (NaN) where nothing shows
        whether failures come together, and each was taken by itself.
    period: what history was cut into, "day" wherever it is long enough; periods: how many had traffic.
    kept: the share of them in which the target would have been kept.
    failed: the others: start, total, bad, sli, worst first.
    provisional: whether fewer than 14 days of history, or too little traffic to measure the target, stand behind it.
    proposal, rests_on: the target and its basis in words; sentence: both, and in how many periods it was kept.
    """

    kind: Literal["availability", "latency"]
    target: float
    threshold_s: float | None
    sli: Estimate
    period: Period
    periods: int
    kept: float
    failed: pd.DataFrame
    provisional: bool
    proposal: str
    rests_on: str
    sentence: str


def starter_availability(
    counts: pd.DataFrame,
    *,
    window: str = "28d",
    keep: float = MOST_PERIODS,
    margin: float = MARGIN,
    level: float = 0.95,
) -> StarterSLO:
    """The highest usual target that history certainly kept as a whole, and with a margin in most of its periods.

    counts: see `minute_grid`; window: the SLO's, for which the target has to be measurable with history's traffic.
    keep: the share of periods that have to keep it with `margin` times their failures; level: of the interval that
        has to lie above the target, clustered failures allowed for (see `attainment`).
    Periods are days where 10 are there, else hours, else minutes. Raises NotEnoughData below 10 minutes with traffic,
    and where no target from 90% on is certain, saying which of its conditions failed.
    """
    _check(keep, margin)
    grid = minute_grid(counts)
    used = grid[grid["total"] > 0]
    period, starts = _cut(pd.DatetimeIndex(used.index))
    table = used.groupby(starts).sum()
    expected = rate_per_s(used) * window_length_s(window, grid.index[-1])
    total = grid["total"].to_numpy()
    for target in TARGETS:
        allowed = float(allowed_share(target)) * table["total"]
        if float((margin * table["bad"] <= allowed).mean()) < keep or not measurable(target, expected).measurable:
            continue
        held = attainment(total - grid["bad"].to_numpy(), total, target, level)
        if held.state == "met":
            history_s = _seen_s(pd.DatetimeIndex(used.index), 60.0)
            proposal = f"{target * 100:.6g}% without error"
            few = history_s < WHOLE_DAYS * DAY_S
            return _proposal("availability", None, proposal, held, period, table, history_s, few)
    raise NotEnoughData(_refusal(grid, table, expected, window, period, keep, margin, level))


def starter_latency(
    bins: pd.DataFrame,
    target: float = 0.99,
    *,
    keep: float = MOST_PERIODS,
    margin: float = MARGIN,
    resolution_s: float = 0.0,
    level: float = 0.95,
) -> StarterSLO:
    """The least round threshold that history certainly kept for `target` of its requests, as a whole and in periods.

    bins: one row for each period and latency: `time` (with a time zone), `latency_s` (the bin's upper end, above 0),
        `n` (requests). Times are cut to days, hours or minutes as for availability.
    target: a fraction in (0, 1). In the share `keep` of periods it would have been kept had all been `margin` times
        slower. level: of the interval of the whole history's share, which has to lie above the target.
    resolution_s: what the durations were rounded to, 0 where they are finer; the threshold is a multiple of it, and
        allows for as much more. It is a round number of seconds: 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, ...
    Raises NotEnoughData below 10 periods with requests or with too few requests, InvalidInput for unusable bins.
    """
    _check(keep, margin)
    allowed = float(allowed_share(target))
    absent = [name for name in ("time", "latency_s", "n") if name not in bins.columns]
    if absent:
        raise InvalidInput(f"Latency bins: found no column {' and '.join(absent)}; expected time, latency_s and n.")
    used = bins[bins["n"] > 0]
    if len(used) and (used["time"].dt.tz is None or not bool((used["latency_s"] > 0).all())):
        raise InvalidInput("Latency bins: expected times with a time zone and latencies above 0 s.")
    times = pd.DatetimeIndex(used["time"]).tz_convert("UTC")
    period, starts = _cut(times)
    quantiles = np.array(
        [_quantile(part["latency_s"].to_numpy(), part["n"].to_numpy(), target) for _, part in used.groupby(starts)]
    )
    usual = float(np.quantile(quantiles, keep, method="inverted_cdf"))
    for threshold in _round_from((usual + resolution_s) * margin, resolution_s):
        slow = used["n"].where(used["latency_s"] > threshold, 0)
        split = pd.DataFrame({"total": used["n"], "bad": slow}).astype(float)
        blocks = split.groupby(times.floor(BLOCKS[period])).sum().asfreq(BLOCKS[period], fill_value=0.0)
        held = attainment(blocks["total"] - blocks["bad"], blocks["total"], target, level)
        if held.state == "met":
            break
        if not slow.any():
            raise NotEnoughData(
                f"Starter SLO: found {plural(int(used['n'].sum()), 'request')} with a duration; expected at least "
                f"{measurable(target, 0.0, level).events_needed:,} for a latency target of {percent(target)}."
            )
    table = split.groupby(starts).sum()
    history_s = _seen_s(times.unique().sort_values(), {"h": 3600.0, "min": 60.0}[BLOCKS[period]])
    few = history_s < (WHOLE_DAYS - 1) * DAY_S or float(table["total"].mean()) * allowed < 1
    proposal = f"{target * 100:.6g}% within {_round_words(threshold)}"
    return _proposal("latency", threshold, proposal, held, period, table, history_s, few)


def _check(keep: float, margin: float) -> None:
    if not 0 < keep <= 1 or not margin >= 1:
        raise InvalidInput(f"Starter SLO: found keep {keep} and margin {margin}; expected 0 < keep <= 1 <= margin.")


def _cut(times: pd.DatetimeIndex) -> tuple[Period, NDArray[np.object_] | pd.DatetimeIndex]:
    """The longest period of which history has ten, and each time's."""
    most = 0
    for period, frequency in FREQUENCIES.items():
        starts = times.tz_convert("UTC").floor(frequency)
        most = starts.nunique()
        if most >= FEWEST_PERIODS:
            return period, starts
    raise NotEnoughData(
        f"Starter SLO: found traffic in {most} minutes; expected at least {FEWEST_PERIODS} minutes for a first draft, "
        f"{WHOLE_DAYS} days for a target to agree on."
    )


def _seen_s(times: pd.DatetimeIndex, step_s: float) -> float:
    """How long history is from its first to its last time, long silences left out."""
    steps = steps_s(pd.DatetimeIndex(times))
    silent = are_silent(steps)
    return float(steps[~silent].sum()) + step_s * (1 + int(silent.sum()))


def _refusal(
    grid: pd.DataFrame,
    table: pd.DataFrame,
    expected: float,
    window: str,
    period: Period,
    keep: float,
    margin: float,
    level: float,
) -> str:
    lowest = TARGETS[-1]
    needed = measurable(lowest, expected)
    if not needed.measurable:
        return (
            f"Starter SLO: found traffic of {expected:,.0f} events in {window}; expected at least "
            f"{needed.events_needed:,} for any target. Add synthetic traffic or a longer window."
        )
    total = grid["total"].to_numpy()
    held = attainment(total - grid["bad"].to_numpy(), total, lowest, level)
    allowed = float(allowed_share(lowest)) * table["total"]
    if float((margin * table["bad"] <= allowed).mean()) < keep or held.state == "missed":
        return (
            f"Starter SLO: found a history in which not even {lowest:.0%} was kept in {keep:.0%} of the {period}s "
            "with a margin. No target helps here: repair the service first, then measure anew."
        )
    return (
        f"Starter SLO: found {held.sli} without error, which leaves even {lowest:.0%} in doubt. Remove the cause of "
        "the failures that came together, or collect a longer history."
    )


def _quantile(values: NDArray[np.float64], counts: NDArray[np.float64], q: float) -> float:
    order = np.argsort(values)
    running = np.cumsum(counts[order])
    return float(values[order][np.searchsorted(running, q * running[-1] * (1 - 1e-12))])


def _round_from(value: float, resolution_s: float) -> Iterator[float]:
    """The round numbers from a value on, as multiples of the resolution: 0.213 gives 0.25, 0.3, 0.4, ..."""
    least = max(value, SHORTEST_S) * (1 - 1e-9)
    power = math.floor(math.log10(least))
    while True:
        for step in STEPS[:-1]:
            number_ = float(f"{step * 10.0**power:.6g}")
            whole = not resolution_s or math.isclose(number_ / resolution_s, round(number_ / resolution_s))
            if number_ >= least and whole:
                yield number_
        power += 1


def _round_words(threshold_s: float) -> str:
    """Without the zeros that would claim more digits than a round number has: 1.2 s, 300 ms."""
    return f"{threshold_s:.6g} s" if threshold_s >= 1 else f"{threshold_s * 1000:.6g} ms"


def _proposal(
    kind: Literal["availability", "latency"],
    threshold: float | None,
    proposal: str,
    held: Attainment,
    period: Period,
    table: pd.DataFrame,
    history_s: float,
    provisional: bool,
) -> StarterSLO:
    allowed = float(allowed_share(held.target))
    missed = table["bad"] > allowed * table["total"] * (1 + 1e-12)
    shares = table.assign(sli=1 - table["bad"] / table["total"]).rename_axis("start")
    failed = shares[missed].sort_values("sli", kind="stable").reset_index()
    kept = f"kept on {len(table) - len(failed)} of {plural(len(table), period)}"
    rests_on = f"{duration(history_s)} and {number(table['total'].sum())} requests, {kept}"
    if provisional:
        rests_on += ": a first draft, not a promise"
    return StarterSLO(
        kind=kind,
        target=held.target,
        threshold_s=threshold,
        sli=held.shown,
        period=period,
        periods=len(table),
        kept=1 - len(failed) / len(table),
        failed=failed,
        provisional=provisional,
        proposal=proposal,
        rests_on=rests_on,
        sentence=f"{proposal}: history gave {held.shown}; from {rests_on}.",
    )
