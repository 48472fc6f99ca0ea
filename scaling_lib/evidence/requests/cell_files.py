"""Files of cells: requests that were counted elsewhere, by another machine or by a job of one's own.

Parquet, of either kind; see `cells` for what a cell is. A path may match files of both kinds.
Minutes: service, route, minute (UTC), n, errors, sum_us, and good_<limit in us> for each latency threshold that was
counted: requests that were no error and took at most that long. Where a route was not counted by a limit, it is NULL.
Where some requests carry no duration, untimed counts those of them that were no error: neither good nor slow.
A NULL in errors says that the requests carry no status, one in sum_us that they carry no duration.
Hours: service, route, hour (UTC), error, bin, n, sum_us.
Cells of the same key are added, within a file and across files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.cells import BIN_KEYS, COUNT_KEYS, GAMMA, UNTIMED, good_column
from scaling_lib.evidence.engine import connect
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.requests.reduce import Reduced
from scaling_lib.evidence.requests.source import RequestSource, Threshold
from scaling_lib.evidence.routes import is_of
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import duration, listing

FORMAT = "cells"
VERSION = 1  # of what is made of a file: a change lets go of what was kept
MINUTE_COLUMNS = (*COUNT_KEYS, "n", "errors", "sum_us")
HOUR_COLUMNS = (*BIN_KEYS, "n", "sum_us")
GOOD = re.compile(r"good_([1-9][0-9]*)")
NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL")
SECONDS = {"minute": 60, "hour": 3600}


def is_cells(file: Path, source: RequestSource) -> bool:
    """Whether the source says so, or the file has the columns of either kind."""
    if source.format:
        return source.format == FORMAT
    try:
        with file.open("rb") as raw:
            if raw.read(4) != b"PAR1":
                return False
        with connect() as engine:
            names = _types(engine, file)
    except (OSError, duckdb.Error):  # whoever reads it next says what is wrong
        return False
    return names.keys() >= set(MINUTE_COLUMNS) or names.keys() >= set(HOUR_COLUMNS)


def read_cells(file: Path, source: RequestSource, thresholds: Sequence[Threshold]) -> tuple[Reduced, ...]:
    """Read one file; a part for requests that carry the same columns, so at most four.

    What a threshold asks and the file does not hold is never taken from another limit, and is a note.
    Raises BrokenEvidence where the file cannot be read, or is of neither kind.
    """
    try:
        with connect() as engine:
            types = _types(engine, file)
            time = _time(file, types)
            _numbers(file, types, time)
            engine.execute(f"CREATE TEMP VIEW raw AS {_named_sql(file, source, types, time)}")
            limits = sorted(int(match[1]) for name in types if (match := GOOD.fullmatch(name)))
            untimed = [UNTIMED] if UNTIMED in types else []
            rejected = _rejected(engine, time, limits, untimed)
            if time == "hour":
                return (_hours(engine, rejected),)
            return tuple(_counts(engine, limits, untimed, thresholds, rejected))
    except duckdb.Error as error:
        words = re.sub(r"\s+", " ", str(error)).split(" LINE ")[0][:300]
        raise BrokenEvidence(f"{file}: cannot be read: {words}; expected cells as Parquet. Export it again.") from error


def coverage_notes(parts: Iterable[Reduced]) -> list[str]:
    """What a reader should know of the files of one source together: minutes without hours, or the other way round."""
    cells = [part for part in parts if part.format == FORMAT]
    minutes = sum(int(part.counts["n"].sum()) for part in cells if part.duration_known)
    hours = sum(int(part.bins["n"].sum()) for part in cells)
    if minutes == hours:
        return []
    if not hours:
        return ["cells of minutes alone: no latency quantile is known"]
    if not minutes:
        return ["cells of hours alone: no request is counted"]
    return [f"the cells of minutes hold {minutes:,} requests, those of hours {hours:,}: quantiles are of the latter"]


def _types(engine: duckdb.DuckDBPyConnection, file: Path) -> dict[str, str]:
    rows = engine.sql(f"DESCRIBE SELECT * FROM read_parquet({literal(str(file))})").fetchall()
    return {row[0]: row[1] for row in rows}


def _time(file: Path, types: Mapping[str, str]) -> str:
    """Which kind it is, by the name of its column of times."""
    for time, columns in {"minute": MINUTE_COLUMNS, "hour": HOUR_COLUMNS}.items():
        if types.keys() >= set(columns):
            return time
    raise BrokenEvidence(
        f"{file}: found the columns {listing(list(types), 12)}; expected cells: {', '.join(MINUTE_COLUMNS)} and "
        f"good_<limit in microseconds>, or {', '.join(HOUR_COLUMNS)}. Mend the path or the format in assessment.yaml."
    )


def _numbers(file: Path, types: Mapping[str, str], time: str) -> None:
    wanted: dict[str, tuple[str, ...]]
    wanted = {
        name: NUMBERS for name in types if name in ("n", "errors", "sum_us", UNTIMED, "bin") or GOOD.fullmatch(name)
    }
    wanted |= {time: ("TIMESTAMP",), **({"error": ("BOOLEAN",)} if time == "hour" else {})}
    for name, allowed in wanted.items():
        if not types[name].removeprefix("U").startswith(allowed):
            what = "times" if name == time else "true or false" if name == "error" else "whole numbers"
            raise BrokenEvidence(f"{file}: found {name} of the type {types[name]}; expected {what}. Export it again.")


def _named_sql(file: Path, source: RequestSource, types: Mapping[str, str], time: str) -> str:
    """The file's rows, their times in UTC; a time without an offset is UTC."""
    columns = [f"{quoted(name)} AS {quoted(name)}" for name in types if name not in ("service", "route", time)]
    return (
        f"SELECT coalesce(CAST(service AS VARCHAR), {literal(source.service)}) AS service, "
        f"CAST(route AS VARCHAR) AS route, CAST({quoted(time)} AS TIMESTAMPTZ) AS {time}, {', '.join(columns)} "
        f"FROM read_parquet({literal(str(file))})"
    )


