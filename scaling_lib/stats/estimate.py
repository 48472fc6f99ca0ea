"""`Estimate`: a value with its interval, level and unit; every figure that is shown is one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.arguments import is_real, said
from scaling_lib.words import quantity

SHORT = ("s", "fraction", "x")
SLACK = 1e-9  # relative: what floating point may lose


@dataclass(frozen=True)
class Estimate:
    """A value with its interval.

    value, low, high: in `unit`; `low <= value <= high` unless one of them is NaN (not known).
    level: the interval's nominal coverage, a fraction.
    unit: "s", "fraction", "x", or words such as "requests/s"; see `words.quantity`.
    assumed: true where a default stands for a measurement.
    """

    value: float
    low: float
    high: float
    level: float = 0.95
    unit: str = ""
    assumed: bool = False

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"Estimate: low {self.low} is above high {self.high}")
        if self._above(self.low, self.value) or self._above(self.value, self.high):
            raise ValueError(f"Estimate: the value {self.value} is not within {self.low} to {self.high}")

    def times(self, factor: float, *, unit: str | None = None) -> Estimate:
        """The estimate so many times, a factor that is known exactly; a negative one turns the interval round.

        factor: a number, such as 1 / 3600; NaN, not known, leaves nothing known. unit: of the product, as before where
        none is given. Raises InvalidInput for a factor that is no number or not finite.
        """
        if not is_real(factor) or math.isinf(factor):
            raise InvalidInput(f"Estimate.times: found a factor of {said(factor)}; expected a number, such as 0.5.")
        ends = (self.high, self.low) if factor < 0 else (self.low, self.high)
        low, high = (end * factor for end in ends)
        return replace(self, value=self.value * factor, low=low, high=high, unit=self.unit if unit is None else unit)

    @staticmethod
    def _above(one: float, other: float) -> bool:
        """Whether one is above the other by more than rounding; never where one of them is NaN."""
        return one > other and not math.isclose(one, other, rel_tol=SLACK, abs_tol=SLACK * SLACK)

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "not measured"
        text = quantity(self.value, self.unit)
        if not (math.isnan(self.low) or math.isnan(self.high)) and self.low < self.high:
            unit = self.unit if self.unit in SHORT else ""  # a unit in words is said once
            text += f" ({quantity(self.low, unit)} to {quantity(self.high, unit)})"
        return f"{text}, assumed" if self.assumed else text
