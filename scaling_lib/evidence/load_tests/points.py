"""Single requests of a load test to samples and latency bins, whatever generator wrote them.

The table `points(name, end_us, duration_us, error, users, counted)` holds one row a request: its name, when it was
answered (microseconds since 1970), how long it took, whether it failed, the users of the whole test then (NULL where
the format does not say), and whether it counts among all requests together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.cells import GAMMA, bin_quantile
from scaling_lib.evidence.engine import one
from scaling_lib.evidence.load_tests.parts import ALL, LoadTest, Part, as_bins, as_samples, joined, test_names
from scaling_lib.evidence.load_tests.signs import dropped_iterations, errors_of_the_generator, missed_starts
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.routes import capped, template
from scaling_lib.words import duration

SILENCE_S = 60  # with no request under way for so long, and for ten times what is usual, another test begins
RHYTHMS = 10
INTERVALS = ((2 * 3600, 1), (24 * 3600, 10))  # (tests up to so many seconds, the length of their samples)
LONGEST_INTERVAL_S = 60
USUAL_S = (20e-6, 60.0)  # a median response time outside of these is said
LAST_US = 2_000_000  # at its end a test may drop what it cannot finish, whatever the executor
US = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Generator:
    """What a reader of single requests knows about its format.

    load, why: as in `LoadTest`; paths: whether names are URLs that hold ids; failures: SQL over `raw` of the text in
    which a generator says why a request failed, "" where there is none; dropped: (microsecond, iterations) of dropped
    iterations, None where the format does not tell; gauges: whether the table `gauges(time_us, users)` is there.
    """

    name: str
    format: str
    load: str
    why: str
    paths: bool
    failures: str = ""
    dropped: NDArray[np.int64] | None = None
    gauges: bool = False


def part_of_points(
    engine: duckdb.DuckDBPyConnection,
    file: Path,
    source: LoadSource,
    generator: Generator,
    rejected: tuple[Rejected, ...],
    notes: tuple[str, ...],
) -> Part:
    """Samples, bins and facts from the engine's table `points`; BrokenEvidence where it is empty."""
    if not one(engine, "SELECT count(*) FROM points WHERE counted")[0]:
        raise BrokenEvidence(_nothing(file, rejected))
    bounds, lengths = _tests(engine)
    step = next((step for longest, step in INTERVALS if lengths.max() <= longest), LONGEST_INTERVAL_S)
    names = _names(engine, generator.paths)
    cells = engine.sql(
        f"SELECT to_names.id AS id, counted, end_us // {step * US} AS slot, error, "
        "CAST(floor(ln(CASE WHEN duration_us < 1 THEN 1 ELSE duration_us END) / "
        f"ln({GAMMA})) AS SMALLINT) AS bin, count(*) AS n, CAST(sum(duration_us) AS BIGINT) AS sum_us "
        "FROM points JOIN to_names ON points.name = to_names.name GROUP BY ALL ORDER BY ALL"
    ).df()
    cells["number"] = np.searchsorted(bounds, cells["slot"] * step * US + step * US, side="left") - 1
    users = _users(engine, step, generator.gauges)
    titles = test_names(file, len(bounds))
    apart = tuple(names[cells.loc[~cells["counted"], "id"].unique()].sort_values())
    samples = _samples(cells, names, users, step, titles)
    bins = as_bins(
        {
            "test": pd.Categorical.from_codes(cells["number"].to_numpy(), pd.Index(titles)),
            "name": names.to_numpy()[cells["id"]],
            "time": _utc(cells["slot"], step),
            **{column: cells[column] for column in ("error", "bin", "n", "sum_us")},
        }
    )
    facts = _facts(engine, file, source, generator, bounds, bins, step, apart, titles)
    return Part(
        format=generator.format,
        samples=samples,
        bins=bins,
        tests=facts,
        rejected=rejected,
        notes=(*notes, *_notes(len(titles), bins)),
        requests=int(one(engine, "SELECT count(*) FROM points")[0]),
    )


def _nothing(file: Path, rejected: tuple[Rejected, ...]) -> str:
    if not rejected:
        return f"{file}: found no request; expected some. Export a test that sent requests."
    reasons = "; ".join(f"{each.reason} ({each.rows:,})" for each in rejected[:3])
    example = next((f", such as {each.examples[0]!r}" for each in rejected if each.examples), "")
    return f"{file}: found no usable request; rejected: {reasons}{example}. Export the test again."