def _rejected(
    engine: duckdb.DuckDBPyConnection, time: str, limits: Sequence[int], untimed: Sequence[str]
) -> tuple[Rejected, ...]:
    """Make the view `cells` of the rows that can be used; the others by the first fault of each."""
    faults = _faults(time, limits, untimed)
    cases = " ".join(f"WHEN {test} THEN {literal(reason)}" for reason, test in faults)
    engine.execute(f"CREATE TEMP VIEW judged AS SELECT CASE {cases} END AS fault, * FROM raw")
    engine.execute("CREATE TEMP VIEW cells AS SELECT * EXCLUDE (fault) FROM judged WHERE fault IS NULL")
    shown = f"concat_ws(', ', service, route, {time}, n)"
    rows = engine.sql(
        f"SELECT fault, count(*), min({shown}), max({shown}) FROM judged WHERE fault IS NOT NULL GROUP BY 1 ORDER BY 1"
    ).fetchall()
    return tuple(
        Rejected(reason=reason, rows=count, examples=tuple(dict.fromkeys(str(each)[:120] for each in shown)))
        for reason, count, *shown in rows
    )


def _faults(time: str, limits: Sequence[int], untimed: Sequence[str]) -> list[tuple[str, str]]:
    good = [good_column(limit) for limit in limits]
    numbers = ["n", "sum_us", *(["errors", *untimed, *good] if time == "minute" else ["bin"])]
    faults = [
        ("no route or time", f"route IS NULL OR {time} IS NULL"),
        (f"a time that is no whole {time}", f"epoch_us({time}) % {SECONDS[time] * 1_000_000} <> 0"),
        ("a number that is not whole", " OR ".join(f"coalesce({name} <> floor({name}), FALSE)" for name in numbers)),
        ("no requests", "n IS NULL OR n < 1"),
    ]
    if time == "minute":
        answered = "".join(["n - coalesce(errors, 0)", *(f" - coalesce({name}, 0)" for name in untimed)])
        within = [f"coalesce({name} < 0 OR {name} > {answered}, FALSE)" for name in good]
        within += [f"coalesce({name} < 0, FALSE) OR {answered} < 0" for name in untimed]
        return [
            *faults,
            ("errors or durations that cannot be", "coalesce(errors < 0 OR errors > n OR sum_us < 0, FALSE)"),
            *([("more good requests than were answered", " OR ".join(within))] if within else []),
        ]
    reach = f"sum_us < n * CASE WHEN bin = 0 THEN 0 ELSE power({GAMMA}, bin) * (1 - 1e-9) END"
    beyond = f"sum_us > n * power({GAMMA}, bin + 1) * (1 + 1e-9)"
    return [
        *faults,
        ("no error, bin or durations", "error IS NULL OR bin IS NULL OR sum_us IS NULL OR bin < 0"),
        (f"durations outside of the bin (from {GAMMA}^bin to {GAMMA}^(bin + 1) us)", f"{reach} OR {beyond}"),
    ]


