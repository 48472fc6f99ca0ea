"""How far a `System` can be trusted: what it predicts, held against what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.frames import level_numbers
from scaling_lib.model.system import System
from scaling_lib.model.trust import Trust, as_full
from scaling_lib.model.uncertainty import Floats
from scaling_lib.words import number, percent, plural

CLOSE, NEAR = 0.1, 0.2
QUANTITIES = ("throughput", "response_s")


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """Predicted against observed.

    table: a row a level in order of load: load (users, or requests/s of an open test); throughput and response_s, each
        observed, `predicted_...` with its `..._low` and `..._high`, and `..._error` = predicted / observed - 1. What
        was not measured is NaN.
    load_unit: "users" or "requests/s".
    throughput_error, response_error: mean absolute errors, fractions; NaN where it was not measured.
    throughput_within_10, ..., response_within_20: the highest load up to which, from the lightest on, every level is
        within 10% or 20%; NaN where the lightest is not.
    trust: how busy the busiest resource is there, for what-ifs.
    holds: whether all that was measured, throughputs and responses, is within 20% at every level.
    verdict: how far the model can be trusted, in sentences.
    """

    table: pd.DataFrame
    load_unit: str
    throughput_error: float
    response_error: float
    throughput_within_10: float
    throughput_within_20: float
    response_within_10: float
    response_within_20: float
    trust: Trust
    holds: bool
    verdict: str


def check(system: System, levels: pd.DataFrame) -> Check:
    """Hold a system's predictions against the levels of a load test, or of a service in use.

    levels: a row a level, with `throughput` (answers/s) and `mean_s` (seconds), either of which may be missing, and
        `users` for a closed test; without it the throughput is taken to be what arrived, and only responses are held
        against what an open network predicts. As `evidence.load_tests.levels` gives them for all requests together.

    Demands and think time that come of the same test make a throughput far below saturation fit by Little's law alone;
    what tests the model is where it bends, its limit, and the responses on the way. Levels of another test are better.
    Raises NotMeasured without a single level, InvalidInput for levels without load or with numbers that cannot be.
    """
    rows, closed = _checked(levels)
    load = rows["users" if closed else "throughput"].to_numpy()
    asked = [
        (system, round(each)) if closed else (system.grow(each / system.throughput), None) for each in load.tolist()
    ]
    solved = [own.predict(users) for own, users in asked]
    table = pd.DataFrame({"load": load})
    for name, column, predicted in (
        ("throughput", "throughput", [each.throughput for each in solved]),
        ("response_s", "mean_s", [each.mean_response for each in solved]),
    ):
        observed = (
            rows[column] if column in rows and (closed or column == "mean_s") else pd.Series(math.nan, rows.index)
        )
        table[name] = observed.to_numpy()
        table[f"predicted_{name}"] = [each.value for each in predicted]
        table[f"predicted_{name}_low"] = [each.low for each in predicted]
        table[f"predicted_{name}_high"] = [each.high for each in predicted]
        table[f"{name}_error"] = table[f"predicted_{name}"] / table[name] - 1
    errors = {name: table[f"{name}_error"].to_numpy() for name in QUANTITIES}
    means = {
        name: float(np.nanmean(np.abs(each))) if np.isfinite(each).any() else math.nan for name, each in errors.items()
    }
    unit = "users" if closed else "requests/s"
    busy = [own.solve(users).busiest for own, users in asked]
    within = {(name, most): _within(load, errors[name], most) for name in QUANTITIES for most in (CLOSE, NEAR)}
    return Check(
        table=table,
        load_unit=unit,
        throughput_error=means["throughput"],
        response_error=means["response_s"],
        throughput_within_10=within["throughput", CLOSE],
        throughput_within_20=within["throughput", NEAR],
        response_within_10=within["response_s", CLOSE],
        response_within_20=within["response_s", NEAR],
        trust=Trust(
            throughput=_busy_at(load, busy, within["throughput", NEAR], errors["throughput"]),
            response=_busy_at(load, busy, within["response_s", NEAR], errors["response_s"]),
        ),
        holds=all(within[name, NEAR] == _last(load, errors[name]) for name in QUANTITIES if _known(errors[name]).any()),
        verdict=_verdict(table, unit, errors, means, within),
    )


def _checked(levels: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    rows = level_numbers("check", levels, ("users", "throughput", "mean_s"))
    if not len(rows) or not {"throughput", "mean_s"} & set(rows):
        raise NotMeasured(
            "check: no level with a throughput or a mean response is given; how far the model can be trusted is not "
            "known.",
            supply="Supply a load test of several levels, from a light one to beyond saturation.",
        )
    closed = "users" in rows and bool(rows["users"].notna().all())
    by = "users" if closed else "throughput"
    if by not in rows or bool(rows[by].isna().any()):
        raise InvalidInput("check: found levels without users or throughput; expected one of them, to know their load.")
    return rows.sort_values(by, kind="stable").reset_index(drop=True), closed


def _known(errors: Floats) -> NDArray[np.bool_]:
    """Levels that were measured; an infinite response was, and is plainly off."""
    return np.asarray(~np.isnan(errors))


def _last(load: Floats, errors: Floats) -> float:
    """The heaviest load that was measured."""
    return float(load[_known(errors)][-1])


def _within(load: Floats, errors: Floats, most: float) -> float:
    """The highest load up to which every level's error is at most so much; levels that were not measured are passed."""
    reached = math.nan
    for each, error in zip(load[_known(errors)], errors[_known(errors)], strict=True):
        if not abs(error) <= most:
            break
        reached = float(each)
    return reached


