"""The tables of step 03, each from the result alone."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from scaling_lib.observability.assess import Observability
from scaling_lib.observability.rule_actions import RULE_ACTIONS
from scaling_lib.observability.signals import SIGNALS
from scaling_lib.observability.tree import NOBODY
from scaling_lib.words import duration, listing, number

UNITS = {"time": "s", "target": "fraction", "rules' weight told": "fraction"}
STATES = {"page": "pages", "ticket": "ticket only", "shared": "among others only", "none": "no alert"}


def coverage_table(result: Observability) -> pd.DataFrame:
    """One row a journey: its time, and its parts."""
    columns = ["journey", "traces", "time", "no span says", "own time", "between services"]
    columns += ["caller's side only", "told"]
    if result.coverage is None:
        return pd.DataFrame(columns=columns)
    rows = [
        (
            each.journey,
            each.traces,
            each.seconds,
            each.blind,
            each.unexplained,
            each.between,
            each.unseen,
            each.explained,
        )
        for each in result.coverage.journeys
    ]
    return pd.DataFrame(rows, columns=columns)


def by_service_table(result: Observability) -> pd.DataFrame:
    """One row a journey and service: the share of each kind of time."""
    words = {
        "explained": "told",
        "unexplained": "own time",
        "between": "between services",
        "unseen": "caller's side only",
    }
    if result.coverage is None:
        return pd.DataFrame(columns=["journey", "service", *words.values()])
    found = result.coverage.by_service
    cells = {(row.journey, row.service, row.kind): row.share for row in found.itertuples()}
    keys = list(dict.fromkeys(zip(found["journey"], found["service"], strict=True)))
    rows = [
        {"journey": journey, "service": service}
        | {word: cells.get((journey, service, kind)) for kind, word in words.items()}
        for journey, service in keys
    ]
    return pd.DataFrame(
        rows, columns=["journey", "service", "own time", "between services", "caller's side only", "told"]
    )


def gaps_table(result: Observability) -> pd.DataFrame:
    """One row a gap: between which spans, how long, and which share of its journey's time."""
    names = {"share": "share of the journey"}
    columns = [
        "journey",
        "service",
        "operation",
        "after",
        "before",
        "count",
        "mean_s",
        "longest_s",
        "share of the journey",
    ]
    if result.coverage is None:
        return pd.DataFrame(columns=columns)
    return result.coverage.gaps.rename(columns=names)


def propagation_table(result: Observability) -> pd.DataFrame:
    """One row a service: its orphans, and calls that no span of the callee joins."""
    columns = ["service", "spans", "orphans", "orphan_share", "calls", "unjoined", "unjoined_share", "client_roots"]
    words = {"orphan_share": "share of spans", "unjoined_share": "share of calls", "client_roots": "calls as roots"}
    found = pd.DataFrame(columns=columns) if result.coverage is None else result.coverage.propagation[columns]
    return _named(found.rename(columns=words))


def scores_table(result: Observability) -> pd.DataFrame:
    """One row for all and one a service: the score, between what bounds it lies, and how much of it is told."""
    columns = ["service", "score", "in words", "at least", "at most", "rules' weight told", "capped"]
    if result.score is None:
        return pd.DataFrame(columns=columns)
    rows = [
        (name, each.score, each.category, each.lowest, each.highest, each.told, each.capped)
        for name, each in (("all", result.score), *((one.service, one) for one in result.score.services))
    ]
    return _named(pd.DataFrame(rows, columns=columns))


def rules_table(result: Observability) -> pd.DataFrame:
    """One row a rule, those that failed first: in which services, what was seen, and what to do."""
    columns = ["rule", "says", "weight", "result", "services", "seen", "remarks"]
    if result.score is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for name in dict.fromkeys(each.rule for each in result.score.rules):
        of = [(one.service, rule) for one in result.score.services for rule in one.rules if rule.rule == name]
        failed = [(service, rule) for service, rule in of if rule.passed is False]
        open_ = [(service, rule) for service, rule in of if rule.passed is None]
        shown = failed or open_ or of
        rule = shown[0][1]
        rows.append(
            {
                "rule": name,
                "says": rule.description,
                "weight": rule.impact,
                "result": "failed" if failed else "not told" if open_ else "passed",
                "services": "all" if len(shown) == len(of) else listing([service or NOBODY for service, _ in shown]),
                "seen": rule.seen.removeprefix("not told: ") if len({each.seen for _, each in shown}) == 1 else "",
                "remarks": RULE_ACTIONS[name] if failed else "",
            }
        )
    order = {"failed": 0, "passed": 1, "not told": 2}
    rows.sort(key=lambda row: order[row["result"]])
    return pd.DataFrame(rows, columns=columns)


