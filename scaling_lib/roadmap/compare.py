"""Two runs side by side: which findings are new, better, worse or gone, and which figures moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.findings import VERDICTS, Finding
from scaling_lib.roadmap.read import Told
from scaling_lib.stats import Estimate

Change = Literal["new", "worse", "moved", "better", "gone", "same"]
CHANGES: tuple[Change, ...] = ("new", "worse", "moved", "better", "gone", "same")
COLUMNS = ["change", "step", "name", "subject", "verdict_before", "verdict_after", "before", "after", "sentence"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """What changed from one run to another.

    frame: a row a finding, what is new and worse first: change, step, name, subject, the verdict before and after (""
        where it was not there), the figure before and after as people say it, and the sentence it has now (or had).
        "moved": the verdict is the same, and the intervals of the figure do not meet. Of an unknown that becomes known,
        or the other way round, the verdict tells nothing of better: it is "moved".
    states: a row a step: step, before, after. notes: what to know before one compares.
    """

    frame: pd.DataFrame
    states: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether a finding is worse, or new and to be acted on."""
        new = (self.frame["change"] == "new") & (self.frame["verdict_after"] == "act")
        return bool((new | (self.frame["change"] == "worse")).any())

    def count(self, change: Change) -> int:
        """How many findings changed so."""
        return int((self.frame["change"] == change).sum())


def compare(before: Told, after: Told) -> Comparison:
    """Compare two runs, matched by step, name and subject of their findings.

    Raises InvalidInput for runs of two systems.
    """
    if before.system != after.system:
        raise InvalidInput(
            f"compare: found runs of {before.system!r} and {after.system!r}; expected two runs of one system."
        )
    old, new = _by_key(before), _by_key(after)
    rows = [_row(old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    rank = frame["change"].map(CHANGES.index)
    frame = frame.assign(rank=rank).sort_values(["rank", "step", "name", "subject"], kind="stable", ignore_index=True)
    steps = sorted({*before.states, *after.states})
    states = pd.DataFrame(
        [(step, before.states.get(step, ""), after.states.get(step, "")) for step in steps],
        columns=["step", "before", "after"],
    )
    return Comparison(frame=frame.drop(columns="rank"), states=states, notes=tuple(_notes(before, after)))


def _by_key(told: Told) -> dict[tuple[str, str, str], Finding]:
    return {(each.step, each.name, each.subject): each for each in told.findings}


def _row(old: Finding | None, new: Finding | None) -> tuple[object, ...]:
    known = new or old
    assert known is not None  # noqa: S101 - one of the two is there
    return (
        _change(old, new),
        known.step,
        known.name,
        known.subject,
        old.verdict if old else "",
        new.verdict if new else "",
        _said(old),
        _said(new),
        known.sentence,
    )


def _change(old: Finding | None, new: Finding | None) -> Change:
    if old is None or new is None:
        return "new" if old is None else "gone"
    if old.verdict != new.verdict:
        if "unknown" in (old.verdict, new.verdict):
            return "moved"
        return "worse" if VERDICTS.index(new.verdict) < VERDICTS.index(old.verdict) else "better"
    return "moved" if _apart(old.impact, new.impact) else "same"


def _apart(one: Estimate | None, other: Estimate | None) -> bool:
    """Whether two figures of one unit surely differ; unknown ends meet everything."""
    if one is None or other is None or one.unit != other.unit:
        return False
    ends = [one.low, one.high, other.low, other.high]
    return not any(map(math.isnan, ends)) and (one.high < other.low or other.high < one.low)


def _said(finding: Finding | None) -> str:
    return "" if finding is None or finding.impact is None else str(finding.impact)


def _notes(before: Told, after: Told) -> list[str]:
    notes = []
    if before.suite != after.suite:
        notes.append(
            f"The runs are of two versions of the suite ({before.suite} and {after.suite}): a finding may be new as "
            "the suite is."
        )
    if before.evidence_end and before.evidence_end >= after.evidence_end:
        notes.append("The later run has no newer evidence than the earlier one.")
    if before.assessed and after.assessed and before.assessed > after.assessed:
        notes.append("The first run is the later one: the two are the wrong way round.")
    return notes
