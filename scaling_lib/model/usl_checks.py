"""What a fit of the scalability law asks of its input, and what it says of input that is not so."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.demands import whole
from scaling_lib.model.usl_noise import FEWEST_BLOCKS
from scaling_lib.model.usl_solve import Floats
from scaling_lib.stats.arguments import floats
from scaling_lib.words import listing, number

Noise = Literal["constant", "proportional"]

FEWEST_LEVELS = 4  # three parameters pass exactly through three
FEWEST_DRAWS = 100


def checked(load: ArrayLike, throughput: ArrayLike) -> tuple[Floats, Floats]:
    """Load and throughput as arrays, or an error that says what is wrong with them."""
    loads, served = _numbers("load", load), _numbers("throughput", throughput)
    if len(loads) != len(served):
        raise InvalidInput(
            f"usl.fit: found {len(loads)} loads and {len(served)} throughputs; expected one throughput for each load."
        )
    levels = np.unique(loads)
    if len(levels) < FEWEST_LEVELS:
        raise NotEnoughData(
            f"usl.fit: found {len(levels)} different load(s) ({listing([number(level) for level in levels])}); "
            f"expected at least {FEWEST_LEVELS}: three parameters pass exactly through three, and nothing is left to "
            f"judge the errors by. Measure {FEWEST_LEVELS - len(levels)} more level(s) of load, best 6 or more, from "
            "1 to past where throughput stops rising."
        )
    return loads, served


def check_options(samples: int, correlated: bool | None, block: int | None, draws: int, seed: int) -> None:
    """Raise an error for options that cannot be."""
    whole("usl.fit", "draws", draws, least=FEWEST_DRAWS)
    whole("usl.fit", "seed", seed, least=0)
    if block is not None and not 1 <= whole("usl.fit", "block", block, least=1) <= samples // 4:
        raise InvalidInput(
            f"usl.fit: found blocks of {block} samples; expected 1 to {samples // 4}, a quarter of the {samples} there "
            "are: fewer than four blocks do not show how they scatter."
        )
    if block is not None and correlated is False:
        raise InvalidInput("usl.fit: found a block and correlated=False; blocks are for correlated samples only.")
    if correlated and samples < 2 * FEWEST_BLOCKS:
        raise NotEnoughData(
            f"usl.fit: found {samples} samples said to be correlated; expected at least {2 * FEWEST_BLOCKS} in order "
            "of time, which is two in each block. Supply more, or one mean a level of load, which may be independent."
        )


def weights(errors: Noise | ArrayLike | None, samples: int) -> Floats:
    """One over the standard error of each sample; ones where noise is constant (or its size follows from the fit)."""
    if errors is None:
        return np.ones(samples)
    if isinstance(errors, str):
        if errors not in get_args(Noise):
            raise InvalidInput(
                f"usl.fit: found errors={errors!r}; expected {' or '.join(map(repr, get_args(Noise)))}, or the "
                "standard error of each throughput."
            )
        return np.ones(samples)
    return 1 / standard_errors("errors", errors, samples)


def standard_errors(name: str, given: ArrayLike, samples: int) -> Floats:
    """One for each sample, above 0."""
    sizes = _numbers(name, given)
    if len(sizes) != samples:
        raise InvalidInput(
            f"usl.fit: found {len(sizes)} {name} for {samples} throughputs; expected one for each: its standard error."
        )
    return sizes


def _numbers(name: str, given: ArrayLike) -> Floats:
    values = floats("usl.fit", name, given)
    if values.ndim != 1:
        raise InvalidInput(f"usl.fit: found {name} of {values.ndim} dimensions; expected one.")
    bad = ~(np.isfinite(values) & (values > 0))
    if bool(bad.any()):
        place = int(np.flatnonzero(bad)[0])
        raise InvalidInput(
            f"usl.fit: found {name} {values[place]} at place {place} (from 0), {int(bad.sum())} such in all; expected "
            "finite numbers above 0. Leave out samples without load, without throughput or without a number."
        )
    return values
