"""Patterns that are for capacity: each a model of its effect on the demands and servers of resources."""

from __future__ import annotations

import numpy as np

from scaling_lib.architecture.laws import cold_share
from scaling_lib.architecture.load import Load
from scaling_lib.architecture.pattern import Drawn, Pattern, amount, share
from scaling_lib.stats import Estimate

Figure = Estimate | float
FREE = Estimate(0.0, 0.0, 0.0)
UTILIZATION_LAW = "Denning and Buzen, Computing Surveys 10 (1978): utilisation = throughput x demand / servers"


def do_nothing() -> Pattern:
    """The option that always competes."""
    return Pattern(name="do nothing", aim="nothing", effect=lambda load, drawn: load, monthly_cost=FREE, undo="nothing")


def less_work(
    resource: str, factor: Figure, *, name: str = "", said: str = "as given", once_h: Estimate | None = None
) -> Pattern:
    """A fix that divides the work of a resource by a factor, such as an index or a cheaper query."""
    times = amount("times less work", factor, said, "x")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        return load.with_demand(resource, load.demand[resource] / np.maximum(drawn[times.name], 1.0))

    return Pattern(
        name=name or f"less work at {resource}", aim="capacity", effect=effect, assumptions=(times,), once_h=once_h,
        monthly_cost=FREE, undo="hours", source=UTILIZATION_LAW,
    )  # fmt: skip


def vertical(
    resource: str, speedup: Figure, *, said: str = "as given", monthly_cost: Estimate | None = None
) -> Pattern:
    """A faster server: each request takes less of its time. More cores are a speedup too, see `laws.amdahl_speedup`."""
    faster = amount("speedup", speedup, said, "x")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        return load.with_demand(resource, load.demand[resource] / np.maximum(drawn[faster.name], 1e-9))

    return Pattern(
        name=f"vertical scaling of {resource}", aim="capacity", effect=effect, assumptions=(faster,),
        monthly_cost=monthly_cost, undo="hours", source=f"{UTILIZATION_LAW}; Amdahl, AFIPS (1967), for cores",
    )  # fmt: skip


def horizontal(
    resource: str,
    times: float,
    *,
    contention: Figure = 0.02,
    coherence: Figure = 0.0,
    said: str = "assumed, where no load test with more servers tells it",
    monthly_cost: Estimate | None = None,
    automatic: bool = False,
) -> Pattern:
    """So many times the servers, of which contention and coherence take a part (the universal scalability law)."""
    alpha, beta = share("contention between servers", contention, said), amount("coherence", coherence, said, "")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        law = times / (1 + drawn[alpha.name] * (times - 1) + drawn[beta.name] * times * (times - 1))
        return load.with_servers(resource, load.servers[resource] * law)

    return Pattern(
        name=f"{'autoscaling' if automatic else 'horizontal scaling'} of {resource}", aim="capacity", effect=effect,
        assumptions=(alpha, beta), monthly_cost=monthly_cost, undo="hours", adds=1 if automatic else 0,
        source="Gunther, Guerrilla Capacity Planning (2007), the universal scalability law",
    )  # fmt: skip


def cache(
    resource: str,
    hit_ratio: Figure,
    *,
    cacheable: Figure,
    lookup_s: Figure = 0.0005,
    said: str = "assumed, where no trace of keys tells it",
    monthly_cost: Estimate | None = None,
    shared: bool = False,
) -> Pattern:
    """A cache before a resource: hits spare it, and every look-up costs its caller.

    hit_ratio: of the look-ups; cacheable: the share of the resource's work that look-ups could spare. shared: the cache
    is a server of its own (look-ups load it), else it is in the caller.
    """
    hits, could = share("hit ratio", hit_ratio, said), share("share of its work that can be cached", cacheable, said)
    looks = amount("seconds of a look-up", lookup_s, said, "s")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        eased = load.with_demand(resource, load.demand[resource] * (1 - drawn[hits.name] * drawn[could.name]))
        if shared:
            return eased.with_demand("cache", drawn[looks.name])
        return Load(demand=eased.demand, servers=eased.servers, waiting_s=eased.waiting_s + drawn[looks.name])

    return Pattern(
        name=f"cache before {resource}", aim="capacity", effect=effect, assumptions=(hits, could, looks),
        monthly_cost=monthly_cost, undo="days", source="Che, Tung and Wang, IEEE JSAC 20 (2002), for the hit ratio",
        adds=1 if shared else 0,
    )  # fmt: skip


