"""The sentence in which step 01 answers its question."""

from __future__ import annotations

from collections import Counter

from scaling_lib.slo.findings import HALF, WHOLE, decidable, unpaged
from scaling_lib.slo.result import Assessed, SLOResult
from scaling_lib.slo.spell_findings import BIG_SPELL, spell_findings
from scaling_lib.words import listing, percent, plural


def headline(assessed: Assessed) -> str:
    """The sentence that answers the step's question, and names what calls for action."""
    broken = sum(each.broken for each in assessed.unmeasured)
    if not assessed.results:
        return f"Not measured: no SLO {'has evidence that can be read' if broken else 'has evidence'}."
    missed = [each for each in assessed.results if each.attainment.counted == "missed"]
    met = sum(_kept(each) for each in assessed.results)
    untold = [each for each in assessed.results if each.attainment.counted != "missed" and not _kept(each)]
    so_far = " so far" if min(each.covered for each in assessed.results) < HALF else ""
    of = len(assessed.results) + len(assessed.unmeasured)
    parts = [f"{'Yes: ' if met == of else ''}{met} of {plural(of, 'SLO')} met{so_far}"]
    if missed:
        worst = sorted(missed, key=lambda each: -each.spent.value)
        names = listing([f"{each.slo.name} ({percent(each.spent.value)})" for each in worst], 2)
        parts = [f"No. Over budget: {names}", *parts]
    for reason, number_ in Counter(_untold(each) for each in untold).items():
        parts.append(f"{number_} {reason}")
    if unseen := len(assessed.unmeasured) - broken:
        parts.append(f"{unseen} not measured")
    if broken:
        parts.append(f"{broken} with evidence that cannot be read")
    troubles = []
    if big := sum(spell.verdict == "act" for spell in spell_findings(assessed.results)):
        troubles.append(f"{plural(big, 'spell')} of failure took over {percent(BIG_SPELL)} of a budget")
    if silent := sum(map(len, map(unpaged, assessed.results))):
        troubles.append(f"the alerts would miss {plural(silent, 'costly spell')}")
    told = "; ".join(parts)
    if troubles:
        told += (", but " if met == of else "; ") + " and ".join(troubles)
    return f"{told}."


def _kept(each: SLOResult) -> bool:
    """Whether the SLO is met for all that is known of its window, or certainly in the long run."""
    return each.attainment.state == "met" or (each.attainment.counted == "met" and each.covered >= WHOLE)


def _untold(each: SLOResult) -> str:
    """Why an SLO is neither met nor missed."""
    if each.independent.state != "insufficient data":
        return "with too few separate stretches of failure to tell"
    return "with too few requests to tell" if decidable(each) else "too near the target to tell"
