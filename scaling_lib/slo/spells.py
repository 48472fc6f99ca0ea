"""Spells of failure found in the counts themselves, where no incident list is given."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.silence import longest_calm
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.chance import discoveries, failures_by_chance
from scaling_lib.slo.counts import MINUTE, minute_grid

Floats = NDArray[np.float64]

SCALES = {1: 5.0, 5: 4.0, 30: 3.0}  # minutes a sum, and how many times as bad as usual it has to be
LONG_SCALES = {360: 3.0, 1440: 3.0}  # the same, and how many times as bad as the target allows
ALIKE = 0.9  # sums at least so nearly as bad as one are no part of what is usual beside it
FEWEST_STEPS = 10  # distances between counts: fewer are alike by chance
FEWEST_SUMS = 30  # fewer say nothing about what is usual
REACH = max(SCALES)  # minutes: the edge of a sum that stands out lies at most so far from the spell's own
MOST_PASSES = 20  # at a long scale, each of which finds at least one spell
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
    out, the minutes from the first to the last above the target are taken. Sums of what is then left over 6 hours and a
    day are held against three times what the target allows, or what fails in the rest where that is more. The ends are
    then moved to where failures change from the usual share, and spells joined where what lies between them is no
    better than they are, or so short a silence that nothing was asked. A joined spell has to stand out as a whole, from
    what the target allows and from what fails in the rest. The rest counts where it holds at least half of all events:
    what fails for longer than it does not is a failure though it be usual, and a history that fails throughout, clearly
    beyond its target, gives one long spell.

    Where the counts come in steps of several minutes, as from metrics sampled every 5 minutes, all minutes are steps: a
    spell of k steps lasts k steps.

    Returns a frame with name ("found 1", ...), start, end (whole steps), bad, total, and found (True).
    Measured (tests/slo/test_spells.py): a spell where there is none in less than 2 of 100 histories of independent
    failures at the target's rate, and in less than 5 of 100 days where minutes vary (design effect 5 to 20) or the rate
    wanders (its logarithm by 0.3). Where it wanders by 0.6 it is 12 of 100: it then truly is five times the target's at
    times. Spells of 60 to 90 s with 20 requests a second and 30% failing are all found in 12 minutes and in such days.
    Four hours with 95% slow among 7 requests a minute, where 5% usually are, are one spell with both ends within 2
    minutes in 99 of 100 days. Half a day with 2% failing among 10 requests a minute, or three hours with 5% among 2,
    where 0.1% may fail, are one spell with both ends within an hour or so in 9 of 10 histories.
    """
    rate = float(allowed_share(target))
    if not 0 < false_discovery < 1 or gap_s < 0:
        raise InvalidInput(
            f"incidents_from_counts: found false_discovery {false_discovery} and gap_s {gap_s}; expected a fraction "
            "such as 0.01, and 0 s or more."
        )
    grid = minute_grid(counts)
    step = _step(grid["total"].to_numpy())
    begin = int(np.argmax(grid["total"].to_numpy() > 0)) % step if len(grid) else 0
    grid = grid.iloc[begin::step]  # what lies between is 0 of 0
    minutes = pd.DatetimeIndex(grid.index)
    bad, total = grid["bad"].to_numpy(), grid["total"].to_numpy()
    share = false_discovery / (len(SCALES) + len(LONG_SCALES))
    taken = np.zeros(len(grid), dtype=bool)
    for scale, times in _in_steps(SCALES, step).items():
        if scale > 1 and len(grid) < 2 * scale:
            break
        taken |= _standing_out(bad, total, taken, rate, scale, times, share)
    for scale, times in _in_steps(LONG_SCALES, step).items():
        for _ in range(MOST_PASSES if len(grid) >= scale else 0):
            found = _long_burns(bad, total, taken, rate, scale, times, share)
            taken |= found
            if not found.any():
                break
    first, last = _with_true_ends(bad, total, taken, rate, round(gap_s / 60) // step, max(1, REACH // step))
    inside = _spanned(first, last + 1, len(grid))
    running_bad, running_total = (np.concatenate([[0.0], np.cumsum(values)]) for values in (bad, total))
    failed, events = running_bad[last + 1] - running_bad[first], running_total[last + 1] - running_total[first]
    chance = failures_by_chance(failed, events, np.full(len(failed), _level(bad, total, inside, rate)))
    clear = chance <= false_discovery / max(1, int((total > 0).sum()))
    first, last, failed, events = first[clear], last[clear], failed[clear], events[clear]
    return pd.DataFrame(
        {
            "name": [f"found {place + 1}" for place in range(len(first))],
            "start": minutes[first],
            "end": minutes[last] + step * MINUTE,
            "bad": failed,
            "total": events,
            "found": np.ones(len(first), dtype=bool),
        }
    )


def _step(total: Floats) -> int:
    """The minutes a count stands for: the usual distance between minutes with traffic, where it divides all of them."""
    distances = np.diff(np.flatnonzero(total > 0))
    if len(distances) < FEWEST_STEPS:
        return 1
    usual = int(np.median(distances))
    return usual if usual > 1 and not (distances % usual).any() else 1


def _in_steps(scales: dict[int, float], step: int) -> dict[int, float]:
    """The scales in steps; of those that become one step, the shortest."""
    made: dict[int, float] = {}
    for minutes, times in scales.items():
        made.setdefault(max(1, minutes // step), times)
    return made


def _standing_out(
    bad: Floats, total: Floats, taken: NDArray[np.bool_], rate: float, scale: int, times: float, share: float
) -> NDArray[np.bool_]:
    """What of the minutes not taken stands out from what is usual, in sums over `scale` of them."""
    failed, events = (_sums(np.where(taken, 0.0, values), scale) for values in (bad, total))
    level, variation = _usual(bad, total, scale, failed / np.maximum(events, 1), rate)
    found = _spread(_clear(failed, events, level, variation, times, share), scale, len(bad)) & (bad > rate * total)
    return _filled(found, scale) if scale > 1 else found


def _long_burns(
    bad: Floats, total: Floats, taken: NDArray[np.bool_], rate: float, scale: int, times: float, share: float
) -> NDArray[np.bool_]:
    """The same against the allowed rate: of each stretch such sums cover, the runs that are worse than the rest."""
    left, left_total = (np.where(taken, 0.0, values) for values in (bad, total))
    failed, events = _sums(left, scale), _sums(left_total, scale)
    level = rate
    for _ in range(2):  # against what is allowed, then against what fails in the rest
        clear = _clear(failed, events, np.full(len(failed), level), 0.0, times, share)
        covered = _spread(clear, scale, len(bad))
        level = _level(bad, total, covered | taken, rate)
    others = left_total[~covered].sum()
    usual = max(rate, float(left[~covered].sum() / others)) if others else rate
    found = np.zeros(len(bad), dtype=bool)
    for first, last in zip(*_joined(covered, 0), strict=True):
        inside = slice(first, last + 1)
        at = float(left[inside].sum() / left_total[inside].sum())
        scores = _scores(left[inside], left_total[inside], usual, max(usual, (usual + at) / 2))
        for from_, to in _runs(scores, np.log(len(bad) / share)):
            found[first + from_ : first + to + 1] = True
    return found & ~taken


def _level(bad: Floats, total: Floats, inside: NDArray[np.bool_], rate: float) -> float:
    """What spells are held against: the allowed rate, or what fails outside them where that is most of the events."""
    events = float(total[~inside].sum())
    return max(rate, float(bad[~inside].sum()) / events) if events and 2 * events >= total.sum() else rate


def _clear(
    failed: Floats, events: Floats, level: Floats, variation: Floats | float, times: float, share: float
) -> NDArray[np.bool_]:
    """Which sums are `times` as bad as their level, and more than chance gives."""
    least = np.minimum(times * level, level + (1 - level) / 4)  # five times 30% cannot be
    found = (events > 0) & (failed >= least * events)
    wandering = np.broadcast_to(variation, failed.shape)[found]
    chance = failures_by_chance(failed[found], events[found], level[found], wandering)
    found[found] = discoveries(chance, int((events > 0).sum()), share)
    return found


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


def _spread(starts: NDArray[np.bool_], scale: int, length: int) -> NDArray[np.bool_]:
    """The minutes covered by the runs that begin at `starts`."""
    begun = np.flatnonzero(starts)
    return _spanned(begun, begun + scale, length)


def _filled(taken: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """The same with gaps of at most `gap` minutes closed."""
    first, last = _joined(taken, gap)
    return _spanned(first, last + 1, len(taken))


def _spanned(first: NDArray[np.int64], end: NDArray[np.int64], length: int) -> NDArray[np.bool_]:
    """The minutes from each first one to before each end."""
    change = np.zeros(length + 1, dtype=np.int64)
    np.add.at(change, first, 1)
    np.add.at(change, end, -1)
    return np.asarray(np.cumsum(change)[:-1] > 0)


def _with_true_ends(
    bad: Floats, total: Floats, taken: NDArray[np.bool_], rate: float, gap: int, reach: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last minute of each spell, where the minutes change; spells with no rest between are joined.

    A minute's score is the logarithm of how much likelier its failures are halfway from the usual share to the spell's
    than at the usual share. A spell is the run of highest score about what was taken; spells whose gap scores above 0,
    or is at most `gap` minutes, or a silence in which nothing was asked, are one.
    Source: Page, Continuous Inspection Schemes, Biometrika 41 (1954).
    """
    first, last = _joined(taken, gap)
    others = total[~taken].sum()
    usual = max(rate, float(bad[~taken].sum() / others)) if others else rate
    distances = np.diff(np.flatnonzero(total > 0), append=len(total))
    silence = longest_calm(distances) if len(first) else 0.0
    spells: list[tuple[int, int]] = []
    for place in range(len(first)):
        begin = max(first[place] - reach, last[place - 1] + 1 if place else 0)
        end = min(last[place] + reach + 1, first[place + 1] if place + 1 < len(first) else len(bad))
        core = slice(first[place], last[place] + 1)
        share = float(bad[core].sum() / total[core].sum())
        scores = _scores(bad, total, usual, max(usual, usual + (share - usual) / 2))
        from_, to = _highest_run(scores[begin:end])
        from_, to = from_ + begin, to + begin
        if spells and _one(scores, total, spells[-1][1] + 1, from_, gap, silence):
            from_ = spells.pop()[0]
        spells.append((from_, to))
    return np.array([one for one, _ in spells], dtype=np.int64), np.array([one for _, one in spells], dtype=np.int64)


def _one(scores: Floats, total: Floats, first: int, end: int, gap: int, silence: float) -> bool:
    """Whether what lies from `first` to before `end` is no better than the spells beside it."""
    if end - first <= gap:
        return True
    return bool(scores[first:end].sum() > 0 or (end - first < silence and not total[first:end].any()))


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


def _runs(scores: Floats, most: float) -> list[tuple[int, int]]:
    """The run with the highest sum, without the stretches that lose more than `most` of it."""
    first, last = _highest_run(scores)
    running = np.concatenate([[0.0], np.cumsum(scores[first : last + 1])])
    lost = np.maximum.accumulate(running) - running
    trough = int(np.argmax(lost))
    if lost[trough] <= most:
        return [(first, last)]
    cut, resumed = first + int(np.argmax(running[: trough + 1])), first + trough
    after = [(resumed + one, resumed + two) for one, two in _runs(scores[resumed : last + 1], most)]
    return [(first + one, first + two) for one, two in _runs(scores[first:cut], most)] + after


def _joined(taken: NDArray[np.bool_], gap: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last minute of each spell, gaps of at most `gap` minutes closed."""
    places = np.flatnonzero(taken)
    if len(places) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    first = places[np.concatenate([[0], breaks + 1])]
    last = places[np.concatenate([breaks, [len(places) - 1]])]
    return first, last
