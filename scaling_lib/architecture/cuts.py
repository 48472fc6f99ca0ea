"""The cuts that are asked about: the service that works most in two, and services that call each other in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.architecture.basis import Basis
from scaling_lib.architecture.coordination import busiest_part, co_change, paths_of
from scaling_lib.architecture.load import load_of
from scaling_lib.architecture.microservices import Gate, microservices_gate
from scaling_lib.architecture.standard import ASSUMED
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.model.uncertainty import DRAWS, draw, generator, interval
from scaling_lib.stats import Estimate


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A cut, and what the gate says. name: such as "checkout in two" or "gateway and checkout in one"."""

    name: str
    services: tuple[str, ...]
    split_already: bool
    gate: Gate


def cuts(
    basis: Basis,
    *,
    changes: pd.DataFrame | None,
    train: Estimate | None,
    ready: Mapping[str, bool | None],
    cheaper_is_enough: bool | None,
    level: float,
    tried: Attempts,
) -> tuple[Cut, ...]:
    """The gate, held against every pair of services that call each other and against the one that works most.

    changes: the frame of `evidence.changes`; train: see `coordination.train_share`; None: not measured.
    """
    work = _work(basis)
    found = []
    for service in list(work)[:1]:
        shared = None
        if changes is not None:
            shared = tried(f"cut of {service}", partial(_inside, changes, service, level))
        half = ASSUMED["split"]["moved"]
        gate = microservices_gate(
            scaling_gain=_gain(basis, service, half, level), train_share=train, co_change=shared, ready=ready,
            cheaper_is_enough=cheaper_is_enough,
        )  # fmt: skip
        found.append(Cut(name=f"{service} in two", services=(service,), split_already=False, gate=gate))
    for caller, callee in _pairs(basis):
        shared = None
        if changes is not None:
            sides = paths_of(changes, caller), paths_of(changes, callee)
            shared = tried(f"cut between {caller} and {callee}", partial(co_change, changes, *sides, level))
        all_of_it = Estimate(1.0, 1.0, 1.0, level, "fraction")
        gate = microservices_gate(
            scaling_gain=_gain(basis, callee, all_of_it, level), train_share=train, co_change=shared,
            call_tax=_tax(basis, caller, callee), split_already=True,
        )  # fmt: skip
        found.append(
            Cut(name=f"{caller} and {callee} in one", services=(caller, callee), split_already=True, gate=gate)
        )
    return tuple(found)


def _inside(changes: pd.DataFrame, service: str, level: float) -> Estimate:
    _, one, other = busiest_part(changes, service)
    return co_change(changes, one, other, level)


def _work(basis: Basis) -> dict[str, float]:
    """By service with spans of its own, the seconds of its work, most first."""
    if basis.found.work is None or basis.found.spans is None:
        return {}
    own = set(basis.found.spans["service"].astype("str").unique())
    sums = basis.found.work.groupby("service")["work_s"].sum().sort_values(ascending=False)
    return {str(name): float(each) for name, each in sums.items() if name in own}


def _pairs(basis: Basis) -> list[tuple[str, str]]:
    """Caller and callee, both with spans of their own."""
    spans = basis.found.spans
    if spans is None:
        return []
    keys = ["trace_id", "span_id"]
    named = spans[[*keys, "service"]].rename(columns={"span_id": "parent_id", "service": "caller"})
    joined = spans[["trace_id", "parent_id", "service"]].merge(named, on=["trace_id", "parent_id"])
    joined = joined.astype({"service": "str", "caller": "str"})
    pairs = joined.loc[joined["caller"] != joined["service"], ["caller", "service"]].drop_duplicates()
    return sorted(pairs.itertuples(index=False, name=None))


def _gain(basis: Basis, service: str, moved: Estimate, level: float) -> Estimate | None:
    """Of the system's capacity, if so much of a service's work had servers of its own, as many as it needs.

    The calls to it cost both sides: assumed, where it is no service yet.
    """
    here = next((name for name in basis.limits if service in basis.found.runs_on.get(name, (name,))), "")
    work = basis.found.work
    if not here or work is None:
        return None
    sums = work[work["service"].isin(basis.found.runs_on.get(here, (here,)))].groupby("service")["work_s"].sum()
    part = float(sums.get(service, 0.0) / sums.sum())
    load = load_of(basis.system)
    away = part * draw(moved, generator("assumption", "moved").standard_normal(DRAWS))
    tax = np.zeros(DRAWS)
    if moved.assumed:
        calls, each = (
            draw(ASSUMED["split"][name], generator("assumption", name).standard_normal(DRAWS))
            for name in ("calls", "call_s")
        )
        tax = calls * each / 2
    then = load.with_demand(here, load.demand[here] * (1 - np.minimum(away, 1.0)) + tax)
    gains = np.round(then.capacity() / load.capacity(), 9)  # without the noise of floating point
    return replace(interval(float(np.median(gains)), gains, level, "x"), assumed=moved.assumed)


def _tax(basis: Basis, caller: str, callee: str) -> Estimate | None:
    """Of the requests' time, what goes into the calls between them."""
    ranking = basis.found.ranking
    if ranking is None or f"{caller} -> {callee}" not in ranking.table.index:
        return None
    found = ranking.table["share_all"].to_dict()[f"{caller} -> {callee}"]
    return found if isinstance(found, Estimate) else None
