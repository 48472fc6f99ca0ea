"""What is asked of requests: where they are, and which thresholds count them as good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class RequestSource:
    """Files of requests of one form.

    path: a file or glob (`**` too). format: "parquet", "csv", "jsonl", "combined" (nginx and Apache), "spans", "cells"
    (see cell_files), or "" to recognise it. service: of rows that name none. columns: ours (time, service, route, path,
    method, status, duration) to the file's. duration_unit: "s", "ms", "us", "ns", or "" to read it off the column's
    name. time_zone: of times that carry no offset, UTC where "". origin: "recorded", "simulated" or "".
    """

    path: str
    format: str = ""
    service: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    duration_unit: str = ""
    time_zone: str = ""
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A latency threshold of a route (as a journey names it): requests within it are good."""

    route: str
    seconds: float
    service: str = ""

    @property
    def limit_us(self) -> int:
        """The threshold in whole microseconds."""
        return round(self.seconds * 1e6)
