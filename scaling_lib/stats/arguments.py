"""Arguments held against what they have to be: numbers, and arrays of numbers."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput

Floats = NDArray[np.float64]


def is_real(value: object) -> bool:
    """Whether a value is a real number that a float can hold (NaN and infinity too); True and False are none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def is_finite(value: object) -> bool:
    """Whether a value is a real number, neither NaN nor infinite."""
    return is_real(value) and bool(np.isfinite(float(value)))  # type: ignore[arg-type]  # is_real tells


def floats(where: str, what: str, values: ArrayLike) -> Floats:
    """Values as an array of floats: what is absent (None, pandas' NA) is NaN.

    where, what: of the error: the function and its argument. Raises InvalidInput for texts, times and anything else
    that is not a number; a text that reads as one is none, since a column read as text has faults that go unseen.
    """
    try:
        found = np.asarray(values)
        texts = found.dtype.kind in "USmM" or (
            found.dtype.kind == "O" and any(isinstance(each, str) for each in found.ravel())
        )
        if not texts:
            return np.asarray(_absent(found), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidInput(
        f"{where}: found {what} of type {type(values).__name__} that are not all numbers; expected numbers, such as "
        "[1, 2.5]. Convert them first, with pandas.to_numeric where they were read as text."
    )


def _absent(found: NDArray[np.generic]) -> NDArray[np.generic]:
    """With pandas' NA as NaN."""
    if found.dtype.kind != "O":
        return found
    import pandas as pd

    return np.where(pd.isna(found), np.nan, found)
