"""Files of requests as they are: recognised, read by the engine, and brought to one form.

The form is the table `requests(service, method, path, minute, hour, status, duration_us)`, its rows usable and its
minutes counted since 1970, and the table `places(service, method, path, n)`, the distinct places the requests went to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.engine import LINES, one
from scaling_lib.evidence.files import head_of
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.requests.clocks import clock_notes
from scaling_lib.evidence.requests.columns import Columns, columns_of, header_of, twice_named
from scaling_lib.evidence.requests.log_lines import runs_on, split_lines
from scaling_lib.evidence.requests.source import RequestSource
from scaling_lib.evidence.routes import AN_ID, ID_SEGMENTS
from scaling_lib.evidence.sql import literal, quoted

COMBINED = re.compile(rb'^\S+ \S+ \S+ \[[^\]]+\] "[^"]*" \d{3} ')
COMBINED_COLUMNS = 24  # as many blanks-separated fields as a log line may have; the rest of them stay empty


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What was staged: the format, what was rejected, what a reader should know; joined: SQL of a request's route.

    untimed: requests without a duration where others have one; untimed_as: what most of them have in its place.
    """

    format: str
    joined: str
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]
    status_known: bool
    duration_known: bool
    templated: bool
    untimed: int
    untimed_as: str


def stage(engine: duckdb.DuckDBPyConnection, file: Path, source: RequestSource) -> Staged:
    """Read a file into the engine's tables `requests` and `places`.

    Raises BrokenEvidence for a file that is empty, of another format than it should be, or without a needed column.
    """
    found, columns, doubled, lost = opened(engine, file, source)
    faulty = _stage_rows(engine, columns, found)
    rejected = (*lost(), *(rejected_rows(engine, columns) if faulty else ()))
    untimed, untimed_as = _untimed(engine, columns)
    clocks = clock_notes(engine, columns, source.time_zone)
    return Staged(
        format=columns.format,
        joined=_joined(columns),
        rejected=rejected,
        notes=(*doubled, *columns.notes, *clocks),
        status_known=columns.status != "NULL",
        duration_known=columns.duration_us != "NULL",
        templated=columns.templated,
        untimed=untimed,
        untimed_as=untimed_as,
    )


def opened(
    engine: duckdb.DuckDBPyConnection, file: Path, source: RequestSource
) -> tuple[str, Columns, tuple[str, ...], Callable[[], tuple[Rejected, ...]]]:
    """Make the table `raw` of a file as it is; its format, its columns, notes, and what tells which lines are lost."""
    head, packed = head_of(file)
    found = recognise(file, head)
    if source.format and source.format != found and not (source.format == "spans" and found == "parquet"):
        raise BrokenEvidence(
            f"{file}: looks like {found}; expected {source.format}, as assessment.yaml says. "
            "Mend the format or the path."
        )
    lost = _open(engine, file, source, found, packed)
    columns = columns_of(engine, file, found, source)
    doubled: tuple[str, ...] = ()
    if found == "csv":
        header, _ = header_of(head)
        doubled = twice_named(header)
        columns = _with_extra(engine, columns, header)
    return found, columns, doubled, lost


def recognise(file: Path, head: bytes) -> str:
    """The format of a file by its first bytes; BrokenEvidence where it is none of ours."""
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text:
        raise BrokenEvidence(
            f"{file}: is empty; expected requests. Export it again, or take it out of assessment.yaml."
        )
    if head.startswith(b"PAR1"):
        return "parquet"
    if text.startswith(b"{"):
        return "jsonl"
    if text.startswith(b"["):
        raise BrokenEvidence(
            f"{file}: is one JSON array; expected JSON lines, an object a line. `jq -c '.[]'` makes them."
        )
    lines = text.splitlines()[:20]
    if any(COMBINED.match(line) for line in lines):
        return "combined"
    if b"\0" in head[:4096]:
        raise BrokenEvidence(f"{file}: holds binary data of no known form; expected Parquet, CSV, JSON lines or a log.")
    if b"," in lines[0] or b";" in lines[0] or b"\t" in lines[0]:
        return "csv"
    first = lines[0][:80].decode("utf-8", "replace")
    raise BrokenEvidence(
        f"{file}, line 1: found {first!r}; expected a header with commas, a JSON object, or a combined log line. "
        "Convert it to one of them."
    )


def _with_extra(engine: duckdb.DuckDBPyConnection, columns: Columns, header: Sequence[str]) -> Columns:
    """A row with more fields than the header names is shifted somewhere: it cannot be used."""
    names = [row[0] for row in engine.sql("DESCRIBE raw").fetchall()]
    extra = [quoted(name) for name in names[len(header) :]]
    if not extra or not header or header[0].strip() != names[0].strip():  # the engine found its header further down
        return columns
    fault = ("more fields than the header names", " OR ".join(f"{name} IS NOT NULL" for name in extra))
    shown = f"concat_ws(', ', {columns.shown}, {', '.join(extra)})"
    return replace(columns, faults=(fault, *columns.faults), shown=shown)


