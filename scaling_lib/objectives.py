"""The SLOs that journeys promise, with the queries that Prometheus rules need."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scaling_lib.config import Journey, Objective, slo_name
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.selector import with_edge
from scaling_lib.evidence.slos import SLO

QUERIES = ("good_query", "bad_query", "total_query")


def bound_slo(journey: Journey, objective: Objective, in_files: Mapping[str, SLO]) -> SLO:
    """The SLO that a journey promises: one of a file, or as it is written.

    in_files: those of `evidence.slos` by name, in which there is any that a journey names: `open` has seen to it.
    Raises InvalidInput where the journey's selector of buckets cannot be read.
    """
    if objective.named:
        return replace(in_files[objective.named], journey=journey.name)
    return SLO(
        name=slo_name(journey, objective),
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
