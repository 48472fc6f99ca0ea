"""The public rules of the instrumentation score, each judged for one service, or said not to be told and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.observability.tree import Integers, Mask, Tree
from scaling_lib.words import listing, plural

WEIGHTS = {"Critical": 40, "Important": 30, "Normal": 20, "Low": 10}
MOST_INTERNAL, MOST_SHORT, SHORT_S = 10, 20, 0.005  # spans of a trace; shorter ones count as short
CAPPED_VALUES = "(other)"  # what the reader calls values of an attribute beyond the first 1,000
NO_RESOURCES = "not told: the spans' format, or the caller, gives no resource attributes"
NO_KINDS = "not told: no span has a kind"
NEEDS_METRICS = "not told: it needs metrics in OTLP, with their units and types"
NEEDS_LOGS = "not told: it needs logs in OTLP"
# Names of the semantic conventions that belong to one level. Those used at both levels are left out.
RESOURCE_KEYS = ("service.name", "service.version", "service.namespace", "service.instance.id")
RESOURCE_PREFIXES = ("deployment.environment", "k8s.", "telemetry.sdk.", "telemetry.distro.", "host.", "os.",
                     "container.", "process.runtime.")  # fmt: skip
SPAN_PREFIXES = ("http.", "url.", "db.", "messaging.", "rpc.", "graphql.", "user_agent.", "exception.", "error.",
                 "feature_flag.", "client.", "server.", "network.peer.", "network.protocol.")  # fmt: skip
PODS = ("k8s.pod.uid", "k8s.pod.name", "container.id")

Verdict = tuple[bool | None, str, int, int]  # passed, seen, offending, of


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """A service's spans: the tree of all spans, its own rows, and spans by resource key and value, and by span key.

    resource: None where no resource was read of any; on_span: None where no attributes were.
    """

    name: str
    tree: Tree
    own: Integers
    resource: Mapping[str, Mapping[str, int]] | None
    on_span: Mapping[str, int] | None

    @staticmethod
    def of(name: str, tree: Tree, own: Integers, counts: pd.DataFrame | None) -> Service:
        """counts: the rows of this service in the table of attributes."""
        if counts is None:
            return Service(name=name, tree=tree, own=own, resource=None, on_span=None)
        resource: dict[str, dict[str, int]] = {}
        on_span: dict[str, int] = {}
        for level, key, value, spans in counts[["level", "key", "value", "spans"]].itertuples(index=False):
            if level == "resource":
                resource.setdefault(str(key), {})[str(value)] = int(spans)
            else:
                on_span[str(key)] = int(spans)
        return Service(name=name, tree=tree, own=own, resource=resource or None, on_span=on_span)

    @property
    def spans(self) -> int:
        """How many there are."""
        return len(self.own)

    @property
    def kinds_known(self) -> bool:
        """Whether any span says its kind."""
        return bool((self.tree.kind[self.own] != "unspecified").any())


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One public rule; judge: what it says of a service, or why it cannot be told."""

    name: str
    description: str
    impact: str
    judge: Callable[[Service], Verdict] | str


def judged(rule: Rule, service: Service) -> Verdict:
    """What the rule says of the service."""
    return (None, rule.judge, 0, 0) if isinstance(rule.judge, str) else rule.judge(service)


def _has_instance(service: Service) -> Verdict:
    if service.resource is None:
        return None, NO_RESOURCES, 0, 0
    return _all_have(service, "service.instance.id")


def _all_have(service: Service, key: str) -> Verdict:
    having = sum(count for value, count in (service.resource or {}).get(key, {}).items() if value)
    lacking = max(service.spans - having, 0)
    return not lacking, f"{plural(lacking, 'span')} of {service.spans:,} without {key}", lacking, service.spans


def _instances_differ(service: Service) -> Verdict:
    if service.resource is None:
        return None, NO_RESOURCES, 0, 0
    instances = service.resource.get("service.instance.id", {})
    pods = next((service.resource[key] for key in PODS if key in service.resource), None)
    if not instances or pods is None:
        return None, "not told: no service.instance.id, or nothing that tells pods or containers apart", 0, 0
    if CAPPED_VALUES in instances or CAPPED_VALUES in pods:
        return None, "not told: too many instances to be kept apart", 0, 0
    if len(pods) > len(instances):
        shared = len(pods) - len(instances)
        return False, f"{len(pods)} pods or containers with {len(instances)} instance ids", shared, len(pods)
    if len(pods) == 1:
        return True, "one pod or container", 0, 1
    return None, "not told: it needs instance ids and pods together", 0, 0


def _has_pod(service: Service) -> Verdict:
    if service.resource is None:
        return None, NO_RESOURCES, 0, 0
    if not any(key.startswith("k8s.") for key in service.resource):
        return None, "not told: nothing says that it runs on Kubernetes", 0, 0
    return _all_have(service, "k8s.pod.uid")


