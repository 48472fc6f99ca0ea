"""A change that was made: its gain predicted from what was recorded before it, then held against what came after."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.impact import Impact, impact
from scaling_lib.bottlenecks.measured import Measured, measured
from scaling_lib.bottlenecks.migration import Relief, relieved
from scaling_lib.bottlenecks.rank import TAIL
from scaling_lib.bottlenecks.work import eased
from scaling_lib.capacity import Absent
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.config_evidence import Change
from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.stats import Estimate

BLOCKS = 40  # of the shorter period, so that what neighbouring requests share can be seen
SHORTEST, LONGEST = 1, 60  # seconds of a block
LEVELS = [
    "users", "before", "predicted", "predicted_low", "predicted_high", "after",
    "before_s", "predicted_s", "predicted_low_s", "predicted_high_s", "after_s",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """What a change will gain, from the evidence before it alone.

    relief: the highest throughput before and then, and what limits. levels: by users of the load test before: before
    (answers/s) and before_s (mean seconds) as recorded, predicted and predicted_s with ends as the model has them.
    """

    relief: Relief
    levels: pd.DataFrame


@dataclass(frozen=True, kw_only=True, eq=False)
class Changed:
    """A change, what it was predicted to gain, and what it gained.

    before, after: what the evidence tells of each; predicted: None where the model before cannot tell.
    levels: `Predicted.levels` with what was recorded after, for the levels that both have: the columns of LEVELS.
    recorded: the highest throughput after, requests/s; at_least: whether it still rose with the last users.
    was: the highest throughput before. limits_now: what is full first after, as it was measured, "" where that is not
    known; used: how much of it was in use at the last level. impact: of the traces' durations at each level of load.
    absent: what could not be told, and why.
    """

    change: Change
    before: Measured
    after: Measured
    predicted: Predicted | None
    levels: pd.DataFrame
    was: Estimate | None
    recorded: Estimate | None
    at_least: bool
    limits_now: str
    used: float
    impact: Impact | None
    absent: Mapping[str, Absent]

    @property
    def error(self) -> float:
        """How far the predicted highest throughput is from the recorded one: predicted / recorded - 1; NaN if unknown.

        Where the recorded one is a least value, it is at least so far below.
        """
        if self.predicted is None or self.recorded is None:
            return math.nan
        return self.predicted.relief.after.value / self.recorded.value - 1

    @property
    def first_full(self) -> pd.Series | None:
        """The lightest level at which the throughput before was within 5% of its highest: where the limit began."""
        known = self.levels.dropna(subset=["before", "after"])
        full = known[known["before"] >= 0.95 * known["before"].max()]
        return full.iloc[0] if len(full) else None


def changed(system: Assessment, change: Change, *, window: str = TAIL, level: float = 0.95) -> Changed:
    """Predict a change from before, and hold it against after.

    The prediction sees nothing of what was recorded after. window: see `rank`; level: of all intervals.
    """
    tried = Attempts()
    before = measured(side_of(system, change, "before"), window=window, level=level)
    predicted = tried("prediction", lambda: predict(change, before))
    after = measured(side_of(system, change, "after"), window=window, level=level)
    was, _ = _highest(before, level)
    recorded, at_least = _highest(after, level)
    name, used = _full(after)
    return Changed(
        change=change,
        before=before,
        after=after,
        predicted=predicted,
        levels=_levels(predicted, before, after),
        was=was,
        recorded=recorded,
        at_least=at_least,
        limits_now=name,
        used=used,
        impact=tried("impact", partial(_impact, before, after, level)),
        absent=tried.absent,
    )


def predict(change: Change, before: Measured) -> Predicted:
    """What the model of the time before says of the change: the highest throughput, and each level of the load test.

    Raises NotMeasured where there is no model, or nothing of what the change eases was seen.
    """
    if before.model is None or before.work is None:
        missing = next((before.absent[name] for name in ("model", "spans", "work") if name in before.absent), None)
        raise NotMeasured(
            f"The gain is not predicted: {missing.why if missing else 'there is no model of the time before.'}",
            supply=f"Supply a load test with metrics, and spans, from before {change.name}.",
        )
    system = before.model.system(1.0)
    then = eased(system, change, before.work, before.runs_on)
    rows = []
    recorded = _used(before)[["users", "throughput", "mean_s"]].to_numpy(dtype=np.float64)
    for users, throughput, mean_s in recorded.tolist():
        found = then.predict(round(users))
        seconds = found.mean_response
        rows.append(
            {
                "users": users,
                "before": throughput,
                "predicted": found.throughput.value,
                "predicted_low": found.throughput.low,
                "predicted_high": found.throughput.high,
                "before_s": mean_s,
                "predicted_s": seconds.value,
                "predicted_low_s": seconds.low,
                "predicted_high_s": seconds.high,
            }
        )
    return Predicted(
        relief=relieved(change.name, system, then, by_share=not change.resource),
        levels=pd.DataFrame(rows, columns=LEVELS),
    )


def side_of(system: Assessment, change: Change, side: str) -> Assessment:
    """The assessment with the evidence of one side of the change."""
    return Assessment(system.folder, system.config.model_copy(update={"evidence": getattr(change, side)}), system.named)


def _used(found: Measured) -> pd.DataFrame:
    """The levels of its load test whose users are known, lightest first."""
    if found.curve is None:
        return pd.DataFrame(columns=["users", "throughput", "mean_s", "start", "end"])
    return found.curve.used_levels.dropna(subset=["users", "throughput", "mean_s"]).sort_values("users")


def _levels(predicted: Predicted | None, before: Measured, after: Measured) -> pd.DataFrame:
    """What was predicted and recorded at the levels that both load tests have."""
    if predicted is not None:
        table = predicted.levels.drop(columns=["after", "after_s"])
    else:
        named = {"throughput": "before", "mean_s": "before_s"}
        table = _used(before)[["users", "throughput", "mean_s"]].rename(columns=named)
    then = _used(after)[["users", "throughput", "mean_s"]].rename(columns={"throughput": "after", "mean_s": "after_s"})
    return table.merge(then, on="users", how="outer").reindex(columns=LEVELS).sort_values("users", ignore_index=True)


def _highest(found: Measured, level: float) -> tuple[Estimate | None, bool]:
    """The throughput that a load test ends at; where it still rises, its highest level, and true."""
    if found.curve is None or found.curve.levels.empty:
        return None, False
    if found.curve.plateau is not None and found.curve.plateau.reached:
        return found.curve.plateau.throughput, False
    rows = found.curve.levels
    top = rows.iloc[int(rows["throughput"].to_numpy().argmax())]
    value, low, high = (float(top.get(f"throughput{end}", math.nan)) for end in ("", "_low", "_high"))
    return Estimate(value, low, high, level, "requests/s"), True


def _full(found: Measured) -> tuple[str, float]:
    """The resource that is used most at the last level of the load test, and how much of it."""
    if found.curve is None or found.curve.utilization.dropna(subset=["utilization"]).empty:
        return "", math.nan
    rows = found.curve.utilization.dropna(subset=["utilization"])
    last = rows[rows["level"] == rows["level"].max()]
    top = last.iloc[int(last["utilization"].to_numpy().argmax())]
    return str(top["resource"]), float(top["utilization"])


def _impact(before: Measured, after: Measured, level: float) -> Impact:
    """The traces' durations, each compared at its own level of load: of those that both load tests have."""
    if before.path is None or after.path is None:
        raise NotMeasured("Whether it worked is not told by traces: spans of both sides are needed.")
    frames = _durations(before), _durations(after)
    if any(frame.empty for frame in frames):
        raise NotEnoughData("No trace lies within the levels of the load tests: the clocks of spans and tests differ.")
    spans = [float(frame["start_ns"].max() - frame["start_ns"].min()) / 1e9 for frame in frames]
    seconds = int(np.clip(min(spans) / BLOCKS, SHORTEST, LONGEST))
    return impact(frames[0], frames[1], block=f"{seconds}s", level=level)


def _durations(found: Measured) -> pd.DataFrame:
    """Roots with their durations, each operation told apart by the level of load it came in."""
    assert found.path is not None  # noqa: S101 - the caller has looked
    roots = found.path.by_root[~found.path.by_root["orphan"]]
    frame = roots[["start_ns", "duration_s", "operation", "weight"]].astype({"operation": "str"})
    levels = _used(found).dropna(subset=["start", "end"])
    if levels.empty:
        return frame
    times = pd.to_datetime(frame["start_ns"], utc=True)
    at = pd.Series(math.nan, index=frame.index)
    for users, start, end in zip(levels["users"].tolist(), levels["start"], levels["end"], strict=True):
        at[((times >= start) & (times < end)).to_numpy()] = users
    known = frame[at.notna()]
    users = at[at.notna()].map(lambda each: f" at {each:g} users")
    return known.assign(operation=known["operation"] + users)