def signals_table(result: Observability) -> pd.DataFrame:
    """One row a service, a column a signal: where it is seen, or that it is not."""
    columns = ["service", *SIGNALS]
    if result.signals is None:
        return pd.DataFrame(columns=columns)
    rows = []
    for service, own in result.signals.table.groupby("service", sort=True):
        parts = own[["signal", "state", "seen_in"]].to_numpy().tolist()
        cells = {str(signal): _seen_in(str(state), str(seen_in)) for signal, state, seen_in in parts}
        rows.append({"service": service, **cells})
    return _named(pd.DataFrame(rows, columns=columns))


def alerts_table(result: Observability) -> pd.DataFrame:
    """One row an SLO: whether it has an alert, which, and at which burn rate."""
    columns = ["slo", "target", "told by", "page", "ticket", "burn", "windows", "among others"]
    if result.alerts is None:
        return pd.DataFrame(columns=columns)
    rows = []
    open_ = "alerts" in result.partly  # what is missed may be among what could not be read
    for each in result.alerts.slos:
        own = [alert for alert in each.alerts if alert.own]
        rows.append(
            {
                "slo": each.slo.name,
                "target": each.slo.target,
                "told by": "not known" if open_ and each.state == "none" else STATES.get(each.state, "not known"),
                "page": _names(alert.name for alert in own if alert.pages),
                "ticket": _names(alert.name for alert in own if not alert.pages),
                "burn": listing([f"{number(alert.burn)}x" for alert in own if math.isfinite(alert.burn)]),
                "windows": _names(duration(window) for alert in own for window in alert.windows_s),
                "among others": _names(alert.name for alert in each.alerts if not alert.own),
            }
        )
    return pd.DataFrame(rows, columns=columns)


def unread_table(result: Observability) -> pd.DataFrame:
    """One row an alert and selector that nothing in the metrics fits."""
    return (
        pd.DataFrame(columns=["alert", "severity", "reads", "why"]) if result.alerts is None else result.alerts.unread
    )


def logs_table(result: Observability) -> pd.DataFrame:
    """One row a service: its lines, and which lead to a trace."""
    words = {"with_id": "with a trace id", "found": "of these, the trace is there"}
    if result.logs is None:
        return pd.DataFrame(columns=["service", "lines", "with a trace id", "compared", "of these, the trace is there"])
    return result.logs.services.rename(columns=words)


def silos_table(result: Observability) -> pd.DataFrame:
    """One row a service: who owns it and who watches it."""
    words = {"watchers": "watched by", "owners": "owned by", "state": "seen by"}
    if result.silos is None:
        return pd.DataFrame(columns=["service", "owned by", "watched by", "dashboards", "seen by"])
    told = result.silos.services["state"].replace({"seen by others": "others too"})
    return result.silos.services.assign(state=told).rename(columns=words)


def blast_table(result: Observability) -> pd.DataFrame:
    """One row a service, the most first: which requests wait for it, and who depends on it."""
    rows = [(each.service, each.waiting, each.touched, listing(each.dependants)) for each in result.blast]
    return pd.DataFrame(rows, columns=["service", "waiting", "touched", "dependants"])


def edges_table(result: Observability) -> pd.DataFrame:
    """One row a caller, callee and kind."""
    columns = ["caller", "callee", "kind", "calls", "error_share", "p50_s", "p95_s", "p99_s", "seen"]
    found = pd.DataFrame(columns=columns) if result.graph is None else result.graph.edges[columns]
    return found.rename(
        columns={"seen": "seen from", "error_share": "errors", "p50_s": "p50", "p95_s": "p95", "p99_s": "p99"}
    )


def shape_table(result: Observability) -> pd.DataFrame:
    """One row: the measures of the graph."""
    columns = ["services", "pairs that call", "ways round", "rings", "deepest chain of calls"]
    shape = result.shape
    if shape is None:
        return pd.DataFrame(columns=columns)
    chain = " → ".join("/".join(ring) for ring in shape.chain)
    rings = listing(["/".join(ring) for ring in shape.cycles]) or "none"
    return pd.DataFrame([(shape.services, shape.edges, shape.cyclomatic, rings, chain)], columns=columns)


def sampling_table(result: Observability) -> pd.DataFrame:
    """One row a figure that the sampling biases: why, and what to do instead."""
    biases = () if result.sampling is None else result.sampling.biases
    return pd.DataFrame(
        [(each.figure, each.why, each.instead) for each in biases], columns=["figure", "why", "instead"]
    )


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Spans without a service's name stand under one that says so."""
    return table.assign(service=table["service"].replace({"": NOBODY}))


def _seen_in(state: str, seen_in: str) -> str:
    if state != "present":
        return state
    parts = seen_in.replace(" and ", ", ").split(", ")
    kinds = ["spans" if part == "spans" else "metrics" for part in parts]
    return listing(list(dict.fromkeys(kinds)))


def _names(names: Iterable[str]) -> str:
    return listing(list(dict.fromkeys(names)))
