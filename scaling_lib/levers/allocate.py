"""Which work to do with the hours there are: debt and features in one queue, in one unit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.model.uncertainty import DRAWS, generator
from scaling_lib.words import listing

Floats = NDArray[np.float64]

STABLE = 200  # draws in which the choice is made again
SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Work:
    """One piece of work.

    hours, value: what it takes and gives, in the units of all; spread of either: the factor between its median and its
    90%, 1 where it is sure. team: whose hours it takes; after: names of work that has to be done before it.
    kind: such as "debt" or "feature".
    """

    name: str
    hours: float
    value: float
    team: str = ""
    after: tuple[str, ...] = ()
    kind: str = ""
    hours_spread: float = 1.0
    value_spread: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Allocation:
    """The work that is chosen.

    frame: a row a piece of work, in the order of cost of delay: name, kind, team, hours, value, per_hour, chosen, and
    stability: how often it is chosen when hours and values are what they may be. value, hours: of what is chosen.
    left_h: by team, hours that are left. greedy_share: what taking the best per hour first would reach of the value.
    proven: whether nothing better exists; False where the search was ended by its time.
    """

    frame: pd.DataFrame
    value: float
    hours: float
    left_h: Mapping[str, float]
    greedy_share: float
    proven: bool


def allocate(work: Sequence[Work], capacity: Mapping[str, float]) -> Allocation:
    """Choose the work of the largest value that fits into each team's hours, with what has to come before it.

    capacity: hours by team; work without a team takes of the team "". An exact optimiser (branch and bound).
    Raises InvalidInput for names twice, work that waits for itself or for what is not there, a team without capacity.
    Source: Reinertsen, The Principles of Product Development Flow (2009), for value over duration as the order; scipy's
    `milp` (HiGHS) for the choice.
    """
    _check(work, capacity)
    hours, value = np.array([each.hours for each in work]), np.array([each.value for each in work])
    chosen, proven = _best(work, hours, value, capacity)
    times = np.zeros(len(work))
    if any(each.hours_spread > 1 or each.value_spread > 1 for each in work):
        for took, gave in zip(_drawn(work, "hours").T, _drawn(work, "value").T, strict=True):
            times += _best(work, took, gave, capacity)[0]
    stability = times / STABLE if times.any() else chosen.astype(float)
    per_hour = np.divide(value, hours, out=np.full(len(work), math.inf), where=hours > 0)
    frame = pd.DataFrame(
        {
            "name": [each.name for each in work],
            "kind": [each.kind for each in work],
            "team": [each.team for each in work],
            "hours": hours,
            "value": value,
            "per_hour": per_hour,
            "chosen": chosen,
            "stability": stability,
        }
    ).sort_values(["per_hour", "name"], ascending=[False, True], ignore_index=True)
    reached = float(value[chosen].sum())
    greedy = _greedy(work, per_hour, capacity)
    taken = {
        team: float(sum(each.hours for each, is_in in zip(work, chosen, strict=True) if is_in and each.team == team))
        for team in capacity
    }
    return Allocation(
        frame=frame,
        value=reached,
        hours=float(hours[chosen].sum()),
        left_h={team: float(capacity[team]) - taken[team] for team in capacity},
        greedy_share=greedy / reached if reached > 0 else 1.0,
        proven=proven,
    )


def cost_of_waiting(work: Sequence[Work], cost_a_time: Mapping[str, float]) -> float:
    """What waiting costs where pieces of work are done one after the other in this order, each delayed by those before.

    cost_a_time: by name what a unit of time of delay costs. Best in the order of cost over duration.
    """
    begun = total = 0.0
    for each in work:
        total += begun * cost_a_time[each.name]
        begun += each.hours
    return total


def _best(
    work: Sequence[Work], hours: Floats, value: Floats, capacity: Mapping[str, float]
) -> tuple[NDArray[np.bool_], bool]:
    from scipy import optimize

    if not work:
        return np.zeros(0, dtype=bool), True
    place = {each.name: number for number, each in enumerate(work)}
    rows = [np.where([each.team == team for each in work], hours, 0.0) for team in capacity]
    limits = [float(limit) for limit in capacity.values()]
    for number, each in enumerate(work):
        for before in each.after:
            row = np.zeros(len(work))
            row[number], row[place[before]] = 1.0, -1.0
            rows.append(row)
            limits.append(0.0)
    found = optimize.milp(
        -value,
        constraints=optimize.LinearConstraint(np.array(rows), ub=np.array(limits)),
        integrality=np.ones(len(work), dtype=np.int64),
        bounds=optimize.Bounds(0, 1),
        options={"time_limit": SECONDS},
    )
    if found.x is None:
        return np.zeros(len(work), dtype=bool), False
    return np.asarray(np.round(found.x), dtype=bool), bool(found.status == 0)


def _greedy(work: Sequence[Work], per_hour: Floats, capacity: Mapping[str, float]) -> float:
    """The value reached by taking the best per hour first, with what has to be done before it already taken."""
    left, done, total = dict(capacity), set(), 0.0
    for number in np.argsort(-per_hour, kind="stable"):
        each = work[int(number)]
        if each.hours <= left[each.team] + 1e-9 and all(before in done for before in each.after):
            left[each.team] -= each.hours
            done.add(each.name)
            total += each.value
    return total


def _drawn(work: Sequence[Work], what: str) -> Floats:
    """What the hours or values may be: work by draws."""
    deviates = np.stack([generator(what, each.name).standard_normal(DRAWS)[:STABLE] for each in work])
    spreads = np.array([[getattr(each, f"{what}_spread")] for each in work])
    middles = np.array([[getattr(each, what)] for each in work])
    return np.asarray(middles * np.exp(deviates / 1.2815515655446004 * np.log(np.maximum(spreads, 1.0))))


def _check(work: Sequence[Work], capacity: Mapping[str, float]) -> None:
    names = [each.name for each in work]
    for each in work:
        if names.count(each.name) > 1:
            raise InvalidInput(f"allocate: found the work {each.name!r} twice; expected each name once.")
        if each.team not in capacity:
            raise InvalidInput(
                f"allocate: found work of the team {each.team!r}, which has no hours; expected one of "
                f"{listing(list(capacity))}."
            )
        if unknown := [name for name in each.after if name not in names]:
            raise InvalidInput(f"allocate: {each.name!r} comes after {unknown[0]!r}, which is not there.")
        if not (0 <= each.hours < math.inf and 0 <= each.value < math.inf):
            raise InvalidInput(
                f"allocate: found {each.hours} hours and a value of {each.value} of {each.name!r}; expected 0 or more."
            )
    after = {each.name: set(each.after) for each in work}
    while ready := [name for name, before in after.items() if not before & set(after)]:
        for name in ready:
            del after[name]
    if after:
        raise InvalidInput(f"allocate: {listing(sorted(after))} wait for each other; expected an order.")
    if any(not 0 <= limit < math.inf for limit in capacity.values()):
        raise InvalidInput(f"allocate: found the hours {dict(capacity)}; expected 0 or more for each team.")
