"""Locust: the history that `locust --csv` writes, a row a second for each name and for all together ("Aggregated").

Its totals run from the start of the test: requests and failures of an interval are their differences, and so is the sum
of durations (the average times the number). Its `Requests/s` is an average over some ten seconds, and is not used.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.load_tests.parts import ALL, LoadTest, Part, as_samples, joined, no_bins, test_names
from scaling_lib.evidence.load_tests.signs import late_rows, silent_intervals
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.load_tests.text import LINE, apart, faulty, header_of, stage_csv
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import plural

WINDOW_S = 10.0  # of Locust's current percentiles (CURRENT_RESPONSE_TIME_PERCENTILE_WINDOW)
ROUNDED = 0.05  # Locust writes percentiles over 100 ms with two digits
BREAK_S = 10  # a fall of the totals with a longer pause, or with fewer users, begins another test
NEEDED = {"time": "Timestamp", "users": "User Count", "name": "Name", "total": "Total Request Count"}
WHERE_THERE = {"kind": "Type", "failed": "Total Failure Count", "mean": "Total Average Response Time"} | {
    "slowest": "Total Max Response Time", "p50": "50%", "p95": "95%", "p99": "99%", "p100": "100%",
}  # fmt: skip
AGGREGATED = "Aggregated"


def read_locust(engine: duckdb.DuckDBPyConnection, file: Path, source: LoadSource, start: bytes, packed: bool) -> Part:
    """A `*_stats_history.csv`, with or without --csv-full-history."""
    names, delimiter = header_of(start)
    there = apart(names)
    by_lower = {name.lower(): name for name in there}
    columns = {ours: by_lower.get(name.lower()) for ours, name in (NEEDED | WHERE_THERE).items()}
    if absent := [name for ours, name in NEEDED.items() if columns[ours] is None]:
        raise BrokenEvidence(f"{file}: has no column {absent[0]!r}; expected Locust's stats history. Export it again.")
    engine.execute("SET threads = 1; SET preserve_insertion_order = true")  # totals are differences of rows in order
    select = ", ".join(f"{quoted(name) if name else 'NULL'} AS {ours}" for ours, name in columns.items())
    lost = stage_csv(engine, file, packed=packed, names=names, delimiter=delimiter, select=f"{select}, {LINE}")
    rows, rejected = _rows(engine)
    if rows.empty:
        raise BrokenEvidence(
            f"{file}: found no usable row; expected Locust's stats history, a row a second. "
            f"{'; '.join(f'{each.reason} ({each.rows:,})' for each in (*lost, *rejected))}"
        )
    rows, disorder, resets = _in_order(rows)
    titles = test_names(file, int(rows["test"].max()) + 1)
    current = _percentiles_are_current(rows, columns)
    notes = _notes(columns, current, bool(rows["exact"].any()), len(titles), resets)
    samples, cut = _samples(rows, titles, current)
    if cut:
        notes.append(f"{plural(cut, 'request')} before the first row: of an unknown time, not used")
    if samples.empty:
        raise BrokenEvidence(
            f"{file}: found {plural(rows['time'].nunique(), 'second')} in order; expected at least two, since requests "
            "are differences of totals. Export a longer test."
        )
    tests = tuple(
        _facts(file, source, title, samples[samples["test"] == title], current)
        for title in titles
        if (samples["test"] == title).any()
    )
    return Part(
        format="locust", samples=samples, bins=no_bins(), tests=tests, rejected=(*lost, *rejected, *disorder),
        notes=tuple(notes),
    )  # fmt: skip


def _rows(engine: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, tuple[Rejected, ...]]:
    """The usable rows as numbers, in the order of the file."""
    whole = {name: f"TRY_CAST({name} AS DOUBLE)" for name in ("time", "users", "total", "failed")}
    faults = [
        ("the header again: several files in one", "time = 'Timestamp'"),
        ("time cannot be read", f"{whole['time']} IS NULL OR isnan({whole['time']})"),
        ("time is before 1990 or after 2100: expected whole seconds", f"{whole['time']} NOT BETWEEN 631152000 AND "
         "4102444800"),
        *(
            (f"{words} is no number from 0 on", f"NOT coalesce({whole[name]} BETWEEN 0 AND 1e15, {needed})")
            for name, words, needed in (
                ("users", "User Count", "FALSE"),
                ("total", "Total Request Count", "FALSE"),
                ("failed", "Total Failure Count", "failed IS NULL"),
            )
        ),
        ("more failures than requests", f"{whole['failed']} > {whole['total']}"),
        ("no name", "name IS NULL"),
    ]  # fmt: skip
    rejected = faulty(engine, faults, "concat_ws(', ', time, users, kind, name, total, failed)")
    bad = " OR ".join(f"({test})" for _, test in faults)
    lasting = ", ".join(
        f"CASE WHEN isfinite(TRY_CAST({name} AS DOUBLE)) AND TRY_CAST({name} AS DOUBLE) >= 0 THEN "
        f"TRY_CAST({name} AS DOUBLE) END AS {name}"
        for name in ("mean", "slowest", "p50", "p95", "p99", "p100")
    )
    rows = engine.sql(
        f"SELECT floor({whole['time']}) AS time, {whole['users']} AS users, {whole['total']} AS total, "
        f"{whole['failed']} AS failed, {lasting}, coalesce(bool_or(contains(mean, '.')) OVER (), FALSE) AS exact, "
        f"CASE WHEN name = {literal(AGGREGATED)} AND coalesce(kind, '') = '' THEN '' WHEN coalesce(kind, '') = '' OR "
        "starts_with(name, kind || ' ') THEN name ELSE kind || ' ' || name END AS name, line, "
        "count(*) FILTER (time = 'Timestamp') OVER (ORDER BY line) AS headers "
        f"FROM raw QUALIFY NOT coalesce({bad}, TRUE) ORDER BY line"
    ).df()
    if not rows.empty and not (rows["name"] == ALL).any():
        rows = joined([rows, _together(rows)]).sort_values(["line", "name"], kind="stable", ascending=[True, False])
    # Rows of the names come before the row of all: they belong to the next such row.
    anchor = rows["line"].where(rows["name"] == ALL)
    rows["line_of_grid"] = anchor.bfill()
    return rows, rejected


def _together(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of all together, where the file has none: the sums of the names' totals."""
    weighted = rows.assign(mean=rows["mean"] * rows["total"])
    block = (rows["time"] != rows["time"].shift()).cumsum()
    summed = weighted.groupby(block).agg(
        {**dict.fromkeys(("time", "users", "exact", "line", "headers"), "last"), "total": "sum", "failed": "sum",
         "mean": "sum"}
    )  # fmt: skip
    return summed.assign(name=ALL, mean=summed["mean"] / summed["total"].clip(lower=1))


