"""The laws that patterns of architecture rest on, each a formula with its source; arrays go element by element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput

Floats = NDArray[np.float64]


def amdahl_speedup(parallel: ArrayLike, cores: ArrayLike) -> Floats:
    """How many times faster work is on so many cores, of which a share runs in parallel. Amdahl, AFIPS (1967)."""
    share, count = _checked("amdahl_speedup", parallel=(parallel, 0, 1), cores=(cores, 1, math.inf))
    return np.asarray(1 / ((1 - share) + share / count))


def replica_capacity(replicas: ArrayLike, writes: ArrayLike, write_cost: ArrayLike) -> Floats:
    """Capacity of a primary and its read replicas, n in all, over that of one: every one applies all writes.

    writes: their share of the requests; write_cost: of a write on a replica over that on the primary.
    """
    n, share, cost = _checked(
        "replica_capacity",
        replicas=(replicas, 1, math.inf),
        writes=(writes, 0, 1),
        write_cost=(write_cost, 0, math.inf),
    )
    return np.asarray(n / (1 + share * cost * (n - 1)))


def shard_capacity(shards: ArrayLike, largest_key: ArrayLike = 0.0) -> Floats:
    """Capacity of so many shards over that of one, where one key holds a share of the load and the rest is even."""
    n, key = _checked("shard_capacity", shards=(shards, 1, math.inf), largest_key=(largest_key, 0, 1))
    return np.asarray(1 / (key + (1 - key) / n))


def fan_out_tail(slow: ArrayLike, calls: ArrayLike) -> Floats:
    """The share of requests that meet a slow answer, of so many calls at once. Dean and Barroso, The tail at scale."""
    share, n = _checked("fan_out_tail", slow=(slow, 0, 1), calls=(calls, 0, math.inf))
    return np.asarray(-np.expm1(n * np.log1p(-np.minimum(share, 1 - 1e-16))))


def all_available(availability: ArrayLike, parts: ArrayLike) -> Floats:
    """The availability of a request that needs all of so many independent parts."""
    each, n = _checked("all_available", availability=(availability, 0, 1), parts=(parts, 0, math.inf))
    return np.asarray(each**n)


def cold_share(rate: ArrayLike, keep_s: ArrayLike) -> Floats:
    """The share of requests that find no warm instance: that none came for so long, of Poisson arrivals."""
    per_s, seconds = _checked("cold_share", rate=(rate, 0, math.inf), keep_s=(keep_s, 0, math.inf))
    return np.asarray(np.exp(-per_s * seconds))


def deploy_wait_h(a_day: ArrayLike, hours_each: ArrayLike, variation: ArrayLike, day_h: float = 8.0) -> Floats:
    """Hours that a change waits for the deployments before it, which go one after the other; infinite from full on.

    a_day: changes; hours_each: that one occupies the pipeline; variation: its squared coefficient of variation.
    Source: Pollaczek and Khinchine, the M/G/1 queue.
    """
    rate, hours, squared = _checked(
        "deploy_wait_h",
        a_day=(a_day, 0, math.inf),
        hours_each=(hours_each, 0, math.inf),
        variation=(variation, 0, math.inf),
    )
    busy = rate * hours / day_h
    with np.errstate(divide="ignore", invalid="ignore"):
        waits = busy * hours * (1 + squared) / (2 * (1 - busy))
    return np.asarray(np.where(busy < 1, waits, np.inf))


def backlog(arrivals: ArrayLike, served: float, step_s: float) -> tuple[float, float]:
    """The largest backlog of a queue, and the seconds until it is empty again after the last arrival given.

    arrivals: requests/s by steps of so many seconds; served: requests/s. Seconds are infinite where it never empties.
    """
    rates, capacity, step = _checked(
        "backlog", arrivals=(arrivals, 0, math.inf), served=(served, 0, math.inf), step_s=(step_s, 1e-9, math.inf)
    )
    waiting = most = 0.0
    for rate in np.atleast_1d(rates):
        waiting = max(waiting + float((rate - capacity) * step), 0.0)
        most = max(most, waiting)
    spare = float(capacity - np.atleast_1d(rates)[-1]) if np.size(rates) else 0.0
    return most, (waiting / spare if spare > 0 else math.inf) if waiting else 0.0


def _checked(where: str, **given: tuple[ArrayLike, float, float]) -> list[Floats]:
    """Numbers within their bounds; InvalidInput names the one that is not."""
    found = []
    for name, (value, least, most) in given.items():
        numbers = _numbers(value)
        if not bool(((numbers >= least) & (numbers <= most)).all()) or (
            most == math.inf and not np.isfinite(numbers).all()
        ):
            bounds = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
            raise InvalidInput(f"{where}: found {name} {value!r:.80}; expected numbers, {bounds}.")
        found.append(numbers)
    return found


def _numbers(value: Any) -> Floats:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        return np.array(math.nan)
