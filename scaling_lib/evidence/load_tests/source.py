"""What is asked of load tests: where they are, and what their files cannot say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.formats import Load, LoadColumn, LoadFormat, Origin, Unit

FORMATS: tuple[str, ...] = get_args(LoadFormat)[1:]
UNITS_US = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}


@dataclass(frozen=True, kw_only=True)
class LoadSource:
    """Files of load tests.

    path: a file or glob (`**` too). format: one of FORMATS, or "" to recognise it by its content. columns: of a plain
    table ("curve") only, ours (users, throughput, time) to the file's. duration_unit: "s", "ms", "us" or "ns", of
    HdrHistogram logs, which do not say it, and of Vegeta, where it is not nanoseconds. time_zone: of times without an
    offset, UTC where "". load: "open" or "closed" where the file cannot tell. expected_interval_s: seconds from one
    request of a user to the next as the test was planned, which the correction for coordinated omission needs. origin:
    "recorded", "simulated" or "".
    Raises InvalidInput for a value that is not allowed.
    """

    path: str
    format: LoadFormat = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    duration_unit: Unit = ""
    time_zone: str = ""
    load: Load = ""
    expected_interval_s: float | None = None
    origin: Origin = ""

    def __post_init__(self) -> None:
        allowed: tuple[tuple[str, str, tuple[str, ...]], ...] = (
            ("format", self.format, FORMATS),
            ("duration_unit", self.duration_unit, tuple(UNITS_US)),
            ("load", self.load, get_args(Load)[1:]),
            *(("columns", ours, get_args(LoadColumn)) for ours in self.columns),
        )
        for name, value, choices in allowed:
            if value and value not in choices:
                raise InvalidInput(f"{self.path}: found {name} {value!r}; expected one of {', '.join(choices)}.")
        if self.expected_interval_s is not None and not 0 < self.expected_interval_s < math.inf:
            raise InvalidInput(
                f"{self.path}: found expected_interval_s {self.expected_interval_s}; expected seconds above 0, from "
                "one request of a user to the next."
            )
