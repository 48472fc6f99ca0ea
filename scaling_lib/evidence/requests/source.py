"""What is asked of requests: where they are, and which thresholds count them as good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scaling_lib.evidence.formats import Origin, RequestFormat, Unit


@dataclass(frozen=True, kw_only=True)
class RequestSource:
    """Files of requests of one form.

    path: a file or glob (`**` too). format: "combined" is nginx' and Apache's, for "cells" see cell_files, "" is to
    recognise it. service: of rows that name none. columns: ours (time, service, route, path,
    method, status, duration) to the file's. duration_unit: "" is to read it off the column's name.
    time_zone: of times that carry no offset, UTC where "".
    """

    path: str
    format: RequestFormat = ""
    service: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    duration_unit: Unit = ""
    time_zone: str = ""
    origin: Origin = ""


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
