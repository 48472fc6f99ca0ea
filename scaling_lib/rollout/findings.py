"""What step 05 finds: canaries, the budget of rollouts, delivery, flags, and what is not measured."""

from __future__ import annotations

import math
from functools import partial

from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.rollout.canary import JudgedCanary
from scaling_lib.rollout.flag_findings import flag_findings
from scaling_lib.rollout.result import Rollout
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent, plural

COMMAND = "scaling run --step 05"
_finding = partial(Finding, step="05", command=COMMAND)
WORDS: dict[str, tuple[Verdict, str, str]] = {  # of a canary's verdict: the finding's, what is said, what to do
    "PASS": ("ok", "passes", ""),
    "FAIL": ("act", "fails", "Do not roll it out further: take it back, and find out why."),
    "INCONCLUSIVE": ("watch", "is inconclusive", "Let it run on, to as many requests as are needed."),
    "NO DATA": ("unknown", "cannot be judged", "Send requests to both versions, and log which one answered."),
    "VOID": ("act", "is void", "Find out who is missing from one side: crashes, retries, sticky sessions."),
}
KINDS = {  # of what is absent: what is not known
    "canaries": "whether a new version is as good as the one before",
    "SLOs": "the error budget that rollouts are priced in",
    "plans": "what a rollout costs of the error budget",
    "deployments": "how often, how fast and how safely the system is changed",
    "delivery": "how often, how fast and how safely the system is changed",
    "incidents": "how soon service is restored",
    "changes": "how long a change takes to its users",
    "flags": "which feature flags are stale, unowned or untried",
}


def findings(result: Rollout) -> list[Finding]:
    """Everything that a reader should know of how the system is changed."""
    found = [finding for each in result.canaries for finding in _canary(each)]
    return [*found, *_plans(result), *_delivery(result), *flag_findings(result), *_absent(result)]


def _canary(each: JudgedCanary) -> list[Finding]:
    name = each.canary.name
    if each.judgement is None:
        return [_unjudged(each)]
    verdict, said, action = WORDS[each.judgement.verdict]
    assumed = (
        f" {percent(each.tolerated.failures)} more failures are taken, assumed: no SLO says." * each.tolerated.assumed
    )
    if verdict == "ok" and each.tolerated.assumed:
        verdict, action = "watch", "Name the canary's journey with an SLO, or what is tolerated."
    found = [
        _finding(
            name="canary",
            subject=name,
            verdict=verdict,
            sentence=f"{name} {said}. {each.judgement.because}",
            impact=_impact(each),
            why=f"{_looks(each)}{assumed}",
            evidence=each.sources,
            action=action,
            figure="canaries",
        )
    ]
    found += [
        _finding(
            name="canary-part",
            subject=f"{name}, {part}",
            verdict="act" if absent.broken else "unknown",
            sentence=f"{name}: {part} could not be used.",
            why=absent.why,
            action=absent.supply or "Mend what is named, or leave it out.",
        )
        for part, absent in each.absent.items()
    ]
    return [*found, *_kayenta(each)]


def _unjudged(each: JudgedCanary) -> Finding:
    broken = any(absent.broken for absent in each.absent.values())
    why = " ".join(dict.fromkeys(absent.why for absent in each.absent.values()))
    supply = next((absent.supply for absent in each.absent.values() if absent.supply), "")
    return _finding(
        name="broken-evidence" if broken else "canary",
        subject=each.canary.name,
        verdict="act" if broken else "unknown",
        sentence=f"{each.canary.name} is not judged: its evidence cannot be used.",
        why=why,
        action=supply or "Mend what is named, or leave it out.",
    )


def _impact(each: JudgedCanary) -> Estimate | None:
    """How many more of its requests failed, where that is what fails."""
    assert each.judgement is not None  # noqa: S101 - the caller has looked
    for guardrail in each.judgement.guardrails:
        if guardrail.name in each.judgement.failed:
            rise = getattr(guardrail.judgement, "rise", None) or getattr(guardrail.judgement, "relative", None)
            return rise if isinstance(rise, Estimate) and not math.isnan(rise.value) else None
    return None


def _looks(each: JudgedCanary) -> str:
    assert each.judgement is not None  # noqa: S101 - the caller has looked
    names = listing([guardrail.name for guardrail in each.judgement.guardrails])
    ratio = each.judgement.ratio
    split = (
        ""
        if ratio is None
        else f" The canary got {percent(ratio.shares[0])} of the requests, meant were {percent(each.canary.share)}."
    )
    held = "at any number of looks" if each.canary.looks == "any" else "at the one look that was fixed before"
    return f"Judged by {names}, at {percent(each.judgement.level)}, {held}.{split}"


def _kayenta(each: JudgedCanary) -> list[Finding]:
    """Where the usual judge would say otherwise, or by nothing."""
    score, judgement = each.kayenta, each.judgement
    if score is None or judgement is None:
        return []
    found = []
    passed = [name for name, kind in score.classes.items() if kind == "Pass" and name in judgement.failed]
    if passed:
        found.append(
            _finding(
                name="kayenta-differs",
                subject=each.canary.name,
                verdict="watch",
                sentence=f"{each.canary.name}: Kayenta passes {listing(passed)}, which surely got worse "
                f"(score {number(score.score)} of 100).",
                why="Kayenta compares points by time: where most of them hold no failure, a rank test sees none.",
                evidence=each.sources,
                action="Judge rare failures by counts, not by a rate by minute.",
            )
        )
    if each.unmeasured:
        found.append(
            _finding(
                name="kayenta-without-data",
                subject=each.canary.name,
                verdict="watch",
                sentence=f"{each.canary.name}: Kayenta's config names {listing(each.unmeasured)}, of which there is no "
                "data; its score does not count them.",
                evidence=each.sources,
                action="Measure them by version, or mend their names in the config.",
            )
        )
    return found


