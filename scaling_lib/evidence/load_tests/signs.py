"""Signs, in a load test's own records, that it did not send the load it was meant to, or did not see the waiting."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from scaling_lib.evidence.engine import one
from scaling_lib.evidence.load_tests.parts import ALL, OMISSION, SATURATED, Sign
from scaling_lib.words import duration, plural

LEAST_STALL_US = 100_000
MEDIANS = 20  # a stall is this many times the median duration,
RHYTHMS = 10  # and this many times the usual time from one start to the next
SHARE = 0.8  # of a gap in starts that a request has to span to be the one that was waited for
MOST_STALLS = 20  # the longest are looked at
GENERATOR_ERRORS = (
    "too many open files", "cannot assign requested address", "address already in use", "bindexception",
    "out of memory", "no buffer space available",
)  # fmt: skip
LEAST_REQUESTS = 5  # an interval; with fewer, an empty one is no stall
LATE_S = 2.0  # rows of a second come with whole seconds: one more is rounding


def missed_starts(engine: duckdb.DuckDBPyConnection, within: str, load: str, middle: float) -> list[Sign]:
    """Gaps in which no request of `points` was started while slow ones were waited for.

    within: which of them, a condition; middle: their median duration in microseconds. Closed load leaves
    out the requests that would have waited too: coordinated omission. Under open load starts do not wait for answers,
    so the generator itself stood still.
    """
    rows = f"FROM points WHERE counted AND {within}"
    n, first, last, whole_seconds, whole_ms = one(
        engine,
        "SELECT count(*), min(end_us - duration_us), max(end_us - duration_us), "
        f"bool_and(end_us % 1000000 = 0), bool_and(end_us % 1000 = 0) {rows}",
    )
    if n < 2 * RHYTHMS:
        return []
    grain = 1_000_000 if whole_seconds else 1_000 if whole_ms else 1
    least = max(LEAST_STALL_US, MEDIANS * middle, RHYTHMS * (last - first) / n, 3 * grain)
    found = engine.sql(
        f"WITH chosen AS (SELECT end_us - duration_us AS start_us, end_us, duration_us {rows}), "
        "following AS (SELECT start_us AS next_us, lag(start_us) OVER (ORDER BY start_us) AS from_us FROM chosen), "
        f"gaps AS (SELECT from_us, next_us - from_us AS length FROM following WHERE next_us - from_us > {least} "
        f"ORDER BY length DESC, from_us LIMIT {MOST_STALLS}) "
        "SELECT from_us, any_value(length) AS length, count(*) AS waiting, median(duration_us) AS took FROM gaps, "
        f"chosen WHERE start_us <= from_us + {grain - 1} AND start_us > from_us - {SHARE} * length "
        f"AND duration_us >= {SHARE} * length GROUP BY from_us ORDER BY length DESC, from_us"
    ).fetchall()
    if not found:
        return []
    from_us, length, waiting, took = found[0]
    when = pd.Timestamp(from_us, unit="us").strftime("%H:%M:%S")
    several = f"{plural(len(found), 'gap')} in starts; the longest: " if len(found) > 1 else ""
    seen = (
        f"{several}no request was started for {duration(length / 1e6)} from {when} UTC on, while {waiting:,} under way "
        f"took about {duration(took / 1e6)} each (the median is {duration(middle / 1e6)})"
    )
    if load == "open":
        return [Sign(kind=SATURATED, evidence=f"{seen}: the generator stood still", count=len(found))]
    left_out = "those that users would have sent meanwhile, and their waiting, are missing from the latencies"
    return [Sign(kind=OMISSION, evidence=f"{seen}: {left_out}", count=len(found))]


def dropped_iterations(dropped: int | None) -> list[Sign]:
    """Iterations that k6 could not start in time."""
    if not dropped:
        return []
    words = f"{plural(dropped, 'iteration')} dropped for want of a free virtual user: less load was sent than planned"
    return [Sign(kind=SATURATED, evidence=words, count=dropped)]


def errors_of_the_generator(engine: duckdb.DuckDBPyConnection, failures: str) -> list[Sign]:
    """Requests of `raw` that failed for want of something on the generator's side."""
    if not failures:
        return []
    count, example = 0, ""
    tests = " OR ".join(f"contains(lower({failures}), '{text}')" for text in GENERATOR_ERRORS)
    count, example = one(engine, f"SELECT count(*), min(left({failures}, 100)) FROM raw WHERE {tests}")
    if not count:
        return []
    words = f"{plural(count, 'request')} of the file failed on the generator's own side, such as {example!r}"
    return [Sign(kind=SATURATED, evidence=words, count=count)]


def silent_intervals(samples: pd.DataFrame) -> list[Sign]:
    """Intervals of one test without any answer, followed by answers that together waited for as long.

    For formats without single requests: samples of a test, with `users` and `sum_us`.
    """
    rows = samples[samples["name"] == ALL].sort_values("time")
    n, length = rows["requests"].to_numpy(), rows["interval_s"].to_numpy()
    busy = n[n > 0]
    if not len(busy) or float(np.median(busy)) < LEAST_REQUESTS or bool(rows["sum_us"].isna().all()):
        return []
    total = rows["sum_us"].to_numpy()
    usual = float(np.nanmedian(total[n > 0] / n[n > 0]))
    found = []
    for first, after in _runs(n == 0):
        silence = float(length[first:after].sum())
        waited = (total[after] - usual * n[after]) / 1e6
        if silence >= max(LATE_S * float(np.median(length)), MEDIANS * usual / 1e6) and waited >= SHARE * silence:
            found.append((silence, int(first), waited))
    if not found:
        return []
    silence, first, waited = max(found)
    when = rows["time"].iloc[first].strftime("%H:%M:%S")
    words = (
        f"no answer for {duration(silence)} from {when} UTC on, then answers that waited {duration(waited)} more than "
        "usual, taken together: the requests that users would have sent meanwhile are missing from the latencies"
    )
    return [Sign(kind=OMISSION, evidence=words, count=len(found))]


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """(first, one past the last) of each run of true that lies between others."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if a > 0 and b < len(flags)]


def late_rows(samples: pd.DataFrame) -> list[Sign]:
    """Rows of one test that its generator wrote seconds too late: it lacked time itself."""
    length = samples.loc[samples["name"] == ALL, "interval_s"]
    if len(length) < RHYTHMS:
        return []
    late = length[length >= length.median() + LATE_S]
    if len(late) < 3 or len(late) < 0.01 * len(length):
        return []
    words = f"{len(late):,} of {len(length):,} rows were written {duration(LATE_S)} or more too late, up to "
    return [Sign(kind=SATURATED, evidence=words + duration(float(late.max() - length.median())), count=len(late))]
