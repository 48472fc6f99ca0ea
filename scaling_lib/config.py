"""What `assessment.yaml` may say. An error names the file, the line, the field, and what is allowed."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.slo import Budgeting, Kind
from scaling_lib.evidence.window import parse_window, parse_zone
from scaling_lib.evidence.yaml_parts import fault_of

THRESHOLD_UNITS = {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}


def parse_target(value: object) -> float:
    """A target as a fraction: `99.9%` or `0.999`; a bare 99.9 is refused, it could be either."""
    text = str(value).strip()
    try:
        fraction = Decimal(text[:-1].strip()) / 100 if text.endswith("%") else Decimal(text)
        fraction.compare_signal(Decimal(1))
    except InvalidOperation:
        raise ValueError(f"found {text!r}; expected a target such as 99.9% or 0.999") from None
    if fraction == 1:
        raise ValueError("a target of 100% leaves no error budget; expected less, such as 99.9%")
    if fraction > 1 and not text.endswith("%"):
        raise ValueError(f"found {text}, which could be percent or fraction; write {text}% or {fraction / 100}")
    if not 0 < fraction < 1:
        raise ValueError(f"found {text}; expected more than 0% and less than 100%")
    return float(fraction)


def _slice_target(value: object) -> float:
    """As a target, but it may be 100%: then a slice is good only if all its requests are."""
    return 1.0 if str(value).replace(" ", "") in ("100%", "1", "1.0") else parse_target(value)


def parse_threshold(value: object) -> float:
    """A latency threshold in seconds, from `300 ms`, `1.5 s`; a bare number is refused, its unit is not known."""
    match = re.fullmatch(r"\s*([0-9.]+)\s*(us|µs|ms|s|min)\s*", str(value))
    if not match or match[1].count(".") > 1 or float(match[1]) <= 0:
        raise ValueError(f"found {value!r}; expected a duration above 0 with its unit, such as 300 ms or 1.5 s")
    return float(Decimal(match[1]) * Decimal(str(THRESHOLD_UNITS[match[2]])))


def _window(value: object) -> str:
    """A window in the one form in which the SLO arithmetic and every output write it."""
    try:
        return parse_window(str(value)).text
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix("Window: ")) from None


def _time_zone(value: object) -> str:
    try:
        return parse_zone(str(value)).key
    except InvalidInput as error:
        raise ValueError(str(error).removeprefix("Time zone: ")) from None


def parse_place(value: object) -> object:
    """A path; a URL with a password that stands here by mistake would be shown wherever the place is."""
    if isinstance(value, str) and re.search(r"://.*@|\S:\S*@", value):
        raise ValueError("found a URL with a user or password, not shown here; expected the path of files")
    return value


def parse_url(value: object) -> object:
    """A URL without `@`: what stands before one is a user, a password or a token."""
    if "@" in str(value):
        raise ValueError("found a user or password before the @, not shown here; write user and password_env instead")
    return value


def _path_entry(value: object) -> object:
    return {"path": value} if isinstance(value, str) else value


def _slo_entry(value: object) -> object:
    return {"named": value} if isinstance(value, str) else value


class Part(BaseModel):
    """A part of the file: no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Service(Part):
    """A service, who owns it and how much depends on it (tier 1 most)."""

    name: str
    owner: str = ""
    tier: int = 0


class Objective(Part):
    """An SLO of a journey, written in place, or the name of one in a file of `evidence.slos`."""

    named: str = ""
    kind: Kind = "availability"
    target: Annotated[float, BeforeValidator(parse_target)] = 0.0
    threshold: Annotated[float, BeforeValidator(parse_threshold)] | None = None
    name: str = ""
    window: Annotated[str, BeforeValidator(_window)] = "28d"
    time_zone: Annotated[str, BeforeValidator(_time_zone)] = "UTC"
    budgeting: Budgeting = "occurrences"
    slice_target: Annotated[float, BeforeValidator(_slice_target)] | None = None
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

    name: str
    route: str = ""
    service: str = ""
    metrics: JourneyMetrics | None = None
    steps: list[str] = Field(default_factory=list)
    slos: list[Annotated[Objective, BeforeValidator(_slo_entry)]] = Field(default_factory=list)


class FileEvidence(Part):
    """Files of one kind: a path or glob, relative to the assessment's folder."""

    path: Annotated[str, BeforeValidator(parse_place)]
    origin: Literal["", "recorded", "simulated"] = ""


class RequestEvidence(FileEvidence):
    """Requests: access logs, tables of requests, or spans of which the roots are requests."""

    format: Literal["", "parquet", "csv", "jsonl", "combined", "spans"] = ""
    service: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    duration_unit: Literal["", "s", "ms", "us", "ns"] = ""
    time_zone: str = ""


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
    origin: Literal["", "recorded", "simulated"] = ""

    @model_validator(mode="after")
    def _one(self) -> MetricEvidence:
        if bool(self.path) == bool(self.url):
            raise ValueError("expected either path (query_range files) or url (a Prometheus), and not both")
        return self


