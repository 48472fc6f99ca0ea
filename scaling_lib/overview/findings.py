"""What step 00 finds: evidence that is broken, thin or absent, and journeys without traffic."""

from __future__ import annotations

from functools import partial

from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Finding, Source
from scaling_lib.ledger import Ledger
from scaling_lib.overview.result import Overview
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, percent, plural

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
            sentence=f"{kind.capitalize()} are not measured: none are given.",
            why="; ".join(f"without them: {text}" for text in unanswered),
            action=f"Supply {KINDS[kind].supply}.",
        )
        for kind in result.ledger.absent
        if (unanswered := result.ledger.unanswered(kind))
    ]
    return [*found, _sum(result.ledger)]


def _broken(ledger: Ledger) -> list[Finding]:
    """One finding a problem, about its source, or its kind where no source is to blame."""
    about: dict[str, str] = {}
    for quality in ledger.sources:
        about.setdefault(quality.problem, quality.source)
    for kind, problem in ledger.problems.items():
        about.setdefault(problem, kind)
    return [
        _finding(
            name="broken-evidence",
            subject=about[problem],
            verdict="act",
            sentence=f"Evidence cannot be read as it stands: {problem}",
            why="What cannot be read is left out of every figure.",
            action="Mend or replace the source, then run again.",
        )
        for problem in ledger.broken
    ]


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
        end=f"{quality.end:%Y-%m-%dT%H:%M:%SZ}" if quality.end else "",
        origin="simulated" if quality.origin == "simulated" else "measured",
    )
