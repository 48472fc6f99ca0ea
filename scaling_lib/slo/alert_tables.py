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
ALERT_COLUMNS = [
    "slo",
    "spells",
    "pages",
    "false pages",
    "right pages",
    "spells paged on",
    "tickets",
    "early",
    "to mend",
]
SPELLS_CAPTION = (
    "Spells of failure, and what each spent. Evidence's budget: its part in the SLO's last window, of what the "
    "requests seen there allow to fail; – for earlier spells. Window's budget: the same part, of what that window "
    "allows in its whole length at the mean traffic seen; for earlier spells, of a window of their own time, one that "
    "ends with them. Then how long until an alert had called someone (a page), and until it was quiet again (–: it did "
    "not, or the history ends before). Early: only because less was seen before it than the alert looks back over; "
    "with the usual traffic there it would have taken longer, or not happened."
)
ALERTS_CAPTION = (
    "The alerts evaluated over the history. Early alerts fired only because less was seen before them than they look "
    "back over: they count in their own column alone, as do spells that only those fell on. Right pages: the share of "
    "pages that fell on a spell, or fired while more failed over the alert's long window, or usually, than the target "
    "allows beyond chance; only what is neither is for nothing. Spells paged on: of all spells, small ones too. Where "
    "the spells were found in the same counts, both shares look better than they are. "
    "To mend: unreachable alerts can never fire, over-eager ones fire although the budget lasts, and a "
    "one-event page calls someone for a single failure."
)
POLICY_CAPTION = (
    "When the alerts fire and fall quiet, if everything fails (outage), and if failures spend the budget ten times as "
    "fast as it lasts (10x). Factor: the speed of spending from which the alert fires. 1h/5m: both the last hour and "
    "the last 5 minutes have to be above. SLOs of one target and window share their alerts."
)
NEARLY_EVEN = 0.9  # a ticket at 0.93 times the even pace, as over 28 days, is early by days, and needs no mending


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
    """One row an SLO: pages and tickets that are not early, false pages, precision and recall, what is
    wrong with its alerts."""
    rows = [
        {
            "slo": each.slo.name,
            "spells": len(each.spells),
            "pages": _in_time(each.replay.pages),
            "false pages": each.replay.false_pages,
            "right pages": each.replay.precision,
            "spells paged on": each.replay.recall,
            "tickets": _in_time(each.replay.tickets),
            "early": int(each.replay.pages["early"].sum() + each.replay.tickets["early"].sum()),
            "to mend": listing(
                [
                    f"{remark.kind}: {remark.tier.name}" if remark.tier else remark.kind
                    for remark in each.remarks
                    if not (remark.kind == "over-eager" and remark.tier and remark.tier.factor >= NEARLY_EVEN)
                ]
            ),
        }
        for each in assessed.results
    ]
    return pd.DataFrame(rows, columns=ALERT_COLUMNS)


def _in_time(alerts: pd.DataFrame) -> int:
    """How many alerts are not early."""
    return int((~alerts["early"]).sum())


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
