"""Patterns for the capacity of stores: copies for reading, shards, and a read store of its own."""

from __future__ import annotations

import numpy as np

from scaling_lib.architecture.laws import replica_capacity, shard_capacity
from scaling_lib.architecture.load import Load
from scaling_lib.architecture.pattern import Drawn, Pattern, amount, share
from scaling_lib.stats import Estimate

Figure = Estimate | float


def read_replicas(
    resource: str,
    replicas: int,
    *,
    writes: Figure,
    write_cost: Figure = 1.0,
    said: str = "as given",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """So many copies in all that share the reads, and each apply all writes."""
    wrote = share("share of writes", writes, said)
    applied = amount("cost of a write on a replica", write_cost, "assumed to be that on the primary", "x")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        gain = replica_capacity(float(replicas), np.minimum(drawn[wrote.name], 1.0), drawn[applied.name])
        return load.with_servers(resource, load.servers[resource] * np.maximum(gain, 1.0))

    return Pattern(
        name=f"read replicas of {resource}", aim="capacity", effect=effect, assumptions=(wrote, applied),
        monthly_cost=monthly_cost, undo="days", source="capacity = n / (1 + w w_o (n - 1))", adds=replicas - 1,
    )  # fmt: skip


def sharding(
    resource: str,
    shards: int,
    *,
    largest_key: Figure,
    said: str = "as given",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """A store cut into shards: the one with the largest key is full first."""
    key = share("share of the largest key", largest_key, said)

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        return load.with_servers(
            resource, load.servers[resource] * shard_capacity(float(shards), np.minimum(drawn[key.name], 1.0))
        )

    return Pattern(
        name=f"sharding of {resource}", aim="capacity", effect=effect, assumptions=(key,), monthly_cost=monthly_cost,
        undo="months", source="capacity = 1 / share of the fullest shard", adds=shards - 1,
    )  # fmt: skip


def cqrs(
    resource: str,
    *,
    writes: Figure,
    publish: Figure = 0.2,
    read: Figure = 0.5,
    said: str = "assumed",
    monthly_cost: Estimate | None = None,
) -> Pattern:
    """Reads from a store of their own, which the writes are published to.

    publish, read: what publishing a write, and a read there, cost over the mean work of a request here.
    """
    wrote = share("share of writes", writes, said)
    published, reads = amount("cost of publishing", publish, said, "x"), amount("cost of a read there", read, said, "x")

    def effect(load: Load, drawn: Drawn) -> Load:
        load.check(resource)
        whole, part = load.demand[resource], np.minimum(drawn[wrote.name], 1.0)
        primary = load.with_demand(resource, whole * part * (1 + drawn[published.name]))
        return primary.with_demand("read store", whole * (1 - part) * drawn[reads.name])

    return Pattern(
        name=f"CQRS at {resource}", aim="capacity", effect=effect, assumptions=(wrote, published, reads),
        monthly_cost=monthly_cost, undo="months", source="primary w (D_w + D_pub), read store r D_r'", adds=1,
    )  # fmt: skip
