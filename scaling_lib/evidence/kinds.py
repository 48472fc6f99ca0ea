"""The kinds of evidence: what each is for, and how it is supplied."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of evidence.

    key: the method of `Assessment` that reads it; supply: what to supply; decides: what it is for.
    place: where `assessment.yaml` names it; "" for `evidence` and the key.
    """

    key: str
    supply: str
    decides: str
    place: str = ""

    @property
    def name(self) -> str:
        """The kind as a person reads it."""
        return self.key.replace("_", " ")

    @property
    def absent(self) -> str:
        """What is said where none is given."""
        place = self.place or f"evidence.{self.key}"
        return (
            f"No {self.name} are given: supply {self.supply} ({place} in assessment.yaml). They decide {self.decides}."
        )


KINDS: dict[str, Kind] = {  # by name, in the order in which they are listed
    kind.name: kind
    for kind in (
        Kind(
            key="requests",
            supply="access logs or tables of requests",
            decides="whether the journeys keep their SLOs, and when they did not",
        ),
        Kind(
            key="metrics",
            supply="a Prometheus, or query_range files",
            decides="saturation, and the SLOs of journeys that have no request log",
        ),
        Kind(
            key="spans",
            supply="traces in OTLP JSON, Jaeger JSON, Zipkin v2 or Parquet",
            decides="where the time of a journey goes, and what to fix first",
        ),
        Kind(
            key="load_tests",
            supply="load tests of Locust, k6, JMeter, Vegeta or HdrHistogram, or a table of load against throughput",
            decides="how much load the system can take, and what saturates first",
        ),
        Kind(
            key="load_metrics",
            supply="a Prometheus, or query_range files, of the time of the load tests",
            decides="what a load test used of each resource, and so what saturates first",
            place="`metrics` of an entry of evidence.load_tests",
        ),
        Kind(
            key="slos",
            supply="SLOs of the journeys, or OpenSLO or sloth files",
            decides="what the journeys promise",
            place="`slos` of a journey, or evidence.slos",
        ),
        Kind(
            key="alerts",
            supply="Prometheus' rule files, or the answer of /api/v1/rules",
            decides="which SLOs somebody is told of when they are broken",
        ),
        Kind(
            key="logs",
            supply="logs in JSON lines, logfmt or text",
            decides="whether a log's line leads to its trace, and back",
        ),
        Kind(
            key="dashboards",
            supply="dashboards that Grafana exported",
            decides="which services are watched, and by whom",
        ),
        Kind(
            key="teams",
            supply="a file of teams with the services that they own",
            decides="whose a service is, and what one team alone can see",
        ),
        Kind(
            key="deployments",
            supply="GitHub's deployments with their statuses, or a table of deployments",
            decides="how often and how safely the system is changed",
        ),
        Kind(
            key="incidents",
            supply="PagerDuty's analytics, Opsgenie's incidents, or a table of incidents",
            decides="how often a change fails, and how soon service is restored",
        ),
        Kind(
            key="changes",
            supply="a git repository, or its log as a file",
            decides="how long a change takes to its users, which code is worked on most, and by whom",
        ),
        Kind(
            key="flags",
            supply="flagd's flags or an Unleash export, and the lines of code that ask for them",
            decides="which flags are stale, owned by nobody or never tried",
        ),
        Kind(
            key="bills",
            supply="bills in FOCUS 1.0 to 1.3 (CSV or Parquet), or AWS Cost and Usage Reports",
            decides="what a request costs, which costs grow faster than demand, and what ten times the demand costs",
        ),
        Kind(
            key="scans",
            supply="results of scanners: SARIF, OCSF, Prowler, checkov, trivy, Scorecard or kube-bench",
            decides="which checks of security and compliance fail, which are new, and what was never evaluated",
        ),
        Kind(
            key="complexity",
            supply="lizard's CSV, SonarQube's issues and measures, or coverage.xml",
            decides="which code is both complicated and changed often",
        ),
        Kind(
            key="ownership",
            supply="a CODEOWNERS file",
            decides="whose a file is, and which teams have to change code together",
        ),
        Kind(
            key="runbooks",
            supply="runbooks in Markdown with a head",
            decides="whether what fails is written down, looked through and tried",
        ),
        Kind(
            key="debt",
            supply="a register of technical debt (CSV)",
            decides="which debt to repay before which other work",
        ),
    )
}