def _plans(result: Rollout) -> list[Finding]:
    plans = result.plans
    if plans is None:
        return []
    name, chosen, bang = plans.slo.slo.name, plans.risk(plans.chosen), plans.risk(plans.plans[0])
    left = percent(max(plans.left, 0.0))
    verdict: Verdict = "ok"
    action = ""
    if plans.left <= 0:
        sentence = f"The budget of {name} is spent: any defect breaks its promise; {plans.chosen.name} costs least."
        verdict, action = (
            "act",
            f"Hold changes back but those that mend it, and roll those out with {plans.chosen.name}.",
        )
    elif not plans.within:
        sentence = (
            f"No plan keeps a defect within the {left} that is left of {name}; the cheapest, {plans.chosen.name}, may "
            f"cost {percent(chosen.if_defect_high)}."
        )
        verdict, action = "act", "See defects sooner (alerts, comparison of versions) or roll back faster."
    elif chosen is bang:
        sentence = (
            f"Even all at once, a defect costs at most {percent(bang.if_defect_high)} of the budget of {name}, in 95 "
            f"of 100 cases, and {left} is left."
        )
    else:
        sentence = (
            f"All at once, a defect may cost {percent(bang.if_defect_high)} of the budget of {name}, of which {left} "
            f"is left; with {plans.chosen.name}, at most {percent(chosen.if_defect_high)}, in 95 of 100 cases."
        )
        verdict, action = "watch", f"Roll out with {plans.chosen.name}, and look before going on."
    if plans.assumed and plans.left > 0:
        verdict = "watch"
        said = f"Record what is assumed: {listing(plans.assumed)}."
        action = f"{action} {said}".strip()
    seen = "alerts, and the comparison of versions" if plans.compared else "alerts alone: no canary shows a comparison"
    window = f" All rollouts of a window are expected to cost {plans.a_window}." if plans.a_window else ""
    rests = "; ".join(f"{each.name} {each.value}{', assumed' if each.assumed else ''}" for each in plans.inputs)
    return [
        _finding(
            name="ring-plan",
            subject=name,
            verdict=verdict,
            sentence=sentence,
            impact=_exactly(bang.if_defect_high, bool(plans.assumed)),
            why=f"A defect is seen by {seen}. Rests on: {rests}.{window}",
            evidence=(
                *plans.slo.rows.sources(plans.slo.start, plans.slo.end),
                *_of(result, "deployments", "incidents"),
            ),
            action=action,
            figure="plans",
        )
    ]


def _exactly(value: float, assumed: bool) -> Estimate:
    return Estimate(value, value, value, 1.0, "fraction", assumed=assumed)


def _delivery(result: Rollout) -> list[Finding]:
    delivery = result.delivery
    if delivery is None:
        return []
    measured = [each for each in result.keys if each.measured is not None and each.band]
    slow = [each for each in measured if each.band in ("medium", "low")]
    bands = listing([f"{each.name} {each.band} ({each.measured})" for each in measured])
    found = [
        _finding(
            name="delivery",
            verdict="watch" if slow else "ok",
            sentence=f"Delivery by the bands of 2024: {bands}.",
            why="The change failure rate is not banded: the bands of the report are not in its order.",
            evidence=_of(result, "deployments", "incidents", "changes"),
            action=f"Make changes smaller and more often: {listing([each.name for each in slow])} lag." if slow else "",
            figure="delivery",
        )
    ]
    n = delivery.deployments
    told = (
        f" Whether it is halved could be told from {delivery.halved:,} deployments on either side, not from {n}."
        if delivery.halved is not None and delivery.halved > n
        else ""
    )
    found.append(
        _finding(
            name="change-failure-rate",
            verdict="watch" if delivery.failed.low > 0.15 else "ok" if n >= 20 else "unknown",
            sentence=f"{len(delivery.matched)} of {plural(n, 'deployment')} failed: {delivery.failed}.{told}",
            impact=delivery.failed,
            why=" ".join(delivery.notes),
            evidence=_of(result, "deployments", "incidents"),
            action="" if n >= 20 else f"Collect deployments: {n} say next to nothing of how often one fails.",
        )
    )
    return found


def _absent(result: Rollout) -> list[Finding]:
    found, said = [], set[str]()
    for name, absent in result.absent.items():
        if absent.why in said:
            continue
        said.add(absent.why)
        found.append(
            _finding(
                name="broken-evidence" if absent.broken else "not-measured",
                subject=name,
                verdict="act" if absent.broken else "unknown",
                sentence=f"Not known: {KINDS.get(name, name)}"
                + (", as what is given cannot be used." if absent.broken else "."),
                why=absent.why,
                action="Mend what is named, or leave it out." if absent.broken else absent.supply or "Supply it.",
            )
        )
    return found


def _of(result: Rollout, *kinds: str) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))
