"""The evidence that an assessment names: each kind is read at first use, and once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scaling_lib.config_evidence import MetricEvidence
from scaling_lib.evidence.metrics import Metrics, MetricSource, read_metrics
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, read_requests
from scaling_lib.evidence.slos import SLO, read_slos
from scaling_lib.reader import Reader

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


class Reading(Reader):
    """What an assessment's evidence holds, and where it came from. Each kind is read at first use, and kept.

    folder: where `assessment.yaml` lies; config: what it says. sources: by kind, one Quality a source that was read or
    could not be. Each kind's method raises NotMeasured where none is given, BrokenEvidence where none can be read.
    """

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

        return self._files("alerts", self.config.evidence.alerts, AlertSource, read_alerts)

    def logs(self) -> Logs:
        """Lines of logs, see `evidence.logs`."""
        from scaling_lib.evidence.logs import LogSource, read_logs

        return self._files("logs", self.config.evidence.logs, LogSource, read_logs)

    def dashboards(self) -> Dashboards:
        """Dashboards with their queries, see `evidence.dashboards`."""
        from scaling_lib.evidence.dashboards import DashboardSource, read_dashboards

        return self._files("dashboards", self.config.evidence.dashboards, DashboardSource, read_dashboards)

    def teams(self) -> Teams:
        """Teams with their services, see `evidence.teams`."""
        from scaling_lib.evidence.teams import TeamSource, read_teams

        return self._files("teams", self.config.evidence.teams, TeamSource, read_teams)

    def deployments(self) -> Rows:
        """What was deployed, see `evidence.deployments`."""
        from scaling_lib.evidence.deployments import DeploymentSource, read_deployments

        return self._files("deployments", self.config.evidence.deployments, DeploymentSource, read_deployments)

    def incidents(self) -> Rows:
        """What went wrong, see `evidence.incidents`."""
        from scaling_lib.evidence.incidents import IncidentSource, read_incidents

        return self._files("incidents", self.config.evidence.incidents, IncidentSource, read_incidents)

    def changes(self) -> Rows:
        """Who changed which file and when, see `evidence.changes`."""
        from scaling_lib.evidence.changes import ChangeSource, read_changes

        return self._files("changes", self.config.evidence.changes, ChangeSource, read_changes)

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

        return self._files("complexity", self.config.evidence.complexity, ComplexitySource, read_complexity)

    def ownership(self) -> Ownership:
        """Whose each file is, see `evidence.ownership`."""
        from scaling_lib.evidence.ownership import OwnershipSource, read_ownership

        return self._files("ownership", self.config.evidence.ownership, OwnershipSource, read_ownership)

    def runbooks(self) -> Rows:
        """What is written down for failures, see `evidence.runbooks`."""
        from scaling_lib.evidence.runbooks import RunbookSource, read_runbooks

        return self._files("runbooks", self.config.evidence.runbooks, RunbookSource, read_runbooks)

    def debt(self) -> Rows:
        """The register of technical debt, see `evidence.debt`."""
        from scaling_lib.evidence.debt import DebtSource, read_debt

        return self._files("debt", self.config.evidence.debt, DebtSource, read_debt)

    def scans(self) -> Scans:
        """What scanners of security and compliance said, see `evidence.scans`."""
        from scaling_lib.evidence.scans import ScanSource, read_scans

        return self._files("scans", self.config.evidence.scans, ScanSource, read_scans)

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

    def metric_source(self, entry: MetricEvidence) -> MetricSource:
        """What the assessment says of a source of metrics, its path seen from anywhere."""
        return MetricSource(
            **entry.model_dump(exclude={"path", "queries", "ca_file"}),
            path=entry.path and self._absolute(entry.path),
            ca_file=entry.ca_file and self._absolute(entry.ca_file),
            queries=self._queries(entry),
        )

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


def cache_folder() -> Path:
    """Where reduced cells are kept between runs; XDG_CACHE_HOME moves it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "scaling-assessment"
