"""What step 06 finds, from its result alone."""

from __future__ import annotations

from functools import partial

from scaling_lib.architecture.cuts import Cut
from scaling_lib.architecture.headline import headline, relieved_words
from scaling_lib.architecture.result import Architecture, Decided, is_new_architecture
from scaling_lib.architecture.tables import UNDONE, chance, price_words, taken
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.words import listing, percent, quantity

__all__ = ["findings", "headline"]

MODEL = ("load tests", "load metrics", "spans", "requests")
HISTORY = ("changes", "deployments")
KINDS = {  # what a part is called that is absent, and what to supply
    "evaluation": ("whether a new architecture is justified", "Supply a load test with metrics, and requests."),
    "changes": ("which parts are changed together", ""),
    "deployments": ("whether changes wait for each other's deployments", ""),
    "growth": ("how complexity grows", "Supply a history of the code from before most of its folders were there."),
    "service graph": ("how many parts depend on each other", ""),
}
_finding = partial(Finding, step="06", command="scaling run --step 06")


def findings(result: Architecture) -> list[Finding]:
    """Which option is justified, what is not, what the gate says, and what cannot be told."""
    found = [*_option(result), *_useless(result)]
    found += [_decided(result, each) for each in result.decided]
    found += [_cut(result, each) for each in result.cuts]
    return found + _absent(result)


def _option(result: Architecture) -> list[Finding]:
    found = result.evaluation
    if found is None:
        return []
    load = f"{quantity(result.factor, 'x')} today's load, {found.needed}"
    best = taken(result)
    if found.chosen is None:
        nearest = f" The nearest is {best.pattern.name}, with {chance(best.met)} probability." if best else ""
        return [
            _finding(
                name="not-enough", verdict="act", figure="capacity",
                sentence=f"No option, nor two of them together, carries {load} with the {percent(result.wanted)} "
                f"probability that is wanted.{nearest}",
                why=f"{found.bottleneck} limits. {_rests(result)}",
                evidence=_sources(result, MODEL),
                action="Name options of your own in assessment.yaml, or measure what the nearest one rests on.",
            )
        ]  # fmt: skip
    chosen = found.chosen
    if chosen.pattern.aim == "nothing":
        return [
            _finding(
                name="option", verdict="ok", figure="capacity",
                sentence=f"No change of the architecture is justified: {load} is carried as it is, with "
                f"{chance(chosen.met)} probability.",
                why=_rests(result), evidence=_sources(result, MODEL),
            )
        ]  # fmt: skip
    verdicts: dict[str, Verdict] = {"JUSTIFIED": "act", "PROVISIONAL": "watch", "MEASURE FIRST": "watch"}
    assumed = f" Assumed: {listing(chosen.assumed, 8)}." if chosen.assumed else ""
    measure = f" Measure {found.measure} first: knowing it is worth more than it costs." if found.measure else ""
    what = "a new architecture" if is_new_architecture(chosen.pattern) else "no new architecture, but more of the same"
    return [
        _finding(
            name="option", subject=chosen.pattern.name, verdict=verdicts[chosen.verdict], figure="options",
            sentence=f"{chosen.verdict}: {chosen.pattern.name} carries {load} with {chance(chosen.met)} probability, "
            f"at {price_words(chosen)}; that is {what}.",
            impact=chosen.gain,
            why=f"{found.bottleneck} limits; it takes the capacity to {chosen.capacity}, where {chosen.bottleneck} is "
            f"full, and is undone {UNDONE[chosen.pattern.undo]}. {_rests(result)}{_knowing(result)}{assumed}",
            evidence=_sources(result, MODEL),
            action=(measure.strip() if chosen.verdict == "MEASURE FIRST" else f"Plan {chosen.pattern.name}, and "
                    "measure what is assumed before it is bought." if chosen.assumed else f"Do {chosen.pattern.name}."),
        )
    ]  # fmt: skip


