"""By how much each part of requests changed between two windows, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.bottlenecks.localize_parts import Window
from scaling_lib.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

KEY = ["service", "callee", "operation"]
PRIOR = 4.0  # observations that the spread of all parts is worth beside a part's own
FEW = 5  # calls of a part from which its own spread is one of those that make the common one


@dataclass(frozen=True, kw_only=True, eq=False)
class Effects:
    """parts: a row a part that is in both windows: service, callee, operation; rate, calls a request, the mean of both
    windows; base, seconds a request in the normal one; change, in seconds a request at this rate; variance, its part
    from parts with few calls. influence: by window, part and trace by how much the
    trace moves the change. left_out: the share of the faulty window's amount in parts that the normal one has not.
    """

    parts: pd.DataFrame
    influence: tuple[pd.DataFrame, pd.DataFrame]
    left_out: float

    def summed(self, groups: Integers, count: int) -> tuple[Floats, Floats, Floats]:
        """By group of parts the change, its variance over traces, and its degrees of freedom (Welch); -1: in none."""
        change, own = (sums(groups, self.parts[name].to_numpy(), count) for name in ("change", "variance"))
        by_window = [_over_traces(rows, groups, count) for rows in self.influence]
        variances = [each[0] for each in by_window]
        total = variances[0] + variances[1] + own
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = [each[0] ** 2 / np.maximum(each[1] - 1, 1) for each in by_window]
            parts = shares[0] + shares[1] + own**2 / PRIOR
            degrees = np.where(parts > 0, total**2 / parts, 1.0)
        return change, total, np.asarray(np.maximum(degrees, 1.0), dtype=np.float64)


def effects(normal: Window, faulty: Window, amount: str) -> Effects:
    """Of `amount` (seconds, or fails) a call, at the rates of calls that both windows have on average.

    Raises InvalidInput where no part is in both windows.
    """
    both = pd.concat([normal.parts, faulty.parts], keys=range(2))
    codes, keys = pd.factorize(pd.MultiIndex.from_frame(both[KEY]))
    at = len(normal.parts)
    split = [codes[:at].astype(np.int64), codes[at:].astype(np.int64)]
    weights = [each.parts["weight"].to_numpy(dtype=np.float64) for each in (normal, faulty)]
    calls = [sums(code, w, len(keys)) for code, w in zip(split, weights, strict=True)]
    common = (calls[0] > 0) & (calls[1] > 0)
    if not common.any():
        raise InvalidInput(
            "localize: found no operation of a service in both windows; expected at least one. Check that services "
            "and operations are named alike in both."
        )
    rate = (calls[0] / normal.requests + calls[1] / faulty.requests) / 2 * common
    found = [
        _of_window(window.parts, code, w, total, rate, amount)
        for window, code, w, total in zip((normal, faulty), split, weights, calls, strict=True)
    ]
    variance = rate**2 * sum(_of_few(found) if amount == "seconds" else map(_of_none, found))
    seconds = faulty.parts[amount].to_numpy(dtype=np.float64) * weights[1]
    parts = pd.DataFrame(keys.tolist(), columns=KEY).assign(
        rate=rate, base=rate * found[0].mean, change=rate * (found[1].mean - found[0].mean), variance=variance
    )
    return Effects(
        parts=parts,
        influence=(found[0].influence, found[1].influence),
        left_out=float(seconds[~common[split[1]]].sum() / max(seconds.sum(), 1e-300)),
    )


@dataclass(frozen=True)
class _Means:
    """By part: calls, their mean, the spread over the mean (NaN with few calls).

    few: the common spread's share, over calls; influence: by part and trace, by how much the trace moves the change.
    """

    number: Floats
    mean: Floats
    spread: Floats
    few: Floats
    influence: pd.DataFrame


def _of_window(parts: pd.DataFrame, code: Integers, weight: Floats, total: Floats, rate: Floats, amount: str) -> _Means:
    size = len(total)
    value = parts[amount].to_numpy(dtype=np.float64)
    number = sums(code, np.ones(len(code)), size)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0, sums(code, weight * value, size) / total, 0.0)
        apart = value - mean[code]
        squares = sums(code, weight * apart**2, size) / total
        spread = np.where((number >= FEW) & (mean > 0), np.sqrt(squares * number / (number - 1)) / mean, np.nan)
        own = number / (number + PRIOR)  # as limma has it: the share of a part's own spread
        few = np.where(number > 0, (1 - own) / number, 0.0)
        moved = (
            rate[code] * weight * apart / total[code] * np.sqrt(own[code] * (number / np.maximum(number - 1, 1))[code])
        )
    rows = pd.DataFrame({"part": code, "trace": parts["trace"].to_numpy(), "moved": moved})
    return _Means(number, mean, spread, few, rows[rate[code] > 0])


def _of_few(found: list[_Means]) -> list[Floats]:
    """By window and part the variance of the mean that the spread of all parts has a share in."""
    known = np.concatenate([each.spread[np.isfinite(each.spread)] for each in found])
    common = float(np.median(known)) if len(known) else 1.0
    return [each.few * (common * each.mean) ** 2 for each in found]


def _of_none(means: _Means) -> Floats:
    """Of a part in which none or all failed, as if half a one had done otherwise."""
    half = 0.5 / (means.number + 1)
    return np.where(
        (means.number > 0) & ((means.mean == 0) | (means.mean == 1)),
        half * (1 - half) / np.maximum(means.number, 1),
        0.0,
    )


def _over_traces(rows: pd.DataFrame, groups: Integers, count: int) -> tuple[Floats, Floats]:
    """By group the variance of the sum over traces, and how many traces are in it."""
    group = groups[rows["part"].to_numpy()]
    kept = group >= 0
    traces = int(rows["trace"].max()) + 1
    pair, place = np.unique(group[kept] * traces + rows["trace"].to_numpy()[kept], return_inverse=True)
    moved = sums(place, rows["moved"].to_numpy()[kept], len(pair))
    of = pair // traces
    return sums(of, moved**2, count), sums(of, np.ones(len(of)), count)


def sums(groups: Integers, values: Floats, count: int) -> Floats:
    """By group the sum of its values; those of -1 are in none."""
    inside = groups >= 0
    return np.bincount(groups[inside], weights=values[inside], minlength=count).astype(np.float64)