def _in_order(rows: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Rejected, ...], int]:
    """The rows that follow one another, with their test's number and the time `before`; the others, counted by reason.

    The rows of all together are the grid: what belongs to one of them that is not in order is not either. Third: how
    often the totals were reset.
    """
    grid, resets = _grid(rows)
    found = rows.merge(grid, on="line_of_grid", how="left")
    reasons = {
        "no row of all together comes after it": found["line_of_grid"].isna(),
        "time goes back": found["back"].eq(True),
        "another time than the row of all together after it": found["time"] != found["grid_time"],
        "the same second again: the last one counts": found["again"].eq(True)
        | found.duplicated(["line_of_grid", "name"], keep="last"),
    }
    rejected, left = [], pd.Series(True, index=found.index)
    for reason, wrong in reasons.items():
        if count := int((wrong & left).sum()):
            rejected.append(Rejected(reason=reason, rows=count))
        left &= ~wrong
    return found[left].astype({"test": "int64"}).reset_index(drop=True), tuple(rejected), resets


def _grid(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The rows of all together: line, test number, time and the time before, whether it goes back or comes again."""
    marks = rows[rows["name"] == ALL].reset_index(drop=True)
    step = marks["time"].diff()
    falls = marks["total"].diff() < 0
    fewer = marks["users"].diff() < 0
    goes_on = marks["time"].shift(-1) < marks["time"].shift()  # a row before its time alone begins no test
    begins = (marks["headers"].diff() > 0) | (
        falls & ((step > BREAK_S) | ((step < 0) & goes_on) | ((step >= 0) & fewer))
    )
    test = begins.cumsum().astype("int64")
    so_far = marks["time"].groupby(test).cummax()
    back = (marks["time"] < so_far.groupby(test).shift().fillna(-np.inf)) & ~begins
    grid = pd.DataFrame({"line_of_grid": marks["line"], "test": test, "grid_time": marks["time"], "back": back})
    kept = grid[~back]
    grid["again"] = kept.duplicated(["test", "grid_time"], keep="last").reindex(grid.index, fill_value=False)
    kept = grid[~grid["back"] & ~grid["again"]]
    grid["before"] = kept.groupby("test")["grid_time"].shift()
    return grid, int((falls & ~begins & ~back).sum())


def _percentiles_are_current(rows: pd.DataFrame, columns: dict[str, str | None]) -> bool:
    """With --csv-full-history, percentiles are of the last ten seconds, and each name has rows.

    Without, they are of the whole test so far: the 100% one never falls, and is the total maximum.
    """
    if (rows["name"] != ALL).any():
        return True
    if columns["p100"] is None or columns["slowest"] is None:
        return False
    known = rows.dropna(subset=["p100", "slowest"])
    off = (known["p100"] - known["slowest"]).abs() > ROUNDED * known["slowest"] + 1
    return bool(off.mean() > 0.1) if len(known) else False


def _notes(columns: dict[str, str | None], current: bool, exact: bool, tests: int, resets: int) -> list[str]:
    notes = []
    if not current:
        notes.append(
            "percentiles are of the whole test so far, not of an interval: not used; `locust --csv-full-history` "
            "writes current ones"
        )
    elif absent := [WHERE_THERE[name] for name in ("p50", "p95", "p99") if columns[name] is None]:
        notes.append(f"no column {', '.join(absent)}: these percentiles are not known")
    if columns["failed"] is None:
        notes.append("no Total Failure Count: errors are not known")
    if columns["mean"] is None:
        notes.append("no Total Average Response Time: mean durations are not known")
    elif not exact:
        notes.append(
            "Total Average Response Time has no decimals, too coarse for the sum of an interval: mean durations "
            "are not known"
        )
    if tests > 1:
        notes.append(f"the totals begin again: read as {tests} tests, one after the other")
    if resets:
        notes.append(f"the totals were reset {plural(resets, 'time')} during a test: requests just before are not seen")
    return notes


def _samples(rows: pd.DataFrame, titles: list[str], current: bool) -> tuple[pd.DataFrame, int]:
    """Differences of totals; and how many requests the first rows counted of which nobody knows since when."""
    rows = rows.sort_values(["test", "name", "time"], kind="stable").reset_index(drop=True)
    rows["sum_us"] = np.where(rows["exact"], rows["mean"] * rows["total"] * 1e3, np.nan)
    own = rows.groupby(["test", "name"], sort=False)
    earlier = own["time"].shift()
    since = earlier.fillna(rows["before"])
    gained = {}
    for name in ("total", "failed", "sum_us"):
        before = own[name].shift()
        first_total = own["total"].shift()
        reset = first_total.isna() | (rows["total"] < first_total)
        gained[name] = rows[name] - before.where(~reset, 0.0)
    gained["failed"] = gained["failed"].clip(lower=0)
    gained["sum_us"] = gained["sum_us"].clip(lower=0).round()
    usable = since.notna()
    cut = int(gained["total"][~usable & (rows["name"] == ALL)].sum())
    interval = (rows["time"] - since)[usable]
    at = pd.DataFrame(gained)[usable]
    kept = rows[usable]
    samples = as_samples(
        {
            "test": pd.Categorical.from_codes(kept["test"].to_numpy(), pd.Index(titles)),
            "name": kept["name"].to_numpy(),
            "time": pd.to_datetime(since[usable].to_numpy(), unit="s", utc=True),
            "interval_s": interval.to_numpy(),
            "users": kept["users"].to_numpy(),
            "throughput": (at["total"] / interval).to_numpy(),
            "requests": at["total"].to_numpy(),
            "errors": at["failed"].to_numpy(),
            "sum_us": at["sum_us"].to_numpy(),
            **{  # 0 is written while there is no window yet
                f"{name}_s": np.where((at["total"] > 0) & (kept[name] > 0), kept[name] / 1e3, np.nan)
                if current
                else np.nan
                for name in ("p50", "p95", "p99")
            },
        }
    )
    return samples, cut


def _facts(file: Path, source: LoadSource, title: str, samples: pd.DataFrame, current: bool) -> LoadTest:
    rows = samples[samples["name"] == ALL]
    end = rows["time"].iloc[-1] + pd.Timedelta(seconds=float(rows["interval_s"].iloc[-1]))
    return LoadTest(
        test=title,
        file=str(file),
        generator="locust",
        load=source.load or "closed",
        why="as assessment.yaml says" if source.load else "Locust's users wait for each answer",
        percentiles="windows" if current else "cumulative",
        interval_s=float(rows["interval_s"].median()),
        window_s=WINDOW_S if current else 0.0,
        expected_interval_s=source.expected_interval_s,
        start=rows["time"].iloc[0].to_pydatetime(),
        end=end.to_pydatetime(),
        signs=(*silent_intervals(samples), *late_rows(samples)),
        origin=source.origin,
    )
