"""How busy each resource was at each level of a load test, and which of them is full where throughput ends."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.capacity.gauges import gauge_sum, per_second
from scaling_lib.capacity.reasons import reason_sentence
from scaling_lib.capacity.resource_use import MORE_THAN_ALL
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.load_tests.steady import FEWEST_BLOCKS, ratio_of_sums
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.stats import Estimate, mean_interval
from scaling_lib.stats.arguments import check_kind
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing, percent

Floats = NDArray[np.float64]
Outcome = Literal["found", "nothing that was measured is full", "not reached", "not measured"]

COLUMNS = ["resource", "level", "utilization", "low", "high"]
FULL = 0.9  # of what there is: a resource less busy than this is not what ends the throughput
ROSE = 1.1  # times its use under the lightest load: what does not rise with load is not filled by it
CPU = "process_cpu_seconds_total"
GENERATORS = ("generator", "locust", "k6", "jmeter", "vegeta", "gatling", "wrk", "hey", "artillery")


@dataclass(frozen=True, kw_only=True)
class LimitingResource:
    """What is full where throughput ends.

    outcome: see `Outcome`; resource: the busiest that rose with the load, "" without any.
    utilization: of it, a fraction of its limit, over the levels of the plateau (the busiest level where there is none).
    sentence: the same in words.
    """

    outcome: Outcome
    resource: str
    utilization: Estimate
    sentence: str

    @property
    def hidden(self) -> bool:
        """Whether throughput ends, and nothing that was measured is full there."""
        return self.outcome == "nothing that was measured is full"

    @property
    def full(self) -> str:
        """The resource that is full, "" where none was found to be."""
        return self.resource if self.outcome == "found" else ""


def utilization_by_level(
    metrics: Metrics, resources: Sequence[Resource], levels: pd.DataFrame, *, level: float = 0.95
) -> tuple[pd.DataFrame, dict[str, str]]:
    """How much of its limit each resource used at each level; and, by resource, why some are not known.

    levels: rows with level, start and end (UTC), as `evidence.load_tests.levels` gives them, of one test and name.
    One row a resource and level: resource, level, utilization (a fraction), and its low and high at `level`; NaN where
    no sample lies wholly within the level. Counters of busy seconds are taken between samples, gauges as sampled, those
    of several instances summed at the rhythm of their samples; the interval is that of their mean, with blocks where
    there are at least eight (`evidence.load_tests.steady`).
    """
    _check("utilization_by_level", metrics, levels)
    check_level("utilization_by_level", level)
    check_kind(
        "utilization_by_level", "resources", resources, (list, tuple), "a list, as `Assessment.resources` has it"
    )
    for each in resources:
        check_kind("utilization_by_level", "a resource", each, Resource, "one of `Assessment.resources`")
    rows: list[tuple[str, int, float, float, float]] = []
    missing: dict[str, str] = {}
    for resource in resources:
        try:
            used, step_s = _used(metrics, resource)
            limit = _limit(metrics, resource)
        except NotMeasured as error:
            missing[resource.name] = reason_sentence(error)
            continue
        found = [
            (resource.name, int(place), *_mean(_within(used, step_s, start, end) / limit, level))
            for place, start, end in zip(levels["level"], levels["start"], levels["end"], strict=True)
        ]
        if all(math.isnan(row[2]) for row in found):
            missing[resource.name] = f"{resource.name}: no sample of it lies within a level of the load test."
            continue
        rows += found
    return pd.DataFrame(rows, columns=COLUMNS).astype({"level": "int64"}), missing


def generator_processors(metrics: Metrics, levels: pd.DataFrame, selector: str = "") -> pd.Series[float]:
    """Processors that the busiest process of the load generator used at each level, indexed by level.

    selector: of counters of its CPU seconds; "" for the `process_cpu_seconds_total` whose labels name a generator.
    Raises NotMeasured where there is none.
    """
    _check("generator_processors", metrics, levels)
    check_kind(
        "generator_processors", "a selector", selector, str, 'a text such as process_cpu_seconds_total, "" for it'
    )
    rows = metrics.select(selector or CPU)
    texts = [str(text) for text in rows["labels"].unique()]
    if not selector:
        texts = [text for text in texts if any(word in text.lower() for word in GENERATORS)]
    if not texts:
        raise NotMeasured(
            f"How busy the load generator was is not known: no series of {selector or CPU} is of one.",
            supply=f"Record {CPU} of the load generator beside the test, with a job such as `generator`.",
        )
    metric = {text: str(rows.loc[rows["labels"] == text, "metric"].iloc[0]) for text in texts}
    spans = list(zip(levels["start"], levels["end"], strict=True))
    found = []
    for text in texts:
        inside = ",".join(f"{name}={json.dumps(value)}" for name, value in json.loads(text).items())
        used, step_s = _rates(metrics, f"{metric[text]}{{{inside}}}")
        found.append([_mean(_within(used, step_s, start, end), 0.95)[0] for start, end in spans])
    table = np.array(found)
    busiest = np.where(np.isnan(table).all(axis=0), np.nan, np.nanmax(np.nan_to_num(table, nan=-1.0), axis=0))
    return pd.Series(busiest, index=pd.Index(levels["level"], name="level"), name="processors")


def limiting_resource(
    utilization: pd.DataFrame,
    levels: pd.DataFrame,
    plateau: Sequence[int],
    *,
    level: float = 0.95,
) -> LimitingResource:
    """Which resource is full at the plateau.

    utilization: as `utilization_by_level` gives it; levels: level and throughput (answers/s); plateau: the levels
        where throughput no longer rises.
    """
    check_level("limiting_resource", level)
    _columns("limiting_resource", "utilization", utilization, COLUMNS)
    _columns("limiting_resource", "levels", levels, ["level", "throughput"])
    check_kind(
        "limiting_resource", "a plateau", plateau, (list, tuple), "the numbers of its levels, none where none is"
    )
    if not len(levels):
        return _none("not measured", "the load test has no level", level)
    measured = utilization.dropna(subset=["utilization"])
    if measured.empty:
        return _none("not measured", "no resource was measured beside the load test", level)
    served = levels.set_index("level")["throughput"]
    top = list(plateau) or [int(levels["level"].iloc[int(levels["throughput"].to_numpy().argmax())])]
    wide = measured.pivot(index="resource", columns="level", values="utilization")
    there = wide[[each for each in top if each in wide]].mean(axis=1)
    lightest = wide[min(wide.columns, key=lambda each: float(served[each]))]
    over = wide.max(axis=1) > MORE_THAN_ALL  # its limit or its gauge is wrong: it tells nothing
    there, lightest = there[~over], lightest[~over]
    rose = there[(there >= ROSE * lightest) & (there > 0)]
    if rose.empty:
        return _none("nothing that was measured is full", "no resource that was measured rises with the load", level)
    name = str(rose.idxmax())
    own = measured[(measured["resource"] == name) & measured["level"].isin(top)]
    used = _over_levels(own, level)
    outcome: Outcome = "not reached"
    if plateau:
        outcome = "found" if used.value >= FULL else "nothing that was measured is full"
    return LimitingResource(
        outcome=outcome,
        resource=name,
        utilization=used,
        sentence=_sentence(outcome, name, used, there.drop(name)),
    )


def _check(where: str, metrics: Metrics, levels: pd.DataFrame) -> None:
    check_kind(where, "metrics", metrics, Metrics, "those of `Assessment.load_metrics()`")
    _columns(where, "levels", levels, ["level", "start", "end"])


def _columns(where: str, what: str, table: pd.DataFrame, names: list[str]) -> None:
    """Raise InvalidInput for what is no table with these columns."""
    expected = f"a table with the columns {listing(names, most=8)}"
    check_kind(where, what, table, pd.DataFrame, expected)
    if absent := [name for name in names if name not in table]:
        raise InvalidInput(f"{where}: found {what} without {listing(absent, most=8)}; expected {expected}.")


def _none(outcome: Outcome, why: str, level: float) -> LimitingResource:
    return LimitingResource(
        outcome=outcome,
        resource="",
        utilization=Estimate(math.nan, math.nan, math.nan, level, "fraction"),
        sentence=f"What saturates is not known: {why}.",
    )


def _sentence(outcome: Outcome, name: str, used: Estimate, others: pd.Series[float]) -> str:
    rest = listing([f"{other} {percent(float(share), 2)}" for other, share in others.items()])
    beside = f" Beside it: {rest}." if rest else ""
    if outcome == "found":
        return (
            f"{name} is {percent(used.value, 2)} in use where throughput no longer rises: it is what saturates.{beside}"
        )
    if outcome == "not reached":
        return (
            f"Throughput still rises at the heaviest level; the busiest resource there is {name}, at "
            f"{percent(used.value, 2)}.{beside}"
        )
    return (
        f"Where throughput no longer rises the busiest resource is {name}, at {percent(used.value, 2)}: something that "
        f"was not measured limits (a lock, a pool of connections or threads, a quota, another service).{beside}"
    )


def _over_levels(rows: pd.DataFrame, level: float) -> Estimate:
    """The mean over levels; its interval from their scatter, or the level's own where it is one alone."""
    if len(rows) == 1:
        row = rows.iloc[0]
        return Estimate(float(row["utilization"]), float(row["low"]), float(row["high"]), level, "fraction")
    return Estimate(*_mean(rows["utilization"].to_numpy(), level), level, "fraction")


