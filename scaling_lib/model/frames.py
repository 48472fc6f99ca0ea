"""Frames of levels: their columns of numbers, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import floats
from scaling_lib.words import listing, number


def level_numbers(where: str, levels: Any, columns: Sequence[str]) -> pd.DataFrame:
    """The levels with those of `columns` that are there as floats above 0, NaN where they were not measured.

    Raises InvalidInput where it is no frame, or a column has anything else.
    """
    if not isinstance(levels, pd.DataFrame):
        raise InvalidInput(
            f"{where}: found levels of type {type(levels).__name__}; expected a frame, a row a level, with "
            f"{listing(list(columns))}."
        )
    there = {name: floats(where, name, levels[name].to_numpy()) for name in columns if name in levels}
    for name, values in there.items():
        wrong = (values <= 0) | np.isinf(values)
        if bool(wrong.any()):
            raise InvalidInput(
                f"{where}: found {name} {number(float(values[wrong][0]))}; expected finite numbers above 0. Leave out "
                "levels without answers."
            )
    return levels.assign(**there)
