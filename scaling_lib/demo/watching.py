"""How the system is watched: rules that alert, dashboards, and logs of traces that were recorded.

Planted: an SLO without an alert, one that only writes a ticket, one that is watched among others alone, an alert on a
metric that there is not, a service that its own team alone has a dashboard of, and one whose log has no trace ids.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from scaling_lib.demo.plan import Plan, Route

FAILED = ',code=~"5.."'
MOST_SPANS = 1200  # of a service, one line each
LOST = 25  # each so many-th line's trace is one that was not kept
QUIET = 12  # behind each so many-th line one of the service's own work, which is of no trace
BURN = 14.4
NO_METRIC = "orders_queue_length"
PLATFORM = "team-platform"
SERVER = 2


def watching_files(plan: Plan, spans: str) -> tuple[dict[str, str], dict[str, Any]]:
    """The files by path, and the truth about them.

    spans: traces in OTLP JSON lines, of the services behind the front one, which the logs are of.
    """
    last = plan.last.name
    logged = [service.name for service in plan.services if service is not plan.front]
    lines = {name: list(_server_spans(spans, name)) for name in logged}
    logs = {name: list(_log(plan, name, own, with_id=name != last)) for name, own in lines.items()}
    return {
        "alerts/rules.yaml": yaml.safe_dump(_rules(plan), sort_keys=False, allow_unicode=True, width=200),
        **{f"dashboards/{name}.json": json.dumps(each, indent=1) + "\n" for name, each in _dashboards(plan).items()},
        **{f"logs/{name}.log.gz": "".join(f"{line}\n" for line in own) for name, own in logs.items()},
    }, _truth(plan, lines, logs)


def _metric(plan: Plan, route: Route | None, more: str = "", name: str = "http_requests_total") -> str:
    """A selector of the front service's own series, of one route or of all; routes as the services name them."""
    named = "" if route is None else route.name.replace("{id}", "{id:int}")
    own = f',route="{named}"' if named else ""
    return f'{name}{{service="{plan.front.name}"{own}{more}}}'


def _rules(plan: Plan) -> dict[str, Any]:
    """A group a journey, and one for all together."""
    groups = []
    for place, route in enumerate(plan.routes):
        rules = []
        if place != 1:
            rules += _availability(plan, route)
        if place != len(plan.routes) - 2:
            rules.append(_latency(plan, route, "ticket" if place == 0 else "page"))
        groups.append({"name": f"slo-{route.journey}", "rules": rules})
    bad, total = (f"sum(rate({_metric(plan, None, more)}[10m]))" for more in (FAILED, ""))
    everything = _alert("ErrorsAtTheEdge", f"{bad} / {total} > 0.02", "page")
    backlog = _alert("OrdersPileUp", f"max({NO_METRIC}) > 500", "page")
    return {"groups": [*groups, {"name": "general", "rules": [everything, backlog]}]}


def _availability(plan: Plan, route: Route) -> list[dict[str, Any]]:
    """The share of errors over two windows, recorded, and the page on both."""
    ratio = "journey:http_errors:ratio_rate"
    rules: list[dict[str, Any]] = [
        {
            "record": f"{ratio}{window}",
            "expr": (
                f"sum(rate({_metric(plan, route, FAILED)}[{window}])) / sum(rate({_metric(plan, route)}[{window}]))"
            ),
            "labels": {"journey": route.journey},
        }
        for window in ("5m", "1h")
    ]
    limit = f"({BURN} * {_allowed(route)})"
    both = " and ".join(f'{ratio}{window}{{journey="{route.journey}"}} > {limit}' for window in ("1h", "5m"))
    return [*rules, _alert(f"{route.journey.capitalize()}Fails", both, "page")]


def _latency(plan: Plan, route: Route, severity: str) -> dict[str, Any]:
    """The share of requests beyond the threshold, as an expression in one."""
    buckets = "http_request_duration_seconds_bucket"
    edges = [f',le="{edge}"' for edge in (route.threshold_ms / 1000, "+Inf")]
    within, every = (f"sum(rate({_metric(plan, route, edge, buckets)}[1h]))" for edge in edges)
    return _alert(f"{route.journey.capitalize()}Slow", f"1 - {within} / {every} > {BURN} * 0.01", severity)


def _allowed(route: Route) -> float:
    """The share of requests that may fail, as the assessment has it."""
    return 0.005 if route.journey == "checkout" else 0.001


