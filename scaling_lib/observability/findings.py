"""What step 03 finds in the traces, and with the findings of what watches them, all that it finds."""

from __future__ import annotations

from functools import partial

from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.observability.assess import Observability
from scaling_lib.observability.coverage import FlowCoverage
from scaling_lib.observability.flow_findings import flow_findings
from scaling_lib.observability.instrumentation import NAME_RULE, InstrumentationScore
from scaling_lib.observability.rule_actions import RULE_ACTIONS
from scaling_lib.observability.tree import NOBODY
from scaling_lib.observability.watching_findings import COMMAND, absent_findings, watching_findings
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent, plural

MOSTLY_TOLD = 0.5  # of the rules' weight: with less the score has no word for how good it is
MUCH_UNSEEN = 0.5  # of a journey's time in calls that are seen from one side
MANY_BROKEN = 0.05  # of a service's spans, or calls
_finding = partial(Finding, step="03", command=COMMAND)


def findings(result: Observability) -> list[Finding]:
    """The flow first, then what breaks it, how good the spans are, who is told and who looks, and what is not known."""
    found: list[Finding] = []
    if result.coverage is not None:
        found += [*flow_findings(result, result.coverage), *_unseen(result, result.coverage)]
        found += [*_lost(result, result.coverage), *_propagation(result, result.coverage)]
    found += [*_score(result), *watching_findings(result), *_shape(result), *_sampling(result)]
    return [*found, *absent_findings(result)]


def _evidence(result: Observability, *kinds: str) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))


def _unseen(result: Observability, coverage: FlowCoverage) -> list[Finding]:
    """Callees that leave no spans of their own."""
    if result.graph is None or not coverage.whole.unseen.value > 0:
        return []
    hidden = _hidden(result)
    torn = sorted(set(coverage.lost["callee"].astype(str)))
    who = listing(hidden or torn) or "What is called without a name"
    beside = f" and in {listing(torn)}, whose spans lie in other traces" if torn and hidden else ""
    most = max(coverage.journeys, key=lambda each: each.unseen.value)
    verdict: Verdict = "watch" if most.unseen.value > MUCH_UNSEEN else "ok"
    return [
        _finding(
            name="seen-from-callers-only",
            verdict=verdict,
            sentence=(
                f"{who} can be seen from the callers only: "
                f"{most.unseen} of the time of {most.journey} passes there{beside}."
            ),
            impact=most.unseen,
            why="A call's span names what is asked; whether the callee works or waits meanwhile is not seen.",
            evidence=_evidence(result, "spans"),
            action=(
                f"Instrument {listing(hidden) or 'what is called'}; of a database, keep its statistics by statement "
                "(pg_stat_statements) and its waits, or log slow ones with the trace's id as a comment (sqlcommenter)."
                if verdict == "watch" and (hidden or not torn)
                else ""
            ),
            figure="graph",
        )
    ]


def _lost(result: Observability, coverage: FlowCoverage) -> list[Finding]:
    """Calls that lose their context: the callee has spans, but in traces of its own."""
    table = coverage.propagation.set_index("service")
    return [
        _finding(
            name="lost-context",
            subject=f"{row['caller']} to {row['callee']}",
            verdict="act" if table.loc[row["caller"], "unjoined_share"].low > MANY_BROKEN else "watch",
            sentence=(
                f"The trace's context is lost from {row['caller']} to {row['callee']}: none of its spans is below "
                f"{plural(row['calls'], 'call')}, while {row['callee']} starts {plural(row['traces'], 'trace')} itself."
            ),
            impact=table.loc[row["caller"], "unjoined_share"],
            why=(
                f"{row['callee']} is instrumented, and nothing else is seen to call it. Its traces continue requests, "
                "and are none: they are in none of the journeys' figures, and in no share of the requests. The impact "
                f"is the share of the calls by {row['caller']} that no span of their callee joins."
            ),
            evidence=_evidence(result, "spans"),
            action=(
                f"Hand the context on (traceparent) where {row['caller']} calls {row['callee']}, and take it up there: "
                "its spans need not be added, but joined."
            ),
            figure="propagation",
        )
        for row in coverage.lost.to_dict("records")
    ]


def _propagation(result: Observability, coverage: FlowCoverage) -> list[Finding]:
    """Traces that break for other reasons: a finding for each service in which they do, or one that none does."""
    lost = coverage.lost.groupby("caller")["calls"].sum()
    found = []
    for row in coverage.propagation.to_dict("records"):
        broken = [
            (share, words)
            for share, count, words in (
                (row["orphan_share"], row["orphans"], "spans have no parent"),
                (
                    row["unjoined_share"],
                    row["unjoined"] - lost.get(row["service"], 0),
                    "calls are joined by no span of their callee",
                ),
            )
            if count
        ]
        if broken:
            worst = max((share for share, _ in broken), key=lambda share: share.value)
            told = listing([f"{share} of the {words}" for share, words in broken])
            found.append(
                _finding(
                    name="broken-traces",
                    subject=str(row["service"]),
                    verdict="act" if worst.low > MANY_BROKEN else "watch",
                    sentence=f"Traces break in {row['service'] or NOBODY}: {told}.",
                    impact=worst,
                    why="What is below a break is of no known journey: it is in none of the journeys' figures.",
                    evidence=_evidence(result, "spans"),
                    action=(
                        "Hand the context (traceparent) on with each call and take it up in the callee, over queues "
                        "too; let every service follow its parent's sampling decision."
                    ),
                    figure="propagation",
                )
            )
    if found or len(coverage.lost):
        return found
    calls = int(coverage.propagation["calls"].sum())
    none = f"No trace breaks: each of {result.spans:,} spans has its parent"
    return [
        _finding(
            name="broken-traces",
            verdict="ok",
            sentence=f"{none}, and {calls:,} calls are joined by their callee's span." if calls else f"{none}.",
            evidence=_evidence(result, "spans"),
            figure="propagation",
        )
    ]


