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


def bound_slo(journey: Journey, objective: Objective, in_files: Mapping[str, SLO]) -> SLO:
    """The SLO that a journey promises: one of a file, or as it is written.

    in_files: those of `evidence.slos` by name. Raises InvalidInput where the journey names one that no file has.
    """
    if objective.named:
        if objective.named not in in_files:
            raise InvalidInput(
                f"assessment.yaml, journey {journey.name}: names the SLO {objective.named!r}, which no file of "
                f"evidence.slos has; expected one of: {', '.join(sorted(in_files)) or 'none, no file is given'}."
            )
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
        **_promql(journey, objective),
        source="assessment.yaml",
    )


def _promql(journey: Journey, objective: Objective) -> dict[str, Any]:
    """The SLO's queries for Prometheus rules: as given, else from the journey's selectors."""
    given = objective.model_dump(include={"good_query", "bad_query", "total_query"})
    if any(given.values()) or journey.metrics is None:
        return given
    selectors = journey.metrics
    if objective.kind == "availability":
        if not selectors.errors:
            return given
        return given | {"bad_query": _rise(selectors.errors), "total_query": _rise(selectors.total)}
    if not selectors.buckets or objective.threshold is None:
        return given
    try:
        within, all_ = (with_edge(selectors.buckets, edge) for edge in (objective.threshold, math.inf))
    except InvalidInput as error:
        raise InvalidInput(f"assessment.yaml, journey {journey.name}, metrics.buckets: {error}") from None
    return given | {"good_query": _rise(within), "total_query": _rise(all_)}


def _rise(selector: str) -> str:
    return f"sum(increase({selector}[{{{{.window}}}}]))"