def _alert(name: str, expression: str, severity: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": "2m",
        "labels": {"severity": severity},
        "annotations": {"summary": "{{ $labels.service }}: see the runbook"},
    }


def _dashboards(plan: Plan) -> dict[str, dict[str, Any]]:
    """One of the platform team for all but the last service, and one of the last service's own team."""
    others = "|".join(service.name for service in plan.services if service.name != plan.last.name)
    overview = ("Shop at a glance", f'service=~"{others}"')
    own = (f"{plan.last.name.capitalize()} inside", 'service="$service"')
    found = {"at-a-glance": _dashboard(*overview), "inside": _dashboard(*own)}
    found["inside"]["tags"] = [f"team:{plan.last.team}"]
    found["inside"]["templating"] = {"list": [{"name": "service", "type": "custom", "query": plan.last.name}]}
    return {
        "at-a-glance": {"meta": {"folderTitle": PLATFORM}, "dashboard": found["at-a-glance"]},
        "inside": found["inside"],
    }


def _dashboard(title: str, condition: str) -> dict[str, Any]:
    panels = {
        "Requests": f"sum by (service) (rate(http_requests_total{{{condition}}}[$__rate_interval]))",
        "Slowest 1%": (
            "histogram_quantile(0.99, sum by (le) "
            f"(rate(http_request_duration_seconds_bucket{{{condition}}}[$__rate_interval])))"
        ),
    }
    return {
        "title": title,
        "panels": [
            {"id": number, "type": "timeseries", "title": name, "targets": [{"refId": "A", "expr": expression}]}
            for number, (name, expression) in enumerate(panels.items(), start=1)
        ],
    }


def _server_spans(spans: str, service: str) -> Iterator[Mapping[str, Any]]:
    """The first of the service's answers, by their ends."""
    found = []
    for line in spans.splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            names = {each["key"]: each["value"].get("stringValue") for each in resource["resource"]["attributes"]}
            if names.get("service.name") == service:
                found += [span for scope in resource["scopeSpans"] for span in scope["spans"] if span["kind"] == SERVER]
    yield from sorted(found, key=lambda span: (int(span["endTimeUnixNano"]), span["spanId"]))[:MOST_SPANS]


def _log(plan: Plan, service: str, spans: list[Mapping[str, Any]], *, with_id: bool) -> Iterator[str]:
    """JSON lines with the trace's id, or logfmt without; between them lines of the service's own work."""
    rng = plan.rng(f"log {service}")
    for number, span in enumerate(spans, start=1):
        at = _moment(int(span["endTimeUnixNano"]))
        took = (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e6
        if with_id:
            trace = rng.bytes(16).hex() if number % LOST == 0 else span["traceId"]
            fields = {"time": at, "level": "info", "service": service, "trace_id": trace, "msg": span["name"]}
            yield json.dumps({**fields, "ms": round(took, 3)})
        else:
            yield f'time={at} level=info service={service} msg="{span["name"]}" ms={took:.3f}'
        if number % QUIET == 0:
            told = {"time": at, "level": "debug", "service": service, "msg": "connections checked"}
            yield json.dumps(told) if with_id else f'time={at} level=debug service={service} msg="connections checked"'


def _moment(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 1000 / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _truth(plan: Plan, spans: Mapping[str, list[Any]], logs: Mapping[str, list[str]]) -> dict[str, Any]:
    routes, last = plan.routes, plan.last
    return {
        "alerts": {
            "slos_without": [f"{routes[-2].journey} latency"],
            "slos_with_a_ticket_alone": [f"{routes[0].journey} latency"],
            "slos_watched_among_others_alone": [f"{routes[1].journey} availability"],
            "burn_of_the_pages": BURN,
            "reads_a_metric_that_is_not_there": {"alert": "OrdersPileUp", "metric": NO_METRIC},
        },
        "dashboards": {
            "seen_by_its_own_team_alone": {"service": last.name, "team": last.team},
            "watched_by": {service.name: PLATFORM for service in plan.services if service is not last},
        },
        "logs": {
            "without_trace_ids": [last.name],
            "of": [
                {
                    "service": name,
                    "lines": len(logs[name]),
                    "with_a_trace_id": 0 if name == last.name else len(own),
                    "of_traces_that_were_not_kept": 0 if name == last.name else len(own) // LOST,
                }
                for name, own in spans.items()
            ],
            "what": "a line for each of the service's first answers of the journeys recorded at 16 users",
        },
    }
