"""The indicators of OpenSLO: ratio metrics (good or bad of total, or a ratio already made) and threshold metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scaling_lib.evidence.slos.promql import latency_threshold
from scaling_lib.evidence.yaml_parts import Part

PROMQL_SOURCES = ("prometheus", "thanos", "mimir", "cortex", "victoriametrics", "promql")
QUERY_KEYS = ("query", "promql", "expr")


@dataclass(frozen=True)
class Indicator:
    """What an indicator says: fields of SLO, whether it is a threshold metric, remarks."""

    fields: dict[str, Any]
    threshold: bool
    notes: tuple[str, ...]


def read_indicator(spec: Part, source_types: Mapping[str, str]) -> Indicator:
    """Read an SLI's spec; source_types: the types of the data sources by name.

    Queries of other sources than Prometheus are left out, with a remark. Raises InvalidInput with file and line.
    """
    ratio = spec.part("ratioMetric") or spec.part("ratioMetrics")
    threshold = spec.part("thresholdMetric")
    if (ratio is None) == (threshold is None):
        found = "both ratioMetric and thresholdMetric" if ratio else "neither ratioMetric nor thresholdMetric"
        raise spec.error("", found, "one of them")
    notes: list[str] = []
    if threshold is not None:
        return Indicator({"metric_query": _query(threshold, source_types, notes)}, True, tuple(notes))
    assert ratio is not None  # noqa: S101 - one of the two is there
    fields = _raw(ratio, source_types, notes) if ratio.has("raw") else _events(ratio, source_types, notes)
    seconds, assumed = latency_threshold([text for text in fields.values() if isinstance(text, str)])
    if seconds is not None:
        fields |= {"kind": "latency", "threshold_s": seconds}
    if assumed:
        notes.append(f"{ratio.where()}: the histogram's name has no unit; its edges were taken as seconds")
    return Indicator(fields, False, tuple(notes))


def _raw(ratio: Part, source_types: Mapping[str, str], notes: list[str]) -> dict[str, Any]:
    if any(ratio.has(key) for key in ("good", "bad", "total")):
        raise ratio.error("raw", "raw beside good, bad or total", "one of the two forms")
    kind = ratio.text("rawType", required=True)
    if kind not in ("success", "failure"):
        raise ratio.error("rawType", repr(kind), "success or failure")
    raw = ratio.part("raw")
    return {"raw_query": _query(raw or ratio, source_types, notes), "raw_type": kind}


def _events(ratio: Part, source_types: Mapping[str, str], notes: list[str]) -> dict[str, Any]:
    good, bad, total = ratio.part("good"), ratio.part("bad"), ratio.part("total")
    if (good is None) == (bad is None):
        found = "both good and bad" if good else "neither good nor bad"
        raise ratio.error("good", found, "one of them, beside total")
    if total is None:
        raise ratio.error("total", "nothing", "the query of all events")
    counter = ratio.flag("counter") if ratio.has("counter") else ratio.flag("incremental")
    part, name = (good, "good_query") if good else (bad, "bad_query")
    assert part is not None  # noqa: S101 - one of the two is there
    fields = {name: _query(part, source_types, notes), "total_query": _query(total, source_types, notes)}
    if not all(fields.values()):
        fields = {}
    return {**fields, "counter": counter is not False}


def _query(metric: Part, source_types: Mapping[str, str], notes: list[str]) -> str:
    """The PromQL of a metric in v1's form (metricSource) or v1alpha's (source, query); "" for another source's."""
    source = metric.part("metricSource")
    if source is None:
        kind, spec = metric.text("source"), metric
    else:
        kind = source.text("type") or source_types.get(source.text("metricSourceRef"), "")
        spec = source.part("spec") or source
    if kind and not kind.lower().startswith(PROMQL_SOURCES):
        notes.append(f"{metric.where()}: its query is for {kind}, not for Prometheus, and was left out")
        return ""
    key = next((key for key in QUERY_KEYS if spec.has(key)), "")
    if not key:
        raise metric.error("", f"no {QUERY_KEYS[0]}", "the metric's PromQL in metricSource.spec.query")
    if not kind:
        notes.append(f"{metric.where()}: no source type is said; its query was taken as PromQL")
    return spec.text(key, required=True).strip()
