"""The tables of changes that were made: as it was before, as it was predicted, as it was recorded after."""

from __future__ import annotations

import math

import pandas as pd

from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.bottlenecks.rank import Ranking
from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.words import percent, quantity


def changes_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a change and figure: as it was before, as it was predicted, and as it was recorded after."""
    return pd.DataFrame(
        [row for each in result.changes for row in _change_rows(each)],
        columns=["change", "figure", "before", "predicted", "recorded after", "off by"],
    )


def _change_rows(change: Changed) -> list[dict[str, object]]:
    relief, name = change.predicted.relief if change.predicted else None, change.change.name
    least = "at least " if change.at_least else ""
    found: list[dict[str, object]] = [
        {
            "change": name,
            "figure": "highest throughput",
            "before": str(change.was) if change.was else "not measured",
            "predicted": relief.told if relief else "not predicted",
            "recorded after": f"{least}{change.recorded}" if change.recorded else "not measured",
            "off by": _off(change.error),
        },
        {
            "change": name,
            "figure": "is full first",
            "before": relief.bottleneck if relief else "not known",
            "predicted": relief.next_bottleneck if relief else "not predicted",
            "recorded after": change.limits_now or "not measured",
            "off by": "",
        },
        {
            "change": name,
            "figure": "is waited for most",
            "before": _first(change.before.ranking),
            "predicted": "",
            "recorded after": _first(change.after.ranking),
            "off by": "",
        },
    ]
    if (at := change.first_full) is not None:
        found.insert(
            1,
            {
                "change": name,
                "figure": f"mean response at {at['users']:g} users",
                "before": quantity(at["before_s"], "s"),
                "predicted": quantity(at["predicted_s"], "s") if not math.isnan(at["predicted_s"]) else "not predicted",
                "recorded after": quantity(at["after_s"], "s"),
                "off by": _off(at["predicted_s"] / at["after_s"] - 1),
            },
        )
    return found


def levels_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a change and level of the load tests: as predicted, as recorded, and the ratio of the two."""
    parts = [each.levels.assign(change=each.change.name) for each in result.changes]
    columns = [
        "change", "users", "before", "predicted", "after", "ratio", "before_s", "predicted_s", "after_s", "ratio_s",
    ]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=columns)
    table = pd.concat(parts, ignore_index=True)
    table["ratio"] = table["predicted"] / table["after"]
    table["ratio_s"] = table["predicted_s"] / table["after_s"]
    ends = [name for name in table.columns.astype(str) if name.endswith(("low", "high", "low_s", "high_s"))]
    return table[[*columns, *ends]]


def impact_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a change and quantile of the traces' durations."""
    rows = [
        {
            "change": each.change.name,
            "figure": f"p{100 * own.quantile:g}",
            "before": own.before,
            "after": own.after,
            "change by": own.change,
            "verdict": own.verdict,
        }
        for each in result.changes
        if each.impact is not None
        for own in each.impact.quantiles
    ]
    return pd.DataFrame(rows, columns=["change", "figure", "before", "after", "change by", "verdict"])


def _first(ranking: Ranking | None) -> str:
    if ranking is None:
        return "not measured"
    return f"{ranking.first} ({percent(ranking.share(ranking.first).value)})"


def _off(error: float) -> str:
    if math.isnan(error):
        return ""
    if error > 1:
        return f"{quantity(1 + error, 'x')} what was recorded"
    return f"{percent(abs(error))} too {'high' if error > 0 else 'low'}" if abs(error) >= 0.005 else "less than 0.5%"
