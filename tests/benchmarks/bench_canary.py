"""False alarms and power of the canary judge, beside a rank test and Welch's test.

Run by hand: `python tests/benchmarks/bench_canary.py [pairs]` (some five minutes with 2,000). Series alike and shifted,
independent and remembering by 0.7, judged once at 60 points and watched at 40 looks of 20 points each; failures of two
versions alike, judged once and at 40 looks; eight metrics alike of one canary together. The nominal level is 5%; printed are shares with their binomial errors.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable

import numpy as np
from scipy import stats

from scaling_lib.rollout import Guardrail, judge, judge_counts, judge_samples
from scaling_lib.rollout.counts import Looks

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
LOOKS = 40


def remembering(rng: np.random.Generator, points: int, rho: float, series: int) -> Floats:
    """Standard normal series, each value remembering the one before by rho."""
    found = rng.standard_normal((series, points))
    for i in range(1, points):
        found[:, i] = rho * found[:, i - 1] + math.sqrt(1 - rho**2) * found[:, i]
    return found


def share(alarms: Iterable[bool]) -> str:
    """How often, with its binomial error."""
    seen = list(alarms)
    p = sum(seen) / len(seen)
    return f"{p:.3f} (error {math.sqrt(max(p * (1 - p), 1e-6) / len(seen)):.3f})"


def main(pairs: int = 2000) -> None:
    """Print a table."""
    rng = np.random.default_rng(20261125)
    judges: dict[str, Callable[[Floats, Floats], bool]] = {
        "judge once": lambda a, b: judge_samples(a, b, worse="either", tolerated=0, looks="once").verdict == "FAIL",
        "judge any": lambda a, b: judge_samples(a, b, worse="either", tolerated=0).verdict == "FAIL",
        "rank test": lambda a, b: float(stats.mannwhitneyu(a, b).pvalue) < 0.05,
        "Welch": lambda a, b: float(stats.ttest_ind(a, b, equal_var=False).pvalue) < 0.05,
    }
    for rho in (0.0, 0.7):
        for shift in (0.0, 0.8):
            one, other = remembering(rng, 60, rho, pairs) + shift, remembering(rng, 60, rho, pairs)
            for name, alarm in judges.items():
                print(
                    f"60 points, remembering {rho}, shift {shift} sd, {name:10}: "
                    + share(alarm(a, b) for a, b in zip(one, other, strict=True)),
                    flush=True,
                )
    few = max(pairs // 10, 20)
    for rho in (0.0, 0.7):
        for shift in (0.0, 0.8):
            one, other = remembering(rng, 20 * LOOKS, rho, few) + shift, remembering(rng, 20 * LOOKS, rho, few)
            ends = range(20, 20 * LOOKS + 1, 20)
            for name, alarm in judges.items():
                watched = (any(alarm(a[:n], b[:n]) for n in ends) for a, b in zip(one, other, strict=True))
                print(f"{LOOKS} looks, remembering {rho}, shift {shift} sd, {name:10}: {share(watched)}", flush=True)
    for rate in (0.01, 0.02, 0.03):
        failed = []
        for _ in range(few):
            canary, baseline = rng.binomial(100, rate, LOOKS).cumsum(), rng.binomial(300, 0.01, LOOKS).cumsum()
            failed.append(
                any(
                    judge_counts((int(k), 100 * at), (int(b), 300 * at), tolerated=0.001).verdict == "FAIL"
                    for at, (k, b) in enumerate(zip(canary, baseline, strict=True), 1)
                )
            )
        print(f"{LOOKS} looks, counts, {rate:.0%} against 1%: {share(failed)}", flush=True)
    eight_together(rng, pairs // 4)


def eight_together(rng: np.random.Generator, canaries: int) -> None:
    """Four counts and four series that share half of their noise: by `judge`, and where any of them fails by itself."""
    looks: Looks
    for looks in ("once", "any"):
        together, single = [], []
        for _ in range(canaries):
            common = rng.standard_normal(60)
            found = [
                judge_counts((k, 2000), (b, 6000), tolerated=0, looks=looks)
                for k, b in zip(rng.binomial(2000, 0.02, 4), rng.binomial(6000, 0.02, 4), strict=True)
            ] + [
                judge_samples(common + one, common + other, tolerated=0, looks=looks)
                for one, other in zip(rng.standard_normal((4, 60)), rng.standard_normal((4, 60)), strict=True)
            ]
            guardrails = [Guardrail(name=str(at), judgement=each, seen=60) for at, each in enumerate(found)]
            together.append(judge(guardrails).verdict == "FAIL")
            single.append(any(each.verdict == "FAIL" for each in found))
        print(f"8 metrics alike, {looks:4}, together {share(together)}, any by itself {share(single)}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
