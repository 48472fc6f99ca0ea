"""What evidence there is, and the traffic in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.assessment import Assessment
from scaling_lib.errors import ScalingError
from scaling_lib.evidence.routes import is_of
from scaling_lib.figures import PALETTE
from scaling_lib.ledger import Ledger
from scaling_lib.overview.shown import stretches

MOST_ROUTES = len(PALETTE)  # as many series as the palette tells apart
MOST_POINTS = 1500


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The evidence of one system.

    ledger: every source; traffic: requests and errors by route (service, route, requests, errors, share, journey);
    minutes: requests a minute, a column for each of the busiest routes (with its service where several share one),
        indexed by minute in UTC, or by as many minutes as keep it light; 0 where none came, NaN in the sources' gaps.
    """

    system: str
    ledger: Ledger
    traffic: pd.DataFrame
    minutes: pd.DataFrame


def overview(system: Assessment) -> Overview:
    """Read all evidence of an assessment; what is absent or broken is part of the result, not an error."""
    ledger = system.evidence()
    try:
        counts = system.requests().counts
    except ScalingError:
        counts = pd.DataFrame({"service": [], "route": [], "minute": [], "n": [], "errors": []})
    traffic = _traffic(system, counts)
    minutes = _minutes(counts, traffic, ledger)
    return Overview(system=system.name, ledger=ledger, traffic=traffic, minutes=minutes)


def _traffic(system: Assessment, counts: pd.DataFrame) -> pd.DataFrame:
    sums = counts.groupby(["service", "route"], as_index=False, observed=True)[["n", "errors"]].sum()
    sums = sums.astype({"service": "str", "route": "str"})
    sums = sums.sort_values("n", ascending=False, ignore_index=True).rename(columns={"n": "requests"})
    sums["share"] = sums["requests"] / max(1, sums["requests"].sum())
    journeys = [
        ", ".join(each.name for each in system.journeys if is_of(place, each.route, each.service))
        for place in _keys(sums)
    ]
    sums["journey"] = pd.Series(journeys, dtype="str")
    return sums


def _keys(traffic: pd.DataFrame) -> Iterator[tuple[str, str]]:
    return zip(traffic["service"].astype(str), traffic["route"].astype(str), strict=True)


def _minutes(counts: pd.DataFrame, traffic: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    if counts.empty:
        return pd.DataFrame()
    first = counts["minute"].min()
    place = _places(counts["minute"], first)
    step = max(1, -(-int(place.max() + 1) // MOST_POINTS))
    bins = int(place.max()) // step + 1
    seen = _seen(ledger, first, place, bins * step).reshape(bins, step).sum(axis=1)
    columns = {}
    for label, (service, route) in list(zip(labels(traffic), _keys(traffic), strict=True))[:MOST_ROUTES]:
        own = ((counts["service"] == service) & (counts["route"] == route)).to_numpy()
        sums = np.bincount(place[own] // step, weights=counts["n"].to_numpy(dtype=np.float64)[own], minlength=bins)
        columns[label] = np.divide(sums, seen, out=np.full(bins, np.nan), where=seen > 0)
    return pd.DataFrame(columns, index=pd.date_range(first, periods=bins, freq=f"{step}min", name="minute"))


def labels(traffic: pd.DataFrame) -> list[str]:
    """The routes, with their service where several services share a route."""
    shared = traffic["route"].duplicated(keep=False)
    return [
        f"{service} {route}" if both and service else route
        for (service, route), both in zip(_keys(traffic), shared, strict=True)
    ]


def _seen(ledger: Ledger, first: pd.Timestamp, place: NDArray[np.int64], minutes: int) -> NDArray[np.bool_]:
    """The minutes for which the requests speak: those with one, and those within a source and outside its gaps."""
    seen = np.zeros(minutes, dtype=bool)
    for quality in ledger.sources:
        for stretch in stretches(quality) if quality.kind == "requests" else []:
            start, end = _places(pd.Series([stretch["start"], stretch["end"]]), first)
            seen[max(0, int(start)) : max(0, int(end))] = True  # the end is that of the last minute
    seen[int(place.max()) + 1 :] = False
    seen[place] = True
    return seen


def _places(times: pd.Series[pd.Timestamp], first: pd.Timestamp) -> NDArray[np.int64]:
    """Whole minutes since the first."""
    return np.asarray((times - first) // pd.Timedelta(minutes=1), dtype=np.int64)
