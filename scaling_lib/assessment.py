"""`Assessment`: one system, its evidence read once, and what its steps conclude."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from scaling_lib.config import Config, Exclusion, FileEvidence, Incident, Journey, MetricEvidence, Part, read_config
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotMeasured, ScalingError
from scaling_lib.evidence.metrics import Metrics, MetricSource, read_metrics
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, read_requests
from scaling_lib.evidence.slos import SLO, read_slos
from scaling_lib.findings import Conclusion, Finding, conclude
from scaling_lib.ledger import KINDS, Ledger
from scaling_lib.objectives import bound_slo
from scaling_lib.resources import example_folder
from scaling_lib.steps import STEPS

if TYPE_CHECKING:
    from scaling_lib.evidence.load_tests import LoadTests
    from scaling_lib.evidence.spans import Spans

FILE_NAME = "assessment.yaml"
DECIDES = {  # what each kind is for
    "requests": "whether the journeys keep their SLOs, and when they did not",
    "metrics": "saturation, and the SLOs of journeys that have no request log",
    "spans": "where the time of a journey goes, and what to fix first",
    "load tests": "how much load the system can take, and what saturates first",
}
Read = TypeVar("Read")


class HasQuality(Protocol):
    """Evidence that was read: it knows its sources."""

    @property
    def quality(self) -> tuple[Quality, ...]:
        """One entry a source."""


Kind = TypeVar("Kind", bound=HasQuality)


class Assessment:
    """One system: what `assessment.yaml` says of it, and its evidence. Evidence is read at first use and kept.

    folder: where `assessment.yaml` lies; config: what it says; named: that folder as the user wrote it, or "".
    """

    def __init__(self, folder: Path, config: Config, named: str = "") -> None:
        self.folder = folder
        self.named = named
        self.config = config
        self._sources: dict[str, tuple[Quality, ...]] = {}
        self._failed: dict[str, ScalingError] = {}

    def __repr__(self) -> str:
        return f"Assessment({self.config.system!r}, {len(self.config.journeys)} journeys)"

    @property
    def name(self) -> str:
        """The system's name."""
        return self.config.system

    @property
    def journeys(self) -> tuple[Journey, ...]:
        """The critical user journeys."""
        return tuple(self.config.journeys)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Stretches that do not count, with their reasons."""
        return tuple(self.config.exclusions)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Incidents that are known to have happened."""
        return tuple(self.config.incidents)

    def requests(self) -> Requests:
        """Counts per minute and latency bins per hour of all requests.

        Raises NotMeasured where no requests are given, BrokenEvidence where none of them can be read.
        """
        return self._once("requests", lambda: self._requests)

    def metrics(self) -> Metrics:
        """Time series, from a live Prometheus or from files. Raises as `requests` does."""
        return self._once("metrics", lambda: self._metrics)

    def spans(self) -> Spans:
        """Spans of all traces, see `evidence.spans`. Raises as `requests` does."""
        return self._once("spans", lambda: self._spans)

    def load_tests(self) -> LoadTests:
        """Load tests, see `evidence.load_tests`. Raises as `requests` does."""
        return self._once("load tests", lambda: self._load_tests)

    def slos(self) -> tuple[SLO, ...]:
        """Every SLO: those of the journeys first, then those of SLO files that no journey names.

        Raises BrokenEvidence or InvalidInput where a file cannot be read or a journey names an SLO no file has.
        """
        in_files = {slo.name: slo for slo in self._slo_files}
        bound = [
            bound_slo(journey, objective, in_files) for journey in self.config.journeys for objective in journey.slos
        ]
        names = [slo.name for slo in bound]
        for name in names:
            if names.count(name) > 1:
                raise InvalidInput(
                    f"{self.folder / FILE_NAME}: two SLOs are named {name!r}; expected each name once. "
                    "Give one of them a `name` of its own."
                )
        return (*bound, *(slo for slo in in_files.values() if slo.name not in names))

    def evidence(self) -> Ledger:
        """The ledger: all evidence is read, and what is absent or broken is listed rather than raised."""
        problems: dict[str, str] = {}
        reads: dict[str, Callable[[], object]] = {
            "requests": self.requests,
            "metrics": self.metrics,
            "spans": self.spans,
            "load tests": self.load_tests,
            "slos": self.slos,
        }
        for kind, read in reads.items():
            try:
                read()
            except NotMeasured:
                continue
            except ScalingError as error:
                problems[kind] = str(error)
        has_slos = "slos" not in problems and bool(self.slos())
        seen = self._seen() if "requests" not in problems and self.config.evidence.requests else {}
        return Ledger.of(self._sources, problems, has_slos=has_slos, **seen)

    def conclude(self, step: str, findings: Sequence[Finding], sentence: str = "") -> Conclusion:
        """What the step (such as "01") concludes from its findings, ranked; show it last in the notebook.

        The findings' commands get the assessment's folder, so that they show this assessment again.
        """
        own = [replace(finding, command=self._command(finding.command)) for finding in findings]
        return conclude(step, STEPS[step].question, own, sentence)

    def _command(self, command: str) -> str:
        """A command of ours, such as "scaling run --step 01", for this folder; the example needs none."""
        words = command.split(" ")
        if words[0] != "scaling" or self.folder.resolve() == example_folder().resolve():
            return command
        return " ".join([*words[:2], shlex.quote(self.named or str(self.folder)), *words[2:]])

    def _once(self, kind: str, read: Callable[[], Read]) -> Read:
        """What was read, or the error it gave: a server that does not answer is not asked again."""
        if kind in self._failed:
            raise self._failed[kind]
        try:
            return read()
        except ScalingError as error:
            self._failed[kind] = error
            raise

    @cached_property
    def _requests(self) -> Requests:
        given = self.config.evidence.requests
        sources = [RequestSource(**self._described(entry)) for entry in given]
        named = [journey.route for journey in self.config.journeys if journey.route]

        def read() -> Requests:
            return read_requests(sources, self.thresholds(), named=named, cache=cache_folder())

        return self._read("requests", given, read)

    @cached_property
    def _metrics(self) -> Metrics:
        given = self.config.evidence.metrics
        sources = [
            MetricSource(
                **entry.model_dump(exclude={"path", "queries", "ca_file"}),
                path=entry.path and self._absolute(entry.path),
                ca_file=entry.ca_file and self._absolute(entry.ca_file),
                queries=self._queries(entry),
            )
            for entry in given
        ]
        return self._read("metrics", given, lambda: read_metrics(sources))

    @cached_property
    def _spans(self) -> Spans:
        from scaling_lib.evidence.spans import SpanSource, read_spans

        given = self.config.evidence.spans
        sources = [SpanSource(**self._described(entry)) for entry in given]
        return self._read("spans", given, lambda: read_spans(sources, cache=cache_folder()))

    @cached_property
    def _load_tests(self) -> LoadTests:
        from scaling_lib.evidence.load_tests import LoadSource, read_load_tests

        given = self.config.evidence.load_tests
        sources = [LoadSource(**self._described(entry)) for entry in given]
        return self._read("load tests", given, lambda: read_load_tests(sources, cache=cache_folder()))

    def _described(self, entry: FileEvidence) -> dict[str, Any]:
        """What the assessment says of a source of files, its path seen from anywhere."""
        return {**entry.model_dump(), "path": self._absolute(entry.path)}

    def _read(self, kind: str, given: Sequence[Part], read: Callable[[], Kind]) -> Kind:
        """Read one kind of evidence, and note its sources for the ledger."""
        if not given:
            raise NotMeasured(
                f"No {kind} are given: supply {KINDS[kind]} (evidence.{kind.replace(' ', '_')} in assessment.yaml). "
                f"They decide {DECIDES[kind]}."
            )
        try:
            found = read()
        except BrokenEvidence as error:
            places = [getattr(entry, "path", "") or "Prometheus" for entry in given]
            self._sources[kind] = _broken(kind, places, error)
            raise
        self._sources[kind] = self._named_here(found.quality)
        return found

    @cached_property
    def _slo_files(self) -> tuple[SLO, ...]:
        slos: list[SLO] = []
        quality: list[Quality] = []
        for entry in self.config.evidence.slos:
            found, sources = read_slos(self._absolute(entry.path))
            slos += found
            quality += sources
        written = sum(not each.named for journey in self.config.journeys for each in journey.slos)
        if written:
            quality.insert(0, Quality(kind="slos", source=FILE_NAME, format="assessment", rows=written))
        self._sources["slos"] = self._named_here(quality)
        return tuple(slos)

    def thresholds(self) -> list[Threshold]:
        """The latency thresholds of all journeys that have a route, by which requests are counted as good.

        None where the SLOs cannot be read: the requests can be, and `slos` says what is wrong.
        """
        try:
            slos = self.slos()
        except (BrokenEvidence, InvalidInput):
            return []
        journeys = {journey.name: journey for journey in self.config.journeys}
        return [
            Threshold(
                route=journeys[slo.journey].route,
                service=journeys[slo.journey].service,
                seconds=slo.threshold_s,
            )
            for slo in slos
            if slo.threshold_s is not None and slo.journey in journeys and journeys[slo.journey].route
        ]

    def _queries(self, entry: MetricEvidence) -> dict[str, str]:
        """What to ask a Prometheus: as the entry says, else what the journeys' own selectors need."""
        if entry.queries or not entry.url:
            return dict(entry.queries)
        return {
            f"{journey.name} {part}": selector
            for journey in self.config.journeys
            if journey.metrics
            for part, selector in journey.metrics.model_dump().items()
            if selector
        }

    def _seen(self) -> dict[str, Any]:
        """What the requests hold: routes, busiest first; journeys with none; columns that those of a journey lack."""
        sums = self._requests.counts.groupby(["service", "route"], observed=True)["n"].sum()
        sums = sums.sort_values(ascending=False, kind="stable")
        seen = zip(sums.index.tolist(), sums.tolist(), strict=True)
        journeys = [journey for journey in self.config.journeys if journey.route]
        chosen = {each.name: self._requests.select(each.route, each.service) for each in journeys}
        looked_at = [part for part in chosen.values() if len(part.counts)] or [self._requests]
        known = {
            "status": all(part.status_known for part in looked_at),
            "duration": all(part.duration_known for part in looked_at),
        }
        return {
            "routes": [(str(service), str(route), int(count)) for (service, route), count in seen],
            "silent": [name for name, part in chosen.items() if part.counts.empty],
            "lacking": [column for column, there in known.items() if not there],
        }

    def _named_here(self, quality: Sequence[Quality]) -> tuple[Quality, ...]:
        """Sources as the assessment names them, without the folder it happens to lie in."""
        folder = str(self.folder)
        prefixes = (folder + os.sep, glob.escape(folder) + os.sep)
        found = {each: next((prefix for prefix in prefixes if each.source.startswith(prefix)), "") for each in quality}
        return tuple(replace(each, source=each.source.removeprefix(prefix)) for each, prefix in found.items())

    def _absolute(self, path: str) -> str:
        """A path or pattern as seen from the assessment's folder; the folder's own name is never a pattern."""
        given = self.folder / Path(path).expanduser()
        if given.exists() or Path(path).expanduser().is_absolute():
            return str(given)
        return str(Path(glob.escape(str(self.folder))) / path)


def open_assessment(path: str = "") -> Assessment:
    """Open the assessment in a folder, or of an `assessment.yaml`; see `scaling_lib.open`."""
    place = Path(path or os.environ.get("SCALING_ASSESSMENT", "") or example_folder()).expanduser().resolve()
    file = place if place.is_file() else place / FILE_NAME
    if not file.is_file():
        raise InvalidInput(
            f"{file}: there is no such file; expected an assessment. "
            f"`scaling init {place.name or '.'}` writes one to fill in."
        )
    return Assessment(file.parent, read_config(file), _as_named(str(path)))


def _as_named(path: str) -> str:
    """The path as it was given, or as it was given to the run that opens it by its absolute path."""
    given = os.environ.get("SCALING_ASSESSMENT", "")
    if path and path != given:
        return path
    return os.environ.get("SCALING_NAMED", "") or given or path


def cache_folder() -> Path:
    """Where reduced cells are kept between runs; XDG_CACHE_HOME moves it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scaling-assessment"


def _broken(kind: str, sources: Sequence[str], error: Exception) -> tuple[Quality, ...]:
    return (Quality(kind=kind, source=", ".join(sources), format="", rows=0, problem=str(error)),)
