"""Laws of performance: scalability and queues; and `System`, the one model of the system.

`calibration.combined` makes a `System` of what utilization_law, span_demands and load_test_demands measured, each with
the draws of `uncertainty`. The System (system.py) lets system_bounds, system_solve and system_predict answer; they hand
it as a `network` to `queueing`: bounds, mva, erlang, each a law of its own. `migration` and `check` ask the System.
`usl` is the scalability law (usl_* are its parts), `plateau` the highest throughput of a load test; load_test_demands
asks both. `caching` and `cost` are apart. Of spans, `span_tree` joins parents and children; `self_time` (for demands)
and `critical_path` (callees and critical_path_* are its parts) tell what each takes.

Words: a *demand* is the seconds of service that a request asks of a resource, and what comes are *arrivals* (to
`capacity`, demand is what comes). `level` is that of intervals; the levels of a load test are its stretches of constant
load. A *peak* is the load at which a scalability law is highest, a *plateau* the throughput that a test sustained.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scaling_lib.model import caching, cost, migration, queueing, usl
    from scaling_lib.model.system import System

__all__ = ["System", "caching", "cost", "migration", "queueing", "usl"]


def __getattr__(name: str) -> Any:
    """Each is imported when it is asked for: who needs a queue does not wait for the libraries of the rest."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("scaling_lib.model.system").System if name == "System" else import_module(f"{__name__}.{name}")
