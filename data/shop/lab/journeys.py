"""The experiment `journeys`: spans of the shop's journeys under light and under heavy load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import measured
from collect import keep
from machinery import run_levels, running_shop

SEED = 20_261_202
SECONDS, SHORT_S = 90.0, 4.0
LOADS = {"light": (16, 1.0), "heavy": (270, 1 / 16)}  # users, share of the traces that is kept


def record(work: Path, out: Path, *, short: bool) -> dict[str, Any]:
    """Run the experiment in `work`, keep its files in `out`, and return the loads and what the spans hold."""
    truth: dict[str, Any] = {
        "fan_out": {"service": "checkout", "operation": "POST /checkout", "calls": ["GET /prices", "GET /stock"]},
        "asynchronous_child": {"service": "checkout", "operation": "process confirmation", "kind": "consumer"},
        "cache": {"service": "catalogue", "operation": "GET /products/{id}", "attribute": "cache.hit"},
        "seed": SEED,
    }
    for name, (users, sampled) in LOADS.items():
        share = 1.0 if short else sampled
        levels = [(users, SHORT_S if short else SECONDS)]
        with running_shop(work / name, share, scrape_s=2 if short else 5) as shop:
            began = run_levels(shop, levels, SEED)
            keep(shop, out / name, began)
            truth[name] = measured.by_level(shop, levels, began)[0] | {"sampled_share_of_traces": share}
    return truth
