"""Several judgements of one canary put together: one verdict that is as sure as each of them alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout.counts import CountsJudgement
from scaling_lib.rollout.sample_ratio import SampleRatio
from scaling_lib.rollout.samples import SamplesJudgement
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing, number, percent

Together = Literal["PASS", "FAIL", "INCONCLUSIVE", "NO DATA", "VOID"]


@dataclass(frozen=True, kw_only=True)
class Guardrail:
    """One metric of a canary, judged.

    seen: requests, or points, of the canary that it was judged by; must_have_data: whether the canary cannot be judged
    without it.
    """

    name: str
    judgement: CountsJudgement | SamplesJudgement
    seen: int
    must_have_data: bool = True


@dataclass(frozen=True, kw_only=True)
class CanaryJudgement:
    """What all guardrails together say of a canary.

    verdict: "FAIL" where a guardrail surely fails; "VOID" where the requests were not split as intended; "NO DATA"
        where one that must have data has none; "PASS" where all that have data pass; else "INCONCLUSIVE".
    because: the sentence that says why. failed: the guardrails that surely fail, though several were looked at.
    undecided: those that would decide with more exposure, the one that needs most first.
    times: so many times the exposure until now would decide all, at what is seen; 1 where nothing is undecided, None
        where no exposure would.
    """

    verdict: Together
    because: str
    guardrails: tuple[Guardrail, ...]
    failed: tuple[str, ...]
    undecided: tuple[str, ...]
    times: float | None
    ratio: SampleRatio | None
    level: float


def judge(guardrails: Sequence[Guardrail], *, ratio: SampleRatio | None = None, level: float = 0.95) -> CanaryJudgement:
    """One verdict of several guardrails.

    guardrails: each judged alone, at `level`; one or more, each name once. ratio: of the requests, see `sample_ratio`.

    The chance that a canary that is as good in all of them fails is at most 1 - level however many there are: by Holm's
    procedure on their p-values, or on 1 / e-value where they are watched, which needs no independence and then holds at
    all looks together. To pass, every one has to pass by itself, and needs no correction: a canary that is worse in one
    of them passes by that one's chance at most (an intersection-union test).
    Raises InvalidInput without a guardrail, or where a name is there twice.
    Sources: Holm, Scandinavian Journal of Statistics 6 (1979); Berger, Technometrics 24 (1982), of the second.
    """
    check_level("judge", level)
    names = [each.name for each in guardrails]
    if not names or len(set(names)) < len(names):
        raise InvalidInput(f"judge: found the guardrails {names}; expected one or more, each name once.")
    failed = _surely(guardrails, 1 - level)
    empty = [each for each in guardrails if each.judgement.verdict == "NO DATA"]
    known = [each for each in guardrails if each.judgement.verdict != "NO DATA"]
    open_ = [each for each in known if each.judgement.verdict != "PASS" and each.name not in failed]
    missing = [each.name for each in empty if each.must_have_data]
    verdict: Together = "INCONCLUSIVE"
    if failed:
        verdict = "FAIL"
    elif ratio is not None and ratio.mismatch:
        verdict = "VOID"
    elif missing or not known:
        verdict = "NO DATA"
    elif not open_:
        verdict = "PASS"
    open_.sort(key=lambda each: -(math.inf if (times := _times(each)) is None else times))
    times = max((_times(each) or math.inf for each in open_), default=1.0)
    return CanaryJudgement(
        verdict=verdict,
        because=_because(verdict, guardrails, failed, missing or names, open_, ratio),
        guardrails=tuple(guardrails),
        failed=failed,
        undecided=tuple(each.name for each in open_),
        times=times if math.isfinite(times) else None,
        ratio=ratio,
        level=level,
    )


def _surely(guardrails: Sequence[Guardrail], alpha: float) -> tuple[str, ...]:
    """Those that fail by Holm's procedure: the smallest p at alpha / n, the next at alpha / (n - 1), and so on."""
    chances = sorted((_chance(each), place) for place, each in enumerate(guardrails))
    rejected = []
    for rank, (chance, place) in enumerate(chances):
        if chance > alpha / (len(guardrails) - rank) * (1 + 1e-12):
            break
        rejected.append(place)
    return tuple(guardrails[place].name for place in sorted(rejected))


def _chance(guardrail: Guardrail) -> float:
    """Of such evidence if nothing is wrong: 1 of what does not fail by itself, which makes no other one fail."""
    found = guardrail.judgement
    if found.verdict != "FAIL" or math.isnan(found.evidence):
        return 1.0
    return found.evidence if found.looks == "once" else 1 / found.evidence


def _times(guardrail: Guardrail) -> float | None:
    """The whole exposure that decides it, in exposures until now; of one that fails by itself, but not among so many,
    twice: its evidence doubles its logarithm by then."""
    needed = guardrail.judgement.needed
    if guardrail.judgement.verdict == "FAIL":
        return 2.0
    return None if needed is None else 1 + needed / max(guardrail.seen, 1)


def _because(
    verdict: Together,
    guardrails: Sequence[Guardrail],
    failed: Sequence[str],
    missing: Sequence[str],
    open_: Sequence[Guardrail],
    ratio: SampleRatio | None,
) -> str:
    said = {each.name: each.judgement.because for each in guardrails}
    if verdict == "VOID" and ratio is not None:
        return (
            f"The requests were not split as intended: the canary got {percent(ratio.shares[0])}, and a split as far "
            f"off comes by chance in {percent(ratio.p_value)} of cases. Nothing can be told while it is not known why."
        )
    if verdict == "FAIL":
        others = f" {_titled(listing(failed[1:]))} surely got worse too." if len(failed) > 1 else ""
        off = " The requests were not split as intended either." if ratio is not None and ratio.mismatch else ""
        return f"{said[failed[0]]}{others}{off}"
    if verdict == "NO DATA":
        return f"{_titled(listing(missing))}: no data. {said[missing[0]]}"
    if verdict == "PASS":
        passed = [each.name for each in guardrails if each.judgement.verdict == "PASS"]
        empty = [each.name for each in guardrails if each.judgement.verdict == "NO DATA"]
        without = f" Of {listing(empty)} there is no data." if empty else ""
        whom = f"All of {listing(passed)} surely stay" if len(passed) > 1 else f"{_titled(passed[0])} surely stay"
        return f"{whom} within what is tolerated.{without}"
    most = open_[0]
    if most.judgement.verdict == "FAIL":
        return f"{said[most.name]} As one of {len(guardrails)} that are looked at, that is not sure enough."
    times = _times(most)
    more = "no exposure would decide" if times is None else f"{number(times)} times the exposure until now would decide"
    return f"{said[most.name]} All together, {more}."


def _titled(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
