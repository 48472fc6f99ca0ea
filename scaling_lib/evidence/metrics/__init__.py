"""Metrics: time series of query_range files and live Prometheus servers, in one frame."""

from scaling_lib.evidence.metrics.read import Metrics, read_metrics
from scaling_lib.evidence.metrics.source import MetricSource
from scaling_lib.evidence.selector import labels_of

__all__ = ["MetricSource", "Metrics", "labels_of", "read_metrics"]
