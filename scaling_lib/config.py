"""What `assessment.yaml` may say. An error names the file, the line, the field, and what is allowed."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationError, model_validator

from scaling_lib.config_evidence import Canary, Change, EvidencePlaces, Fix, Name, Part
from scaling_lib.config_options import ArchitectureOption, check_options
from scaling_lib.config_resources import Resource
from scaling_lib.config_work import WorkItem, check_work
from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.slos import Budgeting, Kind
from scaling_lib.evidence.values import (
    canonical_window,
    canonical_zone,
    parse_slice_target,
    parse_target,
    parse_threshold,
)
from scaling_lib.evidence.yaml_faults import fault_text
from scaling_lib.evidence.yaml_parts import read_documents


def _slo_entry(value: object) -> object:
    return {"named": value} if isinstance(value, str) else value


class Service(Part):
    """A service, who owns it and how much depends on it (tier 1 most)."""

    name: Name
    owner: str = ""
    tier: int = 0


class Objective(Part):
    """An SLO of a journey, written in place, or the name of one in a file of `evidence.slos`.

    target: a fraction; threshold: of latency, in seconds; slice_target: a fraction, for the two time-slice methods.
    """

    named: str = ""
    kind: Kind = "availability"
    target: Annotated[float, BeforeValidator(parse_target)] = 0.0
    threshold: Annotated[float, BeforeValidator(parse_threshold)] | None = None
    name: str = ""
    window: Annotated[str, BeforeValidator(canonical_window)] = "28d"
    time_zone: Annotated[str, BeforeValidator(canonical_zone)] = "UTC"
    budgeting: Budgeting = "occurrences"
    slice_target: Annotated[float, BeforeValidator(parse_slice_target)] | None = None
    good_query: str = ""
    bad_query: str = ""
    total_query: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Objective:
        if not self.named and not self.target:
            raise ValueError("found no target; expected one, such as target: 99.9%")
        if self.kind == "latency" and self.threshold is None and not self.named:
            raise ValueError("found a latency SLO without a threshold; expected one, such as threshold: 300 ms")
        return self


class JourneyMetrics(Part):
    """Selectors of the counters and the histogram that count this journey's requests in the metrics evidence."""

    total: str
    errors: str = ""
    buckets: str = ""


