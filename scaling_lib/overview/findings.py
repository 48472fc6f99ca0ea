"""What step 00 finds: evidence that is broken, thin or absent, and journeys without traffic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Finding, Origin, Source
from scaling_lib.ledger import Ledger
from scaling_lib.overview.result import Overview
from scaling_lib.overview.shown import whole_second
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, percent, plural, same_words, told_once

REJECTED_WATCH = 0.001  # a share of rejected rows above this may move a figure with three digits

_finding = partial(Finding, step="00", command="scaling check")


def findings(result: Overview) -> list[Finding]:
    """What is broken or thin in the evidence, or absent and missed by a question."""
    found = _broken(result.ledger)
    found += [finding for quality in result.ledger.sources for finding in _doubts(quality)]
    found += [
        _finding(
            name="journey-without-traffic",
            subject=name,
            verdict="act",
            sentence=f"The journey {name} has no request in the evidence.",
            why="Its route matches none that was seen; ids in paths are read as {id}.",
            action="Compare the journey's route with the routes in the traffic table, and mend assessment.yaml.",
        )
        for name in result.ledger.silent
    ]
    found += [
        _finding(
            name="not-measured",
            subject=kind,
            verdict="unknown",
            sentence=f"{_capital(_name(kind))} are not measured: none are given.",
            why="; ".join(f"without them: {text}" for text in unanswered),
            action=f"Supply {KINDS[kind].supply}.",
        )
        for kind in result.ledger.absent
        if (unanswered := result.ledger.unanswered(kind))
    ]
    return [*found, _sum(result.ledger)]


def _broken(ledger: Ledger) -> list[Finding]:
    """One finding for what is wrong with one source, or the same with several of a kind."""
    groups: dict[tuple[str, bool, str], list[Quality]] = {}
    for quality in ledger.sources:
        if quality.problem:
            groups.setdefault((quality.kind, quality.rows > 0, same_words(quality.problem)), []).append(quality)
    found = [_fault(ledger, kind, group) for (kind, _, _), group in groups.items()]
    told = {quality.kind for quality in ledger.sources if quality.problem}  # a kind's problem is its sources' together
    return found + [_lost(ledger, kind, kind, text) for kind, text in ledger.problems.items() if kind not in told]


def _fault(ledger: Ledger, kind: str, group: Sequence[Quality]) -> Finding:
    names = [quality.source for quality in group]
    subject = names[0] if len(names) == 1 else f"{names[0]} and {plural(len(names) - 1, 'other')}"
    problem = told_once(" ".join(dict.fromkeys(quality.problem for quality in group)))
    rows = sum(quality.rows for quality in group)
    if not rows or kind in ledger.problems:
        return _lost(ledger, kind, subject, problem)
    return _finding(
        name="broken-evidence",
        subject=subject,
        verdict="watch",
        sentence=f"Of {subject} only a part could be read, {plural(rows, 'row')}: {problem}",
        why=f"The {plural(rows, 'row')} that could be read {'is' if rows == 1 else 'are'} used. What was lost is in no "
        "figure.",
        evidence=tuple(_source(quality) for quality in group),
        action="Copy or export the source again, then run again.",
    )


def _lost(ledger: Ledger, kind: str, subject: str, problem: str) -> Finding:
    """Nothing could be read: that weighs as much as what rests on it."""
    told = told_once(problem)
    asked = _asked(ledger, kind)
    rests = " ".join(["These questions rest on it:", *asked]) if asked else f"It decides {KINDS[kind].decides}."
    if kind in ledger.usable:
        rests += f" Until it is mended, that rests on the other {_name(kind)} alone."
    return _finding(
        name="broken-evidence",
        subject=subject,
        verdict="act" if asked or kind not in ledger.usable else "watch",
        sentence=f"{_capital(_name(kind))} cannot be read: {told}",
        why=f"Nothing of {subject} is in any figure. {rests}",
        action="Mend or replace the source, then run again.",
    )


def _asked(ledger: Ledger, kind: str) -> list[str]:
    """The questions that rest on this kind: those it helps to answer, and those that are answered from it."""
    answers = ledger.answers()
    used = answers.loc[(answers["answered"] != "no") & answers["why"].str.contains(rf"\b{kind}\b"), "question"]
    return list(dict.fromkeys([*ledger.unanswered(kind), *used]))


def _name(kind: str) -> str:
    return "SLOs" if kind == "slos" else kind


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _doubts(quality: Quality) -> list[Finding]:
    source = _source(quality)
    found = []
    share = quality.rejected_rows / max(1, quality.rows + quality.rejected_rows)
    if share > REJECTED_WATCH:
        reasons = listing([f"{reject.reason} ({reject.rows:,})" for reject in quality.rejected])
        found.append(
            _finding(
                name="rejected-rows",
                subject=quality.source,
                verdict="watch",
                sentence=f"{percent(share)} of the rows of {quality.source} were rejected: {reasons}.",
                impact=Estimate(share, share, share, unit="fraction"),
                why="Rejected rows count in no figure; if they are not a random part, the figures lean.",
                evidence=(source,),
                action="Look at the examples in the table of rejected rows, and mend the export.",
            )
        )
    if quality.gaps:
        longest = max((gap.end - gap.start).total_seconds() for gap in quality.gaps)
        found.append(
            _finding(
                name="gaps",
                subject=quality.source,
                verdict="watch",
                sentence=f"{quality.source} has {plural(len(quality.gaps), 'gap')}, the longest {duration(longest)}.",
                impact=Estimate(longest, longest, longest, unit="s"),
                why="A gap is neither good nor bad: it is not counted. It may hide an outage, unless a remark of its "
                "source explains it.",
                evidence=(source,),
                action="Find out whether the system or its log was silent.",
            )
        )
    return found


def _sum(ledger: Ledger) -> Finding:
    answers = ledger.answers()
    count = int((answers["answered"] == "yes").sum())
    return _finding(
        name="answerable",
        verdict="ok" if count == len(answers) else "unknown",
        sentence=f"The evidence can answer {count} of {len(answers)} questions.",
        evidence=tuple(_source(quality) for quality in ledger.sources),
    )


def _source(quality: Quality) -> Source:
    return Source(
        table=quality.kind,
        rows=quality.rows,
        start=f"{quality.start:%Y-%m-%dT%H:%M:%SZ}" if quality.start else "",
        end=f"{whole_second(quality.end):%Y-%m-%dT%H:%M:%SZ}" if quality.end else "",
        origin=_origin(quality),
    )


def _origin(quality: Quality) -> Origin:
    """What is not said to be simulated counts as measured; a promise is neither."""
    if quality.origin == "simulated":
        return "simulated"
    return "not said" if quality.kind == "slos" and not quality.origin else "measured"
