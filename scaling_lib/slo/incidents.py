"""Incidents that someone named, and which of them an SLO felt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.slos import SLO
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, utc
from scaling_lib.slo.spells import incidents_from_counts


@dataclass(frozen=True)
class Incident:
    """A stretch of time with a name; start and end in UTC; found: in the counts, rather than given."""

    name: str
    start: pd.Timestamp
    end: pd.Timestamp
    found: bool = False


def incidents_of(incidents: pd.DataFrame | Iterable[Any]) -> list[Incident]:
    """Incidents in order of time, from a frame or from objects, mappings or tuples with name, start and end.

    A frame may say in a column `found` which were found in the counts; all others are given.

    Raises InvalidInput for absent columns, times without a zone and an end that is not after its start.
    """
    rows: list[tuple[Any, Any, Any, Any]]
    if isinstance(incidents, pd.DataFrame):
        absent = [name for name in ("start", "end") if name not in incidents.columns]
        if absent:
            raise InvalidInput(f"Incidents: found no column {' and '.join(absent)}; expected name, start and end.")
        names = incidents["name"] if "name" in incidents else [f"incident {i + 1}" for i in range(len(incidents))]
        found = incidents["found"] if "found" in incidents else [False] * len(incidents)
        rows = list(zip(names, incidents["start"], incidents["end"], found, strict=True))
    else:
        rows = [(*_fields(item), False) for item in incidents]
    made = []
    for name, start, end, is_found in rows:
        edges = utc(start, f"Incident {name}, start"), utc(end, f"Incident {name}, end")
        incident = Incident(str(name), *edges, bool(is_found))
        if incident.end <= incident.start:
            raise InvalidInput(f"Incident {name}: found the end {end} not after the start {start}; swap them.")
        made.append(incident)
    return sorted(made, key=lambda incident: incident.start)


def _fields(item: Any) -> tuple[Any, Any, Any]:
    if isinstance(item, Mapping):
        return item["name"], item["start"], item["end"]
    if isinstance(item, tuple | list) and not hasattr(item, "start"):
        return item[0], item[1], item[2]
    return item.name, item.start, item.end


@dataclass(frozen=True, kw_only=True)
class KnownSpells:
    """What is known to have hurt an SLO: frames with name, start and end.

    spells: the incidents that did, and what the counts show beside them, with `found` (in the counts, not given).
    unhurt: incidents in which the SLO failed no more than it allows, with bad and total; outside: those outside the
        evidence.
    """

    spells: pd.DataFrame
    unhurt: pd.DataFrame
    outside: pd.DataFrame


def known_spells(given: Iterable[Any], slo: SLO, counts: pd.DataFrame) -> KnownSpells:
    """The incidents that apply to an SLO's journey, held against its counts, and the spells found beside them.

    given: objects with name, start, end and journeys (none: all of them); counts: minutes with traffic, ascending.
    An incident hurt the SLO where more failed in it than the target allows; where it names the journey, anything.
    """
    rows = []
    for each in given:
        if not each.journeys or slo.journey in each.journeys:
            start, end = (pd.Timestamp(edge).tz_convert("UTC") for edge in (each.start, each.end))
            inside = counts[(counts.index >= start.floor("min")) & (counts.index < end)]
            total, bad = float(inside["total"].sum()), float(inside["bad"].sum())
            within = end > counts.index[0] and start < counts.index[-1] + MINUTE
            hurt = bad > 0 and (bool(each.journeys) or bad > float(allowed_share(slo.target)) * total)
            rows.append((each.name, start, end, bad, total, within, hurt))
    frame = pd.DataFrame(rows, columns=["name", "start", "end", "bad", "total", "within", "hurt"])
    for column in ("start", "end"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    seen, felt = (frame[column].to_numpy(dtype=bool) for column in ("within", "hurt"))
    inside = frame.loc[seen & felt, ["name", "start", "end"]].reset_index(drop=True)
    found = incidents_from_counts(counts, slo.target)
    touched = [bool(((inside["start"] < row.end) & (inside["end"] > row.start)).any()) for row in found.itertuples()]
    spells = found
    if len(inside):
        new = found.loc[~np.array(touched, dtype=bool), ["name", "start", "end", "found"]]
        spells = pd.concat([inside.assign(found=False), new], ignore_index=True).sort_values("start", ignore_index=True)
    return KnownSpells(
        spells=spells,
        unhurt=frame.loc[seen & ~felt, ["name", "start", "end", "bad", "total"]].reset_index(drop=True),
        outside=frame.loc[~seen, ["name", "start", "end"]].reset_index(drop=True),
    )
