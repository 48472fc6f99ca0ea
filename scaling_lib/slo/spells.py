"""Spells of failure found in the counts themselves, where no incident list is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.counts import MINUTE, minute_grid

Floats = NDArray[np.float64]

SCALES = {1: 5.0, 5: 4.0, 30: 3.0}  # minutes a sum, and how many times as bad as usual it has to be
ALIKE = 0.9  # sums at least so nearly as bad as one are no part of what is usual beside it
FEWEST_SUMS = 30  # fewer say nothing about what is usual
REACH = max(SCALES)  # minutes: the edge of a sum that stands out lies at most so far from the spell's own
SHORTEST_GAP = 3  # minutes between two spells that are told apart


def incidents_from_counts(
    counts: pd.DataFrame, target: float, *, false_discovery: float = 0.01, gap_s: float = 60.0 * SHORTEST_GAP
) -> pd.DataFrame:
    """Stretches in which clearly more failed than the target allows: found in the counts, not given by anyone.

    counts: see `minute_grid`; target: a fraction in (0, 1).
    false_discovery: the share of minutes wrongly taken for spells, controlled after Benjamini and Hochberg.
    gap_s: spells that lie at most this far apart are one.

    Every minute, then every sum over 5 and 30 minutes of what is left, is held against what the target allows, or what
    is usual in this history where that is more: it has to be five (four, three) times as bad, and more than chance
    gives by the exact binomial test, or by the negative binomial where the rate wanders by itself. Of a sum that stands
    out, the minutes from the first to the last above the target are taken. The ends are then moved to where failures
    change from the usual share, and spells joined where what lies between them is no better than they are; a joined
    spell has to stand out as a whole. A history that fails throughout gives one long spell or many.

    Returns a frame with name ("found 1", ...), start, end (whole minutes), bad, total, and found (True).
    Measured (tests/slo/test_spells.py): a spell where there is none in less than 2 of 100 histories of independent
    failures at the target's rate, and in less than 5 of 100 days where minutes vary (design effect 5 to 20) or the rate
    wanders (its logarithm by 0.3). Where it wanders by 0.6 it is 12 of 100: it then truly is five times the target's at
    times. Spells of 60 to 90 s with 20 requests a second and 30% failing are all found in 12 minutes and in such days.
    Four hours with 95% slow among 7 requests a minute, where 5% usually are, are one spell with both ends within 2
    minutes in 99 of 100 days.
    """
    rate = float(allowed_share(target))
    if not 0 < false_discovery < 1 or gap_s < 0:
        raise InvalidInput(
            f"incidents_from_counts: found false_discovery {false_discovery} and gap_s {gap_s}; expected a fraction "
            "such as 0.01, and 0 s or more."
        )
    grid = minute_grid(counts)
    minutes = pd.DatetimeIndex(grid.index)
    bad, total = grid["bad"].to_numpy(), grid["total"].to_numpy()
    taken = np.zeros(len(grid), dtype=bool)
    above = bad > rate * total
    for scale, times in SCALES.items():
        if scale > 1 and len(grid) < 2 * scale:
            break
        failed, events = (_sums(np.where(taken, 0.0, values), scale) for values in (bad, total))
        level, variation = _usual(bad, total, scale, failed / np.maximum(events, 1), rate)
        least = np.minimum(times * level, level + (1 - level) / 4)  # five times 30% cannot be
        chance = np.where(failed < least * events, 1.0, failures_by_chance(failed, events, level, variation))
        standing_out = _discoveries(chance, int((events > 0).sum()), false_discovery / len(SCALES))
        found = _spread(standing_out, scale, len(grid)) & above
        taken |= _filled(found, scale) if scale > 1 else found
    first, last = _with_true_ends(bad, total, taken, rate, round(gap_s / 60))
    running_bad, running_total = (np.concatenate([[0.0], np.cumsum(values)]) for values in (bad, total))
    failed, events = running_bad[last + 1] - running_bad[first], running_total[last + 1] - running_total[first]
    clear = failures_by_chance(failed, events, np.full(len(failed), rate)) <= false_discovery / max(
        1, int((total > 0).sum())
    )
    first, last, failed, events = first[clear], last[clear], failed[clear], events[clear]
    return pd.DataFrame(
        {
            "name": [f"found {place + 1}" for place in range(len(first))],
            "start": minutes[first],
            "end": minutes[last] + MINUTE,
            "bad": failed,
            "total": events,
            "found": np.ones(len(first), dtype=bool),
        }
    )


def _sums(values: Floats, scale: int) -> Floats:
    """Sums over every run of `scale` minutes, by the run's first minute."""
    if len(values) < scale:
        return np.zeros(0)
    running = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(running[scale:] - running[:-scale])