def cdn(
    resources: tuple[str, ...],
    hit_ratio: Figure,
    *,
    cacheable: Figure,
    said: str = "assumed",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """Answers kept at the edge: their requests reach none of the resources."""
    hits, could = (
        share("hit ratio at the edge", hit_ratio, said),
        share("share of requests for the edge", cacheable, said),
    )

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(*resources)
        left = 1 - drawn[hits.name] * drawn[could.name]
        for resource in resources:
            load = load.with_demand(resource, load.demand[resource] * left)
        return load

    return Pattern(
        name="content delivery network", aim="capacity", effect=effect, assumptions=(hits, could),
        monthly_cost=monthly_cost, undo="days", source=UTILIZATION_LAW, adds=1,
    )  # fmt: skip


def queue(
    resource: str,
    *,
    later: Figure,
    peak_over_mean: Figure = 1.0,
    handover_s: Figure = 0.002,
    said: str = "assumed",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """Work that nobody waits for, done later at the mean rate and no longer at the peak's.

    later: the share of the resource's work; peak_over_mean: of the demand, over the time that work may wait.
    """
    moved, peak = (
        share("share of its work that may wait", later, said),
        amount("peak over mean", peak_over_mean, said, "x"),
    )
    hands = amount("seconds of handing it over", handover_s, said, "s")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        part, whole = drawn[moved.name], load.demand[resource]
        eased = load.with_demand(resource, whole * (1 - part + part / np.maximum(drawn[peak.name], 1.0)))
        return Load(demand=eased.demand, servers=eased.servers, waiting_s=eased.waiting_s + drawn[hands.name])

    return Pattern(
        name=f"queue before {resource}", aim="capacity", effect=effect, assumptions=(moved, peak, hands),
        monthly_cost=monthly_cost, undo="weeks", adds=1,
        source="R drops D_async / (1 - rho); backlog = max of the integral of arrivals less what is served",
    )  # fmt: skip


def split(
    resource: str,
    *,
    moved: Figure,
    calls: Figure,
    call_s: Figure = 0.001,
    said: str = "assumed",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """A part of a service's work moved to a service of its own, which costs both sides of every call."""
    part = share("share of its work that moves", moved, said)
    number, each = (
        amount("calls a request", calls, said, "calls"),
        amount("processor seconds of a call", call_s, said, "s"),
    )

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        tax, whole = drawn[number.name] * drawn[each.name], load.demand[resource]
        stays = load.with_demand(resource, whole * (1 - drawn[part.name]) + tax / 2)
        return stays.with_demand(f"{resource}, split off", whole * drawn[part.name] + tax / 2)

    return Pattern(
        name=f"split of {resource} into two services", aim="coordination", effect=effect,
        assumptions=(part, number, each), monthly_cost=monthly_cost, undo="months", adds=1,
        source="D + calls x c_rpc; availability is the product of the parts'",
    )  # fmt: skip


def serverless(
    resource: str,
    *,
    instances: Figure,
    keep_warm_s: Figure = 300.0,
    cold_s: Figure = 0.5,
    said: str = "assumed",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """Functions in place of servers: as many as are asked for, of which some start cold.

    instances: how many may run at once, over the servers that there are.
    """
    most = amount("times as many at once", instances, said, "x")
    warm, cold = (
        amount("seconds kept warm", keep_warm_s, said, "s"),
        amount("seconds of a cold start", cold_s, said, "s"),
    )

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        more = load.with_servers(resource, load.servers[resource] * drawn[most.name])
        rate = 1 / np.maximum(load.demand[resource], 1e-9)  # of one instance that is busy all the time
        starts = cold_share(rate / np.maximum(drawn[most.name], 1.0), drawn[warm.name]) * drawn[cold.name]
        return Load(demand=more.demand, servers=more.servers, waiting_s=more.waiting_s + starts)

    return Pattern(
        name=f"serverless in place of {resource}", aim="capacity", effect=effect, assumptions=(most, warm, cold),
        monthly_cost=monthly_cost, undo="weeks", source="N (p_req + GB s p_GBs); cold share exp(-lambda T)",
    )  # fmt: skip
