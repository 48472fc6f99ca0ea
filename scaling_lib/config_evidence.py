"""What `assessment.yaml` may say of where evidence is."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from scaling_lib.evidence.formats import Load, LoadColumn, LoadFormat, Origin, RequestFormat, SpanFormat, Unit
from scaling_lib.evidence.values import parse_place, parse_url, zone_if_given

ZoneIfGiven = Annotated[str, BeforeValidator(zone_if_given)]


def path_entry(value: object) -> object:
    """A path alone stands for an entry with it."""
    return {"path": value} if isinstance(value, str) else value


class Part(BaseModel):
    """A part of the file: no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEvidence(Part):
    """Files of one kind: a path or glob, relative to the assessment's folder."""

    path: Annotated[str, BeforeValidator(parse_place)]
    origin: Origin = ""


class RequestEvidence(FileEvidence):
    """Requests: access logs, tables of requests, spans of which the roots are requests, or cells."""

    format: RequestFormat = ""
    service: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    duration_unit: Unit = ""
    time_zone: ZoneIfGiven = ""


class MetricEvidence(Part):
    """Metrics: query_range files, or a live Prometheus. Secrets come from the environment variables named here."""

    path: Annotated[str, BeforeValidator(parse_place)] = ""
    url: Annotated[str, BeforeValidator(parse_url)] = ""
    queries: dict[str, str] = Field(default_factory=dict)
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    step_s: float = Field(60, gt=0)
    user: str = ""
    password_env: str = ""
    token_env: str = ""
    ca_file: str = ""
    timeout_s: float = Field(30, gt=0)
    origin: Origin = ""

    @model_validator(mode="after")
    def _one(self) -> MetricEvidence:
        if bool(self.path) == bool(self.url):
            raise ValueError("expected either path (query_range files) or url (a Prometheus), and not both")
        return self


class SpanEvidence(FileEvidence):
    """Spans of traces."""

    format: SpanFormat = ""
    service: str = ""
    time_unit: Unit = ""


class LoadEvidence(FileEvidence):
    """Load tests, and what their files cannot say, see `evidence.load_tests.LoadSource`."""

    format: LoadFormat = ""
    columns: dict[LoadColumn, str] = Field(default_factory=dict)
    duration_unit: Unit = ""
    time_zone: ZoneIfGiven = ""
    load: Load = ""
    expected_interval_s: float | None = Field(None, gt=0)
    metrics: list[Annotated[MetricEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)


class EvidencePlaces(Part):
    """Where each kind of evidence is; what is left out is reported as not measured."""

    requests: list[Annotated[RequestEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    metrics: list[Annotated[MetricEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    spans: list[Annotated[SpanEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    load_tests: list[Annotated[LoadEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    slos: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
