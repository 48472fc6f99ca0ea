"""Spans with one id: the server that shares its client's gets one of its own, real doubles are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.span_keys import Keys, codes, keys

DOUBLE = "a double: the same span again"
CLASH = "of the same id as another span of its trace that lasts as long or longer"
SHARED = "servers with their client's id, given one of their own (with :server) as its children"
SERVER = ":server"


@dataclass(frozen=True)
class Singles:
    """Spans of which no two have one id.

    table, keys: those that are left; shared: masks them for servers that got an id; doubles, clashes: rows left out of
    the table that was given.
    """

    table: pa.Table
    keys: Keys
    shared: npt.NDArray[np.bool_]
    doubles: npt.NDArray[np.int64]
    clashes: npt.NDArray[np.int64]


def singles(table: pa.Table) -> Singles:
    """Each span once.

    A server with the id of a client of its trace is that client's child, as Zipkin's libraries report it, and spans of
    the server's service that name this id as their parent are the server's children. Of others with one id the longest
    stays.
    """
    found = keys(table)
    nothing = np.zeros(0, dtype=np.int64)
    again = pd.Index(found.own).duplicated(keep=False)
    if not again.any():
        return Singles(table, found, again, nothing, nothing)
    rows = _alike(table, found, np.flatnonzero(again))
    kept = rows.drop_duplicates(["key", "role"])
    left = rows.merge(kept, on=["key", "role"], suffixes=("", "_kept"))
    left = left[left["place"] != left["place_kept"]]
    same = (
        (left["start"] == left["start_kept"]) & (left["end"] == left["end_kept"]) & (left["name"] == left["name_kept"])
    )
    table, shared = _own_ids(table, found, kept[kept["role"] >= 0].sort_values("place"))
    stays = np.ones(len(table), dtype=bool)
    stays[left["place"].to_numpy()] = False
    table = table.filter(pa.array(stays))
    return Singles(
        table,
        keys(table),
        shared[stays],
        np.sort(left["place"][same].to_numpy()),
        np.sort(left["place"][~same].to_numpy()),
    )


def _alike(table: pa.Table, found: Keys, places: npt.NDArray[np.int64]) -> pd.DataFrame:
    """The spans with one id, the one that stays first; role: the service of a server that shares, -1 of all others."""
    some = table.take(pa.array(places))
    kinds = np.array(some["kind"].to_pylist(), dtype=object)
    rows = pd.DataFrame(
        {
            "key": found.own[places],
            "place": places,
            "start": some["start_ns"].to_numpy(),
            "end": some["end_ns"].to_numpy(),
            "name": codes(some["operation"]),
        }
    )
    clients = rows["key"][kinds == "client"].unique()
    rows["role"] = np.where((kinds == "server") & rows["key"].isin(clients), codes(some["service"]), -1)
    rows["length"] = rows["end"] - rows["start"]
    return rows.sort_values(["key", "role", "length", "place"], ascending=[True, True, False, True], kind="stable")


def _own_ids(table: pa.Table, found: Keys, servers: pd.DataFrame) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
    """The table with an id for each of these servers, and their children brought along."""
    shared = np.zeros(len(table), dtype=bool)
    if servers.empty:
        return table, shared
    places = servers["place"].to_numpy()
    shared[places] = True
    old = table["span_id"].take(pa.array(places)).to_pylist()
    count = servers.groupby("key").cumcount()
    new = [f"{each}{SERVER}{number + 1 if number else ''}" for each, number in zip(old, count, strict=True)]

    services = int(codes(table["service"]).max()) + 1
    mine = pd.Index(servers["key"].to_numpy() * services + servers["role"].to_numpy())
    named = np.where(found.parent >= 0, found.parent * services + codes(table["service"]), -1)
    served = mine.get_indexer(pd.Index(named))
    parents = np.where(served >= 0, served, -1)
    texts = pa.array([*new, *old], pa.string())
    parents[places] = np.arange(len(places)) + len(new)  # the client
    moved = parents >= 0
    return (
        _replaced(
            _replaced(table, "span_id", shared, pa.array(new, pa.string())),
            "parent_id",
            moved,
            texts.take(pa.array(parents[moved])),
        ),
        shared,
    )


def _replaced(table: pa.Table, name: str, mask: npt.NDArray[np.bool_], values: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(name)
    column = pc.replace_with_mask(table[name].combine_chunks(), pa.array(mask), values)
    return table.set_column(place, table.schema.field(name), column)