def _score(result: Observability) -> list[Finding]:
    score = result.score
    if score is None:
        return []
    failed = list(dict.fromkeys(each.rule for each in score.rules if each.passed is False))
    verdict: Verdict = {"excellent": "ok", "good": "ok", "needs improvement": "watch", "poor": "act"}.get(
        score.category, "unknown"
    )  # type: ignore[assignment]
    if NAME_RULE in failed:  # spans of nobody help nobody
        verdict = "act"
    told = f"of the {percent(score.told)} of the rules' weight that can be told"
    hidden = _hidden(result)
    unscored = f" Not in it: {listing(hidden, 3)}, without any spans." if hidden else ""
    known = score.told >= MOSTLY_TOLD and not hidden
    words = f" ({score.category})" if known or failed else ""
    return [
        _finding(
            name="instrumentation-score",
            verdict="watch" if failed and verdict == "ok" else verdict,
            sentence=f"The instrumentation score is {number(score.score)} of 100{words}, {told}.{unscored}"
            + (f" Failed: {listing([_rule(score, rule) for rule in failed], 3)}." if failed else ""),
            impact=Estimate(
                score.score, min(score.lowest, score.score), max(score.highest, score.score), 1.0, "points"
            ),
            why=f"{' '.join(score.notes)} The range is from all rules that cannot be told failed to all passed.",
            evidence=_evidence(result, "spans"),
            action=" ".join(RULE_ACTIONS[rule] for rule in failed[:3]),
            figure="rules",
        )
    ]


def _hidden(result: Observability) -> list[str]:
    """Who is called and leaves no spans of its own."""
    if result.graph is None:
        return []
    nodes = result.graph.nodes
    return sorted(nodes.loc[~nodes["seen"].astype(bool), "service"].astype(str))


def _rule(score: InstrumentationScore, name: str) -> str:
    """A rule that failed, in its own words, and where."""
    where = [each.service for each in score.services if any(r.rule == name and r.passed is False for r in each.rules)]
    says = next(each.description for each in score.rules if each.rule == name)
    return f"{says} ({name}, {listing([each or NOBODY for each in where], 3)})"


def _shape(result: Observability) -> list[Finding]:
    """How the services hang together, and what most requests wait for."""
    shape = result.shape
    if shape is None or not result.blast:
        return []
    behind = [each for each in result.blast if each.direct] or list(result.blast)
    most = behind[0]
    rings = f" {plural(len(shape.cycles), 'ring')} of services call each other." if shape.cycles else ""
    return [
        _finding(
            name="blast-radius",
            subject=most.service,
            verdict="watch" if shape.cycles else "ok",
            sentence=(
                f"{most.waiting} of the requests wait for {most.service}, the most of all behind an entry; the longest "
                f"chain is of {plural(shape.depth, 'call')}.{rings}"
            ),
            impact=most.waiting,
            why=(
                f"{plural(shape.services, 'service')}, {plural(shape.edges, 'pair')} that call, {shape.cyclomatic} "
                "second ways round. No fallback is known of: a caller that answers without it counts as hit."
            ),
            evidence=_evidence(result, "spans"),
            action="Break the ring: services that call each other can only start, and fail, together." if rings else "",
            figure="blast",
        )
    ]


def _sampling(result: Observability) -> list[Finding]:
    """What the sampling biases."""
    if result.sampling is None or not result.sampling.biases:
        return []
    kind = {
        "unsaid": "whether traces were left out is not said",
        "head": "traces were chosen before their outcome was known",
        "tail": "traces were chosen by their outcome",
        "mixed": "traces stand for different numbers of requests",
    }[result.sampling.kind]
    first = result.sampling.biases[0]
    harmless = result.sampling.kind in ("head", "mixed") and not result.sampling.torn  # the weights allow for it
    return [
        _finding(
            name="sampling",
            verdict="ok" if harmless else "unknown" if result.sampling.kind == "unsaid" else "watch",
            sentence=f"How the traces were sampled: {kind}. Biased, unless it is allowed for: "
            f"{listing([each.figure for each in result.sampling.biases], 3)}.",
            why="; ".join(f"{each.figure}: {each.why}" for each in result.sampling.biases[:3]) + ".",
            evidence=_evidence(result, "spans"),
            action=f"{first.instead[:1].upper()}{first.instead[1:]}." if not harmless else "",
            figure="sampling",
        )
    ]
