"""One file of requests to its cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.cells import BIN_KEYS, BINS_SQL, COUNT_KEYS, bin_quantile, counts_sql
from scaling_lib.evidence.engine import connect
from scaling_lib.evidence.quality import Rejected
from scaling_lib.evidence.request_files import Staged, stage
from scaling_lib.evidence.request_source import RequestSource, Threshold
from scaling_lib.evidence.routes import MOST_IN_A_FILE, capped, matches, named_among, template
from scaling_lib.words import duration

USUAL_S = (20e-6, 60.0)  # a median response time outside of these is said
VERSION = 3  # of the reduction: cells of another version are not read from the cache


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """The cells of one file, and what was rejected in it."""

    format: str
    counts: pd.DataFrame
    bins: pd.DataFrame
    rejected: tuple[Rejected, ...]
    notes: tuple[str, ...]
    status_known: bool
    duration_known: bool


def reduce_file(
    file: Path, source: RequestSource, thresholds: Sequence[Threshold], named: Sequence[str] = ()
) -> Reduced:
    """Reduce one file; BrokenEvidence where it cannot be read, with what was found and expected.

    The routes in `named`, and those of the thresholds, are never counted together with rare ones.
    """
    _check_zone(source)
    with connect() as engine:
        try:
            staged = stage(engine, file, source)
            names, most = _routes(engine, staged, source, thresholds, named)
            counts = _cells(engine, counts_sql(most), names, COUNT_KEYS)
            bins = _cells(engine, BINS_SQL, names, BIN_KEYS)
        except duckdb.Error as error:
            raise BrokenEvidence(_words(file, error)) from error
    counts = counts.rename(columns={"good_1": "good"}) if most else counts.assign(good=counts["n"] - counts["errors"])
    return Reduced(
        format=staged.format,
        counts=counts,
        bins=bins,
        rejected=staged.rejected,
        notes=(*staged.notes, *_odd_durations(bins)),
        status_known=staged.status_known,
        duration_known=staged.duration_known,
    )


def _check_zone(source: RequestSource) -> None:
    try:
        ZoneInfo(source.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BrokenEvidence(
            f"{source.path}: found the time_zone {source.time_zone!r}, which nobody knows; expected a name such as "
            "Europe/Berlin or UTC. Mend it beside the path in assessment.yaml."
        ) from error


def _cells(engine: duckdb.DuckDBPyConnection, query: str, names: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The cells that a query gives, with the names of their routes, whole numbers and times in UTC."""
    table: pd.DataFrame = engine.sql(query).to_arrow_table().to_pandas(self_destruct=True, split_blocks=True)
    ids = table["id"].to_numpy()
    for column in ("service", "route"):  # a code a row instead of a text: there may be millions
        values = pd.Categorical(names[column])
        table[column] = pd.Series(pd.Categorical.from_codes(values.codes[ids], dtype=values.dtype))
    table[keys[2]] = pd.DatetimeIndex(table[keys[2]]).as_unit("us").tz_localize("UTC")
    numbers = [str(column) for column in table.columns if column not in (*keys, "id")]
    for column in numbers:
        table[column] = table[column].fillna(0).to_numpy(dtype="int64")
    return table[[*keys, *numbers]]


def _routes(
    engine: duckdb.DuckDBPyConnection,
    staged: Staged,
    source: RequestSource,
    thresholds: Sequence[Threshold],
    named: Sequence[str],
) -> tuple[pd.DataFrame, int]:
    """Make the table `routes`: each place of the file to the id of its route and the route's thresholds.

    Returns the service and route of each id, and the most thresholds that a route has.
    """
    places = engine.sql("SELECT place, service, method, path, n FROM places").df()
    places["service"] = places["service"].fillna(source.service)
    bare = places["path"].map(template) if staged.templated else places["path"].astype(str)
    method = places["method"].fillna("").astype(str).str.upper()
    places["route"] = (method + " " + bare).str.strip()
    patterns = [*named, *(each.route for each in thresholds)]
    for _, group in places.groupby("service"):
        counts = group.groupby("route")["n"].sum().to_dict()
        kept = capped(counts, named_among(counts, patterns) if len(counts) > MOST_IN_A_FILE else (), MOST_IN_A_FILE)
        places.loc[group.index, "route"] = group["route"].map(kept)
    limits = {
        key: sorted({round(each.seconds * 1e6) for each in thresholds if _applies(each, *key)})
        for key in places[["service", "route"]].drop_duplicates().itertuples(index=False, name=None)
    }
    places["limits"] = [limits[key] for key in places[["service", "route"]].itertuples(index=False, name=None)]
    most = max(map(len, places["limits"]), default=0)
    for rank in range(1, most + 1):
        column = [each[rank - 1] if len(each) >= rank else None for each in places["limits"]]
        places[f"threshold_{rank}"] = pd.array(column, dtype="Int64")
    places["id"] = places.groupby(["service", "route"], sort=True).ngroup().astype("int32")
    places["place"] = places["place"].astype("int32")
    names = places.sort_values("id").drop_duplicates("id")[["service", "route"]]
    engine.register("routes_frame", places.drop(columns=["n", "service", "method", "path", "route", "limits"]))
    engine.execute("CREATE TEMP TABLE routes AS SELECT * FROM routes_frame")
    return names, most


def _applies(threshold: Threshold, service: str, route: str) -> bool:
    return (not threshold.service or threshold.service == service) and matches(threshold.route, route)


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
        return f"{file}: its gzip is cut short or damaged; expected a whole file. None of it is used: copy it again."
    if "CSV Error" in first:
        first = "its lines differ too much from each other, or one is longer than 8 MB"
    return (
        f"{file}: cannot be read: {first[:300]}; expected a whole file of one form. Export it again; if it is still "
        "being written or compressed, wait until that is done."
    )