def _usual(bad: Floats, total: Floats, scale: int, shares: Floats, rate: float) -> tuple[Floats, Floats]:
    """For each sum's share of failures the usual one, at least `rate`, and its squared coefficient of variation.

    Usual is what blocks of the same length show that are clearly less bad, so that no spell hides itself or its like;
    where those are too few, it is `rate` without variation. What the binomial explains is no variation.
    """
    whole = len(bad) // scale * scale
    failed, events = (values[:whole].reshape(-1, scale).sum(axis=1) for values in (bad, total))
    failed, events = failed[events > 0], events[events > 0]
    order = np.argsort(failed / events)
    failed, events = failed[order], events[order]
    count = np.searchsorted(failed / events, ALIKE * shares)
    moments = (failed, events, failed**2, failed * events, events**2)
    k, n, kk, kn, nn = (np.concatenate([[0.0], np.cumsum(each)])[count] for each in moments)
    known = count >= FEWEST_SUMS
    usual = np.divide(k, n, out=np.zeros(len(shares)), where=known)
    excess = np.maximum(kk - 2 * usual * kn + usual**2 * nn - k, 0.0)
    level = np.maximum(usual, rate)
    return level, np.divide(excess, level**2 * nn, out=np.zeros(len(shares)), where=known)


def failures_by_chance(bad: Floats, total: Floats, rate: Floats, variation: Floats | float = 0.0) -> Floats:
    """P(K >= bad) where K is binomial, or negative binomial where the rate varies."""
    from scipy import special

    varying = np.broadcast_to(variation, bad.shape)
    even = special.betainc(np.maximum(bad, 1e-9), np.maximum(total - bad + 1, 1e-9), rate)
    spread = varying * rate * total
    odd = special.betainc(np.maximum(bad, 1e-9), 1 / np.maximum(varying, 1e-9), spread / (1 + spread))
    return np.asarray(np.where(bad == 0, 1.0, np.where(varying > 1e-9, odd, even)))


def _discoveries(probability: Floats, tests: int, false_discovery: float) -> NDArray[np.bool_]:
    """Benjamini and Hochberg: all tests up to the largest p(i) <= i / tests x false_discovery."""
    if len(probability) == 0:
        return np.zeros(0, dtype=bool)
    ordered = np.sort(probability)
    passing = np.flatnonzero(ordered <= np.arange(1, len(ordered) + 1) / max(tests, 1) * false_discovery)
    if len(passing) == 0:
        return np.zeros(len(probability), dtype=bool)
    return np.asarray(probability <= ordered[passing[-1]])


def _spread(starts: NDArray[np.bool_], scale: int, length: int) -> NDArray[np.bool_]:
    """The minutes covered by the runs that begin at `starts`."""
    change = np.zeros(length + 1, dtype=np.int64)
    begun = np.flatnonzero(starts)
    np.add.at(change, begun, 1)
    np.add.at(change, begun + scale, -1)
    return np.asarray(np.cumsum(change)[:length] > 0)


def _filled(taken: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """The same with gaps of at most `gap` minutes closed."""
    first, last = _joined(taken, gap)
    change = np.zeros(len(taken) + 1, dtype=np.int64)
    change[first] += 1
    change[last + 1] -= 1
    return np.asarray(np.cumsum(change)[:-1] > 0)


def _with_true_ends(
    bad: Floats, total: Floats, taken: NDArray[np.bool_], rate: float, gap: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last minute of each spell, where the minutes change; spells with no rest between are joined.

    A minute's score is the logarithm of how much likelier its failures are halfway from the usual share to the spell's
    than at the usual share. A spell is the run of highest score about what was taken; spells whose gap scores above 0,
    or is at most `gap` minutes, are one. Source: Page, Continuous Inspection Schemes, Biometrika 41 (1954).
    """
    first, last = _joined(taken, gap)
    others = total[~taken].sum()
    usual = max(rate, float(bad[~taken].sum() / others)) if others else rate
    spells: list[tuple[int, int]] = []
    for place in range(len(first)):
        begin = max(first[place] - REACH, last[place - 1] + 1 if place else 0)
        end = min(last[place] + REACH + 1, first[place + 1] if place + 1 < len(first) else len(bad))
        core = slice(first[place], last[place] + 1)
        share = float(bad[core].sum() / total[core].sum())
        scores = _scores(bad, total, usual, max(usual, usual + (share - usual) / 2))
        from_, to = _highest_run(scores[begin:end])
        from_, to = from_ + begin, to + begin
        if spells and (from_ - spells[-1][1] - 1 <= gap or scores[spells[-1][1] + 1 : from_].sum() > 0):
            from_ = spells.pop()[0]
        spells.append((from_, to))
    return np.array([one for one, _ in spells], dtype=np.int64), np.array([one for _, one in spells], dtype=np.int64)


def _scores(bad: Floats, total: Floats, usual: float, spell: float) -> Floats:
    if spell <= usual:
        return np.asarray(bad - 0.0)  # all fails as it usually does: no change to be found
    return np.asarray(bad * np.log(spell / usual) + (total - bad) * np.log((1 - spell) / (1 - usual)))


def _highest_run(scores: Floats) -> tuple[int, int]:
    """First and last place of the run with the highest sum."""
    running = np.concatenate([[0.0], np.cumsum(scores)])
    gained = running - np.minimum.accumulate(running)
    last = int(np.argmax(gained[1:]))
    return int(np.flatnonzero(running[: last + 1] == running[: last + 1].min())[-1]), last


def _joined(taken: NDArray[np.bool_], gap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last minute of each spell, gaps of at most `gap` minutes closed."""
    places = np.flatnonzero(taken)
    if len(places) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    first = places[np.concatenate([[0], breaks + 1])]
    last = places[np.concatenate([breaks, [len(places) - 1]])]
    return first, last
