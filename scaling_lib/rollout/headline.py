"""The sentence that answers step 05: can it be changed without spending the budget?"""

from __future__ import annotations

from scaling_lib.rollout.result import Rollout
from scaling_lib.words import listing, percent, plural


def headline(result: Rollout) -> str:
    """The answer, then what stands against it."""
    return " ".join(part for part in (_budget(result), _canaries(result), _flags(result)) if part)


def _budget(result: Rollout) -> str:
    plans = result.plans
    if plans is None:
        absent = result.absent.get("plans") or result.absent.get("SLOs")
        return f"Not known: {absent.why if absent else 'no plan could be priced.'}"
    chosen, bang = plans.risk(plans.chosen), plans.risk(plans.plans[0])
    name, assumed = plans.slo.slo.name, ", on assumed inputs" if plans.assumed else ""
    if plans.left <= 0:
        return f"No: the budget of {name} is spent{assumed}."
    if not plans.within:
        return f"No: a defect may cost more than the {percent(plans.left)} that is left of {name} by any plan{assumed}."
    if chosen is bang:
        return (
            f"Yes: even all at once a defect costs at most {percent(bang.if_defect_high)} of the budget of "
            f"{name}{assumed}."
        )
    return (
        f"In rings, yes: with {plans.chosen.name} a defect costs at most {percent(chosen.if_defect_high)} of the "
        f"budget of {name}, all at once {percent(bang.if_defect_high)}, and {percent(plans.left)} is left{assumed}."
    )


def _canaries(result: Rollout) -> str:
    failed = [each.canary.name for each in result.canaries if each.judgement and each.judgement.verdict == "FAIL"]
    open_ = [
        each.canary.name
        for each in result.canaries
        if not each.judgement or each.judgement.verdict not in ("FAIL", "PASS")
    ]
    parts = []
    if failed:
        parts.append(f"The canary {listing(failed)} fails.")
    if open_:
        parts.append(f"Not decided: {listing(open_)}.")
    return " ".join(parts)


def _flags(result: Rollout) -> str:
    if result.flags is None:
        return ""
    stale = len(result.flags.names("stale"))
    parts = [f"{plural(stale, 'flag is', 'flags are')} stale"] if stale else []
    if result.flags.untested:
        parts.append(f"{listing(result.flags.untested)} was not tried within half a year")
    text = listing(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""
