"""Durations of two periods in one form: seconds, the operation, the block of time, and weights that fix the mix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Data = pd.DataFrame | pd.Series | ArrayLike

SECONDS = {"duration_s": 1.0, "duration_us": 1e-6}
OPERATIONS = ("operation", "route")
MOST_BLOCKS, LEAST_OF_BLOCK = 60, 5  # of durations without times


@dataclass(frozen=True, kw_only=True)
class Period:
    """seconds in ascending order; weight of each, together 1; operation (a number); block: ascending in time, 0 on.

    starts: of the blocks, nanoseconds since 1970, or their numbers where times are not given.
    """

    seconds: Floats
    weight: Floats
    operation: Integers
    block: Integers
    starts: Integers

    @property
    def blocks(self) -> int:
        """How many blocks have a duration."""
        return int(self.block.max(initial=-1)) + 1


def periods(before: Data, after: Data, block: str) -> tuple[Period, Period, pd.DataFrame]:
    """Both periods with one mix of operations: the mean of their own.

    Beside them a row an operation: before, after (durations there), share (in both, once standardised; 0 of those that
    are in one period alone, and left out).
    """
    frames = [_frame(data, name, block) for data, name in ((before, "before"), (after, "after"))]
    counts = pd.DataFrame(
        {
            name: frame.groupby("operation")["weight"].agg("size")
            for name, frame in zip(("before", "after"), frames, strict=True)
        }
    )
    counts = counts.fillna(0).astype(np.int64)
    both = counts.index[(counts > 0).all(axis=1)]
    if both.empty:
        raise InvalidInput(
            "impact: found no operation with durations both before and after; expected at least one. Check the "
            "periods, and that operations are named alike in both."
        )
    kept = [frame[frame["operation"].isin(both)] for frame in frames]
    sums = [frame.groupby("operation")["weight"].sum() for frame in kept]
    share = (sums[0] / sums[0].sum() + sums[1] / sums[1].sum()) / 2
    mix = counts.assign(share=share.reindex(counts.index).fillna(0.0)).sort_values("share", ascending=False)
    one, other = (_period(frame, total, share) for frame, total in zip(kept, sums, strict=True))
    return one, other, mix


def _frame(data: Data, name: str, block: str) -> pd.DataFrame:
    """seconds, operation, weight and block of each duration."""
    if isinstance(data, pd.DataFrame):
        frame, given = _of_frame(data, name)
    else:
        series = data if isinstance(data, pd.Series) else pd.Series(np.asarray(data, dtype=np.float64))
        frame = pd.DataFrame({"seconds": series.to_numpy(dtype=np.float64), "operation": 0, "weight": 1.0})
        given = series.index
    if frame.empty or not bool((np.isfinite(frame["seconds"]) & (frame["seconds"] >= 0)).all()):
        raise InvalidInput(
            f"impact, {name}: found {int((~(frame['seconds'] >= 0)).sum())} durations below 0 or missing of "
            f"{len(frame):,}; expected at least one, finite and 0 or more. Leave out requests without a duration."
        )
    if not isinstance(given, pd.DatetimeIndex):
        blocks = min(MOST_BLOCKS, max(len(frame) // LEAST_OF_BLOCK, 1))
        return frame.assign(block=np.arange(len(frame)) * blocks // len(frame))
    return frame.assign(block=given.floor(block).as_unit("ns").asi8)


def _of_frame(data: pd.DataFrame, name: str) -> tuple[pd.DataFrame, pd.Index]:
    column = next((each for each in SECONDS if each in data), "")
    if not column or not ("time" in data or "start_ns" in data):
        raise InvalidInput(
            f"impact, {name}: found the columns {', '.join(map(str, data.columns))}; expected time (or start_ns) and "
            "duration_us or duration_s, and operation or route where the mix is to be held fixed."
        )
    operation = next((each for each in OPERATIONS if each in data), "")
    times = data["time"] if "time" in data else data["start_ns"]
    found = pd.DataFrame(
        {
            "seconds": data[column].to_numpy(dtype=np.float64) * SECONDS[column],
            "operation": np.asarray(data[operation], dtype=object) if operation else 0,
            "weight": data["weight"].to_numpy(dtype=np.float64) if "weight" in data else 1.0,
        }
    )
    return found, pd.DatetimeIndex(pd.to_datetime(times.to_numpy(), utc=True))


def _period(frame: pd.DataFrame, total: pd.Series, share: pd.Series) -> Period:
    frame = frame.sort_values("seconds", kind="stable")
    weight = frame["weight"] * frame["operation"].map(share / total)
    block, starts = pd.factorize(frame["block"], sort=True)
    return Period(
        seconds=frame["seconds"].to_numpy(),
        weight=weight.to_numpy(dtype=np.float64),
        operation=pd.factorize(frame["operation"])[0].astype(np.int64),
        block=block.astype(np.int64),
        starts=np.asarray(starts, dtype=np.int64),
    )
