"""What each trace waited for, by name: seconds on its critical path, and what is left without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.critical_path import ARROW, CriticalPath
from scaling_lib.model.uncertainty import DRAWS, generator
from scaling_lib.words import listing, plural

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Group = Literal["operation", "service", "edge"]

FEWEST_TRACES = 20  # of a journey, as for demands of spans: with fewer a share says little
MOST_BLOCKS, LEAST_BLOCKS = 40, 10  # neighbouring traces are drawn together, as they are slow together
OF_BLOCK = 10  # traces, where there are enough for so many blocks
AT_ONCE = 100  # draws, so that many traces fit into memory
MOST_NAMES = 200  # the others, which take next to nothing, are told together
OTHERS = "(others)"
NOBODY = "(not named)"  # what stands for a service without a name


@dataclass(frozen=True, kw_only=True, eq=False)
class PathTimes:
    """Traces in order of time, and what they waited for.

    names: a row a name, most time first, with service (whose time it is), operation ("" of services), edge (whether it
        is what a call takes beyond its callee's span: the network, waiting to be taken on).
    duration_s, weight, block (of time), journey (an index of `journeys`) and root (the row in `by_root`): by trace.
    trace, name, seconds: by span on the path. The seconds are what a trace would be shorter without it, as if
        nothing else changed: what runs beside may take its place, and what queues behind it would be shorter too.
    """

    names: pd.DataFrame
    journeys: tuple[str, ...]
    duration_s: Floats
    weight: Floats
    block: Integers
    journey: Integers
    root: Integers
    trace: Integers
    name: Integers
    seconds: Floats

    @property
    def blocks(self) -> int:
        """How many blocks of time."""
        return int(self.block.max(initial=-1)) + 1

    def sums(self, chosen: Mask) -> Floats:
        """Weighted seconds of the chosen traces by block and name: (blocks, names)."""
        rows = chosen[self.trace]
        trace = self.trace[rows]
        size = len(self.names)
        amounts = self.seconds[rows] * self.weight[trace]
        found = np.bincount(self.block[trace] * size + self.name[rows], weights=amounts, minlength=self.blocks * size)
        return found.astype(np.float64).reshape(self.blocks, size)

    def totals(self, chosen: Mask, amount: Floats | None = None) -> Floats:
        """Weighted sums of an amount by trace, or of the traces, by block."""
        weights = self.weight[chosen] * (amount[chosen] if amount is not None else 1.0)
        return np.bincount(self.block[chosen], weights=weights, minlength=self.blocks).astype(np.float64)

    def without(self, names: Mask) -> Floats:
        """The durations when the time of all these names is gone, seconds; what queued behind them is left in."""
        rows = names[self.name]
        gone = np.bincount(self.trace[rows], weights=self.seconds[rows], minlength=len(self.duration_s))
        return np.maximum(self.duration_s - gone, 0.0)

    def between(self, low: float, high: float) -> Mask:
        """Of each journey the traces whose durations lie between two of its quantiles."""
        if (low, high) == (0.0, 1.0):
            return np.ones(len(self.duration_s), dtype=bool)
        found = np.zeros(len(self.duration_s), dtype=bool)
        for journey in range(len(self.journeys)):
            rows = np.flatnonzero(self.journey == journey)
            rows = rows[np.argsort(self.duration_s[rows], kind="stable")]
            reached = np.cumsum(self.weight[rows]) / self.weight[rows].sum()
            found[rows[(reached > low + 1e-12) & (reached <= high + 1e-12)]] = True
        return found

    def redrawn(self, low: float, high: float, taken: Floats) -> tuple[Floats, Floats]:
        """Weighted seconds by name (DRAWS, names) and of the traces (DRAWS) between two quantiles of each draw.

        Which traces lie between them is found anew in each draw: the quantiles are known no better than the traces are.
        """
        from scipy import sparse

        order = np.lexsort((self.duration_s, self.journey))
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        waited = sparse.csr_array(
            (self.seconds, (self.name, place[self.trace])), shape=(len(self.names), len(self.duration_s))
        )
        ends = np.cumsum(np.bincount(self.journey[order], minlength=len(self.journeys)))
        sums, totals = np.empty((len(taken), len(self.names))), np.empty(len(taken))
        for start in range(0, len(taken), AT_ONCE):
            rows = slice(start, start + AT_ONCE)
            weights = taken[rows][:, self.block[order]] * self.weight[order]
            for first, last in zip([0, *ends[:-1]], ends, strict=True):
                reached = np.cumsum(weights[:, first:last], axis=1)
                of_all = reached / np.maximum(reached[:, -1:], 1e-300)
                weights[:, first:last] *= (of_all > low + 1e-12) & (of_all <= high + 1e-12)
            sums[rows] = np.asarray(waited @ weights.T).T
            totals[rows] = weights @ self.duration_s[order]
        return sums, totals

    def taken(self) -> Floats:
        """How often each block is drawn, when as many are drawn anew as there are: (DRAWS, blocks)."""
        counts = np.full(self.blocks, 1 / self.blocks)
        return generator("blocks of traces").multinomial(self.blocks, counts, DRAWS).astype(np.float64)


def path_times(
    path: CriticalPath, by: Group = "operation", *, journeys: Mapping[str, str] | None = None, journey: str = ""
) -> PathTimes:
    """By trace and name, what it waited for.

    by: operation tells apart what each service does itself, what others who have no spans do for it (by operation, as
        theirs) and the edges; service gives edges to the callee; edge has services and edges.
    journeys: the journey's name by its root operation; None: every root operation is one. journey: of one alone.

    Of a call that a service with spans answers, what the callee's span does not cover is the edge's. Roots whose parent
    is missing, and those that no journey names, are left out.
    Raises NotEnoughData with fewer than 20 traces, InvalidInput for a journey that is not there.
    """
    if by not in get_args(Group):
        raise InvalidInput(f"rank: found by={by!r}; expected one of {listing(get_args(Group))}.")
    of_root = path.by_root["operation"].astype("str")
    named = of_root.map(dict(journeys)) if journeys is not None else of_root
    whole = (~path.by_root["orphan"]).to_numpy() & named.notna().to_numpy()
    known = sorted(set(named[whole]))
    if journey and journey not in known:
        raise InvalidInput(
            f"rank: no trace is of the journey {journey!r}; "
            + (f"they are of {listing(known)}." if known else f"the roots are {listing(sorted(set(of_root)))}.")
        )
    roots = np.flatnonzero(whole & (named == journey).to_numpy() if journey else whole)
    if len(roots) < FEWEST_TRACES:
        raise NotEnoughData(_too_few(path, of_root, len(roots)))
    roots = roots[np.argsort(path.by_root["start_ns"].to_numpy()[roots], kind="stable")]
    trace_of = np.full(len(path.by_root), -1, dtype=np.int64)
    trace_of[roots] = np.arange(len(roots))
    rows = np.flatnonzero(path.spans["on_path"].to_numpy())
    rows = rows[trace_of[path.spans["root"].to_numpy()[rows]] >= 0]
    name, names = _names(path.spans.iloc[rows], set(path.spans["service"].astype("str").unique()), by)
    seconds = path.spans["exclusive_ns"].to_numpy(dtype=np.float64)[rows] / 1e9
    name, names = _most(name, names, seconds)
    code, labels = pd.factorize(named.iloc[roots], sort=True)
    blocks = min(max(len(roots) // OF_BLOCK, LEAST_BLOCKS), MOST_BLOCKS)
    return PathTimes(
        names=names,
        journeys=tuple(map(str, labels)),
        duration_s=path.by_root["duration_s"].to_numpy(dtype=np.float64)[roots],
        weight=path.by_root["weight"].to_numpy(dtype=np.float64)[roots],
        block=(np.arange(len(roots)) * blocks // len(roots)).astype(np.int64),
        journey=code.astype(np.int64),
        root=roots,
        trace=trace_of[path.spans["root"].to_numpy()[rows]],
        name=name,
        seconds=seconds,
    )


def _too_few(path: CriticalPath, of_root: pd.Series[str], found: int) -> str:
    others = len(path.by_root) - found
    apart = f" {plural(others, 'further root')} are of no journey, or lack their parent." if others else ""
    seen = f" Root operations are {listing(sorted(set(of_root)))}." if len(of_root) and not found else ""
    return (
        f"rank: found {plural(found, 'trace')} of the journeys; expected {FEWEST_TRACES} or more.{apart}{seen} Supply "
        "more traces" + ("." if found else ", or name the journeys' routes as their root operations are.")
    )


def _names(spans: pd.DataFrame, with_spans: set[str], by: Group) -> tuple[Integers, pd.DataFrame]:
    """The name of each span, as a number, and what it stands for."""
    pairs = spans[["service", "callee", "operation"]].astype("str")
    code, _ = pd.factorize(pd.MultiIndex.from_frame(pairs if by == "operation" else pairs.assign(operation="")))
    first = pairs.iloc[np.unique(code, return_index=True)[1]]
    edge = first["callee"].isin(with_spans - {""}).to_numpy() & (by != "service")
    arrows = (first["service"].replace("", NOBODY) + ARROW + first["callee"]).to_numpy()
    owner = first["callee"].where(first["callee"] != "", first["service"].replace("", NOBODY)).to_numpy()
    operation = np.where(edge, arrows, first["operation"] if by == "operation" else "")
    if by == "edge":
        edge = (first["callee"] != "").to_numpy()
        operation = np.where(edge, arrows, "")
    names = pd.DataFrame({"service": owner, "operation": operation, "edge": edge})
    names["name"] = np.where(
        edge, operation, names["service"] + np.where(operation == "", "", ": ") + names["operation"]
    )
    own, labels = pd.factorize(names["name"])
    return own[code].astype(np.int64), names.drop_duplicates("name").set_index("name").loc[labels]


def _most(name: Integers, names: pd.DataFrame, seconds: Floats) -> tuple[Integers, pd.DataFrame]:
    """The names with most time first; beyond MOST_NAMES the rest as one."""
    order = np.argsort(-np.bincount(name, weights=seconds, minlength=len(names)), kind="stable")
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.minimum(np.arange(len(names)), MOST_NAMES - 1)
    if len(names) <= MOST_NAMES:
        return place[name], names.iloc[order]
    rest = pd.DataFrame({"service": "", "operation": OTHERS, "edge": False}, index=pd.Index([OTHERS], name="name"))
    return place[name], pd.concat([names.iloc[order[: MOST_NAMES - 1]], rest])