def _open(
    engine: duckdb.DuckDBPyConnection, file: Path, source: RequestSource, found: str, packed: bool
) -> Callable[[], tuple[Rejected, ...]]:
    """Make the view `raw` over the file; returns what tells, once it was read, which lines could not be parsed."""
    pack = ", compression => 'gzip'" if packed else ", compression => 'none'"
    place = literal(str(file))  # a view takes no parameters
    if found == "parquet":
        engine.execute(f"CREATE TEMP VIEW raw AS SELECT * FROM read_parquet({place})")
        return lambda: ()
    if found == "jsonl":
        return _open_lines(engine, file, pack, source.columns.values())
    common = f"{place}{pack}, all_varchar => true, null_padding => true, store_rejects => true, {LINES}"
    if found == "combined":
        return _open_log(engine, file, pack, common)
    return _open_table(engine, file, pack, common)


def _open_table(
    engine: duckdb.DuckDBPyConnection, file: Path, pack: str, common: str
) -> Callable[[], tuple[Rejected, ...]]:
    """A CSV; where a line leaves a quote open, so that the engine finds no table, the slower way."""
    header, delimiter = header_of(head_of(file)[0])
    options = "header => true, strict_mode => true, quote => '\"', escape => '\"'"
    try:  # staged once: the rejects are known only when the text was read to its end
        engine.execute(f"CREATE TEMP TABLE raw AS SELECT * FROM read_csv({common}, {options})")
        if len(header) == 1 or len(engine.sql("DESCRIBE raw").fetchall()) > 1:
            return lambda: _unparsed(engine)
        engine.execute("DROP TABLE raw")
    except duckdb.Error as error:
        if "GZIP" in str(error) or len(header) == 1:
            raise
    names = [name if name and name not in header[:place] else f"{name}_{place}" for place, name in enumerate(header)]
    return split_lines(engine, file, pack, [*names, "beyond the header"], delimiter)


def _open_log(
    engine: duckdb.DuckDBPyConnection, file: Path, pack: str, common: str
) -> Callable[[], tuple[Rejected, ...]]:
    """A log, its fields apart at blanks; where a line was cut and leaves a quote open, the slower way."""
    names = [f"f{place:02}" for place in range(COMBINED_COLUMNS)]
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    options = "auto_detect => false, delim => ' ', quote => '\"', escape => '\\', header => false, strict_mode => false"
    try:
        engine.execute(
            f"CREATE TEMP TABLE raw AS SELECT * FROM read_csv({common}, {options}, columns => {{{columns}}})"
        )
    except duckdb.Error as error:
        if "GZIP" in str(error):
            raise
        return split_lines(engine, file, pack, names)
    if runs_on(engine):
        engine.execute("DROP TABLE raw")
        return split_lines(engine, file, pack, names)
    return lambda: _unparsed(engine)


def _open_lines(
    engine: duckdb.DuckDBPyConnection, file: Path, pack: str, named: Iterable[str]
) -> Callable[[], tuple[Rejected, ...]]:
    """JSON lines: each line as JSON where it is an object; the others are rejects."""
    engine.execute(
        "CREATE TEMP TABLE lines AS SELECT line, text, CASE WHEN json_valid(text) THEN CASE WHEN json_type(text) = "
        "'OBJECT' THEN text END END AS object FROM (SELECT row_number() OVER () AS line, text FROM read_csv("
        f"{literal(str(file))}{pack}, columns => {{'text': 'VARCHAR'}}, delim => '\x01', quote => '', escape => '', "
        f"header => false, auto_detect => false, strict_mode => false, store_rejects => true, {LINES}))"
    )
    found = engine.sql(
        "SELECT DISTINCT unnest(json_keys(object)) AS key FROM (SELECT object FROM lines WHERE object IS NOT NULL "
        "LIMIT 10000) ORDER BY key"
    ).fetchall()
    if not found:
        raise BrokenEvidence(f"{file}: found no line that is a JSON object; expected one a line. Export it again.")
    paths = {key: _key(key) for (key,) in found}
    for name in named:  # `http.path` is the key `path` inside of `http`
        if name not in paths and name.partition(".")[0] in paths:
            paths[name] = ".".join(map(_key, name.split(".")))
    fields = ", ".join(
        f"json_extract_string(object, {literal('$.' + path)}) AS {quoted(key)}" for key, path in paths.items()
    )
    engine.execute(f"CREATE TEMP TABLE raw AS SELECT {fields} FROM lines WHERE object IS NOT NULL")

    def lost() -> tuple[Rejected, ...]:
        bad = "FROM lines WHERE object IS NULL AND trim(text) <> ''"
        count = one(engine, f"SELECT count(*) {bad}")[0]
        examples = engine.sql(f"SELECT line, left(text, 120) {bad} ORDER BY line LIMIT 3").fetchall()
        shown = tuple(f"line {line}: {text}" for line, text in examples)
        none = (Rejected(reason="not a JSON object", rows=count, examples=shown),) if count else ()
        return (*none, *_unparsed(engine))

    return lost


