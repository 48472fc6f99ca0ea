"""What step 03 finds of the time of the request flow: how much is told, and whether the spans' times can be trusted."""

from __future__ import annotations

from functools import partial

from scaling_lib.findings import Finding, Verdict
from scaling_lib.observability.assess import Observability
from scaling_lib.observability.coverage import FlowCoverage
from scaling_lib.observability.watching_findings import COMMAND
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent

MOSTLY_BLIND, PARTLY_BLIND = 0.5, 0.2  # of the time: above, we act; above, we watch
_finding = partial(Finding, step="03", command=COMMAND)


def flow_findings(result: Observability, coverage: FlowCoverage) -> list[Finding]:
    """The share of the time that no span tells, and where many spans lie beyond their parents, that they do."""
    return [_flow(result, coverage), *_outside(result, coverage)]


def _flow(result: Observability, coverage: FlowCoverage) -> Finding:
    """How much of the time that requests wait for is told by no span."""
    whole = coverage.whole
    blind = whole.blind
    verdict: Verdict = "act" if blind.low > MOSTLY_BLIND else "watch" if blind.value > PARTLY_BLIND else "ok"
    between = whole.between.value >= whole.unexplained.value
    if coverage.doubtful:
        verdict = "unknown"
    doubt = "As far as the times of the spans can be trusted, " if coverage.doubtful else ""
    mixed = (
        f" That describes none of the recordings: by itself {_by_recording(coverage)}."
        if coverage.mixed
        else f" By recording {_by_recording(coverage)}."
        if coverage.recordings
        else ""
    )
    return _finding(
        name="flow-coverage",
        verdict=verdict,
        sentence=(
            f"{doubt}{blind} of the time that requests wait for passes where no span says what is done: "
            f"{percent(whole.between.value)} between services, {percent(whole.unexplained.value)} within them.{mixed}"
        ),
        impact=blind,
        why=(
            f"{_most(coverage)}{_where(coverage, 'between' if between else 'unexplained')} " + " ".join(coverage.notes)
        ).strip(),
        evidence=tuple(result.sources.get("spans", ())),
        action="" if verdict == "ok" else _mend(between),
        figure="time",
    )


def _by_recording(coverage: FlowCoverage) -> str:
    return listing(
        [
            f"{each.blind} ({each.traces:,} traces from {each.start:%Y-%m-%d %H:%M} UTC on)"
            for each in coverage.recordings
        ]
    )


def _outside(result: Observability, coverage: FlowCoverage) -> list[Finding]:
    """Spans beyond their parents: clocks that disagree, or work that goes on behind the answer."""
    if not coverage.doubtful:
        return []
    return [
        _finding(
            name="spans-outside-parents",
            verdict="watch",
            sentence=(
                f"{percent(coverage.outside)} of the spans begin before their parent or end after it: what a request "
                "waits for is not told rightly by them."
            ),
            impact=Estimate(coverage.outside, coverage.outside, coverage.outside, 1.0, "fraction"),
            why="Between services it is mostly that their clocks differ; within one, work that goes on behind the "
            "answer. What lies beyond its parent is cut off, and counts as time in which no span says what is done.",
            evidence=tuple(result.sources.get("spans", ())),
            action="Set the clocks of the hosts by one source (NTP, chrony), and start what nobody waits for as a span "
            "that follows (a link) rather than a child.",
            figure="time",
        )
    ]


def _most(coverage: FlowCoverage) -> str:
    """The journey of which the least is told."""
    first = max(coverage.journeys, key=lambda each: each.blind.value)
    of = len(coverage.journeys)
    return f"Of {first.journey} it is {first.blind}, the most of {of} journeys. " if of > 1 else ""


def _where(coverage: FlowCoverage, kind: str) -> str:
    """Whose calls, or whose own time, the largest part is."""
    own = coverage.by_service[coverage.by_service["kind"] == kind]
    if own.empty:
        return ""
    first = max(own.to_dict("records"), key=lambda row: row["share"].value)
    whose = "in calls by" if kind == "between" else "the own time of"
    return f"The largest part is {whose} {first['service']} in {first['journey']}: {first['share']}."


def _mend(between: bool) -> str:
    if between:
        return (
            "Find out what a call waits for before its callee's span begins: start that span where the request is "
            "accepted, record the time in queues and in connection pools, and compare at low load: what is left there "
            "is no queueing by load, but may be the network, the runtime or the making of connections."
        )
    return "Add spans where the table of gaps has the largest: what runs between these two spans is not said."
