"""`Assessment`: one system, its evidence read once, and what its steps conclude."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scaling_lib.config import Config, Exclusion, Incident, Journey, read_config
from scaling_lib.config_resources import Resource
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotMeasured, ScalingError
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.evidence.requests import Threshold
from scaling_lib.evidence.routes import matches
from scaling_lib.evidence.slos import SLO
from scaling_lib.findings import Conclusion, Finding, conclude
from scaling_lib.ledger import Ledger, Promise
from scaling_lib.ledger_resources import measured
from scaling_lib.objectives import bound_slo, check_slos
from scaling_lib.reading import FILE_NAME, Reading
from scaling_lib.resources import example_folder
from scaling_lib.steps import STEPS
from scaling_lib.unread import broken_findings, rejected_remarks

OVERVIEW = "00"  # has a table of what was rejected


class Assessment(Reading):
    """One system: what `assessment.yaml` says of it, its evidence (see `Reading`), and what its steps conclude.

    folder: where `assessment.yaml` lies; config: what it says; named: that folder as the user wrote it, or "".
    """

    def __init__(self, folder: Path, config: Config, named: str = "") -> None:
        super().__init__(folder, config)
        self.named = named

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
    def resources(self) -> tuple[Resource, ...]:
        """What can run out."""
        return tuple(self.config.resources)

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """Stretches that do not count, with their reasons."""
        return tuple(self.config.exclusions)

    @property
    def known_incidents(self) -> tuple[Incident, ...]:
        """Incidents that `assessment.yaml` names, to test the alerts against."""
        return tuple(self.config.incidents)

    def journey_of(self, operation: str) -> str:
        """The journey whose route a root span's operation is, "" for none; what it calls `{id:int}` reads `{id}`."""
        route = re.sub(r"\{[^}]*\}", "{id}", operation)
        return next((each.name for each in self.journeys if each.route and matches(each.route, route)), "")

    def slos(self) -> tuple[SLO, ...]:
        """Every SLO: those of the journeys first, then those of SLO files that no journey names.

        Raises BrokenEvidence or InvalidInput where a file cannot be read.
        """
        in_files = {slo.name: slo for slo in self.slos_in_files()}
        bound = [
            bound_slo(journey, objective, in_files) for journey in self.config.journeys for objective in journey.slos
        ]
        names = [slo.name for slo in bound]
        return (*bound, *(slo for slo in in_files.values() if slo.name not in names))

    def evidence(self) -> Ledger:
        """The ledger: all evidence is read, and what is absent or broken is listed rather than raised."""
        problems: dict[str, str] = {}
        for kind in KINDS.values():
            try:
                getattr(self, kind.key)()
            except NotMeasured:
                continue
            except ScalingError as error:
                problems[kind.name] = self.named_here(str(error))
        has_slos = "slos" not in problems and bool(self.slos())
        seen = self._seen() if "requests" not in problems and self.config.evidence.requests else {}
        promises = [self._promise(slo, problems) for slo in self.slos() if slo.kind != "threshold"] if has_slos else []
        metrics, beside = _if_there(self.metrics), _if_there(self.load_metrics)
        resources = [measured(each, metrics, beside) for each in self.resources]
        return Ledger.of(self.sources, problems, has_slos=has_slos, promises=promises, resources=resources, **seen)

    def conclude(self, step: str, findings: Sequence[Finding], sentence: str = "") -> Conclusion:
        """What the step (such as "01") concludes from its findings, ranked; show it last in the notebook.

        The findings' commands get the assessment's folder, so that they show this assessment again. What could not be
        read, or was rejected, of the evidence that the step read is added, where no finding says it.
        """
        broken = broken_findings(step, self.sources, findings, command=f"scaling run --step {step}")
        own = [replace(finding, command=self._command(finding.command)) for finding in [*findings, *broken]]
        remarks = () if step == OVERVIEW else rejected_remarks(self.sources)
        return conclude(step, STEPS[step].question, own, sentence, remarks=remarks)

    def _command(self, command: str) -> str:
        """A command of ours, such as "scaling run --step 01", for this folder; the example needs none."""
        words = command.split(" ")
        if words[0] != "scaling" or self.folder.resolve() == example_folder().resolve():
            return command
        return " ".join([*words[:2], shlex.quote(self.named or str(self.folder)), *words[2:]])

    def thresholds(self) -> list[Threshold]:
        """The latency thresholds of all journeys that have a route, by which requests are counted as good.

        No threshold where the SLOs cannot be read: the requests can be, and `slos` says what is wrong.
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

    def _names_in_files(self) -> set[str] | None:
        """The names of the SLOs in files; None where those cannot be read, which the step that needs them says."""
        try:
            return {slo.name for slo in self.slos_in_files()}
        except ScalingError:
            return None

    def _seen(self) -> dict[str, Any]:
        """What the requests hold: routes, busiest first; journeys with none; columns that those of a journey lack."""
        sums = self.requests().counts.groupby(["service", "route"], observed=True)["n"].sum()
        sums = sums.sort_values(ascending=False, kind="stable")
        seen = zip(sums.index.tolist(), sums.tolist(), strict=True)
        journeys = [journey for journey in self.config.journeys if journey.route]
        chosen = {each.name: self.requests().select(each.route, each.service) for each in journeys}
        looked_at = [part for part in chosen.values() if len(part.counts)] or [self.requests()]
        known = {
            "status": all(part.status_known for part in looked_at),
            "duration": all(part.duration_known for part in looked_at),
        }
        return {
            "routes": [(str(service), str(route), int(count)) for (service, route), count in seen],
            "silent": [name for name, part in chosen.items() if part.counts.empty],
            "unseen": bool(chosen) and all(part.counts.empty for part in chosen.values()),
            "lacking": [column for column, there in known.items() if not there],
        }

    def _promise(self, slo: SLO, problems: Mapping[str, str]) -> Promise:
        """What measures an SLO, in the order in which step 01 looks: requests of its journey's route, else metrics."""
        journey = next((each for each in self.config.journeys if each.name == slo.journey), None)
        if journey is None:
            return Promise(kind=slo.kind, lacks=f"a journey that names the SLO {slo.name}")
        given, by, absent = self.config.evidence, "", self._absent_series
        if journey.route and given.requests:
            by, absent = "requests", self._absent_requests
        elif journey.metrics and given.metrics:
            by = "metrics"
        if not by:
            return Promise(kind=slo.kind, lacks=f"requests or metrics of {journey.name}")
        lacks = KINDS[by].supply if by in problems else absent(journey, slo.kind)
        return Promise(kind=slo.kind, by="" if lacks else by, lacks=lacks)

    def _absent_requests(self, journey: Journey, kind: str) -> str:
        """What the requests lack to measure an SLO of a journey; "" for nothing."""
        chosen = self.requests().select(journey.route, journey.service)
        if chosen.counts.empty:
            return f"requests that match the route of {journey.name}"
        column, known = (
            ("status", chosen.status_known) if kind == "availability" else ("duration", chosen.duration_known)
        )
        return "" if known else f"requests of {journey.name} with a {column}"

    def _absent_series(self, journey: Journey, kind: str) -> str:
        """What the metrics lack for it."""
        assert journey.metrics  # noqa: S101 - the caller has looked
        part, selector = "errors", journey.metrics.errors
        if kind == "latency":
            part, selector = "buckets", journey.metrics.buckets
        if not selector:
            return f"`metrics.{part}` of {journey.name}"
        found = self.metrics().select(journey.metrics.total if part == "errors" else selector)
        return (
            ""
            if len(found)
            else f"series that match `metrics.{'total' if part == 'errors' else part}` of {journey.name}"
        )