def _unparsed(engine: duckdb.DuckDBPyConnection) -> tuple[Rejected, ...]:
    rows = engine.sql(
        "SELECT error_type::VARCHAR, count(DISTINCT line), list(DISTINCT line || ': ' || left(csv_line, 120)) "
        "FROM reject_errors GROUP BY 1"
    ).fetchall()
    return tuple(
        Rejected(
            reason=f"cannot be parsed ({kind.lower()})",
            rows=count,
            examples=tuple(f"line {each}" for each in texts[:3]),
        )
        for kind, count, texts in rows
    )


def _stage_rows(engine: duckdb.DuckDBPyConnection, columns: Columns, found: str) -> int:
    """The canonical rows, and the places they went to; returns how many rows cannot be used."""
    any_fault, path = " OR ".join(f"({test})" for _, test in columns.faults), columns.path
    if columns.templated and not path.startswith("'"):
        path = f"regexp_replace({path}, {literal(ID_SEGMENTS)}, {literal(AN_ID)}, 'g')"
    kind = "VIEW" if found == "parquet" else "TABLE"  # text is parsed once, Parquet is cheap to read again
    engine.execute(
        f"CREATE TEMP {kind} read AS SELECT service, method, path, minute, minute // 60 AS hour, status, duration_us, "
        f"faulty FROM (SELECT {columns.service} AS service, {columns.method} AS method, {path} AS path, "
        f"epoch_us({columns.time}) // 60000000 AS minute, {columns.status} AS status, "
        f"{columns.duration_us} AS duration_us, coalesce({any_fault}, FALSE) AS faulty FROM raw WHERE {columns.where})"
    )
    engine.execute(
        "CREATE TEMP TABLE places AS SELECT service, method, path, count(CASE WHEN faulty THEN NULL ELSE 1 END) AS n, "
        "count(CASE WHEN faulty THEN 1 END) AS lost FROM read GROUP BY service, method, path"
    )
    lost = one(engine, "SELECT coalesce(sum(lost), 0) FROM places")[0]
    engine.execute(f"CREATE TEMP VIEW requests AS SELECT * FROM read WHERE {'NOT faulty' if lost else 'TRUE'}")
    return int(lost)


def _untimed(engine: duckdb.DuckDBPyConnection, columns: Columns) -> tuple[int, str]:
    """How many requests have no duration in a file that has some, and what most of them have in its place."""
    if columns.duration_us == "NULL":
        return 0, ""
    count = int(one(engine, "SELECT count(*) FROM requests WHERE duration_us IS NULL")[0])
    if not count:
        return 0, ""
    found = one(
        engine,
        f"SELECT left(coalesce({columns.duration}, ''), 20) AS text FROM raw WHERE ({columns.where}) AND "
        f"{columns.duration_us} IS NULL GROUP BY text ORDER BY count(*) DESC, text LIMIT 1",
    )
    return count, str(found[0])


def _joined(columns: Columns) -> str:
    """Requests and routes by their places; a constant is no key: the fewer texts are compared, the faster."""
    keys = (("service", columns.service), ("method", columns.method), ("path", columns.path))
    return " AND ".join(
        f"requests.{key} IS NOT DISTINCT FROM routes.{key}" for key, value in keys if not value.startswith("'")
    )


def rejected_rows(engine: duckdb.DuckDBPyConnection, columns: Columns) -> tuple[Rejected, ...]:
    """Rows that were parsed and cannot be used, by the first fault of each."""
    cases = " ".join(f"WHEN {test} THEN {literal(reason)}" for reason, test in columns.faults)
    rows = engine.sql(
        f"SELECT reason, count(*), min(shown), max(shown) FROM (SELECT CASE {cases} END AS reason, {columns.shown} AS "
        f"shown FROM raw WHERE {columns.where}) WHERE reason IS NOT NULL GROUP BY reason"
    ).fetchall()
    return tuple(
        Rejected(reason=reason, rows=count, examples=tuple(dict.fromkeys(str(each)[:120] for each in shown if each)))
        for reason, count, *shown in sorted(rows)
    )


def _key(name: str) -> str:
    """A key in a JSON path."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
