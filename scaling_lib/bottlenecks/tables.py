"""The tables of step 04, each from the result alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.result import Bottlenecks
from scaling_lib.stats import Estimate

OF_WINDOW = {"all": "all requests", "p50": "at the median", "p95": "slowest 5%", "p99": "slowest 1%"}
TAIL_WORDS = {
    "all": "Requests",
    "p50": "Requests at the median",
    "p95": "The slowest 5% of requests",
    "p99": "The slowest 1% of requests",
}
BETWEEN = "between services"
AS_IT_IS = "(nothing: as it is)"


def tail_words(result: Bottlenecks) -> str:
    """The requests that the ranking is of, as a sentence begins with them."""
    ranking = result.found.ranking
    return TAIL_WORDS[ranking.window] if ranking is not None else "Requests"


def reason(result: Bottlenecks, *parts: str) -> str:
    """Why the first of these parts that is absent is so, and what to supply."""
    wanted = [*parts, "spans", "critical path"]
    found = next((result.absent[part] for part in wanted if part in result.absent), None)
    return found.text if found else ""


def rank_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a name: its rank, shares, and its own time in the mean request."""
    ranking = result.found.ranking
    columns = ["rank", "waited for", "median", "slow", "is first", "time a request", "runs on"]
    if ranking is None:
        return pd.DataFrame(columns=columns)
    table = ranking.table
    ranks = (table[name].tolist() for name in ("rank", "rank_low", "rank_high"))
    ends = [Estimate(value, low, high, ranking.level) for value, low, high in zip(*ranks, strict=True)]
    services = zip(table["edge"], table["service"].astype("str"), strict=True)
    rows = {
        "rank": ends,
        "waited for": table.index,
        "median": table["share_p50"].to_numpy(),
        "slow": table[f"share_{ranking.window}"].to_numpy(),
        "is first": table["first"].to_numpy(),
        "time a request": table["saved_s"].to_numpy(),
        "runs on": ["" if edge else result.found.resource_of(service) for edge, service in services],
    }
    return pd.DataFrame(rows, columns=columns)


def budget_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a name and latency SLO of which it costs anything: slow requests of these traces now and then.

    explained: the fraction of the slow ones that it makes slow; budget spent: of the SLO's, by step 01, or where that
    is not measured x the allowed: the slow ones of these traces over what the SLO allows; mostly of: where nearly all
    slow ones come of one stretch, its start (UTC).
    """
    rows = [
        {
            "SLO": each.slo.name,
            "without": each.name,
            "too slow now": each.found.over,
            "too slow then": each.found.over_then,
            "explained": each.found.explained,
            "x the allowed": each.found.spent,
            "budget spent": each.spent,
            "mostly of": "" if each.stretch is None else f"{each.stretch.start:%Y-%m-%d %H:%M}",
            "p95 now": each.found.tail,
            "p95 then": each.found.tail_then,
        }
        for each in result.budgets
        if each.found.given_back.high > 0
    ]
    columns = [
        "SLO", "without", "too slow now", "too slow then", "explained", "x the allowed", "budget spent", "mostly of",
        "p95 now", "p95 then",
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    blank = ["mostly of"] if (found["mostly of"] == "").all() else []
    return found.drop(columns=[*blank, "budget spent" if found["budget spent"].isna().all() else "x the allowed"])


def solved_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a name: the model solved again with all its work gone; above them the model as it is."""
    columns = ["without", "mean response", "highest throughput", "gain", "then limits"]
    every = list(result.solved.values())
    rows = [
        {
            "without": each.name,
            "mean response": each.response_then,
            "highest throughput": each.relief.after,
            "gain": each.relief.gain,
            "then limits": each.relief.next_bottleneck,
        }
        for each in every
    ]
    if every:
        now = every[0]
        rows.insert(
            0,
            {
                "without": AS_IT_IS,
                "mean response": now.response,
                "highest throughput": now.relief.before,
                "gain": None,
                "then limits": now.relief.bottleneck,
            },
        )
    return pd.DataFrame(rows, columns=columns)


