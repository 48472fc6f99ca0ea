"""Whether a service should be split, or two be merged back: only where a measured constraint says so."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate
from scaling_lib.words import listing

Verdict = Literal["SPLIT", "STAY", "MERGE BACK", "MEASURE FIRST"]

LEAST_GAIN = 1.3  # of capacity, after the tax of the calls: less is had by one larger server
TRAIN_SHARE = 0.25  # of the lead time that changes wait for each other, from which on teams are in each other's way
CO_CHANGE = 0.2  # of the commits that touch both sides of a cut, from which on the cut is in the wrong place
CALL_TAX = 0.2  # of a request's time that goes into calls between two services, from which on merging saves
READY = ("tracing", "rollback", "on-call")  # what a split needs before it: Fowler, MicroservicePrerequisites (2014)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One condition: what it is, whether it holds (None: not measured), and the sentence that says why."""

    name: str
    holds: bool | None
    because: str


@dataclass(frozen=True, kw_only=True)
class Gate:
    """verdict: with every condition that it rests on; missing: what to measure, where that would decide."""

    verdict: Verdict
    conditions: tuple[Condition, ...]
    missing: tuple[str, ...]


def microservices_gate(
    *,
    scaling_gain: Estimate | None,
    train_share: Estimate | None,
    co_change: Estimate | None,
    call_tax: Estimate | None = None,
    ready: Mapping[str, bool | None] | None = None,
    cheaper_is_enough: bool | None = None,
    split_already: bool = False,
) -> Gate:
    """Hold a cut between two parts against what was measured; None: not measured.

    scaling_gain: of the system's capacity if the part scales on its own, after the tax of the calls ("x").
    train_share: of the lead time that changes wait for deployments of other parts. co_change: of the commits to either
    part that touch both. call_tax: of a request's time that goes into the calls between them. ready: by READY whether
    it is there. cheaper_is_enough: whether an option that is undone sooner carries the load at the horizon.
    split_already: whether the parts are services of their own, so that the question is to merge them back.

    To split takes a constraint (capacity that scales in isolation, or a deploy train), a cut that few changes cross,
    everything of READY, and no cheaper way out. To merge takes changes that cross the cut and neither constraint.
    An interval that holds the threshold, or has an unknown end, is not measured well enough, and neither is a figure
    that is assumed where it would speak for a change. Raises InvalidInput for figures that cannot be.
    """
    for name, figure in (("train_share", train_share), ("co_change", co_change), ("call_tax", call_tax)):
        if figure is not None and not 0 <= figure.value <= 1:
            raise InvalidInput(f"microservices_gate: found a {name} of {figure.value:g}; expected a share from 0 to 1.")
    if unknown := set(ready or {}) - set(READY):
        raise InvalidInput(f"microservices_gate: found {sorted(unknown)[0]!r} in ready; expected {listing(READY)}.")
    gains = _condition("capacity that scales in isolation", scaling_gain, LEAST_GAIN, above=True)
    train = _condition("changes wait for each other's deployments", train_share, TRAIN_SHARE, above=True)
    apart = _condition("few changes cross the cut", co_change, CO_CHANGE, above=False)
    if split_already:
        tax = _condition("calls between them cost little", call_tax, CALL_TAX, above=False)
        return _merge(gains, train, apart, tax)
    there = ready or {}
    readiness = [
        Condition(name=f"{each} is there", holds=there.get(each), because=_said(there.get(each))) for each in READY
    ]
    cheaper = Condition(
        name="no cheaper option carries the load",
        holds=None if cheaper_is_enough is None else not cheaper_is_enough,
        because={None: "not measured", True: "one does, and is undone sooner", False: "none does"}[cheaper_is_enough],
    )
    return _split(gains, train, [apart, *readiness, cheaper])


def _split(gains: Condition, train: Condition, others: list[Condition]) -> Gate:
    constraint = _either(gains.holds, train.holds)
    all_ = [constraint, *(each.holds for each in others)]
    conditions = (gains, train, *others)
    if False in all_:
        return Gate(verdict="STAY", conditions=conditions, missing=())
    if None in all_:
        return Gate(verdict="MEASURE FIRST", conditions=conditions, missing=tuple(_unknown(conditions)))
    return Gate(verdict="SPLIT", conditions=conditions, missing=())


def _merge(gains: Condition, train: Condition, apart: Condition, tax: Condition) -> Gate:
    conditions = (gains, train, apart, tax)
    needed = _either(gains.holds, train.holds)
    costs = _either(None if apart.holds is None else not apart.holds, None if tax.holds is None else not tax.holds)
    if needed or costs is False:
        return Gate(verdict="STAY", conditions=conditions, missing=())
    if needed is None or costs is None:
        return Gate(verdict="MEASURE FIRST", conditions=conditions, missing=tuple(_unknown(conditions)))
    return Gate(verdict="MERGE BACK", conditions=conditions, missing=())


def _either(one: bool | None, other: bool | None) -> bool | None:
    if one or other:
        return True
    return None if one is None or other is None else False


def _unknown(conditions: tuple[Condition, ...]) -> Iterator[str]:
    return (each.name for each in conditions if each.holds is None)


def _condition(name: str, figure: Estimate | None, threshold: float, *, above: bool) -> Condition:
    if figure is None or math.isnan(figure.value):
        return Condition(name=name, holds=None, because="not measured")
    side = "at least" if above else "below"
    limit = Estimate(threshold, threshold, threshold, unit=figure.unit)
    sure = (figure.low >= threshold, figure.high < threshold)  # neither, where an end is not known
    if not any(sure):
        return Condition(name=name, holds=None, because=f"{figure}: not sure to be {side} {limit}")
    holds = sure[0] if above else sure[1]
    if holds and figure.assumed:
        return Condition(name=name, holds=None, because=f"{figure}: to be measured before it decides")
    return Condition(name=name, holds=holds, because=f"{figure}; it takes {side} {limit}")


def _said(holds: bool | None) -> str:
    return "not measured" if holds is None else ("there is evidence" if holds else "there is none")