def _hours(engine: duckdb.DuckDBPyConnection, rejected: tuple[Rejected, ...]) -> Reduced:
    keys = ", ".join(BIN_KEYS)
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in ("n", "sum_us"))
    bins = _table(engine, f"SELECT {keys}, {sums} FROM cells GROUP BY {keys} ORDER BY {keys}")
    return Reduced(
        format=FORMAT,
        counts=_empty(COUNT_KEYS),
        bins=bins.astype({"bin": "int16"}),
        rejected=rejected,
        notes=(),
        status_known=True,
        duration_known=True,
    )


def _counts(
    engine: duckdb.DuckDBPyConnection,
    limits: Sequence[int],
    untimed: Sequence[str],
    thresholds: Sequence[Threshold],
    rejected: tuple[Rejected, ...],
) -> Iterator[Reduced]:
    """The minutes in parts: with and without a status, with and without a duration."""
    keys = ", ".join(COUNT_KEYS)
    sums = ", ".join(
        f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in ("n", "errors", "sum_us", *untimed)
    )
    good = [good_column(limit) for limit in limits]
    sums += "".join(
        f", CAST(CASE WHEN count({name}) = count(*) THEN sum({name}) END AS BIGINT) AS {name}" for name in good
    )
    kinds = engine.sql("SELECT DISTINCT errors IS NULL, sum_us IS NULL FROM cells ORDER BY ALL").fetchall()
    for no_status, no_duration in kinds or [(False, False)]:
        mine = f"(errors IS NULL) = {no_status} AND (sum_us IS NULL) = {no_duration}"
        table = _table(engine, f"SELECT {keys}, {sums} FROM cells WHERE {mine} GROUP BY {keys} ORDER BY {keys}")
        yield Reduced(
            format=FORMAT,
            counts=table.astype(dict.fromkeys(good, "Int64")),
            bins=_empty(BIN_KEYS),
            rejected=rejected,
            notes=tuple(_uncounted(table, limits, thresholds)),
            status_known=not no_status,
            duration_known=not no_duration,
        )
        rejected = ()


def _table(engine: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    table: pd.DataFrame = engine.sql(query).to_arrow_table().to_pandas()
    return table.astype({"service": "category", "route": "category"})


def _empty(keys: Sequence[str]) -> pd.DataFrame:
    """No cells: of the other kind than the file's."""
    numbers = ("n", "errors", "sum_us") if "minute" in keys else ("n", "sum_us")
    kinds = {"service": "str", "route": "str", "error": "bool", "bin": "int16"}
    kinds |= dict.fromkeys(("minute", "hour"), "datetime64[us, UTC]")
    none = pd.DataFrame({name: pd.Series(dtype=kinds.get(name, "int64")) for name in (*keys, *numbers)})
    return none.astype({"service": "category", "route": "category"})


def _uncounted(table: pd.DataFrame, limits: Sequence[int], thresholds: Sequence[Threshold]) -> Iterator[str]:
    """A note for each route that a threshold is of, and that is not counted by it."""
    for key, part in table.groupby(["service", "route"], observed=True):
        service, route = map(str, key)
        held = [limit for limit in limits if part[good_column(limit)].notna().all()]
        asked = {each.limit_us for each in thresholds if is_of((service, route), each.route, each.service)}
        if absent := sorted(asked - set(held)):
            yield f"{route}: {_limits(held)}, so no SLO at {_words(absent)} is measured from it"


def _limits(held: Sequence[int]) -> str:
    return (
        f"the cells count what took at most {_words(held)}" if held else "the cells count within no latency threshold"
    )


def _words(limits: Sequence[int]) -> str:
    return listing([duration(limit / 1e6, 6) for limit in limits])
