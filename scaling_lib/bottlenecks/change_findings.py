"""What step 04 finds of a change that was made: whether it worked, and how far its prediction was off."""

from __future__ import annotations

import math
from functools import partial

from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import percent, plural, quantity

NEAR = 0.2  # a prediction that is further off is not taken for an answer
GIVEN = ("spans", "load tests", "load metrics")
FASTER = 1.05  # times the throughput: less is no gain
MOST_LEFT_OUT = 0.1  # of the requests: traces that tell of fewer do not tell whether a change worked
_finding = partial(Finding, step="04", command="scaling run --step 04")


def change_findings(change: Changed) -> list[Finding]:
    """Did it work, and could it have been known."""
    return [*_broken(change), _worked(change), *_prediction(change)]


def worked(change: Changed) -> str:
    """Yes, no, mixed or not known, by the traces at equal load, and where those do not tell by the throughput."""
    told = change.impact is not None and change.impact.left_out <= MOST_LEFT_OUT
    verdicts = {each.verdict for each in change.impact.quantiles} if change.impact is not None and told else set()
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
    why = _compared(change)
    verdict = verdicts.get(answer, "unknown")
    if change.impact is not None and change.impact.left_out > MOST_LEFT_OUT:
        verdict = "watch" if verdict == "ok" else verdict
        parts.append(
            f"{percent(change.impact.left_out)} of the requests came in operations that one side alone names, or at "
            "levels of load that it alone has, and cannot be compared"
        )
    moved = _moved(change)
    return _finding(
        name="change",
        subject=name,
        verdict=verdict,
        sentence=f"{'; '.join(parts)}.{moved}",
        impact=None if math.isnan(gain.value) else gain,
        why=why,
        evidence=_evidence(change),
        action={
            "no": f"Take {name} back, or find what else changed.",
            "mixed": "See which operations became slower, at which load.",
            "no difference found": "Record for longer, or at a load at which the bottleneck is full.",
            "not known": "Supply spans and load tests of both sides, at the same levels of load.",
        }.get(answer, ""),
        figure="change-throughput",
    )


def _compared(change: Changed) -> str:
    """What the traces tell, at equal load, what of them was left out, and what no two runs can tell."""
    if change.impact is None:
        return change.absent["impact"].why if "impact" in change.absent else ""
    return " ".join(
        [
            "Of the traces, each operation at its own level of load:",
            *[each.sentence for each in change.impact.quantiles],
            *change.impact.notes,
            "One run before is compared with one after: what differs from run to run is not in the intervals.",
        ]
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
                f"{name}: from what was recorded before, {relief.told} was predicted, and {least}{change.recorded} "
                f"recorded: {off}.{limits}"
            ),
            impact=Estimate(abs(error), abs(error), abs(error), 1.0, "fraction"),
            why=f"{near}The model's demands were measured at up to {_highest_measured(change)}; {_beyond(change)}",
            evidence=_evidence(change),
            action=""
            if verdict == "ok"
            else "Take predictions far beyond the measured loads as the order of things, and measure after each fix.",
            figure="change-throughput",
        )
    ]


def _near(change: Changed) -> str:
    """How the levels were predicted: the responses, which tell more than throughputs that few users ask for."""
    known = change.levels.dropna(subset=["predicted_s", "after_s"])
    if known.empty:
        return ""
    ratios = known["predicted_s"] / known["after_s"]
    outside = int(
        ((known["after_s"] < known["predicted_low_s"]) | (known["after_s"] > known["predicted_high_s"])).sum()
    )
    said = (
        f"The mean responses were predicted at {quantity(float(ratios.min()), 'x')} to "
        f"{quantity(float(ratios.max()), 'x')} what was recorded; at {outside} of {plural(len(known), 'level')} the "
        "recorded one is outside the prediction's interval. "
    )
    at = change.first_full
    if at is not None and not math.isnan(at["predicted_s"]):
        said += (
            f"At {at['users']:g} users {quantity(at['predicted_s'], 's')} were predicted, and "
            f"{quantity(at['after_s'], 's')} recorded. "
        )
    return f"{said}Throughputs below the limit are near at any responses: users who think ask for little. "


def _beyond(change: Changed) -> str:
    """How the prediction reaches beyond the loads that were measured."""
    if change.predicted is None or math.isnan(change.predicted.relief.measured_to):
        return "the limit is not far beyond."
    return (
        "beyond, the limit is that of a power law, and its interval reaches from the lowest to the highest of a line, "
        "a power law and a parabola. What is predicted level by level is of the line alone."
    )


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
