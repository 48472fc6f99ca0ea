"""The sentence that answers step 04: what to fix first, what limits next, and whether the last fix worked."""

from __future__ import annotations

from scaling_lib.bottlenecks.change_findings import worked
from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.bottlenecks.tables import tail_words
from scaling_lib.words import quantity

WORKED = {
    "yes": "worked",
    "no": "made things worse",
    "mixed": "helped some requests and slowed others",
    "no difference found": "made no difference that was found",
}


def headline(result: Bottlenecks) -> str:
    """The answer, in the order in which it is asked."""
    parts = [*_first(result), *_next(result), *_changes(result)]
    return " ".join(parts) if parts else "Not measured: neither traces nor a model tell what to fix."


def _first(result: Bottlenecks) -> list[str]:
    ranking = result.found.ranking
    if ranking is None:
        return ["What to fix first is not measured: no traces of the journeys can be used."] if result.migration else []
    share = ranking.share(ranking.first)
    words = f"{tail_words(result)} wait most for {ranking.first}, {share} of their time"
    best = next((each for each in result.budgets if each.name == ranking.first and each.found.given_back.low > 0), None)
    if best is not None:
        words += f": without it {best.found.given_back} the error budget of {best.slo.name} would be given back"
    return [f"{words}."]


def _next(result: Bottlenecks) -> list[str]:
    if not result.migration:
        return []
    moved = next((each for each in result.migration if each.moved), None)
    first = result.migration[0]
    limit = f"The throughput is limited by {first.bottleneck}, at {quantity(first.before.value, 'requests/s')}"
    if moved is None:
        return [f"{limit}."]
    return [
        f"{limit}; once that is relieved, {moved.next_bottleneck} limits, at "
        f"{quantity(moved.after.value, 'requests/s')}."
    ]


def _changes(result: Bottlenecks) -> list[str]:
    found = []
    for change in result.changes:
        words = f"{change.change.name}: {WORKED.get(worked(change), 'whether it worked is not known')}"
        if change.was is not None and change.recorded is not None:
            least = "at least " if change.at_least else ""
            words += f", {quantity(change.was.value)} to {least}{quantity(change.recorded.value, 'requests/s')}"
        if change.predicted is not None:
            words += f" ({quantity(change.predicted.relief.after.value)} was predicted)"
        found.append(f"{words}.")
    return found
