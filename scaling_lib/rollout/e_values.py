"""Evidence that stays valid however often one looks: e-values of counts, their limits, and bounds of running sums.

An e-value of 20 or more is met by chance, where nothing is wrong, with a probability of at most 1 in 20 over *all*
looks together (Ville's inequality); so a canary may be watched all the time.
"""

from __future__ import annotations

import math

from scaling_lib.errors import InvalidInput

MOST = 700.0  # of a logarithm: more does not fit into a float


def conditional_e_value(canary: float, baseline: float, share: float = 0.5) -> float:
    """Evidence that failures fall on the canary more, or less, often than its share of the requests.

    canary, baseline: failures of each; share: of all requests that go to the canary, inside (0, 1).
    The likelihood of the failures' split under a uniform prior, over that under `share`.
    Source: conditional test of two Poisson rates; mixture as in Robbins, Statistical methods related to the law of the
    iterated logarithm, Annals of Mathematical Statistics 41 (1970).
    """
    split = _log_split(canary, baseline, share)
    return math.exp(min(_log_uniform(canary, baseline) - split, MOST))


def e_value_above(canary: float, baseline: float, share: float = 0.5) -> float:
    """As `conditional_e_value`, of the one side on which the canary fails more often than its share.

    The prior is uniform on the shares above `share`; it holds for every smaller true share too, as the ratio of
    likelihoods grows with the canary's failures.
    """
    from scipy import special

    split = _log_split(canary, baseline, share)
    tail = float(special.betaincc(1 + canary, 1 + baseline, share))
    if tail == 0:
        return 0.0
    return math.exp(min(_log_uniform(canary, baseline) + math.log(tail / (1 - share)) - split, MOST))


def share_limits(failures: float, trials: float, level: float) -> tuple[float, float]:
    """Limits of a share of failures that hold at all looks together, a two-sided confidence sequence.

    trials: at least 1; level: inside (0, 1). Each side is the one-sided mixture of `e_value_above` for a single share.
    """
    mirrored = 1 - _upper(trials - failures, trials, (1 - level) / 2)
    return mirrored, _upper(failures, trials, (1 - level) / 2)


def msprt(difference: float, observations: float, variance: float, mixing: float) -> tuple[float, float]:
    """The mixture sequential ratio of a running mean difference, and its always-valid p-value.

    difference: of the two means after so many observations of each; variance: of one pair's difference; mixing: the
    variance of the normal prior on the difference. Source: Johari and others, Always Valid Inference, Operations
    Research 70 (2022).
    """
    if not (observations > 0 and variance > 0 and mixing > 0):
        raise InvalidInput(
            f"msprt: found {observations} observations, a variance of {variance} and a mixing variance of {mixing}; "
            "expected numbers above 0."
        )
    whole = variance + observations * mixing
    ratio = math.sqrt(variance / whole) * math.exp(
        min(observations**2 * mixing * difference**2 / (2 * variance * whole), MOST)
    )
    return ratio, min(1.0, 1 / ratio)


def mixture_bound(variance: float, tuning: float, alpha: float) -> float:
    """How far a sum with so much variance strays, at any time, with a probability of at most alpha; two-sided.

    tuning: the variance at which the bound is tightest. Source: Howard and others, Time-uniform, nonparametric,
    nonasymptotic confidence sequences, Annals of Statistics 49 (2021), two-sided normal mixture.
    """
    if not (variance >= 0 and tuning > 0 and 0 < alpha < 1):
        raise InvalidInput(
            f"mixture_bound: found a variance of {variance}, a tuning of {tuning} and an alpha of {alpha}; expected a "
            "variance of at least 0, a tuning above 0 and an alpha between 0 and 1."
        )
    whole = variance + tuning
    return math.sqrt(whole * math.log(whole / (tuning * alpha**2)))


def _upper(failures: float, trials: float, alpha: float) -> float:
    """The smallest share above that of the failures which the evidence speaks against by 1 / alpha; 1 where none is."""
    from scipy import optimize, special

    passed = trials - failures
    constant = _log_uniform(failures, passed) + math.log(alpha)

    def against(share: float) -> float:
        below = float(special.betainc(1 + failures, 1 + passed, share))
        logs = failures * math.log(share) + passed * math.log1p(-share)
        return constant + math.log(below / share) - logs if below > 0 else -1.0

    low, high = max(failures / trials, 1e-15), 1 - 1e-15
    if passed == 0 or against(high) < 0:
        return 1.0
    return float(optimize.brentq(against, low, high, xtol=1e-15, rtol=1e-10))


def _log_uniform(one: float, other: float) -> float:
    return math.lgamma(1 + one) + math.lgamma(1 + other) - math.lgamma(2 + one + other)


def _log_split(canary: float, baseline: float, share: float) -> float:
    if not 0 < share < 1:
        raise InvalidInput(f"e-value: found a share of {share} of the requests for the canary; expected it in (0, 1).")
    if not (0 <= canary < math.inf and 0 <= baseline < math.inf):
        raise InvalidInput(f"e-value: found {canary} and {baseline} failures; expected counts of at least 0.")
    return canary * math.log(share) + baseline * math.log1p(-share)
