"""What step 08 finds of readiness for incidents."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from scaling_lib.findings import Finding
from scaling_lib.levers.readiness import Readiness
from scaling_lib.levers.result import Levers
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent, plural

_finding = partial(Finding, step="08", command="scaling run --step 08")
MANY = 0.5  # of the pages


def readiness_findings(result: Levers) -> list[Finding]:
    """Runbooks that are missing, old or untried; false alarms; causes that come again; how soon somebody acts."""
    found = result.readiness
    if found is None:
        return []
    return [
        *_runbooks(result, found),
        *_alarms(result, found),
        *_causes(result, found),
        *_times(result, found),
        *_actions(result),
    ]


def _runbooks(result: Levers, found: Readiness) -> list[Finding]:
    if found.covered is None:
        return []
    evidence = result.of("runbooks", "incidents")
    made = [
        _finding(
            name="runbook-missing",
            subject=title,
            verdict="act",
            sentence=f"No runbook is for “{title}”, which came "
            f"{plural(int((found.real['title'] == title).sum()), 'time')}.",
            impact=_without(found.covered),
            why=f"Of {plural(len(found.real), 'real incident')}, {found.covered} have one.",
            evidence=evidence,
            action=f"Write a runbook for “{title}”: what was done then; and try it.",
            figure="readiness",
        )
        for title in found.without[:3]
    ]
    if not found.without and len(found.real):
        made.append(
            _finding(
                name="runbooks",
                verdict="ok",
                sentence=f"Each of {plural(len(found.real), 'real incident')} has a runbook.",
                impact=found.covered,
                evidence=evidence,
                figure="readiness",
            )
        )
    days = f"{found.old_days:g} days"
    for column, name, said, action in (
        ("old", "runbooks-old", "reviewed", "Go through {}, and note the date under reviewed."),
        ("untried", "game-days", "tried", "Hold a game day: let somebody follow {}, and note the date under tried."),
    ):
        names = found.runbooks.loc[found.runbooks[column].astype(bool), "name"].tolist()
        were = "was" if len(names) == 1 else "were"
        made.append(
            _finding(
                name=name,
                verdict="watch" if names else "ok",
                sentence=f"{len(names)} of {plural(len(found.runbooks), 'runbook')} {were} not "
                f"{said} within {days}: {listing(names)}."
                if names
                else f"Every runbook was {said} within {days}.",
                impact=found.tried if column == "untried" else None,
                evidence=evidence,
                action=action.format(listing(names)) if names else "",
                figure="runbooks",
            )
        )
    return made


def _without(covered: Estimate) -> Estimate:
    """The share that has none."""
    return replace(covered, value=1 - covered.value, low=1 - covered.high, high=1 - covered.low)


def _alarms(result: Levers, found: Readiness) -> list[Finding]:
    false = found.pages[found.pages["false_alarm"]]
    titles = listing(list(dict.fromkeys(false["title"])))
    return [
        _finding(
            name="false-alarms",
            verdict="ok" if false.empty else "act" if found.alarms.low > MANY else "watch",
            sentence=f"{len(false)} of {plural(len(found.pages), 'page')} asked for nothing: {titles}."
            if len(false)
            else f"None of {plural(len(found.pages), 'page')} is told to have been a false alarm.",
            impact=found.alarms,
            why="" if false.empty else f"Known by {listing(list(dict.fromkeys(false['why'])))}.",
            evidence=result.of("incidents"),
            action=f"Make {titles} a ticket, or alert on what users notice." if len(false) else "",
            figure="pages",
        )
    ]


def _causes(result: Levers, found: Readiness) -> list[Finding]:
    again = found.causes[~found.causes["false_alarm"].astype(bool)]
    if again.empty:
        sentence = f"No cause of {plural(len(found.real), 'real incident')} is seen to have come again."
    else:
        first = again.iloc[0]
        sentence = f"“{first['cause']}” came {first['times']} times, last on {first['last']:%Y-%m-%d}."
    said = bool((found.pages["cause"] != found.pages["title"].str.lower()).any())
    return [
        _finding(
            name="causes-again",
            verdict="watch" if len(again) else "ok",
            sentence=sentence,
            impact=found.repeated,
            why=""
            if said
            else "By titles alone, as the incidents do not say their causes: those by other words are missed.",
            evidence=result.of("incidents"),
            action="Mend the cause, not the incident." if len(again) else "",
        )
    ]


def _times(result: Levers, found: Readiness) -> list[Finding]:
    made = []
    if found.acknowledge_s is not None and found.recovery is not None:
        made.append(
            _finding(
                name="time-to-restore",
                verdict="ok",
                sentence=f"Pages are acknowledged after {found.acknowledge_s}, and service is back "
                f"{found.recovery.median_s} after {found.recovery.since}.",
                impact=found.recovery.median_s,
                why=f"Medians of {plural(len(found.real), 'real incident')}; {found.recovery.open} still open.",
                evidence=result.of("incidents"),
                figure="readiness",
            )
        )
    if found.detect_s is None and len(found.real):
        made.append(
            _finding(
                name="not-measured",
                subject="time to detect",
                verdict="unknown",
                sentence="Not known: how soon a fault is seen; it is not computable from this evidence.",
                why="No incident says when its fault began, only when somebody was told.",
                action="Write the fault's start into each review, and give it as the column started.",
            )
        )
    return made


def _actions(result: Levers) -> list[Finding]:
    if result.actions is None:
        return [
            _finding(
                name="not-measured",
                subject="actions after reviews",
                verdict="unknown",
                sentence="Not known: whether what reviews of incidents ask for gets done.",
                why="The register of debt has no item of the kind action.",
                action="Register each action with the kind action, and its status.",
            )
        ]
    closed, all_ = result.actions
    share = closed / all_
    return [
        _finding(
            name="actions-closed",
            verdict="watch" if share < MANY else "ok",
            sentence=f"{closed} of {plural(all_, 'action')} after reviews of incidents "
            f"{'is' if closed == 1 else 'are'} closed, {percent(share)}.",
            evidence=result.of("debt"),
            action="Close or drop those that are open." if share < MANY else "",
        )
    ]
