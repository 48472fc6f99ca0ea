"""A pattern of architecture: what it changes, what it assumes, what it costs, and how it is taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scaling_lib.architecture.load import Load
from scaling_lib.errors import InvalidInput
from scaling_lib.model.uncertainty import DRAWS, draw, generator
from scaling_lib.stats import Estimate

Floats = NDArray[np.float64]
Aim = Literal["nothing", "capacity", "coordination", "operations"]
Undo = Literal["nothing", "hours", "days", "weeks", "months"]
Drawn = Mapping[str, Floats]
UNDO_DAYS: dict[Undo, float] = {"nothing": 0.0, "hours": 0.3, "days": 3.0, "weeks": 15.0, "months": 90.0}


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A figure that a pattern rests on. said: where it is from; `figure.assumed` where nobody measured it.

    most: what it cannot exceed, whatever its interval says, such as 1 of a share.
    """

    name: str
    figure: Estimate
    said: str
    most: float = math.inf

    @property
    def measured(self) -> bool:
        """Whether it was measured here, rather than assumed."""
        return not self.figure.assumed


@dataclass(frozen=True, kw_only=True, eq=False)
class Pattern:
    """One option.

    aim: what it is for; only what is for capacity has to move the measured bottleneck. effect: the load with the
    pattern, from the load before and what each assumption may be (DRAWS). monthly_cost: in the currency of all options,
    above that of doing nothing; None where no price is given. once_h: hours of work until it runs. undo: how long it
    takes to go back. source: of the formula. adds: services or stores that come with it.
    """

    name: str
    aim: Aim
    effect: Callable[[Load, Drawn], Load]
    assumptions: tuple[Assumption, ...] = ()
    monthly_cost: Estimate | None = None
    once_h: Estimate | None = None
    undo: Undo = "days"
    source: str = ""
    adds: int = 0

    def drawn(self) -> dict[str, Floats]:
        """What each assumption may be (DRAWS); the same name is the same draw in every pattern."""
        return {
            each.name: np.minimum(
                draw(each.figure, generator("assumption", each.name).standard_normal(DRAWS)), each.most
            )
            for each in self.assumptions
        }

    def applied(self, load: Load, drawn: Drawn | None = None) -> Load:
        """The load with the pattern; drawn: what its assumptions are, where one is held fixed."""
        return self.effect(load, self.drawn() if drawn is None else drawn)


def share(name: str, figure: Estimate | float, said: str) -> Assumption:
    """An assumption that is a share: within 0 and 1, whatever its interval says."""
    return _assumption(name, figure, said, "fraction", most=1.0)


def amount(name: str, figure: Estimate | float, said: str, unit: str) -> Assumption:
    """An assumption that is an amount of 0 or more."""
    return _assumption(name, figure, said, unit, most=np.inf)


def _assumption(name: str, figure: Estimate | float, said: str, unit: str, most: float) -> Assumption:
    given = figure if isinstance(figure, Estimate) else Estimate(figure, figure, figure, unit=unit, assumed=True)
    if not 0 <= given.value <= most:
        raise InvalidInput(f"Pattern: found {given.value:g} for {name}; expected from 0 to {most:g}.")
    low, high = (float(np.clip(end, 0.0, most)) for end in (given.low, given.high))
    figure = Estimate(given.value, low, high, given.level, unit, given.assumed)
    return Assumption(name=name, figure=figure, said=said, most=most)
