"""SLOs as OpenSLO v1, which the suite and other tools read back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.slos import SLO
from scaling_lib.evidence.slos.openslo import ANNOTATION, BUDGETING
from scaling_lib.evidence.window import Window, parse_window
from scaling_lib.slo.yaml_text import yaml_text

DURATIONS = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
START = "2024-01-01 00:00:00"  # a Monday and a first of January: where calendar windows begin
METHODS = {ours: theirs for theirs, ours in BUDGETING.items()}
OWN_SOURCE = "scaling-assessment"  # the type of metric source for SLOs that are counted from requests
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")  # RFC 1123


def openslo(slos: Sequence[SLO]) -> str:
    """SLOs as OpenSLO v1 in YAML, one document each; `read_slos` gives the same SLOs back, apart from `source`.

    What OpenSLO has no field for (journey, kind and threshold of an SLO without queries, names with spaces) is in
    annotations that begin with `scaling-assessment/`. Of an SLO with good_query and bad_query, the bad one is written.
    Raises InvalidInput where two SLOs have one name, or a window is none.
    """
    names: list[str] = []
    documents: list[dict[str, Any]] = []
    for slo in slos:
        if any(slo.name == other.name for other in slos[: len(documents)]):
            raise InvalidInput(f"OpenSLO: two SLOs are named {slo.name!r}; expected each name once. Rename one.")
        names.append(_unique(slo.name, names))
        documents.append(_document(slo, names[-1]))
    return yaml_text(*documents)


def _document(slo: SLO, name: str) -> dict[str, Any]:
    annotations = _annotations(slo, name)
    metadata: dict[str, Any] = {"name": name}
    metadata |= {"labels": dict(slo.labels)} if slo.labels else {}
    metadata |= {"annotations": annotations} if annotations else {}
    spec: dict[str, Any] = {"description": slo.description} if slo.description else {}
    spec |= {
        "service": slo.service or "unassigned",
        "indicator": {"metadata": {"name": name}, "spec": _indicator(slo)},
        "timeWindow": [_window(slo)],
        "budgetingMethod": METHODS[slo.budgeting],
        "objectives": [_objective(slo)],
    }
    if slo.alert_policies:
        spec["alertPolicies"] = [{"alertPolicyRef": policy} for policy in slo.alert_policies]
    return {"apiVersion": "openslo/v1", "kind": "SLO", "metadata": metadata, "spec": spec}


def _annotations(slo: SLO, name: str) -> dict[str, str]:
    """The fields OpenSLO has no place for, as text; see ANNOTATED of the reader."""
    said: dict[str, str] = {}
    if slo.name != name:
        said["name"] = slo.name
    if not slo.service:
        said["service"] = ""
    if slo.kind != "threshold":
        said["kind"] = slo.kind
    if slo.threshold_s is not None:
        said["threshold_s"] = repr(float(slo.threshold_s))
    if slo.journey:
        said["journey"] = slo.journey
    if slo.time_zone != "UTC" and not _parsed(slo).calendar:
        said["time_zone"] = slo.time_zone
    if slo.composite:
        said["composite"] = slo.composite
    if slo.weight != 1:
        said["weight"] = repr(float(slo.weight))
    return {ANNOTATION + key.replace("_", "-"): text for key, text in said.items()}


def _indicator(slo: SLO) -> dict[str, Any]:
    if slo.kind == "threshold":
        return {"thresholdMetric": _metric(slo.metric_query)}
    if slo.raw_query:
        return {"ratioMetric": {"rawType": slo.raw_type, "raw": _metric(slo.raw_query)}}
    name, query = ("bad", slo.bad_query) if slo.bad_query else ("good", slo.good_query)
    total = slo.total_query if query else ""
    return {"ratioMetric": {"counter": slo.counter, name: _metric(query if total else ""), "total": _metric(total)}}


def _metric(query: str) -> dict[str, Any]:
    """A metric of Prometheus; without a query, one that this suite counts from requests."""
    source = {"type": "Prometheus", "spec": {"query": query}} if query else {"type": OWN_SOURCE, "spec": {}}
    return {"metricSource": source}


def _window(slo: SLO) -> dict[str, Any]:
    window = _parsed(slo)
    if window.calendar:
        calendar = {"startTime": START, "timeZone": slo.time_zone}
        return {"duration": DURATIONS[window.calendar], "isRolling": False, "calendar": calendar}
    return {"duration": window.text, "isRolling": True}


def _parsed(slo: SLO) -> Window:
    try:
        return parse_window(slo.window)
    except InvalidInput as error:
        raise InvalidInput(f"OpenSLO: the SLO {slo.name} has a window that cannot be written. {error}") from None


def _objective(slo: SLO) -> dict[str, Any]:
    objective: dict[str, Any] = {}
    if slo.kind == "threshold":
        objective |= {"op": slo.op, "value": slo.value}
    objective["target"] = float(slo.target)
    if slo.slice_target is not None:
        objective["timeSliceTarget"] = float(slo.slice_target)
    if slo.budgeting != "occurrences" or slo.slice_s != 60:
        objective["timeSliceWindow"] = f"{int(slo.slice_s // 60)}m"
    return objective


def _unique(name: str, taken: Sequence[str]) -> str:
    """The name as RFC 1123 wants it, with a number behind where another SLO has it already."""
    if NAME.fullmatch(name) and name not in taken:
        return name
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:55].strip("-") or "slo"
    choices = (slug if number == 1 else f"{slug}-{number}" for number in range(1, len(taken) + 2))
    return next(choice for choice in choices if choice not in taken)
