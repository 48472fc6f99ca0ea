"""The levels of load tests: stretches of constant load, what was served in them, and whether it had settled."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.load_tests.latency import QUANTILES, latencies
from scaling_lib.evidence.load_tests.parts import ALL, LoadTest
from scaling_lib.evidence.load_tests.read import LoadTests
from scaling_lib.evidence.load_tests.steady import (
    FEWEST_BLOCKS,
    constant_runs,
    drift,
    ratio_of_sums,
    settled_after,
    steps,
)
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_finite
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import percent

FIGURES = ("throughput", "mean_s", *QUANTILES)
COLUMNS = [
    "test", "name", "level", "users", "start", "end", "seconds", "cut_s", "requests", "errors",
    *(f"{figure}{end}" for figure in FIGURES for end in ("", "_low", "_high")), "steady", "remark",
]  # fmt: skip


def levels(tests: LoadTests, *, level: float = 0.95, least_s: float = 10.0) -> pd.DataFrame:
    """One row a test, name and level: a stretch of at least `least_s` seconds of constant users, or of constant rate.

    Users tell the levels where they are known and the load is not open, else the rate of answers does; a row of a plain
    table is a level. The interval at either edge, and what had not settled at the beginning, are cut off.

    Columns: test; name ("" for all together); level, from 1 in order of time; users (mean, NaN if not known); start,
    end (UTC) and seconds of what is used; cut_s, what was cut off at the beginning; requests, errors; throughput
    (answers a second), mean_s and p50_s, p95_s, p99_s (seconds, errors left out of the quantiles where bins tell them),
    each with its `_low` and `_high` at `level`; steady: whether neither throughput nor mean duration of all together
    drift (NA where it cannot be told); remark: why not, or what is not known. What is not known is NaN.
    Intervals rest on blocks of seconds, see `steady` and `latency`.
    Raises InvalidInput for a level of confidence outside of (0, 1), or a length that is not above 0.
    """
    check_level("levels", level)
    if not (is_finite(least_s) and least_s > 0):
        raise InvalidInput(f"levels: found least_s {least_s!r}; expected seconds above 0.")
    rows: list[dict[str, object]] = []
    for test in tests.tests:
        samples = tests.samples[tests.samples["test"] == test.test]
        if test.generator == "unknown":
            rows += _plain(samples, test)
        else:
            rows += _levels_of(tests, samples, test, level, least_s)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    times = {name: pd.to_datetime(frame[name], utc=True) for name in ("start", "end")}
    numbers = [name for name in COLUMNS if name not in ("test", "name", "start", "end", "steady", "remark", "level")]
    return frame.astype(dict.fromkeys(numbers, "float64") | {"level": "int64", "steady": "boolean"}).assign(**times)


def _plain(samples: pd.DataFrame, test: LoadTest) -> Iterator[dict[str, object]]:
    """Each row of a plain table, as it stands."""
    for place, (users, throughput, time) in enumerate(
        zip(samples["users"], samples["throughput"], samples["time"], strict=True), 1
    ):
        yield {
            "test": test.test,
            "name": ALL,
            "level": place,
            "users": users,
            "start": time,
            "end": time + pd.Timedelta(seconds=test.interval_s) if not math.isnan(test.interval_s) else pd.NaT,
            "seconds": test.interval_s,
            "throughput": throughput,
            "steady": None,
            "remark": "a row of a plain table: neither its interval nor its steadiness is known",
        }


def _levels_of(
    tests: LoadTests, samples: pd.DataFrame, test: LoadTest, level: float, least_s: float
) -> Iterator[dict[str, object]]:
    by_name = {name: rows.set_index("time").sort_index() for name, rows in samples.groupby("name", observed=True)}
    together = by_name[ALL]
    bins = tests.bins_of(test.test)
    bins = pd.concat([bins, *(tests.bins_of(test.test, name) for name in test.apart)]).sort_values("time")
    bin_times = pd.DatetimeIndex(bins["time"])
    for place, (first, end) in enumerate(_plateaus(together, test, least_s), 1):
        cut, steady, why = _settled(together.iloc[first:end])
        used = together.iloc[first + cut : end]
        from_, until = bin_times.searchsorted([used.index[0], _end(used)])
        inside = bins.iloc[from_:until]
        for name, rows in by_name.items():
            own = rows.reindex(used.index)
            if name != ALL and not float(own["requests"].sum()) > 0:
                continue
            own = own.assign(interval_s=used["interval_s"]).fillna({"requests": 0, "errors": 0, "sum_us": 0})
            if name == ALL:
                own = used
            found, remarks = latencies(
                test,
                own,
                inside[~inside["name"].isin(test.apart)] if name == ALL else inside[inside["name"] == name],
                level,
            )
            seconds = own["interval_s"].to_numpy()
            figures: dict[str, Estimate] = {
                "throughput": ratio_of_sums(own["requests"].to_numpy(), seconds, level, "requests/s"),
                "mean_s": ratio_of_sums(own["sum_us"].to_numpy() / 1e6, own["requests"].to_numpy(), level, "s"),
                **found,
            }
            yield {
                "test": test.test,
                "name": name,
                "level": place,
                "users": float(used["users"].mean()),
                "start": used.index[0],
                "end": _end(used),
                "seconds": float(seconds.sum()),
                "cut_s": float(together["interval_s"].iloc[first : first + cut].sum()),
                "requests": float(own["requests"].sum()),
                "errors": float(own["errors"].sum(skipna=False)),
                **{
                    column: value
                    for figure, each in figures.items()
                    for column, value in (
                        (figure, each.value), (f"{figure}_low", each.low), (f"{figure}_high", each.high),
                    )
                },
                "steady": steady,
                "remark": "; ".join(filter(None, [why, *remarks])),
            }  # fmt: skip


def _end(rows: pd.DataFrame) -> pd.Timestamp:
    last: pd.Timestamp = rows.index[-1]
    return last + pd.Timedelta(seconds=float(rows["interval_s"].iloc[-1]))


def _plateaus(rows: pd.DataFrame, test: LoadTest, least_s: float) -> Iterator[tuple[int, int]]:
    """The stretches of constant load without their edges, whose intervals it may not fill."""
    lengths = rows["interval_s"].to_numpy()
    users, throughput = rows["users"].to_numpy(), rows["throughput"].to_numpy()
    by_users = test.load != "open" and bool(np.isfinite(users).any())
    least = max(1, math.ceil(least_s / test.interval_s))
    for first, end in constant_runs(users) if by_users else steps(throughput, least):
        if by_users and users[first] == 0:
            continue
        first, end = first + 1, end - 1
        if end > first and float(lengths[first:end].sum()) >= least_s and float(throughput[first:end].sum()) > 0:
            yield first, end


def _settled(rows: pd.DataFrame) -> tuple[int, bool | None, str]:
    """How many intervals to cut off, whether the rest is steady (None if it cannot be told), and why not."""
    throughput = rows["throughput"].to_numpy()
    mean = _means(rows)
    cut = max(settled_after(throughput), settled_after(mean))
    if len(rows) - cut < FEWEST_BLOCKS:
        return cut, None, "too few intervals to tell whether it had settled"
    changes = [("throughput", drift(throughput[cut:])), ("the mean duration", drift(mean[cut:]))]
    words = [
        f"{what} {'rises' if change > 0 else 'falls'} by {percent(abs(change), 2)} over the level"
        for what, change in changes
        if change
    ]
    if cut >= len(rows) // 2:
        words.append("it had not settled in half of the level")
    return cut, not words, "; ".join(words)


def _means(rows: pd.DataFrame) -> NDArray[np.float64]:
    """The mean duration of each interval; of one without answers, that of the interval before."""
    means: NDArray[np.float64] = (rows["sum_us"] / rows["requests"].where(rows["requests"] > 0)).ffill().to_numpy()
    return means
