"""The options that compete: every pattern where it could help, sized for the load, and what assessment.yaml adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from scaling_lib.architecture.basis import Basis
from scaling_lib.architecture.capacity_patterns import FREE, UTILIZATION_LAW, do_nothing
from scaling_lib.architecture.hit_ratio import hit_ratio
from scaling_lib.architecture.laws import amdahl_speedup
from scaling_lib.architecture.load import Load
from scaling_lib.architecture.pattern import Drawn, Pattern, amount
from scaling_lib.architecture.standard import Told, standard
from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.work import eased
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.config_evidence import Fix
from scaling_lib.config_options import EVERYWHERE, ArchitectureOption, PatternName
from scaling_lib.config_resources import Resource
from scaling_lib.errors import NotMeasured
from scaling_lib.stats import Estimate

MONTH_H = 730.0
NOTHING: Mapping[str, Any] = MappingProxyType({})
PARALLEL = (0.9, 0.95, 0.99)  # of the work, on more cores of one instance: assumed
MOST_TIMES = 64
COPIES = 3  # of a store, and shards of it, where nobody says how many
FOR_STORES: tuple[PatternName, ...] = ("read replicas", "sharding", "CQRS", "managed database")
FOR_SERVICES: tuple[PatternName, ...] = ("serverless", "split")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A pattern and the resource it is at."""

    kind: PatternName
    resource: str
    pattern: Pattern


def all_options(system: Assessment, basis: Basis, fixes: Sequence[Fix], tried: Attempts) -> list[Pattern]:
    """Doing nothing, the fixes, the options that assessment.yaml gives, and the standard ones it does not replace."""
    given: list[Place] = []
    for option in system.config.options:
        made = tried(f"option {option.title}", partial(_given, system, option, basis))
        if made is not None:
            given.append(made)
    made_fixes = [(fix, tried(f"fix {fix.name}", partial(_fixed, fix, basis, system.config.currency))) for fix in fixes]
    taken = {(each.kind, each.resource) for each in given}
    taken |= {("horizontal scaling", fix.resource) for fix, made in made_fixes if fix.resource and made}
    usual = [
        each for each in standard_options(basis, system.config.currency) if (each.kind, each.resource) not in taken
    ]
    patterns = [do_nothing(), *(made for _, made in made_fixes if made), *(each.pattern for each in [*given, *usual])]
    return list({each.name: each for each in reversed(patterns)}.values())[::-1]


def standard_options(basis: Basis, currency: str) -> list[Place]:
    """Every pattern of the reference, each where it could help: at what is full first, or where its kind is."""
    limits = basis.limits
    first = min(limits, key=lambda name: limits[name].value)
    services = [name for name in limits if name not in basis.stores]
    at_services = first if first in services else next(iter(services), "")
    at_store = first if first in basis.stores else next(iter(basis.stores), "")
    places: list[tuple[PatternName, tuple[str, ...]]] = [("cache", (first,)), ("queue", (first,))]
    places += [("content delivery network", tuple(limits)), ("container orchestration", (first,))]
    for name in limits:
        scales = basis.resources[name].scales if name in basis.resources else "horizontally"
        if scales == "horizontally":
            places += [("horizontal scaling", (name,)), ("autoscaling", (name,))]
        if scales != "not at all":
            places.append(("vertical scaling", (name,)))
    places += [(kind, (at_store,)) for kind in FOR_STORES if at_store]
    places += [(kind, (at_services,)) for kind in FOR_SERVICES if at_services]
    return [_standard(kind, names, basis, currency) for kind, names in places]


def _standard(kind: PatternName, names: tuple[str, ...], basis: Basis, currency: str) -> Place:
    own, limit = basis.resources.get(names[0]), basis.limits[names[0]]
    told, cost = _sized(kind, own, limit, basis)
    if kind in ("read replicas", "CQRS") and (writes := basis.writes(names[0])):
        told["writes"] = writes
    if kind == "content delivery network":
        reads = basis.reads()
        told["cacheable"] = Told(
            figure=Estimate(0.3 * reads, 0.05 * reads, 0.7 * reads, unit="fraction", assumed=True),
            said="assumed, a part of the requests that only read",
        )
    pattern = standard(kind, names, told, monthly_cost=_money(cost, own, currency))
    return Place(kind=kind, resource="" if kind in EVERYWHERE else names[0], pattern=pattern)


