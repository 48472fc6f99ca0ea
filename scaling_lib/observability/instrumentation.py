"""The instrumentation score: how good the telemetry is by OpenTelemetry's public rules, as far as spans tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.observability.instrumentation_rules import RULES, WEIGHTS, Service, judged
from scaling_lib.observability.tree import grow, rows_by
from scaling_lib.words import number, percent, plural

CAP = 74.0  # just below "good"
CATEGORIES = ((90.0, "excellent"), (75.0, "good"), (50.0, "needs improvement"), (0.0, "poor"))
NAME_RULE = "RES-005"
UNNAMED = "unknown_service"  # what SDKs write where nobody set a service.name
ATTRIBUTES = ("service", "level", "key", "value", "spans")


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What one rule says of one service.

    passed: None where it cannot be told; seen: in words, what was found, or why it cannot be told.
    offending: spans (or traces, as `seen` says) that break it; of: how many were looked at.
    """

    rule: str
    description: str
    impact: str
    weight: int
    passed: bool | None
    seen: str
    offending: int
    of: int


@dataclass(frozen=True, kw_only=True)
class InstrumentationScore:
    """The score of a service, or of all, 0 to 100; NaN where no rule can be told.

    score: by the public formula over the rules that can be told, at most 74 where service.name is missing, or what SDKs
    write instead of it (`capped`), so that nothing else makes up for it; by_rules: without that cap. category: of the
    score.
    lowest, highest: by the formula, what the score would be if all rules that cannot be told failed, or passed.
    told: the share of the whole rule set's weight that was told. rules: every rule, the heaviest failed first.
    services: by service, of the score of all; empty in theirs. The score of all counts each rule of each service.
    notes: what to know, sentences.
    """

    service: str
    score: float
    category: str
    by_rules: float
    capped: bool
    lowest: float
    highest: float
    told: float
    rules: tuple[RuleResult, ...]
    services: tuple[InstrumentationScore, ...]
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """The rules as a table: rule, impact, weight, passed, seen, description."""
        names = ["rule", "impact", "weight", "passed", "seen", "description"]
        return pd.DataFrame([{name: getattr(each, name) for name in names} for each in self.rules], columns=names)


def instrumentation_score(spans: pd.DataFrame, *, attributes: pd.DataFrame | None = None) -> InstrumentationScore:
    """The score of all services of the canonical frame of spans, and of each.

    attributes: how many spans of a service have which attribute, as `evidence.spans.Spans.attributes` has it; without
        it the rules on resources cannot be told, but service.name. Formats whose resources are not read (Zipkin,
        Parquet) have none.

    A rule passes where not a single span or trace breaks it, as the specification has it; `offending` says how many
    do. The rules on metrics and logs need OTLP metrics and logs, and cannot be told here: the score is partial, and
    `notes` say how much of the whole it is. The score of spans without a service.name stands under the service "".
    Raises InvalidInput for frames without the columns that are needed, NotMeasured for one without spans.
    Source: Instrumentation Score specification 0.1 (github.com/instrumentation-score/spec) with its rules as of April
    2026; the cap is ours, as its text suggests ("potentially capping the achievable score").
    """
    if attributes is not None and (missing := [name for name in ATTRIBUTES if name not in attributes]):
        raise InvalidInput(
            f"instrumentation_score: found attributes without {missing[0]}; expected the columns "
            f"{', '.join(ATTRIBUTES)}, as Spans.attributes has them."
        )
    tree = grow(spans, "instrumentation_score")
    services = []
    for name, rows in rows_by(tree.service).items():
        counts = None if attributes is None else attributes[attributes["service"].astype(str) == name]
        services.append(_score(name, _results(Service.of(name, tree, rows, counts)), ()))
    return _score("", tuple(result for each in services for result in each.rules), tuple(services))


def weighted_score(passed: Mapping[str, int], total: Mapping[str, int]) -> float:
    """100 x the weight of the rules that passed over that of all: by impact ("Critical", ...) their numbers.

    NaN without a rule. Raises InvalidInput for an impact that there is not.
    """
    if unknown := [name for name in {*passed, *total} if name not in WEIGHTS]:
        raise InvalidInput(f"weighted_score: found impact {unknown[0]!r}; expected one of {', '.join(WEIGHTS)}.")
    whole = sum(WEIGHTS[name] * count for name, count in total.items())
    return 100 * sum(WEIGHTS[name] * count for name, count in passed.items()) / whole if whole else math.nan


def category(score: float) -> str:
    """The score in words: excellent from 90, good from 75, needs improvement from 50, else poor."""
    return next((words for least, words in CATEGORIES if score >= least), "not measured")


def _results(service: Service) -> tuple[RuleResult, ...]:
    found = []
    for rule in RULES:
        passed, seen, offending, of = judged(rule, service)
        found.append(
            RuleResult(
                rule=rule.name,
                description=rule.description,
                impact=rule.impact,
                weight=WEIGHTS[rule.impact],
                passed=passed,
                seen=seen,
                offending=offending,
                of=of,
            )
        )
    return tuple(found)


def _score(
    service: str, rules: tuple[RuleResult, ...], services: tuple[InstrumentationScore, ...]
) -> InstrumentationScore:
    told = [each for each in rules if each.passed is not None]
    by_rules = weighted_score(_counts([each for each in told if each.passed]), _counts(told))
    names = [service, *(each.service for each in services)]
    nameless = any(each.rule == NAME_RULE and each.passed is False for each in rules)
    nameless |= any(name.startswith(UNNAMED) for name in names)
    score = min(by_rules, CAP) if nameless else by_rules
    failed = _counts([each for each in told if not each.passed])
    everything = _counts(rules)
    open_rules = sorted({each.rule for each in rules} - {each.rule for each in told})
    weight = sum(each.weight for each in told) / sum(each.weight for each in rules)
    notes = [
        f"The score is partial: {percent(weight)} of the rules' weight can be told; {len(open_rules)} of the "
        f"{plural(len(RULES), 'rule')} cannot."
    ]
    if nameless:
        held = f", and is held at {number(CAP)} instead of {number(by_rules)}" if by_rules > CAP else ""
        notes.append(f"Spans without service.name belong to nobody: the score cannot be good{held}.")
    return InstrumentationScore(
        service=service,
        score=score,
        category=category(score),
        by_rules=by_rules,
        capped=score < by_rules,
        lowest=weighted_score(_counts([each for each in told if each.passed]), everything),
        highest=100 - weighted_score(failed, everything),
        told=weight,
        rules=tuple(sorted(rules, key=lambda each: (each.passed is not False, each.passed is None, -each.weight))),
        services=services,
        notes=tuple(notes),
    )


def _counts(rules: list[RuleResult] | tuple[RuleResult, ...]) -> dict[str, int]:
    return {impact: sum(each.impact == impact for each in rules) for impact in WEIGHTS}
