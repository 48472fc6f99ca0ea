"""How the traces were sampled, as their weights show it, and which figures that biases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.observability.tree import Floats, Tree, grow, rows_by
from scaling_lib.stats import quantile_sample_size
from scaling_lib.words import listing, number, percent

Kind = Literal["unsaid", "head", "tail", "mixed"]

FEWEST = 20  # traces of an operation: with fewer, whether their weights go with their outcome is not asked
CHANCE = 1e-3  # that a head sampler is taken for a tail sampler
MISSING = 0.9  # of the counted requests: fewer are not chance, nor the ends of the time range


@dataclass(frozen=True, kw_only=True)
class Bias:
    """A figure that the sampling biases, or leaves unknown: why, and what to do instead."""

    figure: str
    why: str
    instead: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampling:
    """How the traces were sampled.

    kind: "unsaid" (no span says a weight other than 1: either all were kept, or it is not said), "head" (chosen before
        the outcome: one weight for all traces of an operation), "tail" (chosen by the outcome: within an operation slow
        or failed traces stand for fewer), "mixed" (weights differ within traces, or within an operation but not so).
    torn: share of the spans whose weight is not that of the root above them.
    operations: by root operation: traces; requests, that they stand for; independent, how many traces of equal weight
        tell as much; lowest, highest weight; represented: requests as a share of those counted elsewhere, NaN where
        that is not given.
    biases: the figures that it biases.
    """

    kind: Kind
    torn: float
    operations: pd.DataFrame
    biases: tuple[Bias, ...]


def sampling(spans: pd.DataFrame, *, counted: Mapping[str, float] | None = None) -> Sampling:
    """How the traces of the canonical frame were sampled.

    counted: requests by root operation, counted elsewhere (logs, metrics) over the same time: without them, traces that
        were sampled without saying so look as if all were kept.

    Tail sampling is told by ranks: within an operation of 20 traces or more, whether duration or failure falls with
    the weight (Spearman's correlation against its normal limit, at 0.1% over all operations). Weights that rise with
    the duration are no tail sampling: a sampler that keeps a fixed number a second keeps a smaller share under load.
    Raises InvalidInput for a frame without the columns that are needed, NotMeasured for one without spans.
    Source: OpenTelemetry, "TraceState: probability sampling", for what a weight is.
    """
    tree = grow(spans, "sampling")
    torn = float((tree.weight != tree.weight[tree.top]).mean())
    operations = _operations(tree, counted or {})
    kind = _kind(tree, operations, torn)
    return Sampling(kind=kind, torn=torn, operations=operations, biases=tuple(_biases(kind, torn, operations)))


def _operations(tree: Tree, counted: Mapping[str, float]) -> pd.DataFrame:
    roots = pd.DataFrame({"operation": tree.operation, "weight": tree.weight})[tree.root]
    found = roots.assign(square=roots["weight"] ** 2).groupby("operation", sort=True)
    sums = found[["weight", "square"]].sum()
    table = pd.DataFrame(
        {
            "traces": found.size(),
            "requests": sums["weight"],
            "independent": sums["weight"] ** 2 / sums["square"],
            "lowest": found["weight"].min(),
            "highest": found["weight"].max(),
        }
    ).reset_index()
    known = table["operation"].map(dict(counted)).astype("float64")
    return table.assign(represented=table["requests"] / known.where(known > 0))


def _kind(tree: Tree, operations: pd.DataFrame, torn: float) -> Kind:
    if torn == 0 and bool((tree.weight == 1).all()):
        return "unsaid"
    if torn > 0:
        return "mixed"
    varied = operations.loc[operations["lowest"] < operations["highest"], "operation"]
    if varied.empty:
        return "head"
    return "tail" if _by_outcome(tree, list(varied)) else "mixed"


def _by_outcome(tree: Tree, operations: list[str]) -> bool:
    """Whether slow or failed traces have the smaller weights."""
    found = []
    roots = np.flatnonzero(tree.root)
    for name, places in rows_by(tree.operation[roots]).items():
        rows = roots[places]
        if name in operations and len(rows) >= FEWEST:
            outcomes = (tree.seconds[rows], tree.error[rows].astype(np.float64))
            found += [_correlation(tree.weight[rows], each) * math.sqrt(len(rows) - 1) for each in outcomes]
    return bool(found) and min(found) < NormalDist().inv_cdf(CHANCE / len(found))


def _correlation(one: Floats, other: Floats) -> float:
    """Spearman's, 0 where one of them is constant."""
    ranks = [pd.Series(each).rank().to_numpy() for each in (one, other)]
    spread = [float(each.std()) for each in ranks]
    if min(spread) == 0:
        return 0.0
    return float(np.mean((ranks[0] - ranks[0].mean()) * (ranks[1] - ranks[1].mean())) / (spread[0] * spread[1]))


def _biases(kind: Kind, torn: float, operations: pd.DataFrame) -> Iterator[Bias]:
    few = operations.loc[operations["represented"] < MISSING]
    if not few.empty:
        share = float(few["requests"].sum() / (few["requests"] / few["represented"]).sum())
        yield Bias(
            figure="counts and rates",
            why=f"the traces of {listing(list(few['operation']))} stand for {percent(share)} of the requests that were "
            "counted elsewhere: some are lost, or were sampled without saying so",
            instead="take counts from metrics or logs; have the sampler write its threshold into the tracestate",
        )
    elif kind == "unsaid" and bool(operations["represented"].isna().any()):
        yield Bias(
            figure="counts and rates",
            why="no span says how it was sampled: if traces were left out, those that are here count too little, and "
            "if they were chosen by outcome, every share is biased",
            instead="compare with the requests that logs or metrics counted",
        )
    if kind != "unsaid":
        yield Bias(
            figure="counts and rates without weights",
            why=f"a trace stands for up to {number(float(operations['highest'].max()))} requests",
            instead="count each with its weight, as is done here",
        )
    if kind == "tail":
        yield Bias(
            figure="latency quantiles, error shares and critical paths without weights",
            why="slow and failed traces were kept more often than others",
            instead="weigh each trace; take the p99 and the error share of SLOs from metrics or logs",
        )
    if kind == "mixed":
        yield Bias(
            figure="latency quantiles, error shares and critical paths without weights",
            why="traces of one operation stand for different numbers of requests: times or instances of which more "
            "was kept would count too much",
            instead="weigh each trace, or look at each time range alone",
        )
    if torn > 0:
        yield Bias(
            figure="self times, call counts and orphans",
            why=f"{percent(torn)} of the spans were sampled at another rate than their root: traces have holes",
            instead="let services follow their parent's decision (parent-based sampling)",
        )
    yield from _scarce(operations)


def _scarce(operations: pd.DataFrame) -> Iterator[Bias]:
    """What too few traces leave unknown."""
    needed = quantile_sample_size(0.99)
    scarce = operations.loc[operations["independent"] < needed, "operation"]
    if not scarce.empty:
        yield Bias(
            figure=f"the p99 of {listing(list(scarce))}",
            why=f"fewer than {needed} traces of equal weight leave its upper end unknown",
            instead="keep more traces of them, or take the p99 from a histogram",
        )
