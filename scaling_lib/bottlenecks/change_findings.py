"""What step 04 finds of a change that was made: whether it worked, and how far its prediction was off."""

from __future__ import annotations

import math
from functools import partial

from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import percent, quantity

NEAR = 0.2  # a prediction that is further off is not taken for an answer
GIVEN = ("spans", "load tests", "load metrics")
FASTER = 1.05  # times the throughput: less is no gain
_finding = partial(Finding, step="04", command="scaling run --step 04")


def change_findings(change: Changed) -> list[Finding]:
    """Did it work, and could it have been known."""
    return [*_broken(change), _worked(change), *_prediction(change)]


def worked(change: Changed) -> str:
    """Yes, no, mixed or not known, by the traces at equal load, and where those do not tell by the throughput."""
    verdicts = {each.verdict for each in change.impact.quantiles} if change.impact is not None else set()
    if "better" in verdicts and "worse" not in verdicts:
        return "yes"
    if "worse" in verdicts:
        return "mixed" if "better" in verdicts else "no"
    gain = _gain(change)
    if not math.isnan(gain.value):
        if gain.low > FASTER:
            return "yes"
        if gain.high < 1 / FASTER:
            return "no"
    return "no difference found" if "no difference found" in verdicts else "not known"


def _worked(change: Changed) -> Finding:
    name, answer, gain = change.change.name, worked(change), _gain(change)
    verdicts: dict[str, Verdict] = {"yes": "ok", "no": "act", "mixed": "watch", "no difference found": "watch"}
    told = {
        "yes": "It worked",
        "no": "It made things worse",
        "mixed": "It helped some requests and slowed others",
        "no difference found": "No difference was found",
    }
    parts = [f"{name}: {told.get(answer, 'Whether it worked is not known')}"]
    if change.was is not None and change.recorded is not None:
        least = "at least " if change.at_least else ""
        parts.append(f"the highest throughput went from {change.was} to {least}{change.recorded}")
    at = change.first_full
    if at is not None:
        parts.append(
            f"at {at['users']:g} users the mean response went from {quantity(at['before_s'], 's')} to "
            f"{quantity(at['after_s'], 's')}"
        )
    why = [each.sentence for each in change.impact.quantiles] if change.impact is not None else []
    if change.impact is None and "impact" in change.absent:
        why.append(change.absent["impact"].why)
    moved = _moved(change)
    return _finding(
        name="change",
        subject=name,
        verdict=verdicts.get(answer, "unknown"),
        sentence=f"{'; '.join(parts)}.{moved}",
        impact=None if math.isnan(gain.value) else gain,
        why=" ".join(["Of the traces, each operation at its own level of load:", *why]) if why else "",
        evidence=_evidence(change),
        action={
            "no": f"Take {name} back, or find what else changed.",
            "mixed": "See which operations became slower, at which load.",
            "no difference found": "Record for longer, or at a load at which the bottleneck is full.",
            "not known": "Supply spans and load tests of both sides, at the same levels of load.",
        }.get(answer, ""),
        figure="change-throughput",
    )


def _broken(change: Changed) -> list[Finding]:
    """Evidence of either side that was given and cannot be used."""
    return [
        _finding(
            name="broken-evidence",
            subject=f"{change.change.name}, {side}",
            verdict="act",
            sentence=f"{change.change.name}: the {name} from {side} it cannot be used.",
            why=absent.why,
            action="Mend what is named, or leave it out.",
        )
        for side, found in (("before", change.before), ("after", change.after))
        for name, absent in found.absent.items()
        if absent.broken and name in GIVEN
    ]


def _moved(change: Changed) -> str:
    """What limited before and what does now, as the loads tell."""
    was = change.predicted.relief.bottleneck if change.predicted is not None else ""
    if not change.limits_now or not was:
        return ""
    use = percent(change.used)
    if change.limits_now == was:
        return f" {was} is still used most, {use} at the last level."
    return f" The bottleneck moved from {was} to {change.limits_now}, {use} of which is in use at the last level."


def _prediction(change: Changed) -> list[Finding]:
    name = change.change.name
    if change.predicted is None:
        absent = change.absent.get("prediction")
        return [
            _finding(
                name="prediction",
                subject=name,
                verdict="unknown",
                sentence=f"{name}: its gain was not predicted.",
                why=absent.why if absent else "",
                action=absent.supply if absent else "",
            )
        ]
    if change.recorded is None or math.isnan(change.error):
        return []
    relief, error = change.predicted.relief, change.error
    least = "at least " if change.at_least else ""
    off = f"{percent(abs(error))} too {'high' if error > 0 else 'low'}"
    off = f"at least {off}" if change.at_least and error < 0 else off
    if abs(error) < 0.005:
        off = "less than 0.5% off"
    right = relief.next_bottleneck == change.limits_now
    limits = (
        f" What limits next, {relief.next_bottleneck}, was foreseen."
        if right
        else f" {relief.next_bottleneck} was foreseen to limit next; {change.limits_now} is used most."
        if change.limits_now
        else ""
    )
    near = _near(change)
    verdict: Verdict = "ok" if abs(error) <= NEAR and (right or not change.limits_now) else "watch"
    return [
        _finding(
            name="prediction",
            subject=name,
            verdict=verdict,
            sentence=(
                f"{name}: from what was recorded before, {relief.after} was predicted, and {least}{change.recorded} "
                f"recorded: {off}.{limits}"
            ),
            impact=Estimate(abs(error), abs(error), abs(error), 1.0, "fraction"),
            why=f"{near}The model's demands were measured at up to {_highest_measured(change)}; beyond, they are taken "
            "to stay the same. The interval knows of their scatter, not of that.",
            evidence=_evidence(change),
            action=""
            if verdict == "ok"
            else "Take predictions far beyond the measured loads as the order of things, and measure after each fix.",
            figure="change-throughput",
        )
    ]


def _near(change: Changed) -> str:
    """Up to which users every level's throughput was within a tenth, and what of the response where the limit was."""
    at = change.first_full
    response = ""
    if at is not None and not math.isnan(at["predicted_s"]):
        response = (
            f"At {at['users']:g} users a mean response of {quantity(at['predicted_s'], 's')} was predicted, and "
            f"{quantity(at['after_s'], 's')} recorded. "
        )
    known = change.levels.dropna(subset=["predicted", "after"])
    reached = math.nan
    for users, predicted, after in zip(known["users"], known["predicted"], known["after"], strict=True):
        if abs(predicted / after - 1) > 0.1:
            break
        reached = float(users)
    within = "" if math.isnan(reached) else f"Up to {reached:g} users the throughput was predicted within 10%. "
    return within + response


def _highest_measured(change: Changed) -> str:
    return quantity(float(change.levels["before"].max()), "requests/s")


def _gain(change: Changed) -> Estimate:
    """Highest throughput after over before; their ends are divided crosswise, which is the more careful."""
    was, now = change.was, change.recorded
    if was is None or now is None or not was.value > 0:
        return Estimate(math.nan, math.nan, math.nan, 0.95, "x")
    ends = [
        _known(now.low, now.value) / _known(was.high, was.value),
        _known(now.high, now.value) / _known(was.low, was.value),
    ]
    return Estimate(now.value / was.value, ends[0], ends[1], was.level, "x")


def _known(end: float, value: float) -> float:
    return value if math.isnan(end) else end


def _evidence(change: Changed) -> tuple[Source, ...]:
    return tuple(
        source
        for side in (change.before, change.after)
        for kind in ("spans", "load tests", "load metrics")
        for source in side.sources.get(kind, ())
    )
