"""What step 04 finds of traces that its ranking cannot use, or not wholly."""

from __future__ import annotations

from functools import partial

from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.findings import Finding
from scaling_lib.model.critical_path import CLIPPED, OUTSIDE
from scaling_lib.stats import Estimate
from scaling_lib.words import percent, plural

LEFT_OUT = 0.05  # of the roots
MANY_OUTSIDE = 0.01  # of the spans, as for step 03
_finding = partial(Finding, step="04", command="scaling run --step 04")


def left_out_findings(result: Bottlenecks) -> list[Finding]:
    """Roots that lack their parent, and spans that lie beyond theirs."""
    return [*_orphans(result), *_outside(result)]


def _orphans(result: Bottlenecks) -> list[Finding]:
    """Where many roots are of no journey, the ranking is not of what users do."""
    ranking, path = result.found.ranking, result.found.path
    if ranking is None or path is None:
        return []
    orphans = int(path.by_root["orphan"].sum())
    share = orphans / len(path.by_root)
    if share < LEFT_OUT:
        return []
    return [
        _finding(
            name="orphans",
            verdict="watch",
            sentence=f"{percent(share)} of the roots lack their parent: what is above them is not in the ranking.",
            why=f"{plural(orphans, 'root')} of {len(path.by_root):,}.",
            evidence=tuple(result.sources.get("spans", ())),
            action="See that the context is handed on by every service, and that whole traces are kept.",
        )
    ]


def _outside(result: Bottlenecks) -> list[Finding]:
    """Where many spans lie beyond their parents, the clocks disagree, and the paths are not those of the requests."""
    path = result.found.path
    if path is None or result.found.ranking is None or not len(path.spans):
        return []
    cut = path.ambiguity.loc[[OUTSIDE, CLIPPED], "spans"]
    share = float(cut.sum()) / len(path.spans)
    if share <= MANY_OUTSIDE:
        return []
    return [
        _finding(
            name="spans-outside-parents",
            verdict="watch",
            sentence=f"{percent(share)} of the spans lie beyond their parents, wholly or in part: what is waited for "
            "is not told rightly by them.",
            impact=Estimate(share, share, share, 1.0, "fraction"),
            why="Between services it is mostly that their clocks differ; within one, work that goes on behind the "
            "answer. Its time counts as the parent's, or as that of the call.",
            evidence=tuple(result.sources.get("spans", ())),
            action="Set the clocks of the hosts by one source, and start what nobody waits for as a span that follows.",
            figure="rank",
        )
    ]
