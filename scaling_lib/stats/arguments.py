"""Arguments held against what they have to be; what is not is said by InvalidInput, in the name of the function."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real

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


def said(value: object) -> str:
    """A value as an error shows it: in a few words, on one line."""
    if value is None or isinstance(value, bool) or (isinstance(value, str) and len(value) <= 40):
        return repr(value)
    return f"{float(value):.12g}" if is_real(value) else f"a {type(value).__name__}"  # type: ignore[arg-type]  # a number


def check_whole(where: str, what: str, value: object, least: int, most: int) -> int:
    """A whole number from least to most."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not least <= int(value) <= most:
        raise InvalidInput(f"{where}: found {what} {said(value)}; expected a whole number from {least:,} to {most:,}.")
    return int(value)


def check_choice(where: str, what: str, value: object, allowed: Sequence[str]) -> None:
    """One of some words."""
    if not isinstance(value, str) or value not in allowed:
        raise InvalidInput(f"{where}: found {what} {said(value)}; expected one of {', '.join(allowed)}.")


def check_kind(where: str, what: str, value: object, kind: type | tuple[type, ...], expected: str) -> None:
    """An object of a kind; expected: what that is and where it comes from, in words."""
    if not isinstance(value, kind):
        raise InvalidInput(f"{where}: found {what} {said(value)}; expected {expected}.")


def check_series(where: str, value: object) -> None:
    """A pandas Series of numbers, indexed by rising times with a time zone."""
    import pandas as pd  # here, as who asks for an Estimate does not wait for it

    index = value.index if isinstance(value, pd.Series) else None
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None or not index.is_monotonic_increasing:
        raise InvalidInput(
            f"{where}: found {said(value)}; expected a pandas Series indexed by rising time stamps with a time zone. "
            "Use series.tz_localize('UTC').sort_index() where the stamps are in UTC."
        )
    floats(where, "a series", np.asarray(value))


def floats(where: str, what: str, values: ArrayLike) -> Floats:
    """Values as an array of floats: what is absent (None, pandas' NA) is NaN.

    where, what: of the error: the function and its argument. Raises InvalidInput for texts, times and anything else
    that is not a number; a text that reads as one is none, since a column read as text has faults that go unseen.
    """
    try:
        found = np.asarray(values)
        if found.dtype.kind == "O":
            import pandas as pd

            found = np.where(pd.isna(found), np.nan, found)
        if found.dtype.kind in "biuf" or (found.dtype.kind == "O" and all(is_real(each) for each in found.ravel())):
            return np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InvalidInput(
        f"{where}: found {what} that are not all numbers ({said(values)}); expected numbers, such as [1, 2.5]. "
        "Convert them first, with pandas.to_numeric where they were read as text."
    )
