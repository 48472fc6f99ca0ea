"""Two options one after the other, where one alone is not enough: the first moves the limit, the second the next."""

from __future__ import annotations

from scaling_lib.architecture.basis import Basis
from scaling_lib.architecture.evaluate import Evaluation, evaluate, moves_the_bottleneck
from scaling_lib.architecture.load import Load, load_of
from scaling_lib.architecture.pattern import UNDO_DAYS, Drawn, Pattern
from scaling_lib.stats import Estimate

MOST_PAIRS = 150


def best_pair(basis: Basis, patterns: list[Pattern], *, wanted: float) -> Pattern | None:
    """The pair that is enough at the least cost, else the one that is nearest to it; None where no two add up.

    Only pairs of which each moves what is full first when its turn comes are tried.
    """
    load = load_of(basis.system)
    movers = [each for each in patterns if moves_the_bottleneck(load, each.applied(load))]
    tried = []
    for one in movers:
        between = one.applied(load)
        for other in patterns:
            if other.name != one.name and moves_the_bottleneck(between, other.applied(between)):
                tried.append(both(one, other))
    nothing = [each for each in patterns if each.aim == "nothing"]
    if not tried:
        return None
    found = evaluate(
        basis.system, [*nothing, *tried[:MOST_PAIRS]], needed=basis.needed, within_slo=basis.within_slo, wanted=wanted
    )
    return _nearest(found)


def both(one: Pattern, other: Pattern) -> Pattern:
    """One pattern and then another: their effects in turn, their costs together, undone as slowly as the slower one."""

    def effect(load: Load, drawn: Drawn) -> Load:
        return other.effect(one.effect(load, drawn), drawn)

    costs = one.monthly_cost, other.monthly_cost
    assumptions = {each.name: each for each in (*one.assumptions, *other.assumptions)}
    return Pattern(
        name=f"{one.name}, then {other.name}",
        aim="capacity",
        effect=effect,
        assumptions=tuple(assumptions.values()),
        monthly_cost=_sum(*costs),
        undo=max(one.undo, other.undo, key=lambda each: UNDO_DAYS[each]),
        source="; ".join(dict.fromkeys([one.source, other.source])),
        adds=one.adds + other.adds,
    )


def _sum(one: Estimate | None, other: Estimate | None) -> Estimate | None:
    if one is None or other is None:
        return None
    ends = (one.value + other.value, one.low + other.low, one.high + other.high)
    return Estimate(*ends, one.level, one.unit or other.unit, one.assumed or other.assumed)


def _nearest(found: Evaluation) -> Pattern | None:
    if found.chosen is not None and found.chosen.pattern.aim != "nothing":
        return found.chosen.pattern
    rest = [each for each in found.options if each.pattern.aim != "nothing"]
    return max(rest, key=lambda each: each.met).pattern if rest else None
