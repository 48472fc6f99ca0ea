"""What an autoscaler is replayed over, held against what it has to be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.capacity.autoscaler_replay import Downstream, Steps
from scaling_lib.capacity.hpa_behavior import SECOND, is_whole
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats.arguments import is_finite, is_real
from scaling_lib.words import duration


def steps_of(demand: pd.Series[float]) -> Steps:
    """The demand on integer nanoseconds since its first row."""
    if not isinstance(demand, pd.Series):
        raise InvalidInput(f"Demand: found {type(demand).__name__}; expected a series of requests/s by time.")
    index = demand.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        found = "times without a time zone" if isinstance(index, pd.DatetimeIndex) else type(index).__name__
        raise InvalidInput(f"Demand: found an index of {found}; expected times with a time zone, such as UTC.")
    if len(demand) < 2:
        raise NotEnoughData(f"Demand: found {len(demand)} rows; at least two are needed to know the step between them.")
    if not pd.api.types.is_numeric_dtype(demand):
        raise InvalidInput(f"Demand: found values of type {demand.dtype}; expected numbers, requests/s.")
    values: NDArray[np.float64] = np.asarray(demand.to_numpy(dtype=np.float64, na_value=math.nan))
    wrong = ~np.isfinite(values) | (values < 0)
    if wrong.any():
        place = int(wrong.argmax())
        raise InvalidInput(
            f"Demand: found {values[place]} at {index[place]} ({int(wrong.sum())} such rows); expected finite "
            "requests/s of 0 or more. Leave out rows that are not known: they are gaps then."
        )
    times = index.as_unit("ns").asi8
    apart = np.diff(times)
    if (apart <= 0).any():
        raise InvalidInput(
            f"Demand: its times do not rise at {index[int((apart <= 0).argmax()) + 1]}; sort them, once each."
        )
    lengths, often = np.unique(apart, return_counts=True)
    step = int(lengths[often.argmax()])
    if (lengths % step).any():
        place = int((apart % step != 0).argmax())
        raise InvalidInput(
            f"Demand: found {apart[place] / SECOND:g} s after {index[place]}, where most rows are {step / SECOND:g} s "
            "apart; expected a regular step (whole steps may be absent). Resample it first."
        )
    starts = times - times[0]
    return Steps(starts_ns=starts, step_ns=step, demand=values, end_ns=int(starts[-1]) + step)


def check_numbers(capacity: float, price: float | None, flap_s: float) -> None:
    """InvalidInput for numbers that cannot be."""
    if not (is_finite(capacity) and capacity > 0):
        raise InvalidInput(
            f"replay_autoscaler: found a capacity of {capacity!r} per replica; expected requests/s above 0."
        )
    if price is not None and not (is_finite(price) and price >= 0):
        raise InvalidInput(f"replay_autoscaler: found a price of {price!r} per replica-hour; expected 0 or more.")
    if not (is_real(flap_s) and flap_s >= 0):
        raise InvalidInput(f"replay_autoscaler: found flap_s {flap_s!r}; expected seconds of 0 or more.")


def downstream_of(limit: float | None, connections: int | None, capacity: float) -> Downstream:
    """What the downstream lets pass: requests/s, or with connections, the replicas that get theirs."""
    if limit is None:
        if connections is not None:
            raise InvalidInput("replay_autoscaler: connections_per_replica needs a downstream_limit of connections.")
        return Downstream()
    if not (is_finite(limit) and limit > 0):
        raise InvalidInput(f"replay_autoscaler: found a downstream limit of {limit!r}; expected a number above 0.")
    if connections is None:
        return Downstream(passes=float(limit), requests_per_s=float(limit))
    if not (is_whole(connections) and connections >= 1):
        raise InvalidInput(
            f"replay_autoscaler: found {connections!r} connections per replica; expected 1 or more, a whole number."
        )
    most = int(limit // connections)
    if not most:
        raise InvalidInput(
            f"replay_autoscaler: a downstream limit of {limit:g} connections is too few for one replica, which opens "
            f"{connections}."
        )
    return Downstream(passes=most * capacity, most_serving=most)


def failures_of(
    failures: Sequence[tuple[pd.Timestamp, float]], first: pd.Timestamp, end_ns: int
) -> list[tuple[int, float]]:
    """The moments in nanoseconds since the first row, in order, and the share of each."""
    lost = []
    if not isinstance(failures, Sequence) or not all(
        isinstance(each, Sequence) and len(each) == 2 for each in failures
    ):
        raise InvalidInput(
            f"Failures: found {failures!r}; expected pairs of a time and a share, such as [(time, 0.5)]."
        )
    for time, share in failures:
        moment = _moment(time)
        if moment is None or not (is_finite(share) and 0 < share <= 1):
            raise InvalidInput(
                f"Failures: found ({time}, {share!r}); expected a time with its time zone and a share above 0, at most "
                "1."
            )
        since = (moment - first).as_unit("ns").value
        if not 0 <= since < end_ns:
            raise InvalidInput(
                f"Failures: found one at {time}, outside the demand, which begins at {first} and lasts "
                f"{duration(end_ns / SECOND)}."
            )
        lost.append((since, float(share)))
    return sorted(lost)


def _moment(time: pd.Timestamp) -> pd.Timestamp | None:
    """A time with its time zone; None for anything else."""
    try:
        moment = pd.Timestamp(time)
    except (TypeError, ValueError):
        return None
    return None if pd.isna(moment) or moment.tzinfo is None else moment
