"""What of the evidence that a step read could not be used: findings for what is broken, remarks for rejected rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Finding
from scaling_lib.ledger_sources import calm, examples_words
from scaling_lib.words import listing, plural, same_words, told_once

BROKEN = "broken-evidence"


def broken_findings(
    step: str, sources: Mapping[str, Iterable[Quality]], told: Sequence[Finding], *, command: str
) -> list[Finding]:
    """A finding for each fault of the sources, by kind, of which none in `told` speaks yet."""
    groups: dict[tuple[str, bool, str], list[Quality]] = {}
    for kind, own in sources.items():
        for each in calm(own):
            if each.problem:
                groups.setdefault((kind, each.rows > 0, same_words(each.problem)), []).append(each)
    said = [finding for finding in told if finding.name == BROKEN]
    return [
        _fault(step, kind, group, command)
        for (kind, _, _), group in groups.items()
        if not any(_speaks(finding, kind, group[0].source) for finding in said)
    ]


def rejected_remarks(sources: Mapping[str, Iterable[Quality]]) -> tuple[str, ...]:
    """A sentence a source and reason for which rows of it were rejected, with examples as they stand there."""
    return tuple(
        f"{kind}, {each.source}: rejected {plural(reject.rows, 'row')}, {reject.reason}"
        f"{examples_words(reject.examples)}"
        for kind, own in sources.items()
        for each in own
        for reject in each.rejected
    )


def _speaks(finding: Finding, kind: str, source: str) -> bool:
    return finding.subject == kind or source in f"{finding.subject} {finding.sentence} {finding.why}"


def _fault(step: str, kind: str, group: Sequence[Quality], command: str) -> Finding:
    """As step 00 says it, so that a whole run tells it once."""
    names = [each.source for each in group]
    subject = names[0] if len(names) == 1 else f"{names[0]} and {plural(len(names) - 1, 'other')}"
    problem = told_once(" ".join(dict.fromkeys(each.problem for each in group)))
    rows = sum(each.rows for each in group)
    name = "SLOs" if kind == "slos" else kind
    return Finding(
        step=step,
        name=BROKEN,
        subject=subject,
        verdict="watch",
        sentence=f"Of {subject} only a part could be read, {plural(rows, 'row')}: {problem}"
        if rows
        else f"{name[:1].upper()}{name[1:]} cannot be read: {problem}",
        why=f"{'What was lost' if rows else 'Nothing'} of {listing(names, 3)} is in {'no' if rows else 'any'} figure "
        "of this step: what it would have shown is not known.",
        action="Copy or export the source again, then run again."
        if rows
        else "Mend or replace the source, then run again.",
        command=command,
    )
