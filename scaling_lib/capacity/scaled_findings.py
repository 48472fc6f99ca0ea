"""What an autoscaler would have done with the demand, as a finding."""

from __future__ import annotations

from scaling_lib.capacity.absent_findings import COMMAND
from scaling_lib.capacity.result import Capacity
from scaling_lib.capacity.sizing import Scaled
from scaling_lib.findings import Finding, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, number, percent, plural, quantity

NONE_LOST = 1e-4  # of the requests: so many fail for other reasons too
NO_CURRENCY = "(currency not given)"


def scaled_findings(result: Capacity) -> list[Finding]:
    """One a resource with an autoscaler: of today's demand where that is not served, else of what is asked for."""
    found = []
    for name in dict.fromkeys(each.resource for each in result.replays):
        own = [each for each in result.replays if each.resource == name]
        lost = next((each for each in own if not _served(each)), None)
        found.append(_finding(result, lost or own[-1]))
    return found


def _served(each: Scaled) -> bool:
    return not each.replay.unserved_share > NONE_LOST


def _finding(result: Capacity, each: Scaled) -> Finding:
    replay, share = each.replay, each.replay.unserved_share
    recorded = "simulated" if result.simulated("requests") else "recorded"
    load = f"the {recorded} demand" if each.factor == 1 else f"{number(each.factor)} times the {recorded} demand"
    most = int(replay.replicas["asked"].max())
    verdict: Verdict = "ok" if _served(each) else "act" if each.factor == 1 else "watch"
    told = (
        f"serves all of {load}"
        if _served(each)
        else f"does not serve {percent(share)} of {load}: for {duration(replay.under_provisioned_s)} in all it is too "
        "little"
    )
    return Finding(
        step="02",
        command=COMMAND,
        name="autoscaler",
        subject=each.resource,
        verdict=verdict,
        sentence=f"The autoscaler of {each.resource} {told}; it asks for {plural(most, 'replica')} at most.",
        impact=Estimate(share, share, share, 1.0, "fraction"),
        why=_why(result, each),
        evidence=result.sources.get("requests", ()),
        action="" if verdict == "ok" else _action(result, each, most),
    )


def _why(result: Capacity, each: Scaled) -> str:
    replay, over = each.replay, f"over the {duration(each.replay.duration_s)} of the record"
    fixed = f"{plural(replay.fixed_replicas, 'replica')} all the time would serve the peak"
    turned = f"It turned its direction {plural(replay.flaps, 'time')} within ten minutes."
    if replay.cost is None or replay.fixed_cost is None:
        return f"It takes {number(replay.replica_h)} replica-hours {over}; {fixed}. {turned}"
    unit = result.currency or NO_CURRENCY
    made_up = {point.resource.name for point in result.points if point.resource.prices == "assumed"}
    return (
        f"It costs {quantity(replay.cost, unit)} {over}; {fixed}, for {quantity(replay.fixed_cost, unit)}"
        f"{', at prices that are assumed' if each.resource in made_up else ''}. {turned}"
    )


def _action(result: Capacity, each: Scaled, most: int) -> str:
    scaler = next((point.resource.autoscaler for point in result.points if point.resource.name == each.resource), None)
    if scaler is not None and most >= scaler.most:
        return f"Let the autoscaler of {each.resource} go beyond {scaler.most} replicas (`most`)."
    return f"Let the autoscaler of {each.resource} begin earlier: a higher `least`, or a lower `target`."
