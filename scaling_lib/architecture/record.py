"""A decision record in the form of MADR: what was decided, on which evidence, and what would make it wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scaling_lib import figures
from scaling_lib.architecture.evaluate import Evaluation, Option
from scaling_lib.architecture.fingerprints import fingerprints
from scaling_lib.architecture.headline import relieved_words
from scaling_lib.architecture.record_fields import Condition, Front, Rests
from scaling_lib.architecture.result import Architecture
from scaling_lib.architecture.tables import UNDONE, chance, price_words, reason, taken
from scaling_lib.assessment import Assessment
from scaling_lib.errors import NotMeasured
from scaling_lib.figures import Shown
from scaling_lib.words import listing, percent, quantity

REVIEW = timedelta(days=182)  # half a year: demand and code have moved on by then
FULL = 0.6  # of a resource that does not limit, in use at today's busiest minute: from there on it might
FADED = 0.5  # of the use that the bottleneck has today: below it is the constraint no more
MARKS = re.compile(r"([\\`*_\[\]#|~!])")


@dataclass(frozen=True, kw_only=True)
class DecisionRecord:
    """A record: its title, its front matter, and the whole text in Markdown."""

    title: str
    front: Front
    text: str


def decision_record(
    result: Architecture,
    system: Assessment,
    *,
    title: str = "",
    deciders: Sequence[str] = (),
    consulted: Sequence[str] = (),
    informed: Sequence[str] = (),
    today: date | None = None,
) -> DecisionRecord:
    """Write down what step 06 decides, as proposed, with what `scaling recheck` holds against it later.

    deciders: by default the owners of the services. today: of the record, in UTC.
    Raises NotMeasured where no option was evaluated. Source: MADR, adr.github.io/madr, version 4.
    """
    found, best = result.evaluation, taken(result)
    if found is None or best is None:
        raise NotMeasured(f"There is nothing to decide yet. {reason(result, 'evaluation')}".strip())
    on = today or datetime.now(UTC).date()
    owners = dict.fromkeys(each.owner for each in system.config.services if each.owner)
    front = Front(
        status="proposed", date=on, decision_makers=list(deciders or owners), consulted=list(consulted),
        informed=list(informed), review=on + REVIEW, system=result.system, asked=dict(result.asked),
        holds_while=_conditions(result, found),
        evidence=[Rests(kind=each.kind, path=each.path, files=each.files, sha256=each.sha256)
                  for each in fingerprints(system)],
    )  # fmt: skip
    chosen = found.chosen
    own = title or (
        f"{chosen.pattern.name[0].upper()}{chosen.pattern.name[1:]} for {quantity(result.factor, 'x')} today's load"
        if chosen else f"No option yet for {quantity(result.factor, 'x')} today's load"
    )  # fmt: skip
    parts = [f"# {plain(own)}", _context(result, found), _drivers(result, found), _considered(found)]
    parts += [_outcome(result, found, front), _pros(found), _more(result, front)]
    return DecisionRecord(title=own, front=front, text=front.text() + "\n" + "\n\n".join(parts) + "\n")


def record_shown(result: Architecture, system: Assessment) -> Shown:
    """The record as a file beside the page; a sentence that says why where there is none."""
    try:
        record = decision_record(result, system)
    except NotMeasured as absent:
        return figures.nothing(str(absent))
    caption = f"Decision record: {record.title}. “scaling recheck” on the file tells whether it still holds."
    return figures.text_file(record.text, "decision-record", "md", caption)


def plain(text: str) -> str:
    """Text from data as Markdown shows it word for word, on one line."""
    line = MARKS.sub(r"\\\1", " ".join(text.split()))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _conditions(result: Architecture, found: Evaluation) -> list[Condition]:
    """What has to hold, each a figure that is computed again."""
    conditions = [Condition(figure="bottleneck", equals=found.bottleneck)]
    if found.chosen is not None:
        name = found.chosen.pattern.name
        conditions.append(Condition(figure="option", equals=name))
        conditions.append(Condition(figure="met", of=name, at_least=result.wanted))
        kept = result.within_slo.low if result.within_slo is not None else 1.0
        most = max(found.chosen.capacity.low * kept, found.needed.value)
        conditions.append(Condition(figure="needed", at_most=round(most, 1)))
    for name, used in result.utilization.items():
        if name == found.bottleneck:
            conditions.append(Condition(figure="utilisation", of=name, at_least=round(FADED * used.value, 3)))
        elif used.value < FULL:
            conditions.append(Condition(figure="utilisation", of=name, at_most=FULL))
    conditions += [Condition(figure="gate", of=each.name, equals=each.gate.verdict) for each in result.cuts]
    return conditions


def _context(result: Architecture, found: Evaluation) -> str:
    now = next(each for each in found.options if each.pattern.aim == "nothing")
    return (
        "## Context and Problem Statement\n\n"
        f"{plain(result.system)} has to carry {quantity(result.factor, 'x')} today's load, {plain(str(found.needed))}, "
        f"within its SLOs. {plain(found.bottleneck)} is full first, at {plain(str(now.capacity))}: as it is, the load "
        f"is carried with {chance(now.met)} probability. Does that justify a new architecture?"
    )


def _drivers(result: Architecture, found: Evaluation) -> str:
    lines = [
        f"the load is carried within the SLOs with {percent(result.wanted)} probability, with all that is not sure",
        f"what is full first is eased: {found.bottleneck}",
        "the cost a month, and how soon it can be undone",
    ]
    return "## Decision Drivers\n\n" + "\n".join(f"* {plain(each)}" for each in lines)


def _considered(found: Evaluation) -> str:
    return "## Considered Options\n\n" + "\n".join(f"* {plain(each.pattern.name)}" for each in found.options)


def _outcome(result: Architecture, found: Evaluation, front: Front) -> str:
    chosen = found.chosen
    if chosen is None:
        said = f"Chosen option: none, because none carries the load with {percent(result.wanted)} probability."
    else:
        assumed = f" Nobody measured: {listing(chosen.assumed, 8)}." if chosen.assumed else ""
        said = plain(
            f'Chosen option: "{chosen.pattern.name}", because it is the cheapest that carries the load: with '
            f"{chance(chosen.met)} probability, at {price_words(chosen)} ({chosen.verdict}).{assumed}"
        )
    lines = "\n".join(f"* {plain(condition_words(each))}" for each in front.holds_while)
    return (
        f"## Decision Outcome\n\n{said}\n\n### Confirmation\n\nIt holds while all of this does, and is looked at again "
        f"on {front.review}:\n\n{lines}\n\n`scaling recheck` on this file takes the figures again, line by line."
    )


def _pros(found: Evaluation) -> str:
    return "## Pros and Cons of the Options\n\n" + "\n\n".join(_option(each, found) for each in found.options)


def _option(each: Option, found: Evaluation) -> str:
    gains = f"it carries the load with {chance(each.met)} probability"
    good = [gains] if each.met >= found.wanted else []
    bad = [] if each.met >= found.wanted else [gains]
    if each.verdict == "NOT JUSTIFIED":
        bad.append(f"it leaves {found.bottleneck} as it is, which is full first")
    neutral = [f"its cost: {price_words(each)}", f"it is undone {UNDONE[each.pattern.undo]}"]
    if each.assumed:
        bad.append(f"nobody measured {listing(each.assumed, 8)}")
    lines = [f"* Good, because {plain(one)}" for one in good]
    lines += [f"* Neutral, because {plain(one)}" for one in neutral]
    lines += [f"* Bad, because {plain(one)}" for one in bad]
    return f"### {plain(each.pattern.name)}\n\n" + "\n".join(lines)


def _more(result: Architecture, front: Front) -> str:
    rows = [
        f"| {plain(each.kind)} | {plain(each.path)} | {each.files} | {each.sha256[:16] or 'not a file'} |"
        for each in front.evidence
    ]
    ranges = [
        f"* {plain(each.table)}: {each.rows:,} rows, {each.start} to {each.end}, {each.origin_words}"
        for sources in result.sources.values()
        for each in sources
    ]
    before = "\n\n".join(plain(relieved_words(each)) for each in result.decided)
    return (
        "## More Information\n\n" + (f"{before}\n\n" if before else "") + "What it rests on:\n\n" + "\n".join(ranges)
        + "\n\n| evidence | path | files | SHA-256, its beginning |\n|---|---|---|---|\n" + "\n".join(rows)
    )  # fmt: skip


def condition_words(each: Condition) -> str:
    """A condition as a person says it."""
    of = f" of {each.of}" if each.of else ""
    name = {
        "bottleneck": "what is full first", "option": "the option that is chosen", "needed": "the load to be carried",
        "utilisation": f"the use{of} at today's busiest minute", "met": f"the probability{of}",
        "gate": f"the gate's verdict on {each.of}",
    }[each.figure]  # fmt: skip
    if each.equals is not None:
        return f"{name} is {each.equals}"
    unit = "requests/s" if each.figure == "needed" else "fraction"
    if each.at_least is not None:
        return f"{name} is at least {quantity(each.at_least, unit)}"
    return f"{name} is at most {quantity(each.at_most or 0.0, unit)}"
