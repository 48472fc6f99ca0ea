"""The spells of failure and what the alerts make of them, as tables."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from scaling_lib.slo.policy_table import policy_table
from scaling_lib.slo.result import Assessed, SLOResult
from scaling_lib.words import listing

SPELL_COLUMNS = [
    "slo",
    "spell",
    "start",
    "end",
    "failed",
    "error rate",
    "evidence's budget spent",
    "window's budget spent",
    "page after_s",
    "early",
    "spent before the page",
    "quiet again after_s",
]
ALERT_COLUMNS = ["slo", "spells", "pages", "false pages", "right pages", "spells paged on", "tickets", "to mend"]
SPELLS_CAPTION = (
    "Spells of failure: how much each cost of what the recorded requests allow to fail, and of what a whole window "
    "allows; how long until an alert had called someone (a page), and until it was quiet again "
    "(–: it did not, or the history ends before). Early: only because less was recorded before it than "
    "the alert looks back over; with a full history it would have taken longer, or not happened."
)
ALERTS_CAPTION = (
    "The alerts evaluated over the recorded history. Right pages: the share of them that fell on a spell, or fired "
    "while more failed over the alert's long window than the target allows beyond chance; only what is neither is for "
    "nothing. Where the spells were found in the same counts, both shares look better than they are. Pages whose "
    "window reaches back beyond the history do not count, those over what was excluded only where they fall on a "
    "spell. To mend: unreachable alerts can never fire, over-eager ones fire although the budget lasts, and a "
    "one-event page calls someone for a single failure."
)
POLICY_CAPTION = (
    "When the alerts fire and fall quiet, if everything fails (outage), and if failures spend the budget ten times as "
    "fast as it lasts (10x). Factor: the speed of spending from which the alert fires. 1h/5m: both the last hour and "
    "the last 5 minutes have to be above. SLOs of one target and window share their alerts."
)


def spell_table(assessed: Assessed) -> pd.DataFrame:
    """One row a spell: SLO, start, end, failed and all events, budget spent, page after, quiet again after."""
    rows = [
        {
            "slo": each.slo.name,
            "spell": spell["name"],
            "start": spell["start"],
            "end": spell["end"],
            "failed": spell["bad"],
            "error rate": spell_rate(each, spell),
            "evidence's budget spent": each.share_of_budget(spell["bad_in_window"]),
            "window's budget spent": spell["budget_spent"],
            "page after_s": spell["delay_s"],
            "early": "yes" if spell["early"] else "",
            "spent before the page": spell["budget_spent_before"],
            "quiet again after_s": spell["reset_s"],
        }
        for each in assessed.results
        for spell in each.replay.incidents.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=SPELL_COLUMNS)


def alert_table(assessed: Assessed) -> pd.DataFrame:
    """One row an SLO: pages, false pages, precision and recall with intervals, what is wrong with its alerts."""
    rows = [
        {
            "slo": each.slo.name,
            "spells": len(each.spells),
            "pages": len(each.replay.pages),
            "false pages": each.replay.false_pages,
            "right pages": each.replay.precision,
            "spells paged on": each.replay.recall,
            "tickets": len(each.replay.tickets),
            "to mend": listing(
                [f"{remark.kind}: {remark.tier.name}" if remark.tier else remark.kind for remark in each.remarks]
            ),
        }
        for each in assessed.results
    ]
    return pd.DataFrame(rows, columns=ALERT_COLUMNS)


def alert_times_table(assessed: Assessed) -> pd.DataFrame:
    """The rows of `policy_table` by target and window, which SLOs share: `slos` says how many do."""
    table = policy_table(assessed)
    same = [column for column in table.columns if column != "slo"]
    gathered = table.groupby(same, sort=False, dropna=False)["slo"].nunique().rename("slos").reset_index()
    return gathered[["target", "slos", *same[1:]]]


def spell_rate(result: SLOResult, spell: Mapping[Hashable, Any]) -> float:
    """The share of events that failed within a spell; NaN without traffic."""
    inside = result.counts[spell["start"].floor("min") : spell["end"] - pd.Timedelta(microseconds=1)]
    total = float(inside["total"].sum())
    return float(inside["bad"].sum()) / total if total else float("nan")
