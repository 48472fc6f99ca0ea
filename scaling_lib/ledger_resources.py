"""What measures each resource that assessment.yaml describes, and which questions of step 02 can be answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from scaling_lib.config_resources import Resource
from scaling_lib.errors import ScalingError
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.words import listing, number, plural

STEP = "02"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One resource, and what measures it.

    selector: of its metric; rows, start, end: of the system's own metrics; low, high: what was in use, in `unit`.
    beside: rows of it among the metrics of the load tests. sized: whether it has a limit in servers, a price or an
    autoscaler, by these words.
    """

    name: str
    selector: str
    rows: int
    start: datetime | None
    end: datetime | None
    low: float
    high: float
    unit: str
    beside: int
    sized: frozenset[str]

    @property
    def text(self) -> str:
        """The line of a terminal."""
        if not self.rows and not self.beside:
            return f"not measured: supply metrics with {self.selector}"
        told = f"{self.selector}, {plural(self.rows, 'row')}"
        if self.start and self.end:
            told += f", {self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"
        if np.isfinite(self.high):
            told += f", {number(self.low)} to {number(self.high)} {self.unit}".rstrip()
        return f"{told}; {plural(self.beside, 'row')} beside the load tests"


def measured(resource: Resource, metrics: Metrics | None, beside: Metrics | None) -> Measured:
    """A resource against the system's own metrics and those of the load tests, None where there are none."""
    selector = resource.busy or resource.used
    rows = _rows(metrics, selector)
    low, high = _range(resource, metrics, rows)
    sized = {
        "price": resource.price_per_hour is not None,
        "autoscaler": resource.autoscaler is not None,
        "servers": bool(resource.busy) and isinstance(resource.limit, float),
    }
    return Measured(
        name=resource.name,
        selector=selector,
        rows=len(rows),
        start=rows["time"].min() if len(rows) else None,
        end=rows["time"].max() if len(rows) else None,
        low=low,
        high=high,
        unit="servers in use" if resource.busy else resource.unit,
        beside=len(_rows(beside, selector)),
        sized=frozenset(word for word, there in sized.items() if there),
    )


def capacity_answers(usable: Collection[str], *, latency: bool, resources: Sequence[Measured]) -> list[dict[str, str]]:
    """One row a question of step 02: step, question, answered, why.

    usable: kinds of evidence. latency: whether an SLO is of latency.
    """
    tested, asked = "load tests" in usable, "requests" in usable
    own = [each.name for each in resources if not each.rows]
    beside = [each.name for each in resources if not each.beside]
    none = "resources in assessment.yaml" if not resources else ""
    modelled = any(each.rows or each.beside for each in resources if "servers" in each.sized)
    load = "" if tested else "a load test"
    return [
        _row(
            "How much load can it take, and which promise breaks first?",
            ["load tests"] if tested else ["the model alone"] if modelled and asked else [],
            [load, "" if latency else "SLOs of latency"],
        ),
        _row(
            "What is full where throughput ends?",
            ["load tests", "load metrics"] if tested and len(beside) < len(resources) else [],
            [load, none, _of("metrics of the load test with", beside, resources)],
        ),
        _row(
            "How many times today's load can it take, and when does that load come?",
            ["requests", "load tests" if tested else "the model"] if asked and (tested or modelled) else [],
            ["" if asked else KINDS["requests"].supply, "" if tested or modelled else load],
        ),
        _row(
            "When is each resource full, and by when is more to be ordered?",
            ["metrics"] if len(own) < len(resources) else [],
            [none, _of("metrics with", own, resources)],
        ),
        _row(
            "What limits next, once the bottleneck is relieved?",
            ["metrics", "requests or traffic"] if modelled else [],
            [none, "" if modelled or none else "a resource with `busy` counters and a limit in servers"],
        ),
        _row(
            "What does more of it cost, and what would its autoscaler do?",
            ["requests", "resources"] if asked and modelled and any(_priced(each) for each in resources) else [],
            [
                none,
                "" if asked else KINDS["requests"].supply,
                "" if none or any("price" in each.sized for each in resources) else "price_per_hour of a resource",
                "" if none or any("autoscaler" in each.sized for each in resources) else "autoscaler of a resource",
            ],
        ),
    ]


def _priced(each: Measured) -> bool:
    return bool(each.sized & {"price", "autoscaler"})


def _row(question: str, by: Sequence[str], missing: Sequence[str]) -> dict[str, str]:
    lacks = listing([each for each in missing if each])
    answered = "no" if not by else "in part" if lacks else "yes"
    parts = [f"from {listing(by)}" if by else "", f"missing: {lacks}" if lacks else ""]
    return {"step": STEP, "question": question, "answered": answered, "why": "; ".join(filter(None, parts))}


def _of(words: str, names: Sequence[str], resources: Sequence[Measured]) -> str:
    """The selectors of the resources of these names, as something that is missing; "" for none."""
    selectors = [each.selector for each in resources if each.name in names]
    return f"{words} {listing(selectors, 3)}" if selectors else ""


def _rows(metrics: Metrics | None, selector: str) -> pd.DataFrame:
    """None where the selector cannot be read, which step 02 says."""
    try:
        return metrics.select(selector) if metrics is not None else pd.DataFrame()
    except ScalingError:
        return pd.DataFrame()


def _range(resource: Resource, metrics: Metrics | None, rows: pd.DataFrame) -> tuple[float, float]:
    """The least and the most in use: of gauges together at one time, of counters in a step."""
    if metrics is None or rows.empty:
        return float("nan"), float("nan")
    if resource.used:
        together = rows[np.isfinite(rows["value"])].groupby("time")["value"].sum()
    else:
        try:
            rises = metrics.increase(resource.busy, "1min").dropna()
        except ScalingError:
            return float("nan"), float("nan")
        times = pd.DatetimeIndex(rises.index)
        step_s = float(np.median(np.diff(times.as_unit("ns").asi8))) / 1e9 if len(rises) > 1 else 60.0
        together = rises / step_s
    return (float(together.min()), float(together.max())) if len(together) else (float("nan"), float("nan"))
