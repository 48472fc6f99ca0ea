"""What step 04 finds, from its result alone."""

from __future__ import annotations

import math
from functools import partial

from scaling_lib.bottlenecks.change_findings import change_findings
from scaling_lib.bottlenecks.fixes import JudgedFix
from scaling_lib.bottlenecks.headline import headline
from scaling_lib.bottlenecks.left_out_findings import left_out_findings
from scaling_lib.bottlenecks.migration import Relief
from scaling_lib.bottlenecks.rank import Ranking
from scaling_lib.bottlenecks.result import Bottlenecks, Budget
from scaling_lib.bottlenecks.stretches import differ
from scaling_lib.bottlenecks.tables import tail_words
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.words import percent, plural, quantity

__all__ = ["findings", "headline"]

COMMAND = "scaling run --step 04"
MUCH = 0.25  # of the slow requests' time: worth a look even where every SLO is kept
KINDS = {  # what a part is called that is absent, and what to supply
    "ranking": ("what requests wait for", "Supply traces of the critical journeys."),
    "spans": ("what requests wait for", "Supply traces in OTLP JSON, Jaeger JSON, Zipkin v2 or Parquet."),
    "critical path": ("what requests wait for", "Supply traces of the critical journeys."),
    "model": (
        "what limits next, and what a fix gains in throughput",
        "Describe `resources` in assessment.yaml with the metrics of their use, and supply a load test.",
    ),
    "SLOs": ("what a fix saves of the error budgets", "Mend the SLOs."),
    "migration": ("how the bottleneck moves", ""),
}
WORTH: dict[str, Verdict] = {"gains": "ok", "may gain": "watch", "gains little": "watch", "not measured": "unknown"}
_finding = partial(Finding, step="04", command=COMMAND)


def findings(result: Bottlenecks) -> list[Finding]:
    """What to fix first, what that gives back, what limits next, whether proposed fixes are worth it, and whether
    earlier ones worked.
    """
    found = [*_first(result), *_budgets(result), *_limit(result)]
    found += [_fix(result, each) for each in result.fixes]
    for change in result.changes:
        found += change_findings(change)
    return [*found, *left_out_findings(result), *_absent(result)]


def _first(result: Bottlenecks) -> list[Finding]:
    ranking = result.found.ranking
    if ranking is None:
        return []
    name, share, row = ranking.first, ranking.share(ranking.first), ranking.table.iloc[0]
    best = _best(result, name)
    verdict: Verdict = "watch" if share.value >= MUCH else "ok"
    given = ""
    if best is not None:
        verdict = _verdict(best) if verdict == "ok" or _verdict(best) == "act" else verdict
        given = f" {_explained(best)}"
    elif row["saved_s"].value > 0:
        given = f" Of the mean request it is {row['saved_s']}, without the queueing behind it."
    return [
        _finding(
            name="waited-for-most",
            subject=name,
            verdict=verdict,
            sentence=f"{tail_words(result)} wait most for {name}: {share} of their time.{given}",
            impact=share,
            why=f"Of {plural(ranking.traces[ranking.window], 'trace')}.{_sure(result, ranking)}{_works(result, name)}",
            evidence=_evidence(result, "spans"),
            action=""
            if verdict == "ok"
            else f"Look at what {name} waits for in the slow requests, and ease that first.",
            figure="rank",
        )
    ]


def _sure(result: Bottlenecks, ranking: Ranking) -> str:
    """How sure the order is, of which recordings the traces are, and what was left out of them."""
    words = ""
    if not math.isnan(ranking.share(ranking.first).low):
        often = percent(float(ranking.table["first"].iloc[0]))
        words = f" It is first in {often} of 2,000 draws of these traces, which says nothing of other days."
    if result.recordings:
        told = "; ".join(
            f"{each.chosen:,} are of the {each.traces:,} from {each.start:%Y-%m-%d %H:%M} UTC on, in whose own it is "
            f"{each.share}"
            for each in result.recordings
        )
        words += f" They are of {len(result.recordings)} recordings: {told}."
        if differ(result.recordings):
            words += " One figure for all describes none of them."
    return " ".join([words, *ranking.notes])


def _works(result: Bottlenecks, name: str) -> str:
    """What the model gains without the work of a name."""
    model = result.solved.get(name)
    if model is None or result.disproved:
        return ""
    gain = percent(max(model.relief.gain.value - 1, 0))
    return (
        f" By the model the highest throughput would gain {gain} without its work: what is waited for is not always "
        "work."
    )


def _best(result: Bottlenecks, name: str) -> Budget | None:
    """The SLO of which a name costs most, where it certainly costs any."""
    return next((each for each in result.budgets if each.name == name and each.found.given_back.low > 0), None)


def _explained(budget: Budget) -> str:
    """Which part of an SLO's slow requests it is, and of the budget as far as the traces stand for its window."""
    found, name, share = budget.found, budget.slo.name, budget.share
    words = (
        f"Without it {found.explained} of the requests that are too slow for {name} in these traces would be in time, "
        "the queueing behind it not counted."
    )
    if budget.stretch is not None:
        spent = "" if budget.spent is None else f" Of its budget step 01 finds {budget.spent} spent, in all."
        return f"{words} Of the slow ones {budget.stretch}: they tell of that, not of the SLO's window.{spent}"
    if share is not None:
        return (
            f"{words} Step 01 finds {budget.spent} of its budget spent: that is {share} of it, if they stand for all."
        )
    return f"{words} Too slow are {found.spent} as many as it allows, in these traces."


