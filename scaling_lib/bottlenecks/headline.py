"""The sentence that answers step 04: what to fix first, what limits next, and whether the last fix worked."""

from __future__ import annotations

from scaling_lib.bottlenecks.change_findings import worked
from scaling_lib.bottlenecks.result import Bottlenecks, Budget
from scaling_lib.bottlenecks.stretches import differ
from scaling_lib.bottlenecks.tables import tail_words
from scaling_lib.words import listing, percent, quantity

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
    apart = ""
    if differ(result.recordings):
        told = listing([percent(each.share.value) for each in result.recordings])
        apart = f", which describes none of the recordings: of each by itself {told}"
    return [f"{words}{apart}.{_budget(best) if best is not None else ''}"]


def _budget(budget: Budget) -> str:
    """What that costs an SLO, as far as these traces tell."""
    name, share = budget.slo.name, budget.share
    if budget.stretch is not None:
        spent = "" if budget.spent is None else f" Step 01 finds {budget.spent} of its budget spent, in all."
        return f" Of those too slow for {name}, {budget.stretch}.{spent}"
    if share is not None:
        explained = percent(budget.found.explained.value)
        return f" That explains {explained} of those too slow for {name}: {share} of its budget."
    return f" In these traces {budget.found.spent} what {name} allows is too slow."


def _next(result: Bottlenecks) -> list[str]:
    if not result.migration:
        return []
    if result.disproved:
        return ["What limits the throughput is not known: no metrics of a resource are given."]
    moved = next((each for each in result.migration if each.moved), None)
    first = result.migration[0]
    limit = f"The throughput is limited by {first.bottleneck}, at {first.before}"
    if result.assumed:
        limit = f"If each service had one server, {first.bottleneck} would limit first, at {first.before}"
    if moved is None:
        return [f"{limit}."]
    return [f"{limit}; once that is relieved, {moved.next_bottleneck} limits, at {moved.after}."]


def _changes(result: Bottlenecks) -> list[str]:
    found = []
    for change in result.changes:
        words = f"{change.change.name}: {WORKED.get(worked(change), 'whether it worked is not known')}"
        if change.was is not None and change.recorded is not None:
            least = "at least " if change.at_least else ""
            words += f", {quantity(change.was.value)} to {least}{quantity(change.recorded.value, 'requests/s')}"
        if change.predicted is not None:
            words += f" (predicted: {change.predicted.relief.after})"
        found.append(f"{words}.")
    return found
