"""Histograms whose bucket edges are written in two ways: `le="0.3"` and `le="0.30"` are one series."""

from __future__ import annotations

from dataclasses import replace

from scaling_lib.evidence.metrics import Metrics
from scaling_lib.evidence.selector import labels_of


def with_one_spelling(metrics: Metrics, buckets: str) -> Metrics:
    """The same metrics, in which each edge of a histogram's series is written in one way.

    buckets: the histogram's selector. Series of which all labels but the spelling of `le` agree are one: where both
    have a sample at the same time, it counts once. Series of other labels, such as another server's, stay apart.
    """
    chosen = metrics.select(buckets)[["metric", "labels"]].drop_duplicates().astype(str)
    kept: dict[tuple[str, float, tuple[tuple[str, str], ...]], str] = {}
    other: dict[tuple[str, str], str] = {}
    for metric, text in chosen.itertuples(index=False):
        labels = dict(labels_of(text))
        try:
            edge = float(labels.pop("le", ""))
        except ValueError:
            continue  # no bucket, which is said where it is read
        first = kept.setdefault((metric, edge, tuple(sorted(labels.items()))), text)
        if first != text:
            other[metric, text] = first
    if not other:
        return metrics
    frame = metrics.frame.astype({"metric": str, "labels": str})
    for (metric, text), first in other.items():
        frame.loc[(frame["metric"] == metric) & (frame["labels"] == text), "labels"] = first
    frame = frame.drop_duplicates(["metric", "labels", "time"])
    return replace(metrics, frame=frame.sort_values(["metric", "labels", "time"], kind="stable", ignore_index=True))
