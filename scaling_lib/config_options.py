"""What `assessment.yaml` may say of options for the architecture: a pattern, where, with which figures and price."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from scaling_lib.config_evidence import Part
from scaling_lib.evidence.values import parse_place
from scaling_lib.words import listing

PatternName = Literal[
    "less work", "vertical scaling", "horizontal scaling", "autoscaling", "cache", "content delivery network",
    "read replicas", "sharding", "CQRS", "queue", "split", "serverless", "managed database", "container orchestration",
]  # fmt: skip
FIGURES: dict[PatternName, tuple[str, ...]] = {  # what each rests on: those that are a size of the option come first
    "less work": ("factor",),
    "vertical scaling": ("speedup",),
    "horizontal scaling": ("times", "contention", "coherence"),
    "autoscaling": ("times", "contention", "coherence"),
    "cache": ("hit_ratio", "cacheable", "lookup_s"),
    "content delivery network": ("hit_ratio", "cacheable"),
    "read replicas": ("replicas", "writes", "write_cost"),
    "sharding": ("shards", "largest_key"),
    "CQRS": ("writes", "publish", "read"),
    "queue": ("later", "peak_over_mean", "handover_s"),
    "split": ("moved", "calls", "call_s"),
    "serverless": ("instances", "keep_warm_s", "cold_s"),
    "managed database": ("toil_h_month",),
    "container orchestration": ("toil_h_month",),
}
SIZES = ("times", "replicas", "shards")
SHARES = ("contention", "hit_ratio", "cacheable", "writes", "largest_key", "later", "moved")
EVERYWHERE: tuple[PatternName, ...] = ("content delivery network", "container orchestration")


class Keys(Part):
    """A recording of the keys that a cache was asked for, in order: a table, its column, and the cache's entries."""

    path: Annotated[str, BeforeValidator(parse_place)]
    column: str = ""
    entries: int = Field(ge=1)


class ArchitectureOption(Part):
    """An option for the architecture, in place of the standard one of the same pattern and resource, or beside them.

    figures: what it rests on, a number or [low, likely, high]; the others are assumed. origin: whether these figures
    were measured. monthly_cost: in `currency`, above that of today; prices: "assumed" where it is made up. hours: of
    work until it runs. keys: tells the hit ratio of a cache.
    """

    pattern: PatternName
    resource: str = ""
    name: str = ""
    figures: dict[str, float | list[float]] = Field(default_factory=dict)
    origin: Literal["measured", "assumed"] = "assumed"
    monthly_cost: float | None = Field(None, ge=0, allow_inf_nan=False)
    prices: Literal["given", "assumed"] = "given"
    hours: float | None = Field(None, ge=0, allow_inf_nan=False)
    keys: Keys | None = None

    @model_validator(mode="after")
    def _whole(self) -> ArchitectureOption:
        if not self.resource and self.pattern not in EVERYWHERE:
            raise ValueError(f"found no resource; expected that which the {self.pattern} is for")
        known = FIGURES[self.pattern]
        for name, value in self.figures.items():
            if name not in known:
                raise ValueError(f"found the figure {name!r}; expected of {self.pattern}: {listing(known)}")
            numbers = value if isinstance(value, list) else [value]
            if len(numbers) not in (1, 3) or sorted(numbers) != numbers or (name in SIZES and len(numbers) > 1):
                expected = "a number" if name in SIZES else "a number, or [low, likely, high]"
                raise ValueError(f"found {value} for {name}; expected {expected}")
            most = 1.0 if name in SHARES else math.inf
            least = 1.0 if name in SIZES else 0.0
            if not all(least <= each <= most and math.isfinite(each) for each in numbers):
                bounds = f"from {least:g} to {most:g}" if most < math.inf else f"of at least {least:g}"
                raise ValueError(f"found {value} for {name}; expected a number {bounds}")
        if self.keys is not None and self.pattern != "cache":
            raise ValueError(f"found keys of a {self.pattern}; expected them of a cache alone")
        if self.pattern == "less work" and "factor" not in self.figures:
            raise ValueError("found no factor; expected figures: {factor: ...}, by which the work is divided")
        return self

    @property
    def title(self) -> str:
        """Its own name, else what it is and where."""
        return self.name or (f"{self.pattern} of {self.resource}" if self.resource else self.pattern)


def check_options(options: list[ArchitectureOption], resources: list[str]) -> None:
    """Raise ValueError for a resource that is not described, and for a name that is used twice."""
    titles = [each.title for each in options]
    for number, each in enumerate(options):
        if each.resource and each.resource not in resources:
            raise ValueError(
                f"options.{number}.resource: found {each.resource!r}; expected a resource's name: "
                f"{', '.join(resources) or 'none is given'}"
            )
        if titles.count(each.title) > 1:
            raise ValueError(f"options.{number}: the name {each.title!r} is used twice; expected each once: name them")
