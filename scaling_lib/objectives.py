"""The SLOs that journeys promise, with the queries that Prometheus rules need."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

from scaling_lib.config import Config, Journey, Objective
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.selector import with_edge
from scaling_lib.evidence.slos import SLO
from scaling_lib.evidence.yaml_faults import field_text
from scaling_lib.evidence.yaml_parts import Place, read_documents

QUERIES = ("good_query", "bad_query", "total_query")


def bound_slo(journey: Journey, objective: Objective, in_files: Mapping[str, SLO]) -> SLO:
    """The SLO that a journey promises: one of a file, or as it is written.

    in_files: those of `evidence.slos` by name, in which there is any that a journey names: `open` has seen to it.
    Raises InvalidInput where the journey's selector of buckets cannot be read.
    """
    if objective.named:
        return replace(in_files[objective.named], journey=journey.name)
    return SLO(
        name=_slo_name(journey, objective),
        target=objective.target,
        window=objective.window,
        kind=objective.kind,
        threshold_s=objective.threshold,
        journey=journey.name,
        service=journey.service,
        budgeting=objective.budgeting,
        slice_target=objective.slice_target,
        time_zone=objective.time_zone,
        **_queries(journey, objective),
        source="assessment.yaml",
    )


def asks_its_own_query(slo: SLO, journey: Journey) -> bool:
    """Whether an SLO has queries that say something else than its journey's selectors, or has them without any."""
    given = {name: text for name in QUERIES if (text := getattr(slo, name))}
    return bool(slo.raw_query) or given not in ({}, _from_selectors(journey, slo.kind, slo.threshold_s))


def _queries(journey: Journey, objective: Objective) -> dict[str, Any]:
    """The SLO's queries for Prometheus rules: as given, else from the journey's selectors."""
    given: dict[str, Any] = objective.model_dump(include=set(QUERIES))
    return given if any(given.values()) else _from_selectors(journey, objective.kind, objective.threshold)


def _from_selectors(journey: Journey, kind: str, threshold_s: float | None) -> dict[str, Any]:
    selectors = journey.metrics
    if selectors is None:
        return {}
    if kind == "availability" and selectors.errors:
        return {"bad_query": _rise(selectors.errors), "total_query": _rise(selectors.total)}
    if kind != "latency" or not selectors.buckets or threshold_s is None:
        return {}
    try:
        within, all_ = (with_edge(selectors.buckets, edge) for edge in (threshold_s, math.inf))
    except InvalidInput as error:
        raise InvalidInput(f"assessment.yaml, journey {journey.name}, metrics.buckets: {error}") from None
    return {"good_query": _rise(within), "total_query": _rise(all_)}


def _rise(selector: str) -> str:
    return f"sum(increase({selector}[{{{{.window}}}}]))"


def check_slos(file: Path, config: Config, in_files: Callable[[], Set[str] | None]) -> None:
    """Raise InvalidInput where SLOs of journeys share a name, or name one that no file has; each with its line.

    in_files: gives the names of the SLOs in files, None where those cannot be read; asked where a journey names one.
    """
    named = any(slo.named for journey in config.journeys for slo in journey.slos)
    if found := _slo_faults(config, in_files() if named else None):
        node, _ = read_documents(file)[0]
        raise InvalidInput(f"{file}: " + "; ".join(f"{field_text(node, place)}: {fault}" for place, fault in found))


def _slo_faults(config: Config, known: Set[str] | None) -> list[tuple[Place, str]]:
    """What is wrong with the SLOs of the journeys, each with its place: names used twice, or that no file has."""
    faults: list[tuple[Place, str]] = []
    seen: dict[str, str] = {}
    for number, journey in enumerate(config.journeys):
        for rank, objective in enumerate(journey.slos):
            place, name = ("journeys", number, "slos", rank), _slo_name(journey, objective)
            if name in seen:
                also = f"found a second SLO with the name {name!r}, as the journey {seen[name]!r} has one"
                faults.append((place, f"{also}; expected each once: give this one a `name` of its own"))
            seen.setdefault(name, journey.name)
            if objective.named and known is not None and name not in known:
                listed = ", ".join(sorted(known)) or "none, no file is given"
                faults.append((place, f"found {name!r}, which no file of evidence.slos has; expected one of: {listed}"))
    return faults


def _slo_name(journey: Journey, objective: Objective) -> str:
    """The name of a journey's SLO: that of the file it is in, its own, or the journey's with the kind."""
    return objective.named or objective.name or f"{journey.name} {objective.kind}"
