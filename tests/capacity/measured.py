"""Metrics evidence of series that a test makes up, written as query_range answers and read by the real reader."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from scaling_lib.config_resources import Resource
from scaling_lib.evidence.metrics import Metrics, MetricSource, read_metrics

START = pd.Timestamp("2026-03-02", tz="UTC")  # a Monday


def measured(folder: Path, *series: tuple[str, dict[str, str], pd.Series]) -> Metrics:
    """Metrics of (name, labels, values by time); NaN is a sample that is absent."""
    result = [
        {
            "metric": {"__name__": name} | labels,
            "values": [[time.timestamp(), repr(float(value))] for time, value in values.dropna().items()],
        }
        for name, labels, values in series
    ]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    (folder / "metrics.json").write_text(json.dumps(answer))
    return read_metrics([MetricSource(path=str(folder / "metrics.json"))])


def values(numbers, step="1min", start=START) -> pd.Series:
    """Numbers at a step."""
    return pd.Series(np.asarray(numbers, dtype=float), index=pd.date_range(start, periods=len(numbers), freq=step))


def resource(**given) -> Resource:
    """A resource with a name, and what is given."""
    return Resource.model_validate({"name": "thing", "limit": 1} | given)
