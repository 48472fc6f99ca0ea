"""The sentence that answers step 06: what the measured constraint is, and whether it asks for a new architecture."""

from __future__ import annotations

from scaling_lib.architecture.result import Architecture, Decided, is_new_architecture
from scaling_lib.architecture.tables import chance, price_words, reason, taken
from scaling_lib.words import plural, quantity


def headline(result: Architecture) -> str:
    """The answer, in the order in which it is asked."""
    parts = [_now(result), *map(relieved_words, result.decided), *_gates(result)]
    return " ".join(each for each in parts if each)


def relieved_words(each: Decided) -> str:
    """What relieved the bottleneck of an earlier time, and what would not have."""
    own = next(one for one in each.evaluation.options if one.pattern.name == each.option)
    useless = [one for one in each.evaluation.options if one.verdict == "NOT JUSTIFIED"]
    split = next((one for one in useless if one.pattern.name.startswith("split of ")), None)
    least = "at least " if each.changed.at_least else ""
    seen = f", {least}{quantity(each.changed.recorded.value)} recorded" if each.changed.recorded else ""
    before, after = quantity(own.capacity.value / own.gain.value), quantity(own.capacity.value, "requests/s")
    said = (
        f"{each.option[0].upper()}{each.option[1:]}: {each.evaluation.bottleneck} was full first, and it takes the "
        f"capacity from {before} to {after} (foreseen{seen})"
    )
    return f"{said}; a split into services would have left it as it was." if split else f"{said}."


def _now(result: Architecture) -> str:
    found = result.evaluation
    if found is None:
        return f"Not measured. {reason(result, 'evaluation')}".strip()
    load = f"{quantity(result.factor, 'x')} today's load ({quantity(found.needed.value, 'requests/s')})"
    chosen = found.chosen
    if chosen is None:
        best = taken(result)
        nearest = f"; the nearest, {best.pattern.name}, does with {chance(best.met)} probability" if best else ""
        return f"Not known: no option that was tried carries {load}{nearest}."
    if chosen.pattern.aim == "nothing":
        return f"No: {load} is carried as it is, with {chance(chosen.met)} probability."
    sure = {"JUSTIFIED": "", "PROVISIONAL": " (provisional: figures are assumed)", "MEASURE FIRST": " (measure first)"}
    answer = "Yes" if is_new_architecture(chosen.pattern) else "No"
    return (
        f"{answer}: {found.bottleneck} limits, and {chosen.pattern.name} carries {load} with {chance(chosen.met)} "
        f"probability, at {price_words(chosen)}{sure.get(chosen.verdict, '')}."
    )


def _gates(result: Architecture) -> list[str]:
    asked = [each.name for each in result.cuts if each.gate.verdict in ("SPLIT", "MERGE BACK")]
    unknown = [each for each in result.cuts if each.gate.verdict == "MEASURE FIRST"]
    if asked:
        return [f"The gate before microservices says {result.cuts[0].gate.verdict.lower()}: {', '.join(asked)}."]
    if unknown:
        return [f"Of {plural(len(unknown), 'cut')} it is not known whether to split or to merge."]
    return ["No service has to be split or merged."] if result.cuts else []
