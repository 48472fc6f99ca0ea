"""Loads and throughputs with a known law, independent or in step with their neighbours, and how often intervals hold it."""

import math

import numpy as np

from scaling_lib.model import usl

CLEAR = (0.03, 0.0005, 20.0)  # a peak at 44.0
FLAT = (0.05, 0.0, 20.0)  # no peak, a limit of 400


def law(load, alpha, beta, gamma):
    return gamma * load / (1 + alpha * (load - 1) + beta * load * (load - 1))


def true_peak(alpha, beta, gamma):
    return math.sqrt((1 - alpha) / beta) if beta else math.inf


def spaced(samples, largest, *, doubling=False):
    """Loads from 1 to the largest, evenly or in equal ratios."""
    return np.geomspace(1, largest, samples) if doubling else np.linspace(1, largest, samples)


def in_time(kind, samples, largest, random):
    """Loads of a series: one climb of ten steps, three waves, or ten steps in a random order anew each time."""
    at, steps = np.arange(samples), np.linspace(1, largest, 10)
    if kind == "climb":
        return steps[at * 10 // samples]
    if kind == "waves":
        return 1 + (largest - 1) * (0.5 - 0.5 * np.cos(2 * np.pi * at / (samples / 3)))
    return random.choice(steps, samples)


def wandering(random, samples, memory):
    """AR(1) noise of variance 1 in equilibrium."""
    shocks = random.standard_normal(samples) * math.sqrt(1 - memory**2)
    shocks[0] = random.standard_normal()
    path = np.empty(samples)
    level = 0.0
    for place in range(samples):
        level = memory * level + shocks[place]
        path[place] = level
    return path


def coverage(random, truth, loads, repeats, *, relative=0.0, absolute=0.0, memory=0.0, draws=400, **options):
    """Shares of fits whose 95% intervals hold alpha, the peak and the throughput at twice the largest load.

    loads: a function of nothing. relative, absolute: the noise, a share of throughput or of its maximum.
    "plain" is alpha's interval with the errors of independent samples and n - 1 degrees of freedom, as R's `confint`
    has it; "bounded" the share of peaks with an upper end.
    """
    from scipy import special

    peak, held = true_peak(*truth), {"alpha": 0, "plain": 0, "peak": 0, "bounded": 0, "predicted": 0}
    for _ in range(repeats):
        load = loads()
        mean = law(load, *truth)
        noise = wandering(random, len(load), memory) if memory else random.standard_normal(len(load))
        served = np.maximum(mean + noise * (relative * mean + absolute * mean.max()), 1e-3 * mean)
        found = usl.fit(load, served, draws=draws, **options)
        plain = usl.fit(load, served, draws=draws, correlated=False)
        half = special.stdtrit(len(load) - 1, 0.975) * plain.stderr.alpha
        alpha, summit, far = found.confint().alpha, found.peak(), found.predict(2 * load.max())
        held["alpha"] += alpha.low <= truth[0] <= alpha.high
        held["plain"] += abs(plain.alpha - truth[0]) <= half  # not a number at the bound: not held
        held["peak"] += summit.low <= peak <= summit.high
        held["bounded"] += summit.high < math.inf
        held["predicted"] += far.low <= law(2 * load.max(), *truth) <= far.high
    return {name: count / repeats for name, count in held.items()}
