"""What `assessment.yaml` may say of where evidence is, and of fixes: what they ease, and evidence before and after."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from scaling_lib.evidence.formats import (
    Load,
    LoadColumn,
    LoadFormat,
    LogFormat,
    Origin,
    RequestFormat,
    SpanFormat,
    Unit,
)
from scaling_lib.evidence.values import parse_place, parse_share, parse_url, zone_if_given

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
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


class LogEvidence(FileEvidence):
    """Logs of the services."""

    format: LogFormat = ""
    service: str = ""


class DashboardEvidence(FileEvidence):
    """Dashboards; `team` says whose they are where the files do not."""

    team: str = ""


class TableEvidence(FileEvidence):
    """Tables whose columns may have names of their own: `columns` maps our names to theirs."""

    columns: dict[str, str] = Field(default_factory=dict)


class DeploymentEvidence(TableEvidence):
    """Deployments; `service` is of rows that name none."""

    service: str = ""


class ChangeEvidence(FileEvidence):
    """A git repository's folder, or its log as a file; `since` is for a repository."""

    since: str = ""


class FlagEvidence(FileEvidence):
    """Feature flags, and the lines of code that ask for them."""

    references: Annotated[str, BeforeValidator(parse_place)] = ""


class BillEvidence(FileEvidence):
    """Bills; `tags` are the keys that say whose a cost is, the first one found first."""

    tags: list[Name] = Field(default_factory=list)


class EvidencePlaces(Part):
    """Where each kind of evidence is; what is left out is reported as not measured."""

    requests: list[Annotated[RequestEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    metrics: list[Annotated[MetricEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    spans: list[Annotated[SpanEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    load_tests: list[Annotated[LoadEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    slos: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    alerts: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    logs: list[Annotated[LogEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    dashboards: list[Annotated[DashboardEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    teams: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    deployments: list[Annotated[DeploymentEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    incidents: list[Annotated[TableEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    changes: list[Annotated[ChangeEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    flags: list[Annotated[FlagEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    bills: list[Annotated[BillEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    scans: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    complexity: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    ownership: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    runbooks: list[Annotated[FileEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    debt: list[Annotated[TableEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)


class Fix(Part):
    """Something that could be done: what it eases, and by how much.

    operations: whose work it eases, named as their spans are; services: all of whose work; resource: of which there is
    more then, or less work for it. factor: by how much the work is divided (or the resource multiplied); None: all of
    the work is gone, which is the most that can be gained. cost: in `currency`, once.
    """

    name: Name
    operations: list[str] = Field(default_factory=list)
    services: list[str] = Field(default_factory=list)
    resource: str = ""
    factor: float | None = Field(None, gt=1)
    cost: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _one(self) -> Fix:
        if sum(map(bool, (self.operations, self.services, self.resource))) != 1:
            raise ValueError("expected one of operations, services and resource: what the fix eases")
        return self


class Change(Fix):
    """A fix that was made: the evidence from before it and from after it, each named as under `evidence`."""

    before: EvidencePlaces
    after: EvidencePlaces


class CanaryMetric(Part):
    """A further metric of a canary: a gauge, or a counter, whose increase a second is compared.

    worse: the side that is bad; tolerated: the shift to it that is still taken, as a share of the baseline's median.
    """

    name: Name
    gauge: str = ""
    counter: str = ""
    worse: Literal["increase", "decrease", "either"] = "increase"
    tolerated: Annotated[float, BeforeValidator(parse_share)] = 0.1
    must_have_data: bool = False

    @model_validator(mode="after")
    def _one(self) -> CanaryMetric:
        if bool(self.gauge) == bool(self.counter):
            raise ValueError("expected either gauge or counter (a selector without the version), and not both")
        if self.name in ("failures", "slow requests", "latency"):
            raise ValueError(f"found the name {self.name!r}, which is judged by itself; choose another one")
        return self


class Canary(Part):
    """A new version that ran beside the old one: who got it, and the evidence of both.

    canary, baseline: the versions, as the evidence writes them. journey: whose requests are compared; its SLOs say what
    is tolerated where `tolerated` (a share of all requests that may fail more) does not. slower: the shift of the
    latency that is taken, as a share of the baseline's median. share: of the requests that was meant for the canary, of
    those of both. looks: "any" where somebody watched and could have stopped it, "once" where it was judged at an end
    that was fixed before. requests: logs in which a field is the version; metrics: whose label `label` is.
    total, errors, buckets: selectors of the metrics without that label; those of the journey are the default.
    more: further metrics. kayenta: a canary config, to show its score beside.
    """

    name: Name
    canary: Name
    baseline: Name
    journey: str = ""
    share: Annotated[float, BeforeValidator(parse_share)] = 0.5
    tolerated: Annotated[float, BeforeValidator(parse_share)] | None = None
    slower: Annotated[float, BeforeValidator(parse_share)] = 0.1
    looks: Literal["once", "any"] = "any"
    requests: list[Annotated[RequestEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    metrics: list[Annotated[MetricEvidence, BeforeValidator(path_entry)]] = Field(default_factory=list)
    label: Name = "version"
    total: str = ""
    errors: str = ""
    buckets: str = ""
    more: list[CanaryMetric] = Field(default_factory=list)
    kayenta: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Canary:
        if self.canary == self.baseline:
            raise ValueError(f"found the version {self.canary!r} on both sides; expected two names that differ")
        if not 0 < self.share < 1:
            raise ValueError(f"found a share of {self.share:g} for the canary; expected it between 0 and 100%")
        if not self.requests and not self.metrics:
            raise ValueError("found no evidence; expected requests (a log with the version) or metrics")
        if self.more and not self.metrics:
            raise ValueError("found `more` without metrics; expected the metrics that its selectors are of")
        names = [each.name for each in self.more]
        if len(set(names)) < len(names):
            raise ValueError(f"more: found the names {', '.join(names)}; expected each once")
        return self
