"""Erlang's formulas: the share of calls that are lost (B) or that have to wait (C)."""

from __future__ import annotations

import math

from scaling_lib.errors import InvalidInput
from scaling_lib.model.demands import at_least_zero, whole
from scaling_lib.words import number

NEGLIGIBLE = 2.0**-60  # of the sum: a term this small is lost in rounding, and those after it are smaller still


def erlang_b(load: float, servers: int) -> float:
    """The probability that a customer finds all servers taken, where nobody waits (M/G/c/c).

    load: offered load in Erlang (arrival rate times mean service time), 0 or more; servers: 1 or more.
    A probability below 1e-308 is returned as 0. Raises InvalidInput for what cannot be.

    Source: Erlang (1917). 1/B is the sum over k = 0..c of c (c-1) ... (c-k+1) / load^k: all terms are positive, so
    nothing cancels, and the sum ends with the first negligible term, long before c where c is large.
    """
    load = at_least_zero("erlang_b", "load", load, "Erlang")
    servers = whole("erlang_b", "servers", servers, least=1)
    if load == 0:
        return 0.0
    term = inverse = 1.0
    for free in range(servers, 0, -1):
        term *= free / load
        inverse += term
        if inverse == math.inf or (free < load and term < NEGLIGIBLE * inverse):
            break
    return 1 / inverse


def erlang_c(load: float, servers: int) -> float:
    """The probability that a customer has to wait in a queue with Poisson arrivals and exponential service (M/M/c).

    load: offered load in Erlang (arrival rate times mean service time), from 0 to below `servers`; servers: 1 or more.
    Raises InvalidInput for what cannot be, and where the load is not below the servers: the queue would grow without
    end.

    Source: Erlang (1917), from B: C = c B / (c - load (1 - B)).
    """
    load = at_least_zero("erlang_c", "load", load, "Erlang")
    servers = whole("erlang_c", "servers", servers, least=1)
    if load >= servers:
        raise InvalidInput(
            f"erlang_c: found a load of {number(load, 6)} Erlang on {servers} servers; expected less than {servers}, "
            "where they saturate: beyond, the queue grows without end. Take more servers or less load."
        )
    blocked = erlang_b(load, servers)
    return min(1.0, servers * blocked / (servers - load + load * blocked))
