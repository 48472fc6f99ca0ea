"""What step 08 finds of debt."""

from __future__ import annotations

from functools import partial

import numpy as np

from scaling_lib.findings import Finding
from scaling_lib.levers.result import Levers
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent, plural

_finding = partial(Finding, step="08", command="scaling run --step 08")
MUCH = 0.5  # of the hours: from there on, debt leaves little for anything else


def debt_findings(result: Levers) -> list[Finding]:
    """What debt costs, what to do first, what the hours hold, and what keeps debt as it is."""
    return [*_debt(result), *_queue(result), *_holding(result), *_register(result), *_rating(result)]


def _debt(result: Levers) -> list[Finding]:
    score, items = result.score, result.items
    if score is None or items is None or score.frame.empty:
        return []
    principal, cost = score.principal.sum(axis=0), score.saved.sum(axis=0)
    repay, quarter = _estimate(principal), _estimate(cost)
    pays = score.frame[score.frame["chance"] >= 0.5]
    assumed = score.frame.loc[score.frame["assumed"], "title"].tolist()
    return [
        _finding(
            name="debt",
            verdict="watch" if len(pays) else "ok",
            sentence=f"{plural(len(score.frame), 'open item')} of debt cost{'s' * (len(score.frame) == 1)} {quarter} a "
            f"quarter, and {repay} to repay; {len(pays)} pay{'s' * (len(pays) == 1)} within "
            f"{plural(score.quarters, 'quarter')}.",
            impact=quarter,
            why="What repaying takes away of interest and risk, 80% of both."
            + (f" Assumed are hours of {listing(assumed)}." if assumed else ""),
            evidence=result.of("debt", "complexity", "changes", "incidents", "spans"),
            action="Hold debt against other work, in one queue." if len(pays) else "",
            figure="debt",
        )
    ]


def _queue(result: Levers) -> list[Finding]:
    line = result.queue
    if line is None:
        return []
    first = line.frame.iloc[0]
    found = [
        _finding(
            name="first-in-the-queue",
            subject=str(first["id"] or first["name"]),
            verdict="watch",
            sentence=f"First by cost of delay: {first['name']} ({first['kind']}), rank 1 ({first['rank_low']} to "
            f"{first['rank_high']}); a quarter's delay costs {first['per_hour']} h for each hour of work.",
            impact=first["delay_h"],
            why=f"It is among the first three in {percent(first['top'])} of draws.",
            evidence=result.of("debt"),
            action=f"Begin with {first['name']}"
            + (f", then {line.frame.iloc[1]['name']}." if len(line.frame) > 1 else "."),
            figure="queue",
        )
    ]
    allocation = line.allocation
    if allocation is None:
        given = "No team's hours are given (hours in assessment.yaml)."
        if result.hours:
            given = "No work is of a team whose hours are given."
        why, action = given, "Write hours: {team: hours a quarter} for the teams of this work."
        return [
            *found,
            _finding(name="not-measured", subject="hours", verdict="unknown",
                     sentence="Not known: how much of the queue fits into a quarter.", why=why, action=action),
        ]  # fmt: skip
    chosen = line.frame[line.frame["chosen"].eq(True)]
    debt = chosen[chosen["kind"] == "debt"]["name"].tolist()
    whole = sum(result.hours.values())
    found.append(
        _finding(
            name="allocation",
            verdict="ok",
            sentence=f"{number(allocation.hours)} of the teams' {number(whole)} h a quarter hold "
            f"{plural(len(chosen), 'piece')} of work, {len(debt)} of them debt"
            + (f": {listing(debt)}." if debt else "."),
            why=f"{'The best there is' if allocation.proven else 'The best found in time'}; by cost of delay alone, "
            f"{percent(min(allocation.greedy_share, 1.0))} of its worth would be reached.",
            evidence=result.of("debt"),
            figure="queue",
        )
    )
    return found


def _holding(result: Levers) -> list[Finding]:
    if result.holding is None:
        return []
    share = result.holding
    return [
        _finding(
            name="holding-share",
            verdict="act" if share > 1 else "watch" if share > MUCH else "ok",
            sentence=f"{percent(share)} of the teams' hours keeps debt as it is"
            + ("; more is added than they can repay." if share > 1 else "."),
            impact=Estimate(share, share, share, 1.0, "fraction"),
            why="What the register's items of the last year take, over four quarters, and an hour repaid for each.",
            evidence=result.of("debt"),
            action="Add less, or give it more hours." if share > MUCH else "",
        )
    ]


def _register(result: Levers) -> list[Finding]:
    items, found = result.items, []
    if items is None:
        return []
    if items.gone:
        found.append(
            _finding(
                name="debt-of-files-gone",
                verdict="watch",
                sentence=f"The files of {listing(items.gone)} are not there any more.",
                why="Left out of the queue.",
                evidence=result.of("debt", "changes"),
                action=f"Close {listing(items.gone)}, or mend the paths.",
            )
        )
    if items.unscored:
        ends = "s" * (len(items.unscored) == 1)
        found.append(
            _finding(
                name="debt-without-hours",
                verdict="unknown",
                sentence=f"Not known: what {listing(items.unscored)} cost{ends}.",
                why="Neither the register nor SonarQube nor the complexity of its files tells hours.",
                evidence=result.of("debt"),
                action="Write principal and interest, at 10%, 50% and 90%, into the register.",
            )
        )
    return found


def _rating(result: Levers) -> list[Finding]:
    if not result.rating:
        return []
    return [
        _finding(
            name="sqale-rating",
            verdict="watch" if result.rating in "DE" else "ok",
            sentence=f"The code's rating by SQALE is {result.rating}.",
            why="Minutes to mend all issues over those to write the code, 30 a line: A to 0.05, B 0.1, C 0.2, D 0.5.",
            evidence=result.of("complexity"),
        )
    ]


def _estimate(drawn: np.ndarray) -> Estimate:
    low, middle, high = (float(each) for each in np.quantile(drawn, [0.05, 0.5, 0.95]))
    return Estimate(middle, low, high, 0.9, "h")
