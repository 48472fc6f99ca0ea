"""Which service made requests slower or failing, between a normal window and a faulty one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.localize_blame import blame
from scaling_lib.bottlenecks.localize_busy import busy_services
from scaling_lib.bottlenecks.localize_effects import effects
from scaling_lib.bottlenecks.localize_parts import windows
from scaling_lib.stats.proportions import check_level

SURE = 3.0  # standard errors from which a service's own work is said to be slower
COLUMNS = ["service", "score", "low", "high", "unit", "cause", "operation", "busy"]


def localize(
    normal_spans: pd.DataFrame,
    faulty_spans: pd.DataFrame,
    metrics: pd.DataFrame | None = None,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Which service made requests slower or failing in the faulty window, best first.

    normal_spans, faulty_spans: canonical frames (`evidence.spans`) of whole traces of two windows, at least two traces
        each; kind, error and weight may be absent: no errors then are told, and every trace counts once.
    metrics: processors' use of both windows, as `evidence.metrics` has them or a row a service (or pod) and time with
        columns of use; see `localize_busy`.

    Returns a row a service: service; score, low, high: by how much it made the average request slower, in seconds, or
    the share of requests that began to fail in it, with the interval at `level`; unit: "s" or "fraction"; cause: "own
    work", "edge" (the network to it, waiting to be taken on) or "errors"; operation: where most of that is; busy:
    whether its processors were so all through the faulty window, None without metrics. What is in one window alone
    cannot be compared: `attrs["left_out"]` is its share of the faulty window's time on critical paths.

    Time is that on critical paths, so that all services' seconds add up to the change of the average request. Each
    part of it, a service's work or an edge (a client's span less its server's) of one operation, is compared with the
    same part, at the mean of both windows' calls a request: another mix of operations is no change. Standard errors are
    those over traces, with the spread of all parts where one has few calls, and with the drift that is seen in the
    other services' own work (`localize_blame`, which also says when an edge is its caller's).
    First come services whose interval is above 0, by its low end, which for errors counts as a share of requests, for
    latency as a share of their time; one that is busy needs no second proof, and counts with its score. Then the
    others, by how likely they are.

    Measured (tests/benchmarks/bench_localize.py, 100 random systems of 12 services each, 100 traces a window): at rank
    1 a delay of 50 ms on all calls to a service 99% (95% interval 95% to 100%), on its own calls too 100% (96% to
    100%), contention (4 times as slow) 99% (95% to 100%), errors in a fifth of its calls 81% (72% to 88%; within the
    first three 98%; with 300 traces 97%). With a fifth of server spans lost, sampled journeys or 30 services 96%
    to 99%; contention of 1.5 times 81%. Without a fault 2.3% of intervals lie above 0 (nominal 2.5%), 4% where services
    drift by 10%. On 17 labelled faults of a real system (tests/bottlenecks/test_localize.py) all at rank 1, with
    metrics and without. 1.4 million spans take 11 s.
    Raises InvalidInput for what is no frame of spans and where the windows have no operation in common; NotEnoughData
    with fewer than two traces.
    """
    check_level("localize", level)
    normal, faulty = windows(normal_spans, faulty_spans)
    slower, failing = (effects(normal, faulty, amount) for amount in ("seconds", "fails"))
    total = float(slower.parts["base"].sum() + max(slower.parts["change"].sum(), 0.0))
    times = _told(blame(slower, drifts=True), "s", total, level)
    errors = _told(blame(failing, drifts=False), "fraction", 1.0, level).assign(cause="errors")
    both = pd.concat([times, errors[errors["score"] > 0]])
    busy = busy_services(metrics, normal, faulty, sorted(set(both["service"]))) if metrics is not None else None
    both["busy"] = both["service"].map(busy.get) if busy is not None else None
    proven = (both["low"] > 0) | (both["busy"].eq(True) & (both["score"] > 0) & (both["unit"] == "s"))
    both.loc[both["busy"].eq(True) & (both["unit"] == "s"), "cause"] = "own work"
    both["least"] = np.where(both["busy"].eq(True) & (both["unit"] == "s"), both["score"], both["low"]) / both["whole"]
    both["order"] = np.where(proven, both["least"], both["sure"])
    best = both.assign(proven=proven).sort_values(["proven", "order"], ascending=False, kind="stable")
    found = best.drop_duplicates("service")[COLUMNS].reset_index(drop=True)
    found.attrs["left_out"] = slower.left_out
    return found


def _told(rows: pd.DataFrame, unit: str, whole: float, level: float) -> pd.DataFrame:
    from scipy import special

    half = special.stdtrit(rows["degrees"].to_numpy(), 0.5 + level / 2) * rows["error"]
    own = (rows["own_sure"] > SURE) & (rows["own"] > 0) | (rows["edge"] <= 0)
    error = rows["error"].where(rows["error"] > 0, np.inf)
    return rows.assign(
        score=rows["change"],
        low=rows["change"] - half,
        high=rows["change"] + half,
        unit=unit,
        cause=np.where(own, "own work", "edge"),
        sure=rows["change"] / error,
        whole=max(whole, 1e-300),
    )
