"""The four golden signals of each service: whether spans or metrics show its latency, errors, traffic, saturation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import NotMeasured
from scaling_lib.observability.tree import ANSWERS, Tree, grow, rows_by
from scaling_lib.words import listing

SIGNALS = ("latency", "errors", "traffic", "saturation")
PRESENT, ABSENT, UNKNOWN = "present", "absent", "not known"

# What a service asks of others, and its caches, is no signal of its own work.
OUTGOING = re.compile(r"(^|_)(client|outbound|upstream|cache|db|sql|redis)_")
TRAFFIC = re.compile(r"(^|_)(requests?|calls|rpcs|handled|messages|hits|transactions)(_\w+)?_total$")
LATENCY = re.compile(
    r"(duration|latency|response_?time|request_?time|handling|requests?)(_(seconds|milliseconds|microseconds|ms|us))?"
    r"(_(bucket|sum|count))?$"
)
ERRORS = re.compile(r"(^|_)(errors?|failures?|failed|exceptions?)(_\w+)?(_total|_count)?$")
SATURATION = re.compile(
    r"(^|_)(cpu|memory|heap|working_set|queue|pool|connections?|threads?|inflight|in_flight|in_progress|"
    r"active_requests|utili[sz]ation|saturation|waiting|pending|backlog|lag|throttled|open_fds)(_|$)"
)
OUTCOMES = frozenset(
    [
        "code",
        "status",
        "status_code",
        "http_status_code",
        "http_response_status_code",
        "response_code",
        "grpc_code",
        "rpc_grpc_status_code",
        "error_type",
        "outcome",
        "result",
        "exception",
        "error",
        "status_class",
    ]
)
OWNERS = ("service", "service_name", "destination_service_name", "destination_workload", "app", "application",
          "deployment", "workload", "container", "job", "process")  # fmt: skip
ERROR_KEYS = frozenset(
    ["http.response.status_code", "http.status_code", "rpc.grpc.status_code", "error.type", "otel.status_code", "error"]
)


@dataclass(frozen=True, kw_only=True, eq=False)
class GoldenSignals:
    """Which of the golden signals are there.

    table: a row for each service and signal: service, signal; state: "present", "absent" (what was given would show
        it, and does not), "not known" (nothing that would show it was given, or what was given names no service);
        seen_in: "spans", the names of metrics, or both.
    unassigned: metrics of a signal whose labels name no known service: metric, signal.
    """

    table: pd.DataFrame
    unassigned: pd.DataFrame

    def complete(self) -> tuple[str, ...]:
        """The services of which all four are present."""
        counts = self.table[self.table["state"] == PRESENT].groupby("service").size()
        return tuple(sorted(str(name) for name in counts.index[counts == len(SIGNALS)]))


def golden_signals(
    spans: pd.DataFrame | None = None,
    *,
    attributes: pd.DataFrame | None = None,
    metrics: pd.DataFrame | None = None,
    services: Sequence[str] = (),
) -> GoldenSignals:
    """The golden signals of each service of the spans, and of `services`.

    spans: the canonical frame; attributes: as `evidence.spans.Spans.attributes` has it; metrics: the canonical frame of
        metrics (metric; labels as JSON). Each may be absent.

    Spans that answer (servers, consumers, entries) show latency and traffic; errors where a span failed, or carries an
    attribute of its outcome; never saturation. Metrics are known by the names and labels of the usual conventions
    (Prometheus' own, OpenTelemetry's, Spring's, gRPC's, Istio's), and are a service's by its name as the value of
    a label such as service, service_name, app or job.
    Raises NotMeasured where neither gives a single service.
    Source: Beyer and others, Site Reliability Engineering (2016), chapter 6, "The Four Golden Signals".
    """
    seen: dict[tuple[str, str], list[str]] = {}
    names = set(services)
    if spans is not None and len(spans):
        tree = grow(spans, "golden_signals")
        names |= set(tree.service) - {""}
        for service, signal in _of_spans(tree, attributes):  # of spans without a name too, which no row is for
            seen.setdefault((service, signal), []).append("spans")
    if not names:
        raise NotMeasured(
            "golden_signals: neither spans nor names of services are given; the golden signals are not measured.",
            supply="Supply spans, or name the services in assessment.yaml.",
        )
    unassigned: list[tuple[str, str]] = []
    for metric, labels in _series(metrics):
        owner = _owner(labels, names)
        for signal in _of_metric(metric, labels):
            if not owner:
                unassigned.append((metric, signal))
            elif metric not in (found := seen.setdefault((owner, signal), [])):
                found.append(metric)
    open_signals = {signal for _, signal in unassigned}
    rows = []
    for service in sorted(names):
        for signal in SIGNALS:
            found = seen.get((service, signal), [])
            shown = metrics is not None and signal not in open_signals
            blank = UNKNOWN if signal == "errors" and "spans" in seen.get((service, "traffic"), []) else ABSENT
            rows.append((service, signal, PRESENT if found else blank if shown else UNKNOWN, listing(found)))
    return GoldenSignals(
        table=pd.DataFrame(rows, columns=["service", "signal", "state", "seen_in"]),
        unassigned=pd.DataFrame(sorted(set(unassigned)), columns=["metric", "signal"]),
    )


def _of_spans(tree: Tree, attributes: pd.DataFrame | None) -> Iterator[tuple[str, str]]:
    answers = np.isin(tree.kind, ANSWERS) | tree.crosses | (tree.root & (tree.kind != "client"))
    seconds = tree.seconds[answers]
    for service, places in rows_by(tree.service[answers]).items():
        yield service, "traffic"
        if bool((seconds[places] > 0).any()):
            yield service, "latency"
    failed = set(tree.service[tree.error])
    if attributes is not None:
        says = (attributes["level"] == "span") & attributes["key"].isin(ERROR_KEYS)
        failed |= set(attributes.loc[says, "service"].astype(str))
    yield from ((service, "errors") for service in sorted(failed))


def _series(metrics: pd.DataFrame | None) -> Iterator[tuple[str, dict[str, str]]]:
    """Each series once: its metric's name and its labels."""
    if metrics is None:
        return
    for metric, labels in metrics[["metric", "labels"]].drop_duplicates().itertuples(index=False):
        yield str(metric), json.loads(labels)


def _owner(labels: dict[str, str], services: set[str]) -> str:
    """The service that the labels name, also behind a namespace as in "shop/checkout"; "" for none."""
    for label in OWNERS:
        value = labels.get(label, "")
        if value in services:
            return value
        if value.rpartition("/")[2] in services:
            return value.rpartition("/")[2]
    return ""


def _of_metric(metric: str, labels: dict[str, str]) -> Iterator[str]:
    """The signals that a series shows."""
    own = not OUTGOING.search(metric)
    timed = own and bool(LATENCY.search(metric)) and ("le" in labels or "quantile" in labels or metric.endswith("_sum"))
    counted = TRAFFIC.search(metric) or (LATENCY.search(metric) and metric.endswith(("_count", "_bucket")))
    counts = own and bool(counted)
    if timed:
        yield "latency"
    if counts:
        yield "traffic"
    if (own and ERRORS.search(metric)) or (counts and OUTCOMES & set(labels)):
        yield "errors"
    if SATURATION.search(metric) and not counted:
        yield "saturation"