def _used(metrics: Metrics, resource: Resource) -> tuple[pd.Series[float], float]:
    """What is used by the start of each step, and the step in seconds; a single gauge is of a moment."""
    if resource.busy:
        return _rates(metrics, resource.busy)
    used = gauge_sum(metrics, resource.used, resource.name, "used", finest_s=1)
    alone = metrics.select(resource.used).groupby(["metric", "labels"], observed=True).ngroups == 1
    return used, 0.0 if alone else _step_s(used)


def _rates(metrics: Metrics, selector: str) -> tuple[pd.Series[float], float]:
    rates = per_second(metrics, selector)
    return rates, _step_s(rates)


def _step_s(series: pd.Series[float]) -> float:
    return pd.Timedelta(series.index.freq).total_seconds()  # type: ignore[attr-defined]  # of a regular grid


def _limit(metrics: Metrics, resource: Resource) -> float:
    if isinstance(resource.limit, str):
        return float(gauge_sum(metrics, resource.limit, resource.name, "limit", finest_s=1).median())
    return float(resource.limit)


def _within(used: pd.Series[float], step_s: float, start: pd.Timestamp, end: pd.Timestamp) -> Floats:
    """The values whose step lies wholly between two times."""
    if pd.isna(start) or pd.isna(end):
        return np.zeros(0)
    times = pd.DatetimeIndex(used.index)
    inside = (times >= start) & (times + pd.Timedelta(seconds=step_s) <= end)
    values = used.to_numpy(dtype=np.float64)[inside]
    return np.asarray(values[np.isfinite(values)], dtype=np.float64)


def _mean(values: Floats, level: float) -> tuple[float, float, float]:
    """The mean of values in order of time, and its interval; NaN where there are too few."""
    if len(values) >= FEWEST_BLOCKS:
        found = ratio_of_sums(values, np.ones(len(values)), level, "fraction")
        return found.value, found.low, found.high
    found = mean_interval(values, level)
    return found.value, max(found.low, 0.0), found.high
