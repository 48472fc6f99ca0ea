"""What to do about a rule of the instrumentation score that failed."""

from __future__ import annotations

from collections.abc import Mapping

RULE_ACTIONS: Mapping[str, str] = {
    "RES-001": "Set service.instance.id on the resource: a UUID at start, or the pod's.",
    "RES-002": "Give each instance a service.instance.id of its own; one that all replicas share hides which is slow.",
    "RES-003": "Let the Collector's k8sattributes processor, or the downward API, add k8s.pod.uid.",
    "RES-004": "Move what describes the process to the resource, and what describes the request to the span.",
    "RES-005": "Set OTEL_SERVICE_NAME (service.name) on every service.",
    "SPA-001": "Drop internal spans that nobody looks at, or join them to one.",
    "SPA-002": "Let all services of a trace follow their parent's sampling decision, and send all their spans.",
    "SPA-003": "Name spans by route or statement, not by what a request carries.",
    "SPA-004": "Give what starts the call a span of its own (a job, a consumer), and hand its context on.",
    "SPA-005": "Record what many short spans do as one span with a count.",
    "SDK-001": "Take an SDK that supports this version of the language.",
    "MET-001": "Take attributes of many values off the metric.",
    "MET-002": "Give the metric a unit.",
    "MET-003": "Record the metric in one unit everywhere.",
    "MET-004": "Give the histogram the same buckets everywhere.",
    "MET-005": "Take the unit out of the metric's name.",
    "MET-006": "Name the metric unlike any attribute.",
    "LOG-001": "Turn debug logs off in production.",
    "LOG-002": "Give every log record a severity.",
}