class EvidencePlaces(Part):
    """Where each kind of evidence is; what is left out is reported as not measured."""

    requests: list[Annotated[RequestEvidence, BeforeValidator(_path_entry)]] = Field(default_factory=list)
    metrics: list[Annotated[MetricEvidence, BeforeValidator(_path_entry)]] = Field(default_factory=list)
    slos: list[Annotated[FileEvidence, BeforeValidator(_path_entry)]] = Field(default_factory=list)


class Exclusion(Part):
    """A stretch that does not count against the SLOs, and why; the report shows the figures with and without it."""

    start: AwareDatetime
    end: AwareDatetime
    reason: str
    journeys: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _forward(self) -> Exclusion:
        if self.end <= self.start:
            raise ValueError("found an end that is not after the start")
        return self


class Incident(Part):
    """An incident that is known to have happened, for the replay of the alerts."""

    name: str
    start: AwareDatetime
    end: AwareDatetime
    journeys: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _forward(self) -> Incident:
        if self.end <= self.start:
            raise ValueError("found an end that is not after the start")
        return self


class Demand(Part):
    """The horizon: so many times today's demand, expected by a date."""

    factor: float = Field(gt=0)
    by: datetime | None = None


class Config(Part):
    """The whole of `assessment.yaml`."""

    system: str = Field(min_length=1)
    currency: str = ""
    services: list[Service] = Field(default_factory=list)
    journeys: list[Journey] = Field(default_factory=list)
    evidence: EvidencePlaces = EvidencePlaces()
    exclusions: list[Exclusion] = Field(default_factory=list)
    incidents: list[Incident] = Field(default_factory=list)
    demand: Demand | None = None

    @model_validator(mode="after")
    def _names(self) -> Config:
        names = [journey.name for journey in self.journeys]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"journeys: the name {name!r} is used twice; expected each once")
        for journey in self.journeys:
            for step in journey.steps:
                if step not in names or step == journey.name:
                    raise ValueError(
                        f"journeys: {journey.name!r} has the step {step!r}; expected another journey's name"
                    )
        return self


def read_config(file: Path) -> Config:
    """Read and check `assessment.yaml`; InvalidInput names every field that is wrong, with its line."""
    try:
        text = file.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except OSError as error:
        raise InvalidInput(f"{file}: cannot be read ({error.strerror}). `scaling init DIR` writes one.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{file}: found bytes that are not UTF-8 at byte {error.start}; expected YAML text."
        ) from error
    except yaml.YAMLError as error:
        raise InvalidInput(f"{file}: not valid YAML: {fault_of(error)}. Mend that line.") from None
    _no_key_twice(file, node)
    if not isinstance(data, dict):
        raise InvalidInput(f"{file}: found {type(data).__name__}; expected keys such as system, journeys, evidence.")
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        faults = [_fault(fault, node) for fault in error.errors()]
        raise InvalidInput(f"{file}: " + "; ".join(faults)) from None


def _fault(fault: Any, node: yaml.Node | None) -> str:
    place = tuple(fault["loc"])
    field = ".".join(str(part) for part in place)
    where = f"line {_line(node, place)}" + (f", {field}" if field else "")
    if fault["type"] == "extra_forbidden":
        allowed = ", ".join(sorted(_model_at(place[:-1]).model_fields))
        return f"{where}: unknown key {place[-1]!r}; allowed here: {allowed}"
    if fault["type"] == "missing":
        return f"{where}: this key is missing; add it"
    message = fault["msg"].removeprefix("Value error, ")
    quiet = fault["type"] == "value_error" or isinstance(fault["input"], dict) or "@" in str(fault["input"])
    return f"{where}: {message[0].lower()}{message[1:]}" + ("" if quiet else f", found {fault['input']!r}")


def _no_key_twice(file: Path, node: yaml.Node | None, place: str = "") -> None:
    """YAML's readers keep the last of two equal keys without a word; a user would not."""
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            _no_key_twice(file, item, f"{place}{number}.")
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise InvalidInput(f"{file}: line {line}, {place}{key.value}: this key stands twice; keep one of them.")
            seen.add(key.value)
            _no_key_twice(file, value, f"{place}{key.value}.")


def _line(node: yaml.Node | None, place: tuple[Any, ...]) -> int:
    """The line of the field, or of the nearest part around it that the file has."""
    line = node.start_mark.line + 1 if node else 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _model_at(place: tuple[Any, ...]) -> type[BaseModel]:
    """The model that describes the part of the file at `place`."""
    model: type[BaseModel] = Config
    for part in place:
        if isinstance(part, int):
            continue
        model = _inner(model.model_fields[part].annotation)
    return model


def _inner(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if argument is not type(None):
            return _inner(argument)
    raise TypeError(f"no model in {annotation}")
