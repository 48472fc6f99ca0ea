"""What a `System` will do, with the intervals that come of what is not known of its demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scaling_lib.model.uncertainty import interval
from scaling_lib.stats.estimate import Estimate

if TYPE_CHECKING:
    from scaling_lib.model.system import System

SOLVED = 100  # of the draws: the ends of the intervals are the third from either side


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A system's solution with intervals, which know of the demands alone: not of what the model leaves out.

    population: users, None for the open system. throughput: answers/s. response: mean seconds by journey;
    mean_response: over the mix; infinite where the open system is saturated. stable: the probability that it is not.
    throughput_trusted, response_trusted: as of a `Solution`.
    """

    population: int | None
    throughput: Estimate
    response: Mapping[str, Estimate]
    mean_response: Estimate
    stable: float
    throughput_trusted: bool | None
    response_trusted: bool | None


def predict(system: System, population: int | None) -> Prediction:
    """See `System.predict`, which is the public function."""
    solved = system.solve(population)
    draws = [each.solve(population) for each in system.drawn]
    known = not system.without_ends and (system.rates_known or population is not None)

    def estimate(value: float, values: list[float], unit: str) -> Estimate:
        return interval(value, np.array(values), system.level, unit, known=known)

    return Prediction(
        population=population,
        throughput=estimate(solved.throughput, [each.throughput for each in draws], "requests/s"),
        response={
            name: estimate(value, [each.response[name] for each in draws], "s")
            for name, value in solved.response.items()
        },
        mean_response=estimate(solved.mean_response, [each.mean_response for each in draws], "s"),
        stable=sum(each.stable for each in draws) / SOLVED,
        throughput_trusted=solved.throughput_trusted,
        response_trusted=solved.response_trusted,
    )
