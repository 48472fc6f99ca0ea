"""Whether somebody is told when an SLO is broken: which alerts read what it measures, and which read nothing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.aggregations import Aggregation
from scaling_lib.evidence.alerts import Rule
from scaling_lib.evidence.expressions import parse_expression
from scaling_lib.evidence.selector import Matcher, Selector
from scaling_lib.evidence.slos import SLO
from scaling_lib.observability.alert_reads import Reads, Series, imagined, matched, reads_of

State = Literal["page", "ticket", "shared", "none", "not known"]
OTHER = "(another)"
EDGES = frozenset(["le", "quantile"])
ABSENT = "no metric of this name is in the evidence"
UNMATCHED = "the metric is there, but none of its series fits"


@dataclass(frozen=True, kw_only=True)
class AlertOfSlo:
    """An alert that reads what an SLO measures.

    own: that alone; else among others, as of all routes together. burn: how many times as fast as allowed the budget is
    spent when it fires, NaN where its limit is no share. windows_s: over which it looks, seconds.
    """

    name: str
    severity: str
    pages: bool
    own: bool
    burn: float
    windows_s: tuple[float, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class SloAlerts:
    """The alerts of an SLO.

    state: "page" (an alert of its own calls somebody), "ticket" (one of its own does not), "shared" (only alerts that
    read others' failures too), "none", or "not known" (the SLO has no query that could be compared).
    """

    slo: SLO
    state: State
    alerts: tuple[AlertOfSlo, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class AlertCoverage:
    """The alerts held against the SLOs.

    slos: in their order. unread: a row an alert and selector that reads nothing in the metrics that are given: alert,
    severity, reads, why; empty too where no metrics are given. alerts, recorded: how many rules there are of each.
    """

    slos: tuple[SloAlerts, ...]
    unread: pd.DataFrame
    alerts: int
    recorded: int


def alert_coverage(
    rules: Sequence[Rule], slos: Sequence[SLO], *, series: Iterable[Series] | None = None
) -> AlertCoverage:
    """For each SLO the alerts that read what it counts as good or bad, straight or through rules that record.

    series: (metric, labels as JSON) of the metrics evidence; None: it is not given, and the selectors alone are
        compared. A series of failures that was not seen yet counts as there where its journey's others are.
    An alert reads an SLO's own where all it adds up is of that SLO (whatever the bucket of its histogram); one that
    takes failed and good requests alike reads no SLO of availability. One that keeps a label apart, as
    `sum by (route)`, or adds up nothing, watches each of its values alone.
    """
    recorded = [rule for rule in rules if rule.kind == "record"]
    reads = [(rule, reads_of(rule, recorded)) for rule in rules if rule.kind == "alert"]
    stored = sorted(set(series)) if series is not None else []
    known = sorted({*stored, *_unseen(slos), *(_siblings(slos) if series is None else _failing(slos, stored))})
    unread = _unread(reads, stored, known) if series is not None else []
    return AlertCoverage(
        slos=tuple(_of_slo(slo, reads, known) for slo in slos),
        unread=pd.DataFrame(unread, columns=["alert", "severity", "reads", "why"]),
        alerts=len(reads),
        recorded=len(recorded),
    )


def _of_slo(slo: SLO, reads: Sequence[tuple[Rule, Reads]], known: Sequence[Series]) -> SloAlerts:
    sides = _Sides.of(slo, known)
    if not sides.failing:
        return SloAlerts(slo=slo, state="not known", alerts=())
    found = []
    for rule, read in reads:
        own = [
            _reads_own(_apart(matched(each, known), sides, added), sides)
            for each, added in zip(read.selectors, read.aggregated, strict=True)
        ]
        if any(each is not None for each in own):
            found.append(_alert(slo, rule, read, own=any(each is True for each in own)))
    mine = [each for each in found if each.own]
    state: State = "none" if not found else "shared" if not mine else "ticket"
    if any(each.pages for each in mine):
        state = "page"
    return SloAlerts(slo=slo, state=state, alerts=tuple(sorted(found, key=lambda each: (not each.own, not each.pages))))


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """The series by which an SLO is decided.

    failing: those that count what is bad, or, where the total has no such part (buckets of a histogram), what is good;
    passing: the rest of the total; total: all, empty where only one query is given.
    """

    failing: set[Series]
    passing: set[Series]
    total: set[Series]

    @classmethod
    def of(cls, slo: SLO, known: Sequence[Series]) -> _Sides:
        total, good = _taken([slo.total_query], known), _taken([slo.good_query], known)
        bad = _taken([slo.bad_query], known)
        if bad and bad < total:
            return cls(failing=bad, passing=total - bad, total=total)
        if good and good < total:
            return cls(failing=total - good, passing=good, total=total)
        other = _taken([slo.raw_query, slo.metric_query], known)
        return cls(failing=((good | bad) - total) or good | bad or other, passing=set(), total=total)


def _apart(taken: set[Series], sides: _Sides, aggregated: Sequence[Aggregation]) -> set[Series]:
    """What is added up together with the SLO's: an alert fires for each combination of the labels that are kept."""

    def group(series: Series) -> tuple[str, frozenset[tuple[str, str]]]:
        metric, labels = series
        kept = {pair for pair in json.loads(labels).items() if all(each.keeps(pair[0]) for each in aggregated)}
        return metric, frozenset(pair for pair in kept if pair[0] not in EDGES)

    mine = {group(each) for each in taken & (sides.failing | sides.total)}
    return {each for each in taken if group(each) in mine}


def _reads_own(taken: set[Series], sides: _Sides) -> bool | None:
    """Whether a selector takes what decides the SLO and nothing of others; None where it does not take it."""
    decides = bool(taken & sides.failing) or (bool(sides.passing) and sides.passing <= taken)
    if not decides or (sides.passing and sides.total <= taken):
        return None
    return _without_edges(taken) <= _without_edges(sides.failing | sides.total)


def _alert(slo: SLO, rule: Rule, read: Reads, *, own: bool) -> AlertOfSlo:
    shares = [limit for limit in rule.reads.limits if 0 < limit < 1 and "quantile" not in rule.expression]
    spent = [limit if limit < 0.5 else 1 - limit for limit in shares]  # of bad ones, or of good ones
    return AlertOfSlo(
        name=rule.name,
        severity=rule.severity,
        pages=rule.pages,
        own=own,
        burn=round(max(spent) / (1 - slo.target), 9) if spent and own and slo.target < 1 else math.nan,
        windows_s=read.windows_s,
        source=rule.source,
    )


def _taken(queries: Iterable[str], known: Sequence[Series]) -> set[Series]:
    """All series that these queries take."""
    return {each for selector in _selectors(queries) for each in matched(selector, known)}


def _selectors(queries: Iterable[str]) -> list[Selector]:
    found: list[Selector] = []
    for query in queries:
        try:
            found += parse_expression(query).selectors if query else ()
        except InvalidInput:  # as the file of the SLO has it: step 01 says what is wrong with it
            continue
    return found


def _unseen(slos: Sequence[SLO]) -> Iterator[Series]:
    """A series for each selector of an SLO, in case that nothing has failed yet; and for what is not good."""
    turned = [
        Selector(matchers=tuple(_turned(each) for each in selector.matchers), text=selector.text)
        for selector in _selectors(slo.good_query for slo in slos)
        if any(each.operator.startswith("!") for each in selector.matchers)
    ]
    for selector in [*_selectors(_queries(slos)), *turned]:
        made = imagined(selector)
        if made and made[0]:
            yield made


def _siblings(slos: Sequence[SLO]) -> Iterator[Series]:
    """Where no series are given: the same of others, by which a selector that lacks a condition takes them too."""
    for metric, labels in _unseen(slos):
        own = json.loads(labels)
        for name in own.keys() - EDGES:
            yield metric, _text({**own, name: OTHER})


def _failing(slos: Sequence[SLO], stored: Sequence[Series]) -> Iterator[Series]:
    """Failures of all others too: of each series of the metric, as it would be where an SLO's condition on it holds."""
    marks: set[tuple[str, str]] = set()
    for slo in slos:
        plain = {each for selector in _selectors([slo.total_query]) for each in selector.matchers}
        for selector in _selectors([slo.bad_query]):
            rest = tuple(each for each in selector.matchers if each not in plain)
            made = imagined(Selector(matchers=rest, text=selector.text))
            if made and rest and selector.name:
                marks.add((selector.name, made[1]))
    for name, mark in marks:
        for metric, labels in stored:
            if metric == name:
                yield metric, _text({**json.loads(labels), **json.loads(mark)})


def _queries(slos: Sequence[SLO]) -> Iterable[str]:
    """All queries of all SLOs, each once."""
    return dict.fromkeys(
        query
        for slo in slos
        for query in (slo.good_query, slo.bad_query, slo.total_query, slo.raw_query, slo.metric_query)
    )


def _turned(matcher: Matcher) -> Matcher:
    """The condition that its opposite fulfils, where it excludes something."""
    operators = {"!=": "=", "!~": "=~"}
    return Matcher(matcher.label, operators.get(matcher.operator, matcher.operator), matcher.value)


def _without_edges(series: Iterable[Series]) -> set[Series]:
    """Histograms without their buckets' edges."""
    return {
        (metric, _text({key: text for key, text in json.loads(labels).items() if key not in EDGES}))
        for metric, labels in series
    }


def _text(labels: Mapping[str, str]) -> str:
    """Labels as the metrics evidence writes them."""
    return json.dumps(labels, sort_keys=True, ensure_ascii=False)


def _unread(
    reads: Sequence[tuple[Rule, Reads]], stored: Sequence[Series], known: Sequence[Series]
) -> list[tuple[str, str, str, str]]:
    """What alerts read that is not in the metrics evidence."""
    names = {metric for metric, _ in stored}
    found = []
    for rule, read in reads:
        for selector in read.selectors:
            if selector.name and selector.name not in names:
                found.append((rule.name, rule.severity, selector.text, ABSENT))
            elif not matched(selector, known):
                found.append((rule.name, rule.severity, selector.text, UNMATCHED))
    return list(dict.fromkeys(found))
