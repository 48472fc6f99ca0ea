"""Incidents that someone named: as they are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.counts import utc


@dataclass(frozen=True)
class Incident:
    """A stretch of time with a name; start and end in UTC."""

    name: str
    start: pd.Timestamp
    end: pd.Timestamp


def incidents_of(incidents: pd.DataFrame | Iterable[Any]) -> list[Incident]:
    """Incidents in order of time, from a frame or from objects, mappings or tuples with name, start and end.

    Raises InvalidInput for absent columns, times without a zone and an end that is not after its start.
    """
    rows: list[tuple[Any, Any, Any]]
    if isinstance(incidents, pd.DataFrame):
        absent = [name for name in ("start", "end") if name not in incidents.columns]
        if absent:
            raise InvalidInput(f"Incidents: found no column {' and '.join(absent)}; expected name, start and end.")
        names = incidents["name"] if "name" in incidents else [f"incident {i + 1}" for i in range(len(incidents))]
        rows = list(zip(names, incidents["start"], incidents["end"], strict=True))
    else:
        rows = [_fields(item) for item in incidents]
    made = []
    for name, start, end in rows:
        incident = Incident(str(name), utc(start, f"Incident {name}, start"), utc(end, f"Incident {name}, end"))
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