def _if_there(read: Callable[[], Metrics]) -> Metrics | None:
    try:
        return read()
    except ScalingError:
        return None


def open_assessment(path: str | Path = "") -> Assessment:
    """Open the assessment in a folder, or of an `assessment.yaml`; see `scaling_lib.open`."""
    file = assessment_file(path)
    config = read_config(file)
    system = Assessment(file.parent, config, _as_named(str(path)))
    check_slos(file, config, system._names_in_files)
    return system


def assessment_file(path: str | Path = "") -> Path:
    """The `assessment.yaml` of a folder, or that file itself: by default the environment's, else the example's.

    Raises InvalidInput where there is none.
    """
    given = str(path) or os.environ.get("SCALING_ASSESSMENT", "") or str(example_folder())
    place = Path(given).expanduser().resolve()
    file = place if place.is_file() else place / FILE_NAME
    if not file.is_file():
        raise InvalidInput(
            f"{file}: there is no such file; expected an assessment. `scaling init {shlex.quote(given)}` writes one to "
            "fill in."
        )
    return file


def _as_named(path: str) -> str:
    """The path as it was given, or as it was given to the run that opens it by its absolute path."""
    given = os.environ.get("SCALING_ASSESSMENT", "")
    if path and path != given:
        return path
    return os.environ.get("SCALING_NAMED", "") or given or path
