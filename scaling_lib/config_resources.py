"""What `assessment.yaml` may say of a resource: what of it is used, what there is, and how more of it is had."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from scaling_lib.config_evidence import Name, Part
from scaling_lib.evidence.values import parse_duration, parse_share


class Autoscaler(Part):
    """How a resource is scaled by itself: between `least` and `most` servers, towards a utilisation.

    target: a share from 0 to 1; start_delay: until a new server takes requests, in seconds.
    """

    least: int = Field(1, ge=1)
    most: int = Field(ge=1)
    target: Annotated[float, BeforeValidator(parse_share)]
    start_delay: Annotated[float, BeforeValidator(parse_duration)] = 60.0

    @model_validator(mode="after")
    def _ordered(self) -> Autoscaler:
        if self.most < self.least:
            raise ValueError(f"found at most {self.most} servers and at least {self.least}; swap them")
        return self


class InstanceSize(Part):
    """An instance that can be had: so many servers at a price, each `speed` times as fast as those of today."""

    name: Name
    servers: int = Field(ge=1)
    price_per_hour: float = Field(gt=0)
    speed: float = Field(1.0, gt=0)


SELECTOR = re.compile(r"([A-Za-z_:][\w:]*\s*)?(\{.*\})?", re.ASCII | re.DOTALL)


def parse_limit(given: object) -> object:
    """A number in quotes is one."""
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


class Resource(Part):
    """A resource that can run out: what of it is used, what there is, and what more of it takes.

    busy: a selector of counters of seconds in which servers (cores, workers) were busy; used: of gauges, in `unit`.
    limit: how much there is: servers, or in `unit`; a number, or a selector of a gauge.
    full_at: the share of the limit that should not be exceeded. scales: how more of it is had.
    services: those whose spans run on it. lead_time: until more of it is there, in seconds.
    domains: failure domains (zones, hosts) that it is spread over evenly. out_in_rollout: the share of it that a
    rollout takes out. price_per_hour: of one server, or of `unit`. sizes: instances that can be had beside one server.
    prices: "assumed" where price_per_hour and those of the sizes are made up.
    """

    name: Name
    services: list[str] = Field(default_factory=list)
    busy: str = ""
    used: str = ""
    limit: Annotated[float | str, BeforeValidator(parse_limit)]
    unit: str = ""
    full_at: Annotated[float, BeforeValidator(parse_share)] = 0.9
    scales: Literal["horizontally", "vertically", "not at all"] = "vertically"
    lead_time: Annotated[float, BeforeValidator(parse_duration)] = 0.0
    domains: int = Field(1, ge=1)
    out_in_rollout: Annotated[float, BeforeValidator(parse_share)] = 0.0
    price_per_hour: float | None = Field(None, gt=0)
    sizes: list[InstanceSize] = Field(default_factory=list)
    prices: Literal["given", "assumed"] = "given"
    autoscaler: Autoscaler | None = None

    @model_validator(mode="after")
    def _one(self) -> Resource:
        if bool(self.busy) == bool(self.used):
            raise ValueError("expected either busy (counters of seconds) or used (gauges), and not both")
        if isinstance(self.limit, float) and not 0 < self.limit < float("inf"):
            raise ValueError(f"found a limit of {self.limit:g}; expected more than 0")
        if isinstance(self.limit, str) and not (self.limit.strip() and SELECTOR.fullmatch(self.limit.strip())):
            raise ValueError(
                f"{self.name}: found a limit of {self.limit!r}; expected a number, without its unit, such as "
                "100000000000, or the selector of a gauge"
            )
        return self