def _verdict(budget: Budget) -> Verdict:
    """By step 01's budget where that is measured; traces alone, which may be of a bad minute, are but to be watched."""
    if budget.spent is not None:
        return "act" if budget.spent.low > 1 else "watch" if budget.spent.value > 1 else "ok"
    return (
        "act"
        if budget.found.spent.low > 1 and budget.stretch is None
        else "watch"
        if budget.found.spent.high > 1
        else "ok"
    )


def _budgets(result: Bottlenecks) -> list[Finding]:
    """Of each further SLO what makes most of its requests slow."""
    ranking = result.found.ranking
    found, said = [], set[str]()
    first = _best(result, ranking.first) if ranking is not None else None
    if first is not None:
        said.add(first.slo.name)
    for each in result.budgets:
        if each.slo.name in said or not each.found.given_back.low > 0:
            continue
        said.add(each.slo.name)
        verdict = _verdict(each)
        found.append(
            _finding(
                name="slow-requests",
                subject=each.slo.name,
                verdict=verdict,
                sentence=f"{each.slo.name}: {each.name} makes most of its requests slow. {_explained(each)}",
                impact=each.found.explained,
                why="Each trace was recounted without its time there, against the threshold of "
                f"{quantity(each.slo.threshold_s or 0, 's')}.",
                evidence=_evidence(result, "spans"),
                action="" if verdict == "ok" else f"Ease {each.name}.",
                figure="rank",
            )
        )
    return found


def _limit(result: Bottlenecks) -> list[Finding]:
    if not result.migration:
        return []
    step = result.migration[0]
    if result.assumed:
        return [_assumed(result, step)]
    then = f"{step.next_bottleneck} limits then" if step.moved else "it still limits then"
    peak = result.found.peak
    times = step.before.value / peak.value if peak is not None and peak.value > 0 else math.nan
    load = (
        "" if math.isnan(times) else f" Today's busiest minute is {quantity(peak.value if peak else 0, 'requests/s')}."
    )
    verdict: Verdict = "watch" if math.isnan(times) or times < 2 else "ok"
    moved = next((each for each in result.migration if each.moved), None)
    next_ = f" From {moved.after} on {moved.next_bottleneck} limits." if moved is not None and moved is not step else ""
    return [
        _finding(
            name="next-limit",
            subject=step.bottleneck,
            verdict=verdict,
            sentence=(
                f"{step.bottleneck} limits first, at {step.before}; once it is relieved the limit is {step.told} "
                f"({step.gain}), and {then}."
            ),
            impact=step.gain,
            why=f"It is first in {percent(step.certainty)} of what the model's demands may be; what the model leaves "
            f"out is not in that.{next_}{load}",
            evidence=_evidence(result, "load tests", "load metrics", "spans"),
            action="" if verdict == "ok" else f"Relieve {step.bottleneck} before the load comes near its limit.",
            figure="migration",
        )
    ]


def _assumed(result: Bottlenecks, step: Relief) -> Finding:
    """A limit from spans alone: no probability, and none where the traces carry more."""
    sentence = (
        f"What limits first is not known: with one server a service, as is assumed, it would be {step.bottleneck}, at "
        f"{step.before}, and these traces carry {quantity(result.seen, 'requests/s')}."
        if result.disproved
        else f"If each service had one server, {step.bottleneck} would limit first, at {step.before}; how many it has "
        "is assumed."
    )
    return _finding(
        name="next-limit",
        subject=step.bottleneck,
        verdict="unknown" if result.disproved else "watch",
        sentence=sentence,
        why="The demand is the self time of spans, which holds waiting; no metrics of a resource are given.",
        evidence=_evidence(result, "spans"),
        action="Describe `resources` in assessment.yaml with the metrics of their use, and supply a load test.",
        figure="" if result.disproved else "migration",
    )


def _fix(result: Bottlenecks, each: JudgedFix) -> Finding:
    little = each.worth == "gains little"
    actions = {
        "gains little": f"Leave {each.fix.name} for now, and ease what is waited for most.",
        "may gain": "Supply more traces, or a load test nearer to the limit, before it is built.",
        "not measured": "Supply spans and a model of the resources that it eases.",
    }
    return _finding(
        name="over-optimisation" if little else "fix",
        subject=each.fix.name,
        verdict=WORTH[each.worth],
        sentence=each.sentence,
        impact=each.faster if each.faster is not None else each.relief.gain if each.relief else None,
        why=each.why
        or "Latency: the traces without the time that it takes away, which holds waiting for others' work. Throughput, "
        "and response at the load: the model with that work gone.",
        evidence=_evidence(result, "spans", "load tests", "load metrics"),
        action=actions.get(each.worth, ""),
    )


def _absent(result: Bottlenecks) -> list[Finding]:
    """What could not be told; a reason that is the same as one before is said once."""
    found, said = [], set[str]()
    for name, absent in result.absent.items():
        known, supply = KINDS.get(name, ("", ""))
        if not known or absent.why in said:
            continue
        said.add(absent.why)
        found.append(
            _finding(
                name="broken-evidence" if absent.broken else "not-measured",
                subject=name,
                verdict="act" if absent.broken else "unknown",
                sentence=f"Not known: {known}" + (", as what is given cannot be used." if absent.broken else "."),
                why=absent.why,
                action="Mend what is named, or leave it out." if absent.broken else absent.supply or supply,
            )
        )
    if not found and result.found.ranking is None and not result.migration:
        found.append(
            _finding(name="not-measured", verdict="unknown", sentence="Not known: what requests wait for, and what "
                     "limits.", action="Supply traces, and a load test.")
        )  # fmt: skip
    return found


def _evidence(result: Bottlenecks, *kinds: str) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))
