"""What step 03 finds of who is told and who looks: signals, alerts, logs, silos; and what is not measured."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.observability.assess import Observability
from scaling_lib.observability.silo_findings import silo_findings
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent, plural

COMMAND = "scaling run --step 03"
HARDLY = 0.9  # of the traces that were kept: a smaller share of a log's ids is lost on the way
FEW = 3  # services that are named one by one
KINDS: Mapping[str, str] = {  # what is absent, and what that leaves open
    "spans": "the request flow",
    "coverage": "how much of the journeys' time is told",
    "graph": "who calls whom",
    "score": "the instrumentation score",
    "signals": "the golden signals",
    "sampling": "what the sampling biases",
    "metrics": "saturation, and whether alerts read what there is",
    "alerts": "whether somebody is told when an SLO is broken",
    "alerts of SLOs": "whether somebody is told when an SLO is broken",
    "logs": "whether logs lead to traces",
    "log correlation": "whether logs lead to traces",
    "dashboards": "which services are seen by one team alone",
    "teams": "whose the services are, but for what assessment.yaml says",
    "silos": "which services are seen by one team alone",
}
_finding = partial(Finding, step="03", command=COMMAND)


def watching_findings(result: Observability) -> list[Finding]:
    """Signals, alerts, logs and silos."""
    return [*_signals(result), *_alerts(result), *_unread(result), *_logs(result), *silo_findings(result)]


def absent_findings(result: Observability) -> list[Finding]:
    """A finding for each part that could not be told; owners in assessment.yaml stand in for a file of teams."""
    found = []
    for name, absent in result.absent.items():
        if name == "teams" and not absent.broken and result.silos is not None:
            continue
        found.append(
            _finding(
                name="broken-evidence" if absent.broken else "not-measured",
                subject=name,
                verdict="watch" if absent.broken else "unknown",
                sentence=f"Not measured: {KINDS.get(name, name)}."
                if not absent.broken
                else f"Not measured: {KINDS.get(name, name)}, as what is given cannot be used: {absent.why}",
                why=absent.why,
                action=absent.supply or ("Mend the source, then run again." if absent.broken else ""),
            )
        )
    return found


def _evidence(result: Observability, *kinds: str) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))


def _signals(result: Observability) -> list[Finding]:
    if result.signals is None:
        return []
    table = result.signals.table
    services = sorted(table["service"].unique())
    complete = result.signals.complete()
    lacking = table[table["state"] == "absent"]
    open_ = table[table["state"] == "not known"]
    told = [
        f"{signal} of {plural(len(own), 'service') if len(own) > FEW else listing(own['service'].astype(str).tolist())}"
        for signal, own in (lacking if len(lacking) else open_).groupby("signal", sort=False)
    ]
    verdict: Verdict = "watch" if len(lacking) else "unknown" if len(open_) else "ok"
    share = len(complete) / len(services)
    sentence = f"{len(complete)} of {plural(len(services), 'service')} show all four golden signals"
    return [
        _finding(
            name="golden-signals",
            verdict=verdict,
            sentence=f"{sentence}; {'absent' if len(lacking) else 'not known'}: {listing(told)}."
            if told
            else f"{sentence}.",
            impact=Estimate(share, share, share, result.level, "fraction"),
            why="Latency, errors, traffic and saturation, from spans and from metrics by their names and labels.",
            evidence=_evidence(result, "spans", "metrics"),
            action=f"Record {listing(told)}." if told else "",
            figure="signals",
        )
    ]


def _alerts(result: Observability) -> list[Finding]:
    """One finding for the SLOs of each state that is not well, or one that all are told of."""
    if result.alerts is None or not result.alerts.slos:
        return []
    by_state = {
        state: [each for each in result.alerts.slos if each.state == state]
        for state in ("none", "shared", "ticket", "not known", "page")
    }
    of = len(result.alerts.slos)
    words: dict[str, tuple[Verdict, str, str, str]] = {
        "none": (
            "act",
            "no alert reads {slos}: nobody is told when it is broken",
            "Nothing among the {alerts} reads what it counts, neither straight nor through a recorded series.",
            "Give {slos} an alert on its burn rate: the rules that step 01 writes have it.",
        ),
        "shared": (
            "watch",
            "{slos} is watched among others alone",
            "The alerts that read it ({names}) add up more than its own requests, so that its failures drown in them.",
            "Give {slos} an alert on its own burn rate: the rules that step 01 writes have it.",
        ),
        "ticket": (
            "watch",
            "for {slos} there is a ticket, but nobody is called",
            "No alert of its own has a severity that calls somebody; {names} does not.",
            "Add a page for a fast burn of {slos}, or say that a ticket is enough.",
        ),
        "not known": (
            "unknown",
            "whether an alert reads {slos} is not known",
            "The SLO has no query that could be compared with what the alerts read.",
            "Give the journeys their `metrics` in assessment.yaml, or {slos} its queries.",
        ),
    }
    if "alerts" in result.partly:  # the alert that is missed may be one of those that could not be read
        words["none"] = (
            "unknown",
            "whether an alert reads {slos} is not known",
            "None of the {alerts} that could be read does, and not all of what is given could be read.",
            "Mend the rules that cannot be read, then run again.",
        )
    found = []
    for state, (verdict, sentence, why, action) in words.items():
        if not (own := by_state[state]):
            continue
        names = list(dict.fromkeys(alert.name for each in own for alert in each.alerts))
        filled = {
            "slos": listing([each.slo.name for each in own]),
            "alerts": plural(result.alerts.alerts, "alert"),
            "names": listing(names, 3),
        }
        share = len(own) / of
        found.append(
            _finding(
                name=f"slo-alerts-{state.replace(' ', '-')}",
                verdict=verdict,
                sentence=f"{len(own)} of {plural(of, 'SLO')}: {sentence.format(**filled)}.",
                impact=Estimate(share, share, share, result.level, "fraction"),
                why=why.format(**filled),
                evidence=_evidence(result, "alerts"),
                action=action.format(**filled),
                figure="alerts",
            )
        )
    if found:
        return found
    return [
        _finding(
            name="slo-alerts",
            verdict="ok",
            sentence=f"Each of {plural(of, 'SLO')} has an alert of its own that calls somebody.",
            evidence=_evidence(result, "alerts"),
            figure="alerts",
        )
    ]


def _unread(result: Observability) -> list[Finding]:
    """Alerts that read what the given metrics do not have; what was not exported may be recorded all the same."""
    if result.alerts is None or result.alerts.unread.empty:
        return []
    rows = result.alerts.unread.to_dict("records")
    names = list(dict.fromkeys(str(row["alert"]) for row in rows))
    return [
        _finding(
            name="alerts-on-nothing",
            verdict="watch",
            sentence=f"{listing(names)} {'reads' if len(names) == 1 else 'read'} what no metric in evidence has: "
            f"{listing([str(row['reads']) for row in rows], 3)}.",
            why=f"{str(rows[0]['why']).capitalize()}. If it is not recorded either, such an alert never fires.",
            evidence=_evidence(result, "alerts", "metrics"),
            action=f"Find out whether Prometheus has what {listing(names)} {'reads' if len(names) == 1 else 'read'}: "
            "record it, mend the alert, or drop it.",
            figure="unread",
        )
    ]


def _logs(result: Observability) -> list[Finding]:
    if result.logs is None:
        return []
    rows, kept = result.logs.services.to_dict("records"), result.logs.kept
    lines = sum(row["lines"] for row in rows)
    found = []
    without = [row for row in rows if row["lines"] and row["with_id"].value == 0]
    lost = [row for row in rows if row["compared"] and row["found"].high < HARDLY * kept]  # never where kept is NaN
    silent = [str(row["service"]) for row in rows if not row["lines"]]
    if without:
        names = listing([str(row["service"]) for row in without])
        share = sum(row["lines"] for row in without) / lines
        found.append(
            _finding(
                name="logs-without-trace-id",
                verdict="watch",
                sentence=f"No line of the logs of {names} carries the id of a trace.",
                impact=Estimate(share, share, share, result.level, "fraction"),
                why=f"{percent(share)} of {lines:,} lines cannot be led to their request's trace.",
                evidence=_evidence(result, "logs"),
                action=f"Let the loggers of {names} add trace_id and span_id of the current span; of a proxy, log "
                "traceparent.",
                figure="logs",
            )
        )
    for row in lost:
        found.append(
            _finding(
                name="logs-of-lost-traces",
                subject=str(row["service"]),
                verdict="watch",
                sentence=f"Of the trace ids in the logs of {row['service']}, {row['found']} are among the traces.",
                impact=row["found"],
                why=f"{percent(kept)} of the traces were kept: fewer of the log's are found than that explains.",
                evidence=_evidence(result, "logs", "spans"),
                action="Find out where these traces get lost: an exporter that drops spans, or ids of another format.",
                figure="logs",
            )
        )
    if silent:
        found.append(
            _finding(
                name="no-logs",
                verdict="unknown",
                sentence=f"No log of {listing(silent)} is given.",
                evidence=_evidence(result, "logs"),
                action="Supply their logs of the same time.",
                figure="logs",
            )
        )
    if not found:
        found.append(
            _finding(
                name="logs-and-traces",
                verdict="ok",
                sentence=f"The logs of {plural(len(rows), 'service')} carry trace ids, and lead to traces.",
                evidence=_evidence(result, "logs", "spans"),
                figure="logs",
            )
        )
    return found