def _sized(
    kind: PatternName, own: Resource | None, limit: Estimate, basis: Basis, given: Mapping[str, Any] = NOTHING
) -> tuple[dict[str, Told], float | None]:
    """The size that is given, else that which the load needs, and what it costs an hour above that of today.

    The cost is None where no price is given, or a speed whose price nobody can know.
    """
    lack = basis.needed.high / max(min(limit.low, limit.value) * basis.within_slo.low, 1e-9)
    price = own.price_per_hour if own is not None and isinstance(own.limit, float) else None
    today = own.limit if own is not None and isinstance(own.limit, float) else 1.0
    if kind in ("horizontal scaling", "autoscaling"):
        enough = next((n for n in range(2, MOST_TIMES) if n / (1 + 0.02 * (n - 1)) >= lack), MOST_TIMES)
        times = given.get("times", enough)
        told = Told(figure=Estimate(times, times, times), said="as many as the load needs")
        return {"times": told}, _times(price, (times - 1) * today)
    if kind == "vertical scaling" and own is not None and own.sizes and price is not None and "speedup" not in given:
        speeds = {
            each.name: each.speed * amdahl_speedup(PARALLEL, max(each.servers / today, 1.0)) for each in own.sizes
        }
        fits = [each for each in own.sizes if speeds[each.name][0] >= lack]
        size = min(fits or own.sizes, key=lambda each: each.price_per_hour if fits else -speeds[each.name][1])
        low, likely, high = speeds[size.name]
        figure = Estimate(float(likely), float(low), float(high), unit="x", assumed=True)
        said = f"{size.name}, of whose work 90 to 99% is assumed to run in parallel"
        return {"speedup": Told(figure=figure, said=said)}, max(size.price_per_hour - price * today, 0.0)
    if kind in ("read replicas", "sharding"):
        name = "replicas" if kind == "read replicas" else "shards"
        copies = given.get(name, COPIES)
        told = Told(figure=Estimate(copies, copies, copies), said="assumed")
        return {name: told}, _times(price, (copies - 1) * today)
    return {}, _times(price, today) if kind == "split" else None


def _given(system: Assessment, option: ArchitectureOption, basis: Basis) -> Place:
    """The option that assessment.yaml describes: sized and told as the standard one, but for what it says itself."""
    if option.resource and option.resource not in basis.limits:
        raise NotMeasured(
            f"{option.title}: what a request takes of {option.resource} is not measured.",
            supply=f"Supply metrics of {option.resource} with `busy` counters, or spans of its services.",
        )
    names = (option.resource,) if option.resource else tuple(basis.limits)
    own = basis.resources.get(names[0])
    told, cost = _sized(option.pattern, own, basis.limits[names[0]], basis, option.figures)
    if option.pattern in ("read replicas", "CQRS") and (writes := basis.writes(names[0])):
        told["writes"] = writes
    for name, value in option.figures.items():
        low, likely, high = value if isinstance(value, list) and len(value) == 3 else [value] * 3
        figure = Estimate(float(likely), float(low), float(high), assumed=option.origin == "assumed")  # type: ignore[arg-type]
        told[name] = Told(figure=figure, said=f"as assessment.yaml says, {option.origin}")
    if option.keys is not None:
        told["hit_ratio"] = hit_ratio(system.folder, option.keys)
    monthly = _money(cost, own, system.config.currency)
    if option.monthly_cost is not None:
        price = option.monthly_cost
        unit = f"{system.config.currency} a month".strip()
        monthly = Estimate(price, price, price, unit=unit, assumed=option.prices == "assumed")
    made = standard(option.pattern, names, told, name=option.title, monthly_cost=monthly, once_h=option.hours)
    return Place(kind=option.pattern, resource=option.resource, pattern=made)


def _fixed(fix: Fix, basis: Basis, currency: str) -> Pattern:
    """A fix that is proposed: more of a resource, or less work by the part that it eases of each one's work."""
    said = "as assessment.yaml says" if fix.factor else "all of it gone: the most that can be"
    if fix.resource:
        if fix.resource not in basis.limits or fix.factor is None:
            raise NotMeasured(f"{fix.name}: what more of {fix.resource} gains is not measured.")
        own = basis.resources.get(fix.resource)
        price = own.price_per_hour if own is not None and isinstance(own.limit, float) else None
        limit = own.limit if own is not None and isinstance(own.limit, float) else 1.0
        cost = _money(_times(price, (fix.factor - 1) * limit), own, currency)
        times = Told(figure=Estimate(fix.factor, fix.factor, fix.factor), said=said)
        return standard("horizontal scaling", (fix.resource,), {"times": times}, name=fix.name, monthly_cost=cost)
    if basis.found.work is None:
        raise NotMeasured(f"{fix.name}: whose work it eases is not measured.", supply="Supply spans.")
    gone = eased(basis.system, fix.model_copy(update={"factor": None}), basis.found.work, basis.found.runs_on)
    parts = {
        name: 1 - gone.mean_demand(name).value / basis.system.mean_demand(name).value
        for name in basis.limits
        if basis.system.mean_demand(name).value
    }
    times_less = amount("times less work", fix.factor or 1e9, said, "x")

    def effect(load: Load, drawn: Drawn) -> Load:
        for name, part in parts.items():
            load = load.with_demand(name, load.demand[name] * (1 - part * (1 - 1 / drawn[times_less.name])))
        return load

    return Pattern(
        name=fix.name, aim="capacity", effect=effect, assumptions=(times_less,), monthly_cost=FREE, undo="hours",
        source=UTILIZATION_LAW,
    )  # fmt: skip


def _times(price: float | None, servers: float) -> float | None:
    return None if price is None else price * servers


def _money(an_hour: float | None, own: Resource | None, currency: str) -> Estimate | None:
    """What it costs a month; assumed where the prices are made up."""
    if an_hour is None or not math.isfinite(an_hour):
        return None
    month = an_hour * MONTH_H
    assumed = own is not None and own.prices == "assumed"
    return Estimate(month, month, month, unit=f"{currency} a month".strip(), assumed=assumed)
