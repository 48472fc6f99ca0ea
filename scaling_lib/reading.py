"""The evidence that an assessment names: each kind is read at first use, and once."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from scaling_lib.config import Config
from scaling_lib.config_evidence import FileEvidence, MetricEvidence, Part
from scaling_lib.errors import BrokenEvidence, NotMeasured, ScalingError
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.metrics import Metrics, MetricSource, read_metrics
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, read_requests
from scaling_lib.evidence.slos import SLO, read_slos

if TYPE_CHECKING:
    from scaling_lib.evidence.alerts import Alerts
    from scaling_lib.evidence.bills import Bills
    from scaling_lib.evidence.complexity import Complexity
    from scaling_lib.evidence.dashboards import Dashboards
    from scaling_lib.evidence.flags import Flags
    from scaling_lib.evidence.load_tests import LoadTests
    from scaling_lib.evidence.logs import Logs
    from scaling_lib.evidence.ownership import Ownership
    from scaling_lib.evidence.row_files import Rows
    from scaling_lib.evidence.scans import Scans
    from scaling_lib.evidence.spans import Spans
    from scaling_lib.evidence.teams import Teams

FILE_NAME = "assessment.yaml"


class HasQuality(Protocol):
    """Evidence that was read: it knows its sources."""

    @property
    def quality(self) -> tuple[Quality, ...]:
        """One entry a source."""


Evidence = TypeVar("Evidence", bound=HasQuality)
Kept = TypeVar("Kept")


class Reading:
    """What an assessment's evidence holds, and where it came from. Each kind is read at first use, and kept.

    folder: where `assessment.yaml` lies; config: what it says. sources: by kind, one Quality a source that was read or
    could not be. Each kind's method raises NotMeasured where none is given, BrokenEvidence where none can be read.
    """

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self.config = config
        self.sources: dict[str, tuple[Quality, ...]] = {}
        self._kept: dict[str, Any] = {}
        self._failed: dict[str, ScalingError] = {}

    def thresholds(self) -> list[Threshold]:
        """Those by which requests count as good."""
        return []

    def requests(self) -> Requests:
        """Counts a minute and latency bins an hour of all requests, see `evidence.requests`."""
        given = self.config.evidence.requests
        sources = [RequestSource(**self.described(entry)) for entry in given]
        named = [journey.route for journey in self.config.journeys if journey.route]
        return self._evidence(
            "requests", given, lambda: read_requests(sources, self.thresholds(), named=named, cache=cache_folder())
        )

    def metrics(self) -> Metrics:
        """Time series of the system itself, from a live Prometheus or from files, see `evidence.metrics`."""
        given = self.config.evidence.metrics
        return self._evidence("metrics", given, lambda: read_metrics(list(map(self.metric_source, given))))

    def load_metrics(self) -> Metrics:
        """The time series that were recorded beside the load tests."""
        given = [entry for test in self.config.evidence.load_tests for entry in test.metrics]
        return self._evidence("load metrics", given, lambda: read_metrics(list(map(self.metric_source, given))))

    def spans(self) -> Spans:
        """Spans of all traces, see `evidence.spans`."""
        from scaling_lib.evidence.spans import SpanSource, read_spans

        given = self.config.evidence.spans
        sources = [SpanSource(**self.described(entry)) for entry in given]
        return self._evidence("spans", given, lambda: read_spans(sources, cache=cache_folder()))

    def load_tests(self) -> LoadTests:
        """Load tests, see `evidence.load_tests`."""
        from scaling_lib.evidence.load_tests import LoadSource, read_load_tests

        given = self.config.evidence.load_tests
        sources = [LoadSource(**self.described(entry)) for entry in given]
        return self._evidence("load tests", given, lambda: read_load_tests(sources, cache=cache_folder()))

    def alerts(self) -> Alerts:
        """Rules that alert or record, see `evidence.alerts`."""
        from scaling_lib.evidence.alerts import AlertSource, read_alerts

        given = self.config.evidence.alerts
        return self._evidence(
            "alerts", given, lambda: read_alerts([AlertSource(**self.described(each)) for each in given])
        )

    def logs(self) -> Logs:
        """Lines of logs, see `evidence.logs`."""
        from scaling_lib.evidence.logs import LogSource, read_logs

        given = self.config.evidence.logs
        return self._evidence("logs", given, lambda: read_logs([LogSource(**self.described(each)) for each in given]))

    def dashboards(self) -> Dashboards:
        """Dashboards with their queries, see `evidence.dashboards`."""
        from scaling_lib.evidence.dashboards import DashboardSource, read_dashboards

        given = self.config.evidence.dashboards
        return self._evidence(
            "dashboards", given, lambda: read_dashboards([DashboardSource(**self.described(each)) for each in given])
        )

    def teams(self) -> Teams:
        """Teams with their services, see `evidence.teams`."""
        from scaling_lib.evidence.teams import TeamSource, read_teams

        given = self.config.evidence.teams
        return self._evidence(
            "teams", given, lambda: read_teams([TeamSource(**self.described(each)) for each in given])
        )

    def deployments(self) -> Rows:
        """What was deployed, see `evidence.deployments`."""
        from scaling_lib.evidence.deployments import DeploymentSource, read_deployments

        given = self.config.evidence.deployments
        return self._evidence(
            "deployments",
            given,
            lambda: read_deployments([DeploymentSource(**self.described(each)) for each in given]),
        )

    def incidents(self) -> Rows:
        """What went wrong, see `evidence.incidents`."""
        from scaling_lib.evidence.incidents import IncidentSource, read_incidents

        given = self.config.evidence.incidents
        return self._evidence(
            "incidents", given, lambda: read_incidents([IncidentSource(**self.described(each)) for each in given])
        )

    def changes(self) -> Rows:
        """Who changed which file and when, see `evidence.changes`."""
        from scaling_lib.evidence.changes import ChangeSource, read_changes

        given = self.config.evidence.changes
        return self._evidence(
            "changes", given, lambda: read_changes([ChangeSource(**self.described(each)) for each in given])
        )

    def flags(self) -> Flags:
        """Feature flags, and where the code asks for them, see `evidence.flags`."""
        from scaling_lib.evidence.flags import FlagSource, read_flags

        given = self.config.evidence.flags
        sources = [
            FlagSource(**{**self.described(each), "references": each.references and self._absolute(each.references)})
            for each in given
        ]
        return self._evidence("flags", given, lambda: read_flags(sources))

    def bills(self) -> Bills:
        """What was paid a day, see `evidence.bills`."""
        from scaling_lib.evidence.bills import TAGS, BillSource, read_bills

        given = self.config.evidence.bills
        sources = [BillSource(**{**self.described(each), "tags": tuple(each.tags) or TAGS}) for each in given]
        return self._evidence("bills", given, lambda: read_bills(sources))

    def complexity(self) -> Complexity:
        """How complicated the code is, see `evidence.complexity`."""
        from scaling_lib.evidence.complexity import ComplexitySource, read_complexity

        given = self.config.evidence.complexity
        return self._evidence(
            "complexity", given, lambda: read_complexity([ComplexitySource(**self.described(each)) for each in given])
        )

    def ownership(self) -> Ownership:
        """Whose each file is, see `evidence.ownership`."""
        from scaling_lib.evidence.ownership import OwnershipSource, read_ownership

        given = self.config.evidence.ownership
        return self._evidence(
            "ownership", given, lambda: read_ownership([OwnershipSource(**self.described(each)) for each in given])
        )

    def runbooks(self) -> Rows:
        """What is written down for failures, see `evidence.runbooks`."""
        from scaling_lib.evidence.runbooks import RunbookSource, read_runbooks

        given = self.config.evidence.runbooks
        return self._evidence(
            "runbooks", given, lambda: read_runbooks([RunbookSource(**self.described(each)) for each in given])
        )

    def debt(self) -> Rows:
        """The register of technical debt, see `evidence.debt`."""
        from scaling_lib.evidence.debt import DebtSource, read_debt

        given = self.config.evidence.debt
        return self._evidence("debt", given, lambda: read_debt([DebtSource(**self.described(each)) for each in given]))

    def scans(self) -> Scans:
        """What scanners of security and compliance said, see `evidence.scans`."""
        from scaling_lib.evidence.scans import ScanSource, read_scans

        given = self.config.evidence.scans
        return self._evidence(
            "scans", given, lambda: read_scans([ScanSource(**self.described(each)) for each in given])
        )

    def slos_in_files(self) -> tuple[SLO, ...]:
        """Those of `evidence.slos`; BrokenEvidence or InvalidInput where a file cannot be read."""
        return self._once("slos", self._read_slos)

    def _read_slos(self) -> tuple[SLO, ...]:
        slos: list[SLO] = []
        quality: list[Quality] = []
        for entry in self.config.evidence.slos:
            found, sources = read_slos(self._absolute(entry.path))
            slos += found
            quality += sources
        written = sum(not each.named for journey in self.config.journeys for each in journey.slos)
        if written:
            quality.insert(0, Quality(kind="slos", source=FILE_NAME, format="assessment", rows=written))
        self.sources["slos"] = self._named_here(quality)
        return tuple(slos)

    def named_here(self, text: str) -> str:
        """A text in which paths stand as the assessment names them, without the folder it happens to lie in."""
        folder = str(self.folder)
        written = "|".join(re.escape(each + os.sep) for each in (folder, glob.escape(folder)))
        return re.sub(rf"(?<![^\s'\"(])(?:{written})", "", text)

    def _once(self, kind: str, read: Callable[[], Kept]) -> Kept:
        """What was read, or the error it gave: a server that does not answer is not asked again."""
        if kind in self._failed:
            raise self._failed[kind]
        if kind not in self._kept:
            try:
                self._kept[kind] = read()
            except ScalingError as error:
                self._failed[kind] = error
                raise
        found: Kept = self._kept[kind]
        return found

    def _evidence(self, kind: str, given: Sequence[Part], read: Callable[[], Evidence]) -> Evidence:
        """One kind of evidence, read once; its sources are noted for the ledger."""
        return self._once(kind, lambda: self._read(kind, given, read))

    def _read(self, kind: str, given: Sequence[Part], read: Callable[[], Evidence]) -> Evidence:
        if not given:
            raise NotMeasured(KINDS[kind].absent)
        try:
            found = read()
        except BrokenEvidence as error:
            places = [getattr(entry, "path", "") or "Prometheus" for entry in given]
            broken = Quality(kind=kind, source=", ".join(places), format="", rows=0, problem=str(error))
            self.sources[kind] = self._named_here([broken])
            raise
        self.sources[kind] = self._named_here([replace(each, kind=kind) for each in found.quality])
        return found

    def metric_source(self, entry: MetricEvidence) -> MetricSource:
        """What the assessment says of a source of metrics, its path seen from anywhere."""
        return MetricSource(
            **entry.model_dump(exclude={"path", "queries", "ca_file"}),
            path=entry.path and self._absolute(entry.path),
            ca_file=entry.ca_file and self._absolute(entry.ca_file),
            queries=self._queries(entry),
        )

    def described(self, entry: FileEvidence) -> dict[str, Any]:
        """What the assessment says of a source of files, its path seen from anywhere."""
        return {**entry.model_dump(exclude={"metrics"}), "path": self._absolute(entry.path)}

    def _queries(self, entry: MetricEvidence) -> dict[str, str]:
        """What to ask a Prometheus: as the entry says, else what the selectors of journeys and resources need."""
        if entry.queries or not entry.url:
            return dict(entry.queries)
        asked: list[tuple[str, dict[str, Any]]] = [("all", {"traffic": self.config.traffic})]
        asked += [(each.name, each.metrics.model_dump()) for each in self.config.journeys if each.metrics]
        asked += [(each.name, each.model_dump(include={"busy", "used", "limit"})) for each in self.config.resources]
        return {
            f"{name} {part}": selector
            for name, parts in asked
            for part, selector in parts.items()
            if selector and isinstance(selector, str)
        }

    def _named_here(self, quality: Sequence[Quality]) -> tuple[Quality, ...]:
        """Sources as the assessment names them."""
        here = self.named_here
        return tuple(
            replace(each, source=here(each.source), problem=here(each.problem), notes=tuple(map(here, each.notes)))
            for each in quality
        )

    def _absolute(self, path: str) -> str:
        """A path or pattern as seen from the assessment's folder; the folder's own name is never a pattern."""
        given = self.folder / Path(path).expanduser()
        if given.exists() or Path(path).expanduser().is_absolute():
            return str(given)
        return str(Path(glob.escape(str(self.folder))) / path)


def cache_folder() -> Path:
    """Where reduced cells are kept between runs; XDG_CACHE_HOME moves it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scaling-assessment"
