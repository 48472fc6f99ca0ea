"""What to know before the figures of a fitted scalability law are used, in sentences."""

from __future__ import annotations

import numpy as np

from scaling_lib.model.usl_law import peak_load
from scaling_lib.model.usl_proportional import PLAINLY, Proportional
from scaling_lib.model.usl_solve import Floats, throughput_at
from scaling_lib.words import number


def best_load(load: Floats, throughput: Floats) -> float:
    """The load whose mean throughput is highest, the largest of equals."""
    levels, place = np.unique(load, return_inverse=True)
    means = np.bincount(place, weights=throughput) / np.bincount(place)
    return float(levels[::-1][np.argmax(means[::-1])])


def law_caveats(load: Floats, parameters: Floats, best: float) -> tuple[str, ...]:
    """Of parameters at their bounds, and of throughput that only rose or only fell."""
    alpha, beta, _ = parameters
    found = []
    if best == load.min():
        found.append(
            f"Throughput is highest at the smallest load, {number(best)}: where it rises was not measured, and gamma "
            "and the peak are guesses. Measure smaller loads."
        )
    elif best == load.max() and beta > 0:
        found.append(
            f"Throughput is highest at the largest load, {number(best)}: no fall was seen, and the peak rests on how "
            "the rise slows down. Measure larger loads."
        )
    if beta == 0:
        found.append(
            "No cost of coherence was found (beta is at its bound, 0): these samples tell of no peak. Measure larger "
            "loads if you look for one."
        )
    if alpha == 0:
        found.append(
            "No contention was found (alpha is at its bound, 0): throughput rises at least in proportion to load at "
            "first. Where it rises faster, the law does not hold: look at what small loads lack (warm caches, batches)."
        )
    if alpha == 1:
        found.append("Contention is at its bound, 1: a second unit of load adds nothing.")
    return tuple(found)


def noise_caveats(load: Floats, throughput: Floats, parameters: Floats, rival: Proportional | None) -> tuple[str, ...]:
    """Of residuals that are all rounding, and of noise taken as constant that is plainly proportional."""
    residuals = throughput - throughput_at(load, parameters)
    if float(np.abs(residuals / throughput).max()) < 1e-9:
        return ("The samples lie on the law exactly: they were made with a formula, and the intervals have no width.",)
    if rival is None or rival.better < PLAINLY:
        return ()
    peak = float(peak_load(rival.parameters[np.newaxis])[0])
    there = f"at {number(peak)}" if np.isfinite(peak) else "nowhere"
    return (
        "The residuals are smaller where throughput is low, so that constant noise judges the errors badly: fit with "
        f'errors="proportional", which sees the peak {there}.',
    )