def _tests(engine: duckdb.DuckDBPyConnection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When each test begins, in microseconds, and how many seconds it lasts: tests are silences apart."""
    rows = engine.sql(
        "SELECT (end_us - duration_us) // 1000000 AS second, max(end_us) // 1000000 AS last FROM points GROUP BY 1 "
        "ORDER BY 1"
    ).fetchnumpy()
    second = np.asarray(rows["second"], dtype=np.int64)
    last = np.maximum.accumulate(np.asarray(rows["last"], dtype=np.int64))
    silences = second[1:] - last[:-1]
    usual = float(np.median(np.diff(second))) if len(second) > 2 else 0.0
    cut = np.flatnonzero(silences > max(SILENCE_S, RHYTHMS * usual)) + 1
    first = np.concatenate([[0], cut])
    ends = np.concatenate([last[cut - 1], last[-1:]])
    return second[first] * US, ends - second[first] + 1


def _names(engine: duckdb.DuckDBPyConnection, paths: bool) -> pd.Series:
    """Make the table `to_names(name, id)`; returns the name that each id is counted as."""
    found = engine.sql("SELECT name, count(*) AS n FROM points GROUP BY name ORDER BY name").df()
    shown = found["name"].map(_route) if paths else found["name"]
    sums = found.groupby(shown)["n"].sum().to_dict()
    kept = capped(sums)
    final = shown.map(kept)
    code, labels = pd.factorize(final, sort=True)
    engine.register("names_frame", pd.DataFrame({"name": found["name"], "id": code.astype("int32")}))
    engine.execute("CREATE TEMP TABLE to_names AS SELECT * FROM names_frame")
    return pd.Series(labels)


def _route(name: str) -> str:
    """`GET https://shop/orders/1?x=2` is `GET /orders/{id}`."""
    method, blank, rest = name.partition(" ")
    if not blank or "/" not in rest:
        return name.strip()
    return f"{method} {template(rest)}".strip()


def _users(engine: duckdb.DuckDBPyConnection, step: int, gauges: bool) -> pd.Series:
    """Users by slot: the nearest whole number to their mean; empty where nobody says them."""
    table, time = ("gauges", "time_us") if gauges else ("points", "end_us")
    rows = engine.sql(
        f"SELECT {time} // {step * US} AS slot, round(avg(users)) AS users FROM {table} WHERE users IS NOT NULL "
        "GROUP BY 1 ORDER BY 1"
    ).df()
    found: pd.Series = rows.set_index("slot")["users"].astype("float64")
    return found


def _samples(cells: pd.DataFrame, names: pd.Series, users: pd.Series, step: int, titles: list[str]) -> pd.DataFrame:
    """A row a test, name and slot; all requests together also where there was none."""
    failed = cells.assign(errors=cells["n"].where(cells["error"], 0))
    sums = ["n", "errors", "sum_us"]
    by_name = failed.groupby(["number", "id", "slot"], as_index=False)[sums].sum()
    by_name["name"] = names.to_numpy()[by_name["id"]]
    together = failed[failed["counted"]].groupby(["number", "slot"])[sums].sum()
    parts = [by_name]
    for number in together.index.unique("number"):
        own = together.loc[number]
        grid = pd.RangeIndex(own.index.min(), own.index.max() + 1, name="slot")
        parts.append(own.reindex(grid, fill_value=0).reset_index().assign(number=number, name=ALL))
    whole = joined(parts).sort_values(["number", "name", "slot"], kind="stable")
    return as_samples(
        {
            "test": pd.Categorical.from_codes(whole["number"].to_numpy(), pd.Index(titles)),
            "name": whole["name"].to_numpy(),
            "time": _utc(whole["slot"], step),
            "interval_s": float(step),
            "users": whole["slot"].map(_filled(users, whole)).to_numpy(),
            "throughput": (whole["n"] / step).to_numpy(),
            "requests": whole["n"].to_numpy(),
            "errors": whole["errors"].to_numpy(),
            "sum_us": whole["sum_us"].to_numpy(),
        }
    )


def _filled(users: pd.Series, whole: pd.DataFrame) -> pd.Series:
    """Users also in slots of which nothing is known because nothing ended there: as in the slot before."""
    if users.empty:
        return users
    slots = pd.Index(np.unique(whole["slot"]), name="slot")
    return users.reindex(slots.union(users.index)).ffill().reindex(slots)


def _facts(
    engine: duckdb.DuckDBPyConnection,
    file: Path,
    source: LoadSource,
    generator: Generator,
    bounds: NDArray[np.int64],
    bins: pd.DataFrame,
    step: int,
    apart: tuple[str, ...],
    titles: list[str],
) -> tuple[LoadTest, ...]:
    facts = []
    for number, title in enumerate(titles):
        until = int(bounds[number + 1]) if number + 1 < len(bounds) else 2**62
        within = f"end_us - duration_us >= {bounds[number]} AND end_us - duration_us < {until}"
        start, end = one(engine, f"SELECT min(end_us - duration_us), max(end_us) FROM points WHERE {within}")
        dropped, load, why = None, generator.load, generator.why
        if generator.dropped is not None:
            times, counts = generator.dropped
            here = (times >= bounds[number]) & (times < until)
            dropped = int(counts[here].sum())
            if bool((here & (times < end - LAST_US)).any()):
                load, why = "open", "iterations were dropped before the end, as only executors with an arrival rate do"
        if source.load:
            load, why = source.load, "as assessment.yaml says"
        middle, _, _ = bin_quantile(bins[bins["test"] == title], 0.5)
        signs = (
            *missed_starts(engine, within, load, middle * US),
            *dropped_iterations(dropped),
            *errors_of_the_generator(engine, generator.failures),
        )
        facts.append(
            LoadTest(
                test=title,
                file=str(file),
                generator=generator.name,
                load=load,
                why=why,
                percentiles="bins",
                interval_s=float(step),
                dropped_iterations=dropped,
                expected_interval_s=source.expected_interval_s,
                start=datetime.fromtimestamp(start / US, UTC),
                end=datetime.fromtimestamp(end / US, UTC),
                signs=signs,
                apart=apart,
                origin=source.origin,
            )
        )
    return tuple(facts)


def _notes(tests: int, bins: pd.DataFrame) -> list[str]:
    notes = []
    if tests > 1:
        notes.append(f"silences of over {SILENCE_S} s: read as {tests} tests, one after the other")
    middle, _, _ = bin_quantile(bins, 0.5)
    if not USUAL_S[0] <= middle <= USUAL_S[1]:
        took = f"about {duration(middle)}" if middle > GAMMA / US else "1 us or less"  # the first bin has no lower edge
        notes.append(f"half of the requests took {took}: if that cannot be, the unit is wrong")
    return notes


def _utc(slot: pd.Series, step: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex((slot.to_numpy(dtype=np.int64) * step).astype("datetime64[s]")).tz_localize("UTC")
