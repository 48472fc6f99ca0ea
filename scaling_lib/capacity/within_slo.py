"""The load that one journey's latency SLO allows, from the levels of a load test, in users and in requests/s."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from scaling_lib.capacity.knee import plateau
from scaling_lib.capacity.slo_capacity import SloCapacity, slo_capacity
from scaling_lib.capacity.slo_evidence import Kind, Shown, from_bins, from_histogram, from_percentiles
from scaling_lib.capacity.slo_shares import share_beyond, slo_capacity_of_counts
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.evidence.load_tests import ALL, LoadTest, LoadTests
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.evidence.routes import matches
from scaling_lib.evidence.slos import SLO
from scaling_lib.stats import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing

LEVELS = [
    "level", "load", "throughput", "requests", "beyond", "beyond_low", "beyond_high", "latency_s", "latency_low_s",
    "latency_high_s",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LoadWithinSlo:
    """The highest load of a test at which a journey keeps its latency SLO.

    slo; names: the requests of the test that are the journey's, ("",) for all together.
    evidence: what was held against the SLO: the "single durations" of the load test, the service's own "histogram", or
        the load generator's own "percentiles". figure: in words, such as "share within 300 ms" or "p99".
    capacity: in users, or in requests/s where users are not known or the load is open.
    requests: the same in requests/s of all requests together; low and high as in `capacity`.
    quantile: such as "p99"; levels: a row a level that was used: level, load (as of `capacity`), throughput (of all
        requests, a second), requests (that were held against the SLO), beyond, beyond_low and beyond_high (their share
        beyond the threshold; NaN of percentiles), latency_s, latency_low_s and latency_high_s (that quantile).
    notes: what to know, sentences.
    """

    slo: SLO
    names: tuple[str, ...]
    evidence: Kind
    figure: str
    capacity: SloCapacity
    requests: Estimate
    quantile: str
    levels: pd.DataFrame
    notes: tuple[str, ...]


def load_within_slo(
    tests: LoadTests,
    test: LoadTest,
    levels: pd.DataFrame,
    slo: SLO,
    *,
    route: str = "",
    metrics: Metrics | None = None,
    buckets: str = "",
    level: float = 0.95,
) -> LoadWithinSlo:
    """The highest load of a test at which the requests of a route keep a latency SLO.

    levels: of `evidence.load_tests.levels`, with the rows of all names. route: as in assessment.yaml, matched against
    the names of the test's requests, or one of these names; "" for all together. metrics: recorded beside the test, and
    buckets: the selector of these requests' histogram in them, "" for none.

    Where the test's file has single durations, the share within the threshold is held against the target. Else it is
    the share that the service's own histogram counted: of every request, failed ones too, where `histogram_by_level`
    can be used; where it cannot, `notes` say why. Else it is the generator's own quantile that is at least the target
    (p95 for 90%), which is then a little strict. Where the test shows signs of coordinated omission and its source says
    the expected interval, the requests that were left out are first put back among the single durations.
    Raises NotMeasured where the route was not sent, latency is not known, or the target is beyond p99; InvalidInput for
    an SLO that is not one of latency; NotEnoughData for fewer than two loads.
    """
    check_level("load_within_slo", level)
    if not isinstance(slo, SLO) or not isinstance(route, str):
        raise InvalidInput(f"load_within_slo: found slo {slo!r} and route {route!r}; expected an SLO and a text.")
    if slo.kind != "latency" or slo.threshold_s is None:
        raise InvalidInput(f"load_within_slo: found the SLO {slo.name} of kind {slo.kind}; expected one of latency.")
    own = levels[levels["test"] == test.test]
    together = own[own["name"] == ALL].set_index("level", drop=False)
    names = _names(own, test, route)
    by_users = test.load != "open" and bool(together["users"].notna().all())
    loads, unit = (together["users"], "users") if by_users else (together["throughput"], "requests/s")
    shown = _shown(tests, test, own, names, slo, metrics, buckets, level)
    found = _capacity(shown, loads, slo, level, unit)
    repeats = [_repeated(shown)] if bool(loads.duplicated().any()) else []
    return LoadWithinSlo(
        slo=slo, names=names, evidence=shown.kind, figure=shown.figure, capacity=found,
        requests=_requests(found, together, loads) if by_users else Estimate(
            found.value, found.low, found.high, level, "requests/s"
        ),
        quantile=shown.quantile,
        levels=_levels(shown, together.assign(load=loads), level),
        notes=(*shown.notes, *repeats),
    )  # fmt: skip


def _names(levels: pd.DataFrame, test: LoadTest, route: str) -> tuple[str, ...]:
    if not route:
        return (ALL,)
    there = [str(name) for name in levels["name"].unique() if name != ALL]
    found = tuple(name for name in there if name == route or matches(route, name))
    if not found:
        raise NotMeasured(
            f"The load test {test.test} sent no request of {route!r}; it sent {listing(there) or 'none with a name'}.",
            supply=f"Load-test {route}, or name its requests in the test as in assessment.yaml.",
        )
    return found


def _shown(
    tests: LoadTests,
    test: LoadTest,
    levels: pd.DataFrame,
    names: Sequence[str],
    slo: SLO,
    metrics: Metrics | None,
    buckets: str,
    level: float,
) -> Shown:
    """Single durations, else the histogram, else percentiles."""
    if test.percentiles == "bins":
        return from_bins(tests, test, levels, names, slo)
    refused: tuple[str, ...] = ()
    if metrics is not None and buckets:
        try:
            return from_histogram(metrics, buckets, levels, names, slo, level)
        except NotMeasured as reason:
            refused = (f"{reason} The load generator's own percentiles are used.",)
    shown = from_percentiles(levels, names, slo)
    return replace(shown, notes=(*refused, *shown.notes))


def _capacity(shown: Shown, loads: pd.Series[float], slo: SLO, level: float, unit: str) -> SloCapacity:
    if not shown.counts:
        rows = shown.quantiles
        return slo_capacity(
            loads[rows.index], rows["latency_s"], slo.threshold_s or 0.0,
            low=rows["latency_low_s"], high=rows["latency_high_s"], level=level, unit=unit,
        )  # fmt: skip
    parts: dict[float, list[pd.DataFrame]] = {}
    for place, counted in shown.counts.items():
        parts.setdefault(float(loads[place]), []).append(counted)
    return slo_capacity_of_counts(
        list(parts), [pd.concat(each) for each in parts.values()], slo.target, level=level, unit=unit
    )


def _repeated(shown: Shown) -> str:
    together = "their requests are counted together" if shown.counts else "what all of them are sure of counts"
    return f"Some levels have the same load: {together}."


def _levels(shown: Shown, together: pd.DataFrame, level: float) -> pd.DataFrame:
    """The columns of LEVELS."""
    shares = {place: share_beyond(counted, level) for place, counted in shown.counts.items()}
    beyond = pd.DataFrame(
        {
            place: {
                "requests": float(shown.counts[place]["total"].sum()),
                "beyond": each.value, "beyond_low": each.low, "beyond_high": each.high,
            }
            for place, each in shares.items()
        }
    ).T  # fmt: skip
    used = together[together.index.isin([*shown.counts, *shown.quantiles.index])]
    own = used[["level", "load", "throughput"]].join(beyond).join(shown.quantiles)
    return own.reindex(columns=LEVELS).reset_index(drop=True)


def _requests(found: SloCapacity, together: pd.DataFrame, loads: pd.Series[float]) -> Estimate:
    """The throughput at so many users: the least below the value and the most above it, with the levels' own ends.

    Throughput may turn back where users go on. Where it has ended, no number of users brings more.
    """
    mean = together.assign(load=loads).groupby("load")[["throughput", "throughput_low", "throughput_high"]].mean()
    users = mean.index.to_numpy(dtype=np.float64)

    def served(at: float, column: str = "throughput") -> float:
        known = mean[column].fillna(mean["throughput"]).to_numpy()
        return float(np.interp(at, users, known))

    value = served(found.value) if math.isfinite(found.value) else math.nan
    low, high = found.low, found.high
    if low > 0:
        low = min(served(low, "throughput_low"), value) if not math.isnan(value) else served(low, "throughput_low")
    if math.isfinite(high):
        start = found.value if math.isfinite(found.value) else 0.0
        between = mean.loc[(users >= start) & (users <= high), "throughput_high"]
        high = max([served(high, "throughput_high"), *between.dropna()])
    elif _ends(together):
        high = float(mean["throughput_high"].fillna(mean["throughput"]).max())
    return Estimate(value, low, high, found.level, "requests/s")


def _ends(together: pd.DataFrame) -> bool:
    """Whether throughput ends within the tested range."""
    try:
        return plateau(together).reached
    except NotEnoughData:
        return False