def _busy_at(load: Floats, busy: list[float], within: float, errors: Floats) -> float:
    """How busy the busiest resource is where the model is within 20% for the last time; see `Trust`."""
    if not _known(errors).any():
        return math.nan
    return 0.0 if math.isnan(within) else as_full(busy[int(np.flatnonzero(load == within)[-1])])


def _verdict(
    table: pd.DataFrame,
    unit: str,
    errors: dict[str, Floats],
    means: dict[str, float],
    within: dict[tuple[str, float], float],
) -> str:
    load = table["load"].to_numpy()
    parts, trusted = [], []
    for name, word in zip(QUANTITIES, ("throughput", "mean response"), strict=True):
        if math.isnan(means[name]) and not _known(errors[name]).any():
            parts.append(f"{word} was not measured")
            continue
        close, near = within[name, CLOSE], within[name, NEAR]
        off = np.nan_to_num(np.abs(errors[name]), nan=-1.0)
        place = int(np.argmax(off))
        worst = percent(float(off[place]), 2) if math.isfinite(off[place]) else "infinitely far"
        at = f"{worst} off, at {number(load[place])} {unit}"
        if near == _last(load, errors[name]):
            most = CLOSE if close == near else NEAR
            parts.append(f"{word} is within {percent(most)} at every level (at worst {at})")
        elif math.isnan(near):
            parts.append(f"{word} is more than {percent(NEAR)} off even at the lightest level (at worst {at})")
            trusted.append(f"no {word}")
        else:
            parts.append(f"{word} is within {percent(NEAR)} up to {number(near)} {unit}, and at worst {at}")
            trusted.append(f"{word} up to {_where(table, near, unit)} only")
    until = f" Trust {' and '.join(trusted)}." if trusted else ""
    return (
        f"Over {plural(len(load), 'level')} from {number(load[0])} to {number(load[-1])} {unit}: {'; '.join(parts)}."
        f"{until}"
    )


def _where(table: pd.DataFrame, load: float, unit: str) -> str:
    """A level by its load, and by its throughput where that is another."""
    served = float(table.loc[table["load"] == load, "throughput"].iloc[-1])
    beside = f" ({number(served)} requests/s)" if unit == "users" and math.isfinite(served) else ""
    return f"{number(load)} {unit}{beside}"