def fixes_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a fix that is proposed."""
    rows = [
        {
            "fix": each.fix.name,
            "verdict": each.worth,
            "time it takes away": each.faster,
            "throughput": each.relief.gain if each.relief else None,
            "response now": each.responses[0] if each.responses else None,
            "response then": each.responses[1] if each.responses else None,
            "then limits": each.relief.next_bottleneck if each.relief else "",
            "cost": each.fix.cost,
            "remarks": each.why,
        }
        for each in result.fixes
    ]
    columns = [
        "fix", "verdict", "time it takes away", "throughput", "response now", "response then", "then limits", "cost",
        "remarks",
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=columns)
    blank = [name for name in ("cost", "remarks") if (found[name].isna() | (found[name] == "")).all()]
    return found.drop(columns=blank)


def resources_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a resource of the model, from the one that is full first on: its use today, and where it ends."""
    columns = ["resource", "demand a request", "in use", "full at", "is first"]
    if result.found.model is None:
        return pd.DataFrame(columns=columns)
    system = result.found.model.system(result.rate)
    used, certainty = system.utilization_estimates(), system.bottleneck_certainty()
    rows = [
        {
            "resource": name,
            "demand a request": system.mean_demand(name),
            "in use": used[name] if result.found.peak is not None else None,
            "full at": limit,
            "is first": None if result.assumed else certainty[name],
        }
        for name, limit in sorted(system.limits().items(), key=lambda each: each[1].value)
    ]
    return pd.DataFrame(rows, columns=columns)


def migration_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a relief: what limits before, and after; of what is assumed no certainty, and none that is disproved."""
    rows = [
        {
            "relieve": each.name,
            "certainty": None if result.assumed else each.certainty,
            "before": each.before,
            "after": each.after,
            "gain": each.gain,
            "then limits": each.next_bottleneck,
            "certainty then": None if result.assumed else each.next_certainty,
        }
        for each in (() if result.disproved else result.migration)
    ]
    columns = ["relieve", "certainty", "before", "after", "gain", "then limits", "certainty then"]
    return pd.DataFrame(rows, columns=columns)


def left_out_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a reason why spans are on no critical path, or cut."""
    path = result.found.path
    if path is None:
        return pd.DataFrame(columns=["what", "spans", "seconds"])
    return path.ambiguity[path.ambiguity["spans"] > 0].reset_index()


def path_table(result: Bottlenecks) -> pd.DataFrame:
    """One row a journey, service and operation: ms on the critical path of the mean request of all journeys."""
    ranking = result.found.ranking
    columns = ["journey", "service", "operation", "ms"]
    if ranking is None:
        return pd.DataFrame(columns=columns)
    times = ranking.times
    size = len(times.names)
    weighted = times.seconds * times.weight[times.trace]
    sums = np.bincount(times.journey[times.trace] * size + times.name, weights=weighted)
    cells = np.flatnonzero(sums)
    names = times.names.iloc[cells % size]
    return pd.DataFrame(
        {
            "journey": [times.journeys[place] for place in (cells // size).tolist()],
            "service": np.where(names["edge"].to_numpy(dtype=bool), BETWEEN, names["service"].to_numpy()),
            "operation": names["operation"].to_numpy(),
            "ms": 1000 * sums[cells] / times.weight.sum(),
        },
        columns=columns,
    ).sort_values("ms", ascending=False, ignore_index=True)


def trace_table(result: Bottlenecks, which: int) -> pd.DataFrame:
    """One row a span of a shown trace; none where there is no such trace."""
    if which >= len(result.traces):
        return pd.DataFrame(columns=["service", "operation", "start_s", "end_s", "on_path", "exclusive_s"])
    return result.traces[which].spans
