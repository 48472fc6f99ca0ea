"""Patterns that are for operations: they change nobody's demand, unless somebody measured that they do."""

from __future__ import annotations

from scaling_lib.architecture.pattern import Assumption, Pattern, amount
from scaling_lib.stats import Estimate


def managed_database(
    resource: str, *, toil_h_month: Estimate | float, said: str = "assumed", monthly_cost: Estimate | None = None
) -> Pattern:
    """The provider runs the database: the same demand, less toil, another recovery time."""
    return _as_it_is(
        f"managed database for {resource}",
        (amount("hours of toil a month that it saves", toil_h_month, said, "h"),),
        monthly_cost,
        "no change in D by default; toil hours x rate",
    )


def container_orchestration(
    *, toil_h_month: Estimate | float, said: str = "assumed", monthly_cost: Estimate | None = None
) -> Pattern:
    """A cluster places the services: the same demand, on servers that are filled better, and a platform to run."""
    return _as_it_is(
        "container orchestration",
        (amount("hours of toil a month that it saves", toil_h_month, said, "h"),),
        monthly_cost,
        "no change in D; toil hours x rate",
    )


def _as_it_is(name: str, assumptions: tuple[Assumption, ...], cost: Estimate | None, source: str) -> Pattern:
    return Pattern(
        name=name,
        aim="operations",
        effect=lambda load, drawn: load,
        assumptions=assumptions,
        monthly_cost=cost,
        undo="weeks",
        source=source,
        adds=1,
    )
