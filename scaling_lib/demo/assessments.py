"""Simulated systems as assessments: a fleet of folders that `scaling check` and `scaling run` take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from scaling_lib.demo.generate import Demo, generate
from scaling_lib.demo.metrics import answer
from scaling_lib.demo.plan import END, MOST_SERVICES, SEED
from scaling_lib.demo.write import write
from scaling_lib.errors import InvalidInput

STEP = pd.Timedelta(minutes=5)
HEAD = (
    "# Simulated by `scaling demo`: names and figures are fictitious. truth.yaml says what is planted; no step reads\n"
    "# it. What no step of this version reads yet lies beside: bill, delivery, flags, scans, people, code, load,\n"
    "# spans.\n"
)
TRUTH_HEAD = "# What is planted in the files of this folder, and how they were made. The assessment does not read it.\n"


def write_assessments(
    folder: Path, *, services: int, seed: int = SEED, days: int = 90, end: datetime = END
) -> Iterator[Path]:
    """Write one assessment for each of `services` services, each in a folder of its own; yields each when it is whole.

    Each is a system of its own, drawn from `seed` and its name. The arguments are those of `generate`.
    Raises InvalidInput where `folder` is there already, before anything is written.
    """
    if not 1 <= services <= MOST_SERVICES:
        raise InvalidInput(f"demo: found services {services}; expected 1 to {MOST_SERVICES}.")
    if folder.exists():
        raise InvalidInput(f"{folder}: is there already, and is never overwritten. Choose another folder.")
    width = len(str(services))
    for number in range(1, services + 1):
        system = f"service-{number:0{width}d}"
        demo, truth = generate(1, days, seed, end, system=system)
        yield write(with_assessment(demo, truth), folder / system)


def with_assessment(demo: Demo, truth: dict[str, Any]) -> Demo:
    """The evidence with an assessment.yaml, the truth, and the requests as counters of Prometheus."""
    metrics = {f"metrics/{name}.json.gz": text for name, text in _http_metrics(demo.counts).items()}
    described = HEAD + yaml.safe_dump(_described(truth), sort_keys=False, allow_unicode=True, width=120)
    told = TRUTH_HEAD + yaml.safe_dump(truth, sort_keys=False, allow_unicode=True, width=120)
    return Demo(tables=demo.tables, texts={**demo.texts, **metrics, "assessment.yaml": described, "truth.yaml": told})


def _described(truth: dict[str, Any]) -> dict[str, Any]:
    front = truth["services"][0]["name"]
    return {
        "system": truth["system"],
        "currency": truth["bill"]["currency"],
        "services": [
            {"name": service["name"], "owner": service["team"], "tier": service["tier"]}
            for service in truth["services"]
        ],
        "journeys": [_journey(front, route) for route in truth["traffic"]["routes"]],
        "evidence": {"metrics": [{"path": "metrics/*.json*", "origin": "simulated"}]},
        "demand": {"factor": 3, "by": "2027-11-24"},
    }


def _journey(front: str, route: dict[str, Any]) -> dict[str, Any]:
    labels = f'service="{front}",route="{route["route"]}"'
    return {
        "name": route["journey"],
        "route": route["route"],
        "metrics": {
            "total": f"http_requests_total{{{labels}}}",
            "errors": f'http_requests_total{{{labels},code=~"5.."}}',
            "buckets": f"http_request_duration_seconds_bucket{{{labels}}}",
        },
        "slos": [
            {"kind": "availability", "target": "99.9%"},
            {"kind": "latency", "threshold": f"{route['threshold_ms']} ms", "target": "99%"},
        ],
    }


def _http_metrics(counts: pd.DataFrame) -> dict[str, str]:
    """Counters every five minutes, from 0 at the first minute; the histogram is of the requests that did not fail."""
    total, buckets = [], []
    first, last = counts["minute"].min(), counts["minute"].max() + pd.Timedelta(minutes=1)
    edges = pd.date_range(first, last, freq=STEP)
    times = (edges.as_unit("s").astype("int64")).tolist()
    good = next(name for name in counts.columns if str(name).startswith("good_"))
    limit_s = int(str(good).removeprefix("good_")) / 1e6
    for (service, route), part in counts.groupby(["service", "route"], observed=True):
        labels = {"service": str(service), "route": str(route), "instance": f"{service}-1", "job": str(service)}
        grid = part.set_index("minute")[["n", "errors", good]].resample(STEP, origin=first).sum()
        rising = np.vstack([np.zeros(3), grid.reindex(edges[:-1], fill_value=0).cumsum().to_numpy()])
        fine = rising[:, 0] - rising[:, 1]
        for code, values in (("200", fine), ("500", rising[:, 1])):
            total.append(({"__name__": "http_requests_total", **labels, "code": code}, times, values.tolist()))
        for bound, values in ((f"{limit_s:g}", rising[:, 2]), ("+Inf", fine)):
            name = {"__name__": "http_request_duration_seconds_bucket", **labels, "code": "200", "le": bound}
            buckets.append((name, times, values.tolist()))
    return {"http_requests_total": answer(total), "http_request_duration_seconds_bucket": answer(buckets)}
