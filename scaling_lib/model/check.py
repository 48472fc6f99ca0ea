"""How far a `System` can be trusted: what it predicts, held against what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model.system import System
from scaling_lib.model.uncertainty import Floats
from scaling_lib.words import listing, number, percent, plural

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
    verdict: a sentence that says how far the model can be trusted.
    """

    table: pd.DataFrame
    load_unit: str
    throughput_error: float
    response_error: float
    throughput_within_10: float
    throughput_within_20: float
    response_within_10: float
    response_within_20: float
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
    solved = [
        system.predict(round(float(each))) if closed else system.grow(float(each) / system.throughput).predict()
        for each in load
    ]
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
        verdict=_verdict(load, unit, errors, means, within),
    )


def _checked(levels: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    if not len(levels) or not {"throughput", "mean_s"} & set(levels):
        raise NotMeasured(
            "check: no level with a throughput or a mean response is given; how far the model can be trusted is not "
            "known.",
            supply="Supply a load test of several levels, from a light one to beyond saturation.",
        )
    closed = "users" in levels and bool(levels["users"].notna().all())
    by = "users" if closed else "throughput"
    if by not in levels:
        raise InvalidInput("check: found levels without users or throughput; expected one of them, to know their load.")
    rows = levels.sort_values(by, kind="stable").reset_index(drop=True)
    for name in [name for name in ("users", "throughput", "mean_s") if name in rows]:
        values = rows[name].to_numpy(dtype=np.float64)
        if bool((values <= 0).any()) or bool(np.isinf(values).any()) or (name == by and bool(np.isnan(values).any())):
            raise InvalidInput(
                f"check: found {name} {listing([number(float(each)) for each in values])}; expected finite numbers "
                "above 0. Leave out levels without answers."
            )
    return rows, closed


def _within(load: Floats, errors: Floats, most: float) -> float:
    """The highest load up to which every level's error is at most so much; levels that were not measured are passed."""
    known = np.isfinite(errors) | np.isinf(errors)
    reached = math.nan
    for each, error in zip(load[known], errors[known], strict=True):
        if not abs(error) <= most:
            break
        reached = float(each)
    return reached


def _verdict(
    load: Floats,
    unit: str,
    errors: dict[str, Floats],
    means: dict[str, float],
    within: dict[tuple[str, float], float],
) -> str:
    parts = []
    for name, word in zip(QUANTITIES, ("throughput", "mean response"), strict=True):
        if math.isnan(means[name]):
            parts.append(f"{word} was not measured")
            continue
        close, near = within[name, CLOSE], within[name, NEAR]
        largest = float(np.nanmax(np.abs(errors[name])))
        worst = percent(largest, 2) if math.isfinite(largest) else "infinitely far"
        if near == load[-1]:
            most = CLOSE if close == load[-1] else NEAR
            parts.append(f"{word} is within {percent(most)} at every level (at worst {worst} off)")
        elif math.isnan(near):
            parts.append(f"{word} is more than {percent(NEAR)} off even at the lightest level (at worst {worst})")
        else:
            parts.append(
                f"{word} is within {percent(NEAR)} up to {number(near)} {unit}, and at worst {worst} off beyond"
            )
    return f"Over {plural(len(load), 'level')} from {number(load[0])} to {number(load[-1])} {unit}: {'; '.join(parts)}."
