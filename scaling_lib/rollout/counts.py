"""A canary judged by counts: does it fail more often than the baseline beside it?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout.e_values import e_value_above, share_limits
from scaling_lib.stats import Estimate, proportion_interval
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import number, percent, plural

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE", "NO DATA"]
Looks = Literal["once", "any"]
Counts = tuple[float, float]

TOLERATED = 0.01
MOST_REQUESTS = 1e12  # beyond, an answer to "how many more?" helps no one
CLOSEST = 0.01  # the search for it ends this close, relatively


@dataclass(frozen=True, kw_only=True)
class CountsJudgement:
    """What the counts say of a canary.

    verdict: "FAIL" where the canary surely fails more often than the baseline, and not surely by less than what is
        tolerated; "PASS" where its rise surely stays within what is tolerated; "NO DATA" where one of the two has no
        request; else "INCONCLUSIVE".
    because: the sentence that says why.
    canary, baseline: shares of failures; rise: of the one over the other, its interval from those of both (exact, so
        rather wide). NaN without requests.
    evidence: against "no more often": where looked at once a p-value (small is strong, Fisher's exact test), else an
        e-value (large is strong). needed: more requests to the canary, with as many to the baseline in proportion, that
        would decide at the shares seen; 0 where it is decided, None where none would.
    """

    verdict: Verdict
    because: str
    canary: Estimate
    baseline: Estimate
    rise: Estimate
    tolerated: float
    evidence: float
    looks: Looks
    needed: int | None


def judge_counts(
    canary: Counts,
    baseline: Counts,
    *,
    tolerated: float = TOLERATED,
    looks: Looks = "any",
    level: float = 0.95,
    went: str = "failed",
) -> CountsJudgement:
    """Judge a canary by failures and requests.

    canary, baseline: (failures, requests), of the same stretch of time.
    tolerated: the rise of the share of failures that is still taken, such as the error budget of the SLO (0.001 for a
        target of 99.9%); a fraction in [0, 1).
    looks: "once" where the counts are judged a single time that was fixed before; "any" where somebody watches, as
        mostly: the answer then holds at all looks together. level: of the intervals; 1 - level is the chance to fail a
        canary that is as good, and to pass one whose rise is larger than tolerated.
    went: what a bad request did, for the sentence.

    Failures have to be independent: one broken client that tries a hundred times is one failure, not a hundred. The
    canary's share of the requests has to stay the same: while it is raised, each stage is judged by itself.
    Raises InvalidInput for counts and options that cannot be.
    Sources: Fisher's exact test; Clopper and Pearson (1934); the e-values of `rollout.e_values`.
    """
    for name, counts in (("canary", canary), ("baseline", baseline)):
        _check(name, counts)
    if not 0 <= tolerated < 1:
        raise InvalidInput(
            f"judge_counts: found a tolerated rise of {tolerated}; expected a fraction of at least 0 and below 1, such "
            "as 0.001."
        )
    if looks not in get_args(Looks):
        raise InvalidInput(f"judge_counts: found looks {looks!r}; expected 'once' or 'any'.")
    check_level("judge_counts", level)
    judge = _Judge(tolerated=tolerated, looks=looks, level=level)
    one, other, rise = judge.shares(canary, baseline)
    verdict, evidence = judge.verdict(canary, baseline)
    needed = judge.needed(canary, baseline) if verdict == "INCONCLUSIVE" else (0 if verdict != "NO DATA" else None)
    return CountsJudgement(
        verdict=verdict,
        because=_because(verdict, canary, baseline, rise, tolerated, needed, went),
        canary=one,
        baseline=other,
        rise=rise,
        tolerated=tolerated,
        evidence=evidence,
        looks=looks,
        needed=needed,
    )


@dataclass(frozen=True, kw_only=True)
class _Judge:
    tolerated: float
    looks: Looks
    level: float

    def verdict(self, canary: Counts, baseline: Counts) -> tuple[Verdict, float]:
        """The verdict and the evidence that the canary fails more often."""
        if not canary[1] or not baseline[1]:
            return "NO DATA", math.nan
        rise = self.shares(canary, baseline)[2]
        evidence, worse = self._worse(canary, baseline)
        if rise.high <= self.tolerated:
            return "PASS", evidence
        return ("FAIL" if worse else "INCONCLUSIVE"), evidence

    def shares(self, canary: Counts, baseline: Counts) -> tuple[Estimate, Estimate, Estimate]:
        """Share of failures of each, and the rise; each end of a share takes a quarter of what may go wrong."""
        one, other = (self._share(counts, (1 + self.level) / 2) for counts in (canary, baseline))
        shown = self._share(canary, self.level), self._share(baseline, self.level)
        rise = Estimate(one.value - other.value, one.low - other.high, one.high - other.low, self.level, "fraction")
        return *shown, rise

    def needed(self, canary: Counts, baseline: Counts) -> int | None:
        """More requests to the canary until the same shares decide."""

        def decided(times: float) -> bool:
            scaled = [(counts[0] * times, counts[1] * times) for counts in (canary, baseline)]
            return self.verdict(scaled[0], scaled[1])[0] != "INCONCLUSIVE"

        times = _smallest(decided, MOST_REQUESTS / max(canary[1], baseline[1]))
        return None if times is None else math.ceil((times - 1) * canary[1])

    def _share(self, counts: Counts, level: float) -> Estimate:
        failures, requests = counts
        if self.looks == "once" or not requests:
            return proportion_interval(failures, requests, level, "exact")
        low, high = share_limits(failures, requests, level)
        value = failures / requests
        return Estimate(value, min(low, value), max(high, value), level, "fraction")

    def _worse(self, canary: Counts, baseline: Counts) -> tuple[float, bool]:
        if self.looks == "any":
            evidence = e_value_above(canary[0], baseline[0], canary[1] / (canary[1] + baseline[1]))
            return evidence, evidence >= 1 / (1 - self.level)
        from scipy import stats

        (k, n), (other, m) = ((round(failures), round(requests)) for failures, requests in (canary, baseline))
        p = float(stats.hypergeom.sf(k - 1, n + m, k + other, n)) if k else 1.0
        return p, p <= 1 - self.level


def _smallest(decided: Callable[[float], bool], most: float) -> float | None:
    """The smallest factor from which on it is decided, to some percent; None where none is found."""
    high = 2.0
    while not decided(high):
        high *= 2
        if high > most:
            return None
    low = high / 2
    while high / low > 1 + CLOSEST:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if decided(middle) else (middle, high)
    return high


def _check(name: str, counts: Counts) -> None:
    try:
        failures, requests = (float(each) for each in counts)
    except (TypeError, ValueError):
        failures, requests = math.nan, math.nan
    if not 0 <= failures <= requests < math.inf:
        raise InvalidInput(
            f"judge_counts: found {counts!r} for the {name}; expected (failures, requests), two counts of which the "
            "first is at most the second."
        )


def _because(
    verdict: Verdict, canary: Counts, baseline: Counts, rise: Estimate, tolerated: float, needed: int | None, went: str
) -> str:
    if verdict == "NO DATA":
        empty = [name for name, counts in (("canary", canary), ("baseline", baseline)) if not counts[1]]
        return f"No request of the {' and the '.join(empty)} is known of which one could say whether it {went}."
    (k, n), (other, m) = canary, baseline
    seen = (
        f"{number(k)} of {plural(round(n), 'request')} to the canary {went} ({percent(k / n)}), against "
        f"{number(other)} of {m:,.0f} to the baseline ({percent(other / m)})"
    )
    limit = f"{percent(tolerated)} more of all requests are tolerated"
    if verdict == "PASS":
        return f"{seen}: the rise is at most {percent(max(rise.high, 0.0))}, and {limit}."
    if verdict == "FAIL":
        return f"{seen}: surely more, and not surely within what is tolerated ({percent(tolerated)} more of all)."
    more = f"{needed:,} more requests to the canary" if needed is not None else "no number of requests"
    return f"{seen}: the rise may be {percent(rise.high)}, and {limit}. At these shares {more} would decide."
