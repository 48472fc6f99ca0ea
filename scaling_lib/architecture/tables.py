"""The tables of step 06, from its result alone."""

from __future__ import annotations

import math

import pandas as pd

from scaling_lib.architecture.evaluate import Evaluation, Option
from scaling_lib.architecture.result import Architecture, Decided
from scaling_lib.model.uncertainty import DRAWS
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent

UNDONE = {
    "nothing": "at once",
    "hours": "within hours",
    "days": "within days",
    "weeks": "in weeks",
    "months": "in months",
}
HOLDS = {True: "holds", False: "does not hold", None: "not known"}


def options_table(result: Architecture) -> pd.DataFrame:
    """A row an option, the best first."""
    return _options(result.evaluation) if result.evaluation else pd.DataFrame()


def decided_table(result: Architecture) -> pd.DataFrame:
    """The same of each change that was made, by what was known before it."""
    frames = [_options(each.evaluation).assign(change=each.option) for each in result.decided]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def recorded_table(result: Architecture) -> pd.DataFrame:
    """A row a change: what was foreseen of it, what the best that is no fix would have done, and what was recorded."""
    return pd.DataFrame([_recorded(each) for each in result.decided])


def assumptions_table(result: Architecture) -> pd.DataFrame:
    """A row a figure that an option rests on: where it is from, and what the option's probability is at its ends."""
    if result.evaluation is None:
        return pd.DataFrame()
    swings = {(row.option, row.assumption): row for row in result.evaluation.swings.itertuples()}
    rows = []
    for option in result.evaluation.options:
        for each in option.pattern.assumptions:
            row = swings[option.pattern.name, each.name]
            rows.append(
                {
                    "option": option.pattern.name,
                    "verdict": option.verdict,
                    "rests on": each.name,
                    "figure": str(each.figure),
                    "from": each.said,
                    "met at its low end": row.low,
                    "met at its high end": row.high,
                }
            )
    return pd.DataFrame(rows)


def gate_table(result: Architecture) -> pd.DataFrame:
    """A row a condition of each cut."""
    return pd.DataFrame(
        [
            {
                "cut": cut.name,
                "verdict": cut.gate.verdict,
                "condition": each.name,
                "it": HOLDS[each.holds],
                "why": each.because,
            }
            for cut in result.cuts
            for each in cut.gate.conditions
        ]
    )


def complexity_table(result: Architecture) -> pd.DataFrame:
    """How many parts depend on each other: the service graph, and the code where its growth is known."""
    rows: list[dict[str, object]] = []
    found = result.complexity
    if found is not None:
        rows += [
            {"measure": "services and peers", "value": float(found.services), "of": "traces"},
            {"measure": "pairs that call each other", "value": float(found.edges), "of": "traces"},
            {"measure": "independent ways round", "value": float(found.cyclomatic), "of": "traces"},
            {"measure": "rings of calls", "value": float(len(found.cycles)), "of": "traces"},
            {"measure": "calls in a row, at most", "value": float(found.depth), "of": "traces"},
        ]
    if result.growth is not None:
        last = result.growth.history.iloc[-1]
        rows += [
            {"measure": "folders of the code", "value": float(last["parts"]), "of": "code"},
            {"measure": "pairs of them changed together", "value": float(last["interdependencies"]), "of": "code"},
            {"measure": "exponent of their growth", "value": result.growth.exponent.value, "of": "code"},
        ]
    return pd.DataFrame(rows)


def growth_table(result: Architecture) -> pd.DataFrame:
    """A row a moment of the code's history."""
    return result.growth.history if result.growth is not None else pd.DataFrame()


def tornado_table(result: Architecture) -> pd.DataFrame:
    """Of the option that is taken, else the nearest: each figure it rests on, the widest swing first."""
    option = taken(result)
    if option is None or result.evaluation is None:
        return pd.DataFrame()
    rows = result.evaluation.swings
    own = rows[rows["option"] == option.pattern.name]
    return (
        own.assign(width=(own["high"] - own["low"]).abs())
        .sort_values("width", ascending=False, kind="stable")
        .reset_index(drop=True)
    )


def taken(result: Architecture) -> Option | None:
    """The option that is chosen; where none is, the one that carries the load with the highest probability."""
    if result.evaluation is None:
        return None
    others = [each for each in result.evaluation.options if each.pattern.aim != "nothing"]
    return result.evaluation.chosen or max(others, key=lambda each: each.met, default=None)


def reason(result: Architecture, *parts: str) -> str:
    """Why something is not known, and what would mend it."""
    absent = next((result.absent[part] for part in parts if part in result.absent), None)
    return absent.text if absent else ""


def chance(probability: float) -> str:
    """A probability that so many draws tell, and no more."""
    if probability > 1 - 1 / DRAWS:
        return f"over {percent(1 - 1 / DRAWS)}"
    return f"under {percent(1 / DRAWS)}" if probability < 1 / DRAWS else percent(probability)


def price_words(option: Option) -> str:
    """What it costs a month, or that no price is given."""
    return "no price is given" if option.monthly_cost is None else str(option.monthly_cost)


def _options(found: Evaluation) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "option": each.pattern.name,
                "verdict": each.verdict,
                "met": each.met,
                "capacity": each.capacity,
                "gain": each.gain,
                "then full first": each.bottleneck,
                "cost a month": each.monthly_cost.value if each.monthly_cost else math.nan,
                "undone": UNDONE[each.pattern.undo],
                "remarks": f"assumed: {listing(each.assumed, 6)}" if each.assumed else "",
            }
            for each in found.options
        ]
    )


def _recorded(each: Decided) -> dict[str, object]:
    own = next(one for one in each.evaluation.options if one.pattern.name == each.option)
    split = next((one for one in each.evaluation.options if one.pattern.name.startswith("split of ")), None)
    unknown = Estimate(math.nan, math.nan, math.nan, unit="requests/s")
    return {
        "change": each.option,
        "full first before": each.evaluation.bottleneck,
        "before": each.changed.was or unknown,
        "foreseen": own.capacity,
        "recorded after": each.changed.recorded or unknown,
        "full first after": each.changed.limits_now or own.bottleneck,
        "a split instead": split.capacity if split else unknown,
    }
