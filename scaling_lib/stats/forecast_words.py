"""What a forecast says of itself: what was set aside, and what may be wrong."""

from __future__ import annotations

import numpy as np

from scaling_lib.stats.backtest import Backtest
from scaling_lib.stats.course import Decomposition
from scaling_lib.stats.regular import Regular
from scaling_lib.words import number, percent, plural

FEW_ORIGINS = 4


def left_out(history: Regular, found: Decomposition) -> tuple[str, ...]:
    """Sentences on what was not used as it is."""
    said = list(history.left_out)
    never = int(np.isnan(history.days).all(axis=0).sum())
    if never:
        said.append(f"{plural(never, 'step')} of the day never observed: the forecast there is the day's mean alone")
    values = int(found.season.passing.sum())
    if values:
        said.append(
            f"{plural(values, 'value')} of {history.days.size:,} stood far out and counted as passing events: the "
            "forecast holds no more of them"
        )
    passing = np.flatnonzero(found.unusual.passing[: found.unusual.young])
    if len(passing):
        dates = [f"{history.begins(int(day)):%Y-%m-%d}" for day in passing[:5]]
        more = f" and {len(passing) - 5} more" if len(passing) > 5 else ""
        said.append(f"{plural(len(passing), 'day')} off the level around counted as passing: {', '.join(dates)}{more}")
    for shift in found.unusual.shifts:
        said.append(
            f"the level shifted on {history.begins(shift):%Y-%m-%d}: what lies before was kept for season, noise and "
            "growth, not for the level"
        )
    return tuple(said)


def caveats(
    history: Regular, found: Decomposition, tested: Backtest, ahead: int, *, growth_told: bool
) -> tuple[str, ...]:
    """Sentences on why the interval may be wrong."""
    said = []
    count = len(history.days)
    if ahead > count:
        said.append(
            f"The horizon of {ahead} days is longer than the history of {count}: it is assumed that growth stays as it "
            "was."
        )
    if tested.origins < FEW_ORIGINS:
        said.append(
            f"The history allows {plural(tested.origins, 'forecast')} from within it: the interval's coverage could "
            "not be checked on this series."
        )
    elif tested.widened > 1.05:
        said.append(
            f"Earlier forecasts held {percent(tested.coverage, 2)} of the values instead of "
            f"{percent(tested.level, 2)}: intervals were widened {number(tested.widened)} times."
        )
    if found.unusual.shifts:
        said.append("The interval holds no further shift of the level, though there was one.")
    if found.unusual.young is not None:
        said.append(
            f"The level jumped on {history.begins(found.unusual.young):%Y-%m-%d}, too late to tell whether it stays: "
            "half of the forecast's draws take it as passing, half as lasting."
        )
    if growth_told and 0.1 < found.trends[0].exponential < 0.9:
        said.append("The history does not tell linear from exponential growth: the forecast is a mixture of both.")
    if ahead > 28 and count < 400:
        said.append("A season of the year cannot be seen in the history.")
    return tuple(said)
