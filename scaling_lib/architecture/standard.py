"""Every pattern by its name, with figures to begin with: assumed, wide, and replaced by what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from scaling_lib.architecture import capacity_patterns as capacity
from scaling_lib.architecture import other_patterns as other
from scaling_lib.architecture import store_patterns as store
from scaling_lib.architecture.pattern import Pattern
from scaling_lib.config_options import FIGURES, SIZES, PatternName
from scaling_lib.errors import InvalidInput
from scaling_lib.stats import Estimate

Numbers = Mapping[str, Estimate]
Build = Callable[[str, Numbers, Estimate | None], Pattern]
GUESSED = "assumed, over a wide range"


@dataclass(frozen=True, kw_only=True)
class Told:
    """A figure, and where it is from."""

    figure: Estimate
    said: str


def guess(low: float, likely: float, high: float) -> Estimate:
    """A figure that nobody measured."""
    return Estimate(likely, low, high, assumed=True)


WIDER = {"times": guess(2, 2, 2), "contention": guess(0.005, 0.02, 0.1), "coherence": guess(0, 0, 0.002)}
ASSUMED: dict[PatternName, dict[str, Estimate]] = {
    "less work": {},
    "vertical scaling": {"speedup": guess(1.6, 1.8, 2.0)},
    "horizontal scaling": WIDER,
    "autoscaling": WIDER,
    "cache": {
        "hit_ratio": guess(0.3, 0.6, 0.9), "cacheable": guess(0.1, 0.3, 0.6), "lookup_s": guess(2e-4, 5e-4, 0.002),
    },
    "content delivery network": {"hit_ratio": guess(0.5, 0.8, 0.95), "cacheable": guess(0.05, 0.2, 0.5)},
    "read replicas": {"replicas": guess(3, 3, 3), "writes": guess(0.1, 0.3, 0.6), "write_cost": guess(0.5, 1, 1)},
    "sharding": {"shards": guess(4, 4, 4), "largest_key": guess(0.01, 0.1, 0.4)},
    "CQRS": {"writes": guess(0.1, 0.3, 0.6), "publish": guess(0.1, 0.2, 0.5), "read": guess(0.2, 0.5, 1)},
    "queue": {
        "later": guess(0.05, 0.2, 0.5), "peak_over_mean": guess(1.2, 2, 4), "handover_s": guess(0.001, 0.002, 0.01),
    },
    "split": {"moved": guess(0.3, 0.5, 0.7), "calls": guess(1, 1, 3), "call_s": guess(3e-4, 1e-3, 3e-3)},
    "serverless": {"instances": guess(10, 100, 1000), "keep_warm_s": guess(60, 300, 900), "cold_s": guess(0.1, 0.5, 2)},
    "managed database": {"toil_h_month": guess(2, 8, 20)},
    "container orchestration": {"toil_h_month": guess(2, 8, 20)},
}  # fmt: skip
BUILD: dict[PatternName, Build] = {
    "less work": lambda at, given, cost: capacity.less_work(at, given["factor"]),
    "vertical scaling": lambda at, given, cost: capacity.vertical(at, given["speedup"], monthly_cost=cost),
    "horizontal scaling": lambda at, given, cost: _wider(at, given, cost, automatic=False),
    "autoscaling": lambda at, given, cost: _wider(at, given, cost, automatic=True),
    "cache": lambda at, given, cost: _named(capacity.cache, at, given, cost),
    "content delivery network": lambda at, given, cost: capacity.cdn(
        tuple(at.split("\n")), given["hit_ratio"], cacheable=given["cacheable"], monthly_cost=cost
    ),
    "read replicas": lambda at, given, cost: store.read_replicas(
        at, round(given["replicas"].value), writes=given["writes"], write_cost=given["write_cost"], monthly_cost=cost
    ),
    "sharding": lambda at, given, cost: store.sharding(
        at, round(given["shards"].value), largest_key=given["largest_key"], monthly_cost=cost
    ),
    "CQRS": lambda at, given, cost: _named(store.cqrs, at, given, cost),
    "queue": lambda at, given, cost: _named(capacity.queue, at, given, cost),
    "split": lambda at, given, cost: _named(capacity.split, at, given, cost),
    "serverless": lambda at, given, cost: _named(capacity.serverless, at, given, cost),
    "managed database": lambda at, given, cost: _named(other.managed_database, at, given, cost),
    "container orchestration": lambda at, given, cost: other.container_orchestration(
        toil_h_month=given["toil_h_month"], monthly_cost=cost
    ),
}


def standard(
    kind: PatternName,
    resources: tuple[str, ...],
    told: Mapping[str, Told] | None = None,
    *,
    name: str = "",
    monthly_cost: Estimate | None = None,
    once_h: float | None = None,
) -> Pattern:
    """A pattern at a resource (a content delivery network before several), with the figures that are told.

    told: by the names of `config_options.FIGURES`; the others are assumed. Raises InvalidInput for a figure that the
    pattern has not.
    """
    known = FIGURES[kind]
    if unknown := [each for each in told or {} if each not in known]:
        raise InvalidInput(f"{kind}: found the figure {unknown[0]!r}; expected one of {', '.join(known)}.")
    figures = {each: Told(figure=figure, said=GUESSED) for each, figure in ASSUMED[kind].items()} | dict(told or {})
    own = BUILD[kind]("\n".join(resources), {each: one.figure for each, one in figures.items()}, monthly_cost)
    rests = [figures[each] for each in known if each not in SIZES]  # in the order of the pattern's assumptions
    return replace(
        own,
        name=name or own.name,
        assumptions=tuple(replace(each, said=by.said) for each, by in zip(own.assumptions, rests, strict=True)),
        monthly_cost=own.monthly_cost if monthly_cost is None else monthly_cost,
        once_h=Estimate(once_h, once_h, once_h, unit="h") if once_h is not None else own.once_h,
    )


def _named(build: Callable[..., Pattern], at: str, given: Numbers, cost: Estimate | None) -> Pattern:
    return build(at, monthly_cost=cost, **given)


def _wider(at: str, given: Numbers, cost: Estimate | None, *, automatic: bool) -> Pattern:
    return capacity.horizontal(
        at,
        given["times"].value,
        contention=given["contention"],
        coherence=given["coherence"],
        monthly_cost=cost,
        automatic=automatic,
    )
