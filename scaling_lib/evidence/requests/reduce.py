"""One file of requests to its cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.cells import UNTIMED, bin_quantile, bins_of, cells_sql, counts_of, good_column
from scaling_lib.evidence.engine import connect
from scaling_lib.evidence.files import RESCUE
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.requests.files import Staged, stage
from scaling_lib.evidence.requests.source import RequestSource
from scaling_lib.evidence.routes import MOST_IN_A_FILE, capped, named_among, template
from scaling_lib.words import duration

USUAL_S = (20e-6, 60.0)  # a median response time outside of these is said
VERSION = 9  # of the reduction: cells of another version are not read from the cache


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """The cells of one file, and what was rejected in it.

    duration_known: whether the file has durations; untimed: how many of its requests have none all the same, and
    untimed_as: what most of those have in its place. file: its name, where it was read for a source.
    """

    format: str
    counts: pd.DataFrame
    bins: pd.DataFrame
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]
    status_known: bool
    duration_known: bool
    untimed: int = 0
    untimed_as: str = ""
    file: str = ""


def reduce_file(file: Path, source: RequestSource, limits_us: Sequence[int], named: Sequence[str] = ()) -> Reduced:
    """Reduce one file; BrokenEvidence where it cannot be read, with what was found and expected.

    limits_us: the latencies within which the requests of every route are counted as good. The routes in `named` are
    never counted together with rare ones.
    """
    with connect() as engine:
        try:
            staged = stage(engine, file, source)
            names = make_routes(engine, staged, source, named)
            some = staged.untimed > 0
            engine.execute(f"CREATE TEMP TABLE cells AS {cells_sql(limits_us, staged.joined, some_untimed=some)}")
            more = [*([UNTIMED] if some else []), *map(good_column, limits_us)]
            minutes = _cells(engine, ", ".join(["minute_cell", "n", "sum_us", *more]))
            hours = _cells(engine, "hour_cell, n, sum_us")
        except duckdb.Error as error:
            raise BrokenEvidence(_words(file, error)) from error
    bins = bins_of(hours, names)
    return Reduced(
        format=staged.format,
        counts=counts_of(minutes, names),
        bins=bins,
        rejected=staged.rejected,
        notes=(*staged.notes, *_odd_durations(bins)),
        status_known=staged.status_known,
        duration_known=staged.duration_known,
        untimed=staged.untimed,
        untimed_as=staged.untimed_as,
    )


def _cells(engine: duckdb.DuckDBPyConnection, columns: str) -> pd.DataFrame:
    """The rows of the table `cells` that have the first of the columns."""
    rows = engine.sql(f"SELECT {columns} FROM cells WHERE {columns.partition(',')[0]} IS NOT NULL")
    table: pd.DataFrame = rows.to_arrow_table().to_pandas(self_destruct=True, split_blocks=True)
    return table


def make_routes(
    engine: duckdb.DuckDBPyConnection,
    staged: Staged,
    source: RequestSource,
    named: Sequence[str] = (),
) -> pd.DataFrame:
    """Make the table `routes`: each place of the file to the id of its route. Returns the service and route of each."""
    places = engine.sql("SELECT service, method, path, n FROM places WHERE n > 0").df()
    routes = places[["service", "method", "path"]]
    places["service"] = places["service"].fillna(source.service)
    bare = places["path"].map(template) if staged.templated else places["path"].astype(str)
    method = places["method"].fillna("").astype(str).str.upper()
    places["route"] = (method + " " + bare).str.strip()
    for _, group in places.groupby("service"):
        counts = group.groupby("route")["n"].sum().to_dict()
        kept = capped(counts, named_among(counts, named) if len(counts) > MOST_IN_A_FILE else (), MOST_IN_A_FILE)
        places.loc[group.index, "route"] = group["route"].map(kept)
    places["id"] = places.groupby(["service", "route"], sort=True).ngroup().astype("int32")
    names: pd.DataFrame = places.sort_values("id").drop_duplicates("id")[["service", "route"]]
    engine.register("routes_frame", routes.assign(id=places["id"]))
    engine.execute("CREATE TEMP TABLE routes AS SELECT * FROM routes_frame")
    return names


def _odd_durations(bins: pd.DataFrame) -> list[str]:
    """A note where half of the requests took so long, or so short, that the unit is likely wrong."""
    if bins.empty:
        return []
    middle, _, _ = bin_quantile(bins, 0.5)
    if USUAL_S[0] <= middle <= USUAL_S[1]:
        return []
    return [f"half of the requests took about {duration(middle)}: if that cannot be, the `duration_unit` is wrong"]


def _words(file: Path, error: duckdb.Error) -> str:
    """The engine's own words, cut short, after what is usual."""
    first = re.sub(r"\s+", " ", str(error)).split(" LINE ")[0]
    if "GZIP" in first:
        return f"{file}: its gzip is cut short or damaged; expected a whole file. None of it is used: {RESCUE}"
    if "CSV Error" in first:
        first = "its lines differ too much from each other, or one is longer than 8 MB"
    return (
        f"{file}: cannot be read: {first[:300]}; expected a whole file of one form. Export it again; if it is still "
        "being written or compressed, wait until that is done."
    )
