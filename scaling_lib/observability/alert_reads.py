"""What an alert reads in the end: selectors of stored series, through the rules that record others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.aggregations import Aggregation
from scaling_lib.evidence.alerts import Rule
from scaling_lib.evidence.selector import Matcher, Selector

Series = tuple[str, str]  # a metric and its labels as JSON
DEEPEST = 10  # rules that record what other rules record
# What a label of an outcome may say of failed requests: their series are there only once one has failed.
FAILED = ("500", "502", "503", "504", "5xx", "error", "failed", "failure", "true", "Internal", "Unavailable")


@dataclass(frozen=True, kw_only=True)
class Reads:
    """The selectors of stored series that a rule reads, and all windows on the way, seconds.

    aggregated: of each selector the aggregations on the way, of the rules that record too.
    """

    selectors: tuple[Selector, ...]
    aggregated: tuple[tuple[Aggregation, ...], ...]
    windows_s: tuple[float, ...]


def reads_of(rule: Rule, recorded: Sequence[Rule]) -> Reads:
    """What a rule reads. recorded: the rules that record.

    A condition on a label that the recording rule does not add is passed on to what it reads in turn.
    """
    selectors: dict[tuple[Matcher, ...], Selector] = {}
    kept: dict[tuple[Matcher, ...], tuple[Aggregation, ...]] = {}
    windows = set(rule.reads.windows_s)
    waiting = [(each, added, 0) for each, added in zip(rule.reads.selectors, rule.reads.aggregated, strict=True)]
    while waiting:
        selector, added, depth = waiting.pop(0)
        makers = [each for each in recorded if each.name == selector.name and _made(each, selector)]
        if not makers or depth == DEEPEST:
            selectors.setdefault(selector.matchers, selector)
            kept[selector.matchers] = (*kept.get(selector.matchers, ()), *added)
            continue
        for maker in makers:
            windows |= set(maker.reads.windows_s)
            passed = [each for each in selector.matchers if each.label != "__name__" and each.label not in maker.labels]
            waiting += [
                (_narrowed(each, passed), (*added, *inner), depth + 1)
                for each, inner in zip(maker.reads.selectors, maker.reads.aggregated, strict=True)
            ]
    return Reads(
        selectors=tuple(selectors.values()),
        aggregated=tuple(kept[matchers] for matchers in selectors),
        windows_s=tuple(sorted(windows)),
    )


def matched(selector: Selector, series: Iterable[Series]) -> set[Series]:
    """The series that a selector takes; none where a pattern of it cannot be read."""
    try:
        return set(selector.matching(each for each in series if selector.name in ("", each[0])))
    except InvalidInput:
        return set()


def imagined(selector: Selector) -> Series | None:
    """A series that the selector would take, where failures have not been seen yet; None where none comes to mind."""
    labels: dict[str, str] = {}
    for matcher in selector.matchers:
        written = [*re.split(r"\|", matcher.value.strip("()")), matcher.value]
        choices = {"=": [matcher.value], "=~": [*FAILED, *written]}.get(matcher.operator, ["", *FAILED])
        try:
            accepted = matcher.accepted(choices)
        except InvalidInput:
            return None
        value = next((each for each in choices if each in accepted), None)
        if value is None:
            return None
        labels[matcher.label] = value
    name = labels.pop("__name__", "")
    return name, json.dumps({key: text for key, text in labels.items() if text}, sort_keys=True, ensure_ascii=False)


def _made(rule: Rule, selector: Selector) -> bool:
    """Whether the labels that the rule adds fulfil the selector's conditions on them."""
    try:
        return all(
            rule.labels[each.label] in each.accepted([rule.labels[each.label]])
            for each in selector.matchers
            if each.label in rule.labels
        )
    except InvalidInput:
        return False


def _narrowed(selector: Selector, more: Sequence[Matcher]) -> Selector:
    added = tuple(each for each in more if each not in selector.matchers)
    return Selector(matchers=(*selector.matchers, *added), text=selector.text)
