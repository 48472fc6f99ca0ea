"""Whom a service is seen by: the team that owns it, and those whose dashboards query its metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.dashboards import Dashboard
from scaling_lib.evidence.selector import Matcher, Selector, labels_of
from scaling_lib.observability.alert_reads import Series, matched
from scaling_lib.observability.signals import OWNERS
from scaling_lib.words import listing

State = Literal["seen by others", "one team alone", "nobody", "not known"]
VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
ANYTHING = ".*"


@dataclass(frozen=True, kw_only=True, eq=False)
class Silos:
    """Who sees which service.

    services: a row a service: service; owners, the teams that own it, and watchers, those with a dashboard that queries
        it, in words; dashboards, how many; state: "nobody" (no dashboard shows it, whoever owns it), "seen by others"
        (owners and watchers are several teams), "one team alone", or "not known" (in place of the others, where not
        all dashboards or teams could be read).
    notes: what to know, sentences.
    """

    services: pd.DataFrame
    notes: tuple[str, ...]


def silos(
    services: Sequence[str],
    owners: Mapping[str, Iterable[str]],
    dashboards: Sequence[Dashboard],
    *,
    series: Iterable[Series] = (),
    whole: bool = True,
) -> Silos:
    """For each service the teams that own it and those that watch it.

    owners: by service its teams. series: (metric, labels as JSON) of the metrics evidence: a dashboard that names no
        service in its queries watches those whose series it takes. whole: whether all that is given could be read.
    A variable that can be any service watches each that the series have of its metric, all where they have none of it.
    A dashboard of nobody is no team's. Raises InvalidInput without a service.
    """
    if not services:
        raise InvalidInput("silos: found no service; expected the names of some.")
    stored = sorted(set(series))
    watched = [(each, _services(each, services, stored)) for each in dashboards]
    rows = []
    for service in services:
        own = tuple(dict.fromkeys(owners.get(service, ())))
        showing = [each for each, seen in watched if service in seen]
        teams = tuple(dict.fromkeys(each.owner for each in showing if each.owner))
        several = len({*own, *teams})
        state: State = "nobody" if not showing else "seen by others" if several > 1 else "one team alone"
        state = state if whole or state == "seen by others" else "not known"
        rows.append((service, listing(own), listing(teams), len(showing), state))
    nobodys = [each.title for each in dashboards if not each.owner]
    notes = [f"Whose these dashboards are is not said: {listing(nobodys)}."] if nobodys else []
    blank = [each.title for each, seen in watched if not seen]
    notes += [f"These dashboards query no service that is known: {listing(blank)}."] if blank else []
    return Silos(
        services=pd.DataFrame(rows, columns=["service", "owners", "watchers", "dashboards", "state"]),
        notes=tuple(notes),
    )


def _services(dashboard: Dashboard, services: Sequence[str], stored: Sequence[Series]) -> set[str]:
    """The services that a dashboard queries."""
    found: set[str] = set()
    metrics = {metric for metric, _ in stored}
    for written in dashboard.selectors:
        selector = _filled(written, dashboard)
        named = [each for each in selector.matchers if each.label in OWNERS and each.value != ANYTHING]
        chosen = any(each.label in OWNERS and VARIABLE.search(each.value) for each in written.matchers)
        if named:
            found |= {service for each in named for service in _accepted(each, services)}
        elif chosen and selector.name not in metrics:
            found |= set(services)
        else:
            taken = [labels_of(labels) for _, labels in matched(selector, stored)]
            found |= {labels[name] for labels in taken for name in OWNERS if labels.get(name) in services}
    return found


def _filled(selector: Selector, dashboard: Dashboard) -> Selector:
    """The selector with what the dashboard's variables can be: their written values, what fits, or anything."""
    return replace(selector, matchers=tuple(_with_values(each, dashboard) for each in selector.matchers))


def _with_values(matcher: Matcher, dashboard: Dashboard) -> Matcher:
    if not VARIABLE.search(matcher.value):
        return matcher

    def filled(found: re.Match[str]) -> str:
        name = next(name for name in found.groups() if name)
        known = dashboard.values.get(name, ())
        return f"({'|'.join(map(re.escape, known))})" if known else dashboard.patterns.get(name, ANYTHING)

    operator = "=~" if matcher.operator in ("=", "=~") else "!~"
    return Matcher(matcher.label, operator, VARIABLE.sub(filled, matcher.value))


def _accepted(matcher: Matcher, services: Sequence[str]) -> Iterable[str]:
    try:
        return matcher.accepted(services)
    except InvalidInput:
        return ()