def _right_level(service: Service) -> Verdict:
    if service.resource is None or service.on_span is None:
        return None, NO_RESOURCES, 0, 0
    of_resources = (*RESOURCE_PREFIXES, *RESOURCE_KEYS)
    on_span = {key: count for key, count in service.on_span.items() if key.startswith(of_resources)}
    on_resource = {key: sum(by.values()) for key, by in service.resource.items() if key.startswith(SPAN_PREFIXES)}
    wrong = [f"{key} on spans" for key in on_span] + [f"{key} on resources" for key in on_resource]
    offending = min(max([*on_span.values(), *on_resource.values()], default=0), service.spans)
    return not wrong, listing(sorted(wrong)) or "none at the wrong level", offending, service.spans


def _has_name(service: Service) -> Verdict:
    if not service.name:
        return False, f"{plural(service.spans, 'span')} without service.name", service.spans, service.spans
    if service.resource is None:
        return True, "every span names its service", 0, service.spans
    return _all_have(service, "service.name")


def _few_internal(service: Service) -> Verdict:
    if not service.kinds_known:
        return None, NO_KINDS, 0, 0
    return _traces_with(service, service.tree.kind[service.own] == "internal", MOST_INTERNAL, "internal spans")


def _few_short(service: Service) -> Verdict:
    return _traces_with(service, service.tree.seconds[service.own] < SHORT_S, MOST_SHORT, "spans below 5 ms")


def _traces_with(service: Service, chosen: Mask, most: int, words: str) -> Verdict:
    trace, traces = pd.factorize(service.tree.trace[service.own])
    counts = np.bincount(trace[chosen], minlength=1)
    offending, of = int((counts > most).sum()), len(traces)
    return (
        not offending,
        f"{plural(offending, 'trace')} of {of:,} with more than {most} {words} of the service; at most "
        f"{int(counts.max())}",
        offending,
        of,
    )


def _no_orphans(service: Service) -> Verdict:
    orphans = int(service.tree.orphan[service.own].sum())
    return not orphans, f"{plural(orphans, 'orphan')} of {plural(service.spans, 'span')}", orphans, service.spans


def _no_client_roots(service: Service) -> Verdict:
    if not service.kinds_known:
        return None, NO_KINDS, 0, 0
    roots = service.own[service.tree.root[service.own]]
    found, of = int((service.tree.kind[roots] == "client").sum()), len(roots)
    return not found, f"{plural(found, 'client span')} among {plural(of, 'root')}", found, of


RULES = (
    Rule(name="RES-005", description="service.name is present", impact="Critical", judge=_has_name),
    Rule(name="RES-001", description="service.instance.id is present", impact="Normal", judge=_has_instance),
    Rule(
        name="RES-002",
        description="service.instance.id is unique across resources of a service",
        impact="Important",
        judge=_instances_differ,
    ),
    Rule(name="RES-003", description="k8s.pod.uid is present on Kubernetes", impact="Important", judge=_has_pod),
    Rule(
        name="RES-004",
        description="attributes of the semantic conventions are at the right level",
        impact="Important",
        judge=_right_level,
    ),
    Rule(
        name="SPA-001",
        description="a service has at most 10 internal spans in a trace",
        impact="Normal",
        judge=_few_internal,
    ),
    Rule(name="SPA-002", description="no span is an orphan", impact="Normal", judge=_no_orphans),
    Rule(
        name="SPA-003",
        description="span names are of few values",
        impact="Important",
        judge="not told: the specification has no criterion yet",
    ),
    Rule(name="SPA-004", description="no root is a client span", impact="Important", judge=_no_client_roots),
    Rule(
        name="SPA-005",
        description="a trace has at most 20 spans of less than 5 ms",
        impact="Important",
        judge=_few_short,
    ),
    Rule(
        name="SDK-001",
        description="language and runtime are supported by the SDK",
        impact="Low",
        judge="not told: it needs the list of what each SDK supports",
    ),
    Rule(name="MET-001", description="metric attributes are of few values", impact="Important", judge=NEEDS_METRICS),
    Rule(name="MET-002", description="metrics have units", impact="Important", judge=NEEDS_METRICS),
    Rule(name="MET-003", description="a metric has one unit", impact="Important", judge=NEEDS_METRICS),
    Rule(name="MET-004", description="a histogram has the same buckets", impact="Normal", judge=NEEDS_METRICS),
    Rule(name="MET-005", description="metric names are without their unit", impact="Normal", judge=NEEDS_METRICS),
    Rule(name="MET-006", description="metrics are not named as attributes", impact="Important", judge=NEEDS_METRICS),
    Rule(name="LOG-001", description="no debug logs in production for long", impact="Important", judge=NEEDS_LOGS),
    Rule(name="LOG-002", description="log records have a severity", impact="Important", judge=NEEDS_LOGS),
)
