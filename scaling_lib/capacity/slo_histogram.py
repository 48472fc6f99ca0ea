"""What a service's own histogram counted at each level of a load test: every request, against a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.capacity.slo_shares import share_beyond
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.evidence.selector import labels_of, with_edge
from scaling_lib.slo.bucket_spellings import with_one_spelling
from scaling_lib.slo.latency import histogram_quantile
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, number

SAME = (0.9, 1.1)  # of the load test's requests: beyond, the histogram counts other traffic, or not all of it


@dataclass(frozen=True, kw_only=True)
class LevelHistogram:
    """What was counted at one level: a row a stretch between two samples, a column an edge (seconds, inf the last).

    Each cell holds the requests of its stretch that took at most its edge.
    """

    counted: pd.DataFrame

    @property
    def edges(self) -> list[float]:
        """Upper edges, ascending; the last is infinite."""
        return [float(edge) for edge in self.counted.columns]

    def beyond(self, threshold_s: float) -> pd.DataFrame:
        """Requests, and those beyond a threshold, by stretch, as `slo_capacity_of_counts` takes them.

        Between two edges `beyond` is interpolated as Prometheus does it, and lies between `beyond_least` and
        `beyond_most`, what the edges leave open.
        """
        total = self.counted[math.inf]
        below = max((edge for edge in self.edges if edge <= threshold_s), default=0.0)
        above = min(edge for edge in self.edges if edge >= threshold_s)
        at_most = self.counted[above]
        at_least = self.counted[below] if below in self.counted else 0.0 * total
        share = (threshold_s - below) / (above - below) if below < above < math.inf else 0.0
        return pd.DataFrame(
            {
                "total": total,
                "beyond": total - at_least - share * (at_most - at_least),
                "beyond_least": total - at_most,
                "beyond_most": total - at_least,
            }
        )

    def quantile(self, q: float, level: float) -> Estimate:
        """A latency quantile in seconds; its ends are the edges beyond which certainly more, or fewer, are than 1 - q.

        Source: Woodruff, Confidence Intervals for Medians and Other Position Measures, JASA 47 (1952).
        """
        value = histogram_quantile({edge: float(self.counted[edge].sum()) for edge in self.edges}, q).value
        shares = [share_beyond(self.beyond(edge), level) for edge in self.edges]
        low = max((edge for edge, one in zip(self.edges, shares, strict=True) if one.low > 1 - q), default=0.0)
        high = min(edge for edge, one in zip(self.edges, shares, strict=True) if one.high <= 1 - q or edge == math.inf)
        return Estimate(value, min(low, value), max(high, value), level, "s")


def histogram_by_level(metrics: Metrics, buckets: str, levels: pd.DataFrame) -> dict[int, LevelHistogram]:
    """What a histogram counted at each level, by the number of the level; levels without a stretch are absent.

    buckets: its selector; levels: level, start and end (UTC), requests and seconds of the same requests, as
        `evidence.load_tests.levels` gives them.

    A sample of Prometheus holds what was counted up to its last scrape, which may be a step old. So the first stretch
    of a level may hold requests of before it, and is left out.
    Raises NotMeasured where there is no such histogram, where its samples lie too far apart for the levels, or where it
    counts 10% more requests than the load test sent, or fewer: then it is of other requests.
    """
    metrics = with_one_spelling(metrics, buckets)
    texts = metrics.select(buckets)["labels"].unique()
    edges = sorted({_edge(labels_of(str(text)).get("le", "")) for text in texts})
    if len(edges) < 2 or edges[0] == -math.inf or edges[-1] != math.inf:
        raise NotMeasured(
            f"The histogram {buckets} is not among the metrics of the load test, or without its bucket +Inf.",
            supply=f"Record {buckets} beside the load test.",
        )
    series = {edge: metrics.increase(with_edge(buckets, edge), "1s") for edge in edges}
    step = pd.Timedelta(series[math.inf].index.freq)  # type: ignore[attr-defined]  # of times, which have one
    rising = pd.DataFrame(series).dropna()
    begins = pd.DatetimeIndex(rising.index)
    found, sent = {}, 0.0
    for place, start, end, requests, seconds in levels[["level", "start", "end", "requests", "seconds"]].itertuples(
        index=False
    ):
        inside = rising[(begins >= start + step) & (begins + step <= end)]
        if len(inside) and float(inside[math.inf].sum()) > 0:
            found[int(place)] = LevelHistogram(counted=_cumulative(inside))
            sent += requests / seconds * len(inside) * step.total_seconds()
    if not found:
        raise NotMeasured(
            f"The samples of {buckets} are {duration(step.total_seconds())} apart, too far for the levels of the load "
            "test: none holds two of their steps.",
            supply=f"Hold each level for several times {duration(step.total_seconds())}, or sample more often.",
        )
    counted = sum(float(each.counted[math.inf].sum()) for each in found.values())
    if not SAME[0] * sent <= counted <= SAME[1] * sent:
        raise NotMeasured(
            f"The histogram {buckets} counts {number(counted / sent)} times the requests that the load test sent: it "
            "is of other traffic too, of some servers alone, or its clock is another.",
            supply=f"Select the requests of the load test alone in {buckets}, and of all servers.",
        )
    return found


def _edge(text: str) -> float:
    """An upper edge; minus infinity where the series is no bucket."""
    try:
        edge = float(text)
    except ValueError:
        return -math.inf
    return -math.inf if math.isnan(edge) else edge


def _cumulative(rows: pd.DataFrame) -> pd.DataFrame:
    """A scrape is not atomic over the buckets: none holds less than the one before it."""
    raised = np.maximum.accumulate(rows.to_numpy(dtype=np.float64), axis=1)
    return pd.DataFrame(raised, index=rows.index, columns=rows.columns)
