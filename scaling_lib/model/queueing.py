"""Queues: bounds, mean value analysis, Erlang's formulas, M/M/c. One method a file, all named here.

A *demand* is the seconds of service one customer (request) asks of a resource, over all its visits. A *closed* network
has a fixed number of customers, who think between two requests (users, workers, connections of a pool); an *open* one
has a given rate of arrivals: M/M/c here, networks of them as a `System`.
"""

from scaling_lib.model.bounds import Bounds, Limits, bounds
from scaling_lib.model.erlang import erlang_b, erlang_c
from scaling_lib.model.mmc import OpenQueue, mmc
from scaling_lib.model.mva import Closed, mva
from scaling_lib.model.mva_classes import ClosedClasses

__all__ = [
    "Bounds",
    "Closed",
    "ClosedClasses",
    "Limits",
    "OpenQueue",
    "bounds",
    "erlang_b",
    "erlang_c",
    "mmc",
    "mva",
]