class Journey(Part):
    """A critical user journey: where its requests are seen, and what it promises; or the steps it is made of."""

    name: Name
    route: str = ""
    service: str = ""
    metrics: JourneyMetrics | None = None
    steps: list[str] = Field(default_factory=list)
    slos: list[Annotated[Objective, BeforeValidator(_slo_entry)]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _either(self) -> Journey:
        if self.steps and self.slos:
            raise ValueError(
                "found slos beside steps; expected none: a journey of steps takes its promise from its steps"
            )
        return self


class Exclusion(Part):
    """A stretch that does not count against the SLOs, and why; the report shows the figures with and without it."""

    start: AwareDatetime
    end: AwareDatetime
    reason: Name
    journeys: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _forward(self) -> Exclusion:
        if self.end <= self.start:
            raise ValueError("found an end that is not after the start")
        return self


class Incident(Part):
    """An incident that is known to have happened, for the replay of the alerts."""

    name: Name
    start: AwareDatetime
    end: AwareDatetime
    journeys: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _forward(self) -> Incident:
        if self.end <= self.start:
            raise ValueError("found an end that is not after the start")
        return self


class Budget(Part):
    """Money for a period, from its first to its last day."""

    name: Name
    amount: float = Field(gt=0)
    start: date
    end: date

    @model_validator(mode="after")
    def _forward(self) -> Budget:
        if self.end <= self.start:
            raise ValueError("found an end that is not after the start")
        return self


class Demand(Part):
    """The horizon: so many times today's demand, expected by a date."""

    factor: float = Field(gt=0)
    by: datetime | None = None


class Config(Part):
    """The whole of `assessment.yaml`.

    time_zone: whose clock the users live by: days and weeks of demand follow it, and the hour it moves by twice a year.
    """

    system: str = Field(min_length=1)
    currency: str = ""
    time_zone: Annotated[str, BeforeValidator(canonical_zone)] = "UTC"
    services: list[Service] = Field(default_factory=list)
    journeys: list[Journey] = Field(default_factory=list)
    resources: list[Resource] = Field(default_factory=list)
    traffic: str = ""  # a selector of the counters of all requests that reach the system, also of no journey
    daily_traffic: str = ""  # of a gauge whose value at midnight UTC is the requests of the day before
    evidence: EvidencePlaces = EvidencePlaces()
    exclusions: list[Exclusion] = Field(default_factory=list)
    incidents: list[Incident] = Field(default_factory=list)
    fixes: list[Fix] = Field(default_factory=list)
    changes: list[Change] = Field(default_factory=list)
    canaries: list[Canary] = Field(default_factory=list)
    options: list[ArchitectureOption] = Field(default_factory=list)
    work: list[WorkItem] = Field(default_factory=list)
    hours: dict[str, float] = Field(default_factory=dict)  # a quarter, by team, for work and debt together
    hour_price: float | None = Field(None, gt=0)  # what an hour costs, in `currency`
    demand: Demand | None = None
    budgets: list[Budget] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names(self) -> Config:
        names = [journey.name for journey in self.journeys]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"journeys: the name {name!r} is used twice; expected each once")
        resources = [resource.name for resource in self.resources]
        for name in resources:
            if resources.count(name) > 1:
                raise ValueError(f"resources: the name {name!r} is used twice; expected each once")
        check_options(self.options, resources)
        check_work(self.work, self.hours, self.hour_price)
        for part in ("fixes", "changes"):
            for number, fix in enumerate(getattr(self, part)):
                if fix.resource and fix.resource not in resources:
                    raise ValueError(
                        f"{part}.{number}.resource: found {fix.resource!r}; expected a resource's name: "
                        f"{', '.join(resources) or 'none is given'}"
                    )
        versions = [canary.name for canary in self.canaries]
        for number, canary in enumerate(self.canaries):
            if versions.count(canary.name) > 1:
                raise ValueError(f"canaries: the name {canary.name!r} is used twice; expected each once")
            if canary.journey and canary.journey not in names:
                raise ValueError(
                    f"canaries.{number}.journey: found {canary.journey!r}; expected a journey's name: "
                    f"{', '.join(names) or 'none is given'}"
                )
        for journey in self.journeys:
            for step in journey.steps:
                if step not in names or step == journey.name:
                    raise ValueError(
                        f"journeys: {journey.name!r} has the step {step!r}; expected another journey's name"
                    )
        for part in ("exclusions", "incidents"):
            for number, entry in enumerate(getattr(self, part)):
                for name in entry.journeys:
                    if name not in names:
                        raise ValueError(
                            f"{part}.{number}.journeys: found {name!r}; expected a journey's name: "
                            f"{', '.join(names) or 'none is given'}"
                        )
        return self


def read_config(file: Path) -> Config:
    """Read and check `assessment.yaml`; InvalidInput names every field that is wrong, with its line."""
    try:
        documents = read_documents(file)
    except BrokenEvidence as error:
        raise InvalidInput(f"{error} `scaling init DIR` writes one.") from None
    node, data = documents[0] if documents else (None, None)
    if not isinstance(data, dict):
        raise InvalidInput(f"{file}: found {type(data).__name__}; expected keys such as system, journeys, evidence.")
    if len(documents) > 1:
        raise InvalidInput(f"{file}: found {len(documents)} documents; expected one. Remove the lines that are ---.")
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        faults = [fault_text(fault, node, Config) for fault in error.errors()]
        raise InvalidInput(f"{file}: " + "; ".join(faults)) from None
    return config