def _useless(result: Architecture) -> list[Finding]:
    """The options that leave the measured bottleneck as it is, told once."""
    found = result.evaluation
    useless = [each.pattern.name for each in found.options if each.verdict == "NOT JUSTIFIED"] if found else []
    if found is None or not useless:
        return []
    return [
        _finding(
            name="not-justified", verdict="ok", figure="capacity",
            sentence=f"{len(useless)} options leave what is full first, {found.bottleneck}, as it is: "
            f"{listing(useless, 12)}.",
            why="The throughput is at most servers over demand of the fullest resource, whatever is done elsewhere.",
            evidence=_sources(result, MODEL),
        )
    ]  # fmt: skip


def _decided(result: Architecture, each: Decided) -> Finding:
    own = next(one for one in each.evaluation.options if one.pattern.name == each.option)
    first = each.evaluation.chosen is not None and each.evaluation.chosen.pattern.name == each.option
    return _finding(
        name="decided", subject=each.option, verdict="ok" if first else "watch",
        sentence=relieved_words(each),
        impact=own.gain,
        why=(
            f"Of {len(each.evaluation.options)} options it was the cheapest that carries "
            f"{quantity(each.evaluation.needed.value, 'requests/s')}, at which the next resource is full."
            if first else f"By the model of the time before it was {own.verdict}."
        ),
        evidence=tuple(source for kind in MODEL[:3] for source in each.changed.before.sources.get(kind, ())),
    )  # fmt: skip


def _cut(result: Architecture, cut: Cut) -> Finding:
    verdicts: dict[str, Verdict] = {"SPLIT": "act", "MERGE BACK": "act", "STAY": "ok", "MEASURE FIRST": "unknown"}
    said = [f"{each.name}: {each.because}" for each in cut.gate.conditions]
    action = {
        "SPLIT": f"Write down the decision on {cut.name}, and what would make you take it back.",
        "MERGE BACK": f"Plan {cut.name}.",
        "MEASURE FIRST": f"Measure: {listing(cut.gate.missing, 8)}.",
    }.get(cut.gate.verdict, "")
    return _finding(
        name="gate", subject=cut.name, verdict=verdicts[cut.gate.verdict],
        sentence=_cut_words(cut),
        why=f"{'; '.join(said)}.", evidence=_sources(result, (*HISTORY, "spans")), action=action,
    )  # fmt: skip


def _cut_words(cut: Cut) -> str:
    who = listing(cut.services)
    if cut.split_already:
        words = {"STAY": f"{who} stay two services", "MERGE BACK": f"{who} are to be merged into one service"}
        return f"{words.get(cut.gate.verdict, f'Whether {who} are to be merged is not known')}."
    words = {"STAY": f"{who} stays one service", "SPLIT": f"{who} is to be split in two"}
    return f"{words.get(cut.gate.verdict, f'Whether {who} is to be split is not known')}."


def _absent(result: Architecture) -> list[Finding]:
    found = []
    for name, each in result.absent.items():
        option = name.startswith(("option ", "fix ", "change "))
        if name not in KINDS and not option:
            continue
        what, supply = (f"what {name.partition(' ')[2]} gains", "") if option else KINDS[name]
        found.append(
            _finding(
                name="not-measured", subject=name, verdict="unknown",
                sentence=f"Not measured: {what}. {each.why}", action=each.supply or supply,
            )
        )  # fmt: skip
    return found


def _rests(result: Architecture) -> str:
    share = result.within_slo
    return f"Within the SLOs is {share} of the capacity ({result.within_said})." if share is not None else ""


def _knowing(result: Architecture) -> str:
    """What it would be worth to know all that is not sure, before it is decided."""
    found = result.evaluation
    if found is None or found.value_of_knowing < 0.001:
        return ""
    gain = quantity(found.value_of_knowing, f"{result.currency} a month".strip() if found.in_money else "fraction")
    return f" To know all that is not sure would gain {gain}{'' if found.in_money else ' of probability'}."


def _sources(result: Architecture, kinds: tuple[str, ...]) -> tuple[Source, ...]:
    return tuple(source for kind in kinds for source in result.sources.get(kind, ()))
