"""How a resource that gauges measure (a pool, threads, a disk) fills with load, and the throughput at which it is full.

Metrics of a load test show it: connections in use rise with throughput, as each request holds one for a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from scaling_lib.capacity.gauges import gauge_sum
from scaling_lib.capacity.load_curve import LoadCurve
from scaling_lib.capacity.resource_use import MORE_THAN_ALL
from scaling_lib.capacity.utilization import ROSE
from scaling_lib.config_resources import Resource
from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.model.least_squares import bend, regress
from scaling_lib.model.uncertainty import Floats, interval
from scaling_lib.model.utilization_law import BENT
from scaling_lib.stats import Estimate
from scaling_lib.words import number, percent, plural

FEWEST_LOADS = 4  # that differ: two parameters, and something left to see whether a line fits
APART = 0.05  # of the highest throughput: loads nearer than this are one
FULL = 0.95  # of the limit: a level with so much in use has shown it full
CERTAIN = 3.0  # standard errors beyond which a gauge is taken to grow by time


@dataclass(frozen=True, kw_only=True)
class Fill:
    """How one resource fills: its use, a fraction of its limit, is idle + each x throughput.

    full: requests/s at which it is full. idle: in use without any request; each: of one more request/s, in seconds of
        the whole limit. seen: whether a level of the test had it full; else it is extrapolated.
    draws: (DRAWS, 2), what idle and each may be together. note: what to know, "" for nothing.
    recorded: whether it is told from recorded traffic, see `recorded_fills`, instead of a load test.
    """

    resource: str
    full: Estimate
    idle: Estimate
    each: Estimate
    seen: bool
    draws: Floats = field(repr=False)
    note: str
    recorded: bool = False


def fills(
    curve: LoadCurve, metrics: Metrics, resources: Sequence[Resource], *, level: float = 0.95
) -> tuple[tuple[Fill, ...], dict[str, str]]:
    """Those of the resources measured by `used` gauges that fill with load; and by resource why others do not.

    curve: of the load test; metrics: of its time. level: of the intervals.

    Least squares over the levels up to where throughput ends, see `model.least_squares.regress`. What grows by time
    within levels of constant load, as a disk does, is taken away first: such growth is not of the throughput.
    A resource in use beyond its limit tells nothing: the limit or the gauge is wrong.
    """
    found: list[Fill] = []
    why: dict[str, str] = {}
    for resource in resources:
        own = _levels(curve, resource.name)
        if not resource.used or own.empty:
            continue
        try:
            found.append(_fill(resource, own, metrics, level))
        except (NotEnoughData, NotMeasured) as reason:
            why[resource.name] = str(reason)
    return tuple(found), why


def _levels(curve: LoadCurve, name: str) -> pd.DataFrame:
    """The levels at which its use is known, up to the first at which throughput ends, by throughput."""
    used = curve.utilization[curve.utilization["resource"] == name].set_index("level")["utilization"]
    rows = curve.used_levels.set_index("level").assign(use=used).dropna(subset=["use"])
    if curve.plateau and curve.plateau.reached and bool(rows["users"].notna().all()):
        ends = curve.levels.set_index("level").loc[list(curve.plateau.levels), "users"].min()
        rows = rows[rows["users"] <= ends]
    return rows.sort_values("throughput", kind="stable")


def _fill(resource: Resource, rows: pd.DataFrame, metrics: Metrics, level: float) -> Fill:
    name, served = resource.name, rows["throughput"].to_numpy(dtype=np.float64)
    loads = 1 + int((np.diff(np.sort(served)) >= APART * served.max()).sum())
    if loads < FEWEST_LOADS:
        raise NotEnoughData(
            f"{name}: how it fills with load is not known from {plural(loads, 'load')} that differ; expected at least "
            f"{FEWEST_LOADS} up to where throughput ends."
        )
    use = rows["use"].to_numpy(dtype=np.float64)
    if use.max() > MORE_THAN_ALL:
        raise NotMeasured(f"{name}: {percent(float(use.max()))} of its limit were in use: one of the two is wrong.")
    use = use - _grown(resource, rows, metrics)
    fit = regress(served[:, np.newaxis], use, np.ones(1))
    idle, each = (
        interval(float(value), drawn, level, unit)
        for value, drawn, unit in zip(fit.values, fit.draws.T, ("fraction", "s"), strict=True)
    )
    if not (each.low > 0 and use[-1] >= ROSE * use[0]):
        raise NotMeasured(f"{name}: it does not fill with load: its use does not rise with throughput.")
    with np.errstate(divide="ignore"):
        drawn = np.maximum(1 - fit.draws[:, 0], 0.0) / fit.draws[:, 1]
    full = interval(max(1 - idle.value, 0.0) / each.value, drawn, level, "requests/s")
    seen, note = bool(use.max() >= FULL), ""
    if not seen and bend(served, use) >= BENT:
        full = Estimate(full.value, min(full.low, float(served.max())), full.high, level, "requests/s")
        note = (
            f"{name} fills faster than in proportion to the load: it may be full soon beyond the "
            f"{number(float(served.max()))} requests/s at which {percent(float(use.max()))} were in use."
        )
    return Fill(resource=name, full=full, idle=idle, each=each, seen=seen, draws=fit.draws, note=note)


def _grown(resource: Resource, rows: pd.DataFrame, metrics: Metrics) -> Floats:
    """What of its use at each level, a fraction, has grown by time since the first of them; 0 where none is certain.

    The growth is that within the levels, whose load is constant.
    """
    used = gauge_sum(metrics, resource.used, resource.name, "used", finest_s=1).dropna()
    times = (pd.DatetimeIndex(used.index) - rows["start"].min()).total_seconds().to_numpy()
    values, at, apart = used.to_numpy(dtype=np.float64), [], []
    for start, end in zip(rows["start"], rows["end"], strict=True):
        inside = np.asarray((used.index >= start) & (used.index <= end))
        if inside.sum() > 1:
            at.append(times[inside] - times[inside].mean())
            apart.append(values[inside] - values[inside].mean())
    middles = ((rows["start"] + (rows["end"] - rows["start"]) / 2) - rows["start"].min()).dt.total_seconds()
    nothing = np.zeros(len(rows))
    if not at:
        return nothing
    elapsed, risen = np.concatenate(at), np.concatenate(apart)
    spread, free = float(elapsed @ elapsed), len(elapsed) - len(at) - 1
    if spread == 0 or free < 1:
        return nothing
    a_second = float(elapsed @ risen) / spread
    rest = risen - a_second * elapsed
    if abs(a_second) <= CERTAIN * float(np.sqrt(rest @ rest / free / spread)) + 1e-12 * float(np.abs(values).max()):
        return nothing
    return np.asarray(a_second * middles.to_numpy() / _limit(resource, rows, used))


def _limit(resource: Resource, rows: pd.DataFrame, used: pd.Series) -> float:
    """In the gauges' unit: what is used over the fraction that it is."""
    if isinstance(resource.limit, float):
        return resource.limit
    most = rows.iloc[-1]
    return float(used.loc[most["start"] : most["end"]].mean()) / float(most["use"])
