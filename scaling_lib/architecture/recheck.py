"""Whether a decision still holds: its evidence is read again, and each of its conditions taken again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from scaling_lib.architecture.assess import assess
from scaling_lib.architecture.fingerprints import fingerprints
from scaling_lib.architecture.record import condition_words
from scaling_lib.architecture.record_fields import Condition, Front, read_front
from scaling_lib.architecture.result import Architecture
from scaling_lib.architecture.tables import reason
from scaling_lib.assessment import Assessment
from scaling_lib.errors import InvalidInput
from scaling_lib.words import quantity

NUMBERS = ("demand_factor", "level", "wanted", "worth_a_month", "measuring_costs")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that was looked at again. holds: None where it cannot be checked; note: whether it decides nothing."""

    holds: bool | None
    text: str
    note: bool = False

    @property
    def word(self) -> str:
        """In a word."""
        if self.note:
            return "note"
        return {True: "holds", False: "does not hold", None: "cannot be checked"}[self.holds]


@dataclass(frozen=True, kw_only=True)
class Recheck:
    """A record, looked at again. holds: whether every line that decides does."""

    lines: tuple[Line, ...]

    @property
    def holds(self) -> bool:
        """Whether the decision holds: what cannot be checked does not."""
        return all(each.holds for each in self.lines if not each.note)


def recheck(record: Path, system: Assessment, *, today: date | None = None) -> Recheck:
    """Hold a record against the evidence of an assessment as it is now.

    Raises InvalidInput for a record that is none, or of another system.
    """
    front = read_front(record)
    if front.system != system.name:
        raise InvalidInput(
            f"{record}: found a decision of the system {front.system!r}; expected one of {system.name!r}. "
            "Give the assessment's folder behind the record."
        )
    result = _again(record, front, system)
    on = today or datetime.now(UTC).date()
    late = on > front.review
    dates = Line(holds=not late, text=f"to be looked at again on {front.review}{', which has passed' if late else ''}")
    return Recheck(lines=(dates, *_files(front, system), *(_line(each, result) for each in front.holds_while)))


def _again(record: Path, front: Front, system: Assessment) -> Architecture:
    """Step 06, asked as it was asked for the record."""
    numbers, load_test = dict[str, float](), ""
    for name, value in front.asked.items():
        if name == "load_test" and isinstance(value, str):
            load_test = value
        elif name in NUMBERS and not isinstance(value, str):
            numbers[name] = value
        else:
            raise InvalidInput(
                f"{record}: asked.{name}: found {value!r}; expected numbers as {', '.join(NUMBERS)}, and load_test as "
                "text."
            )
    return assess(system, load_test=load_test, **numbers)


def _files(front: Front, system: Assessment) -> Iterator[Line]:
    """What the decision rested on: gone is a fault, changed is a note, as all figures are taken again."""
    now = {(each.kind, each.path): each for each in fingerprints(system)}
    for each in front.evidence:
        name, found = f"{each.kind} {each.path}", now.get((each.kind, each.path))
        if found is None:
            yield Line(holds=None, text=f"{name}: is no longer evidence of the assessment")
        elif each.sha256 and not found.sha256:
            yield Line(holds=None, text=f"{name}: is not there any more")
        elif not each.sha256:
            yield Line(holds=True, text=f"{name}: is no file, and is read again", note=True)
        else:
            same = each.sha256 == found.sha256
            words = "is as it was" if same else "has changed; the figures below are of what is there now"
            yield Line(holds=same, text=f"{name}: {words}", note=not same)


def _line(each: Condition, result: Architecture) -> Line:
    found = _now(each, result)
    if found is None:
        why = reason(result, "evaluation")
        return Line(holds=None, text=f"{condition_words(each)}: it is not measured now. {why}".strip())
    if isinstance(found, str) or each.equals is not None:
        return Line(holds=found == each.equals, text=f"{condition_words(each)}: it is {found}")
    holds = found >= each.at_least if each.at_least is not None else found <= (each.at_most or 0.0)
    unit = "requests/s" if each.figure == "needed" else "fraction"
    return Line(holds=holds, text=f"{condition_words(each)}: it is {quantity(found, unit)}")


def _now(each: Condition, result: Architecture) -> str | float | None:
    """The figure as it is now; None where it is not measured, or nothing is called so."""
    evaluation = result.evaluation
    if each.figure == "utilisation":
        used = result.utilization.get(each.of)
        return used.value if used is not None else None
    if each.figure == "gate":
        return next((cut.gate.verdict for cut in result.cuts if cut.name == each.of), None)
    if evaluation is None:
        return None
    if each.figure == "bottleneck":
        return evaluation.bottleneck
    if each.figure == "option":
        return evaluation.chosen.pattern.name if evaluation.chosen is not None else "none"
    if each.figure == "needed":
        return evaluation.needed.value
    return next((one.met for one in evaluation.options if one.pattern.name == each.of), None)
