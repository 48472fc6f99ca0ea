"""A small system known by hand: 4 ms of the app's processor a request, 10 ms of the store's, so 250 and 100 requests/s."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from small_system import START, make, query_range

APP_S, STORE_S = 0.004, 0.010
USERS = (10, 20, 40, 80, 120, 160, 240)
LEVEL_MINUTES = 5
RESOURCES = """resources:
  - {name: app, busy: 'busy{on="app"}', limit: 1, scales: horizontally, price_per_hour: 0.1}
  - {name: store, busy: 'busy{on="store"}', limit: 1, scales: vertically}
journeys: [{name: pay, route: POST /pay}]
services: [{name: api, owner: team-a}]
traffic: total
"""
INDEX = "{pattern: less work, resource: store, name: an index, figures: {factor: 5}, origin: measured}"


def served(users: float) -> float:
    """Users who think for 0.986 s: requests/s."""
    return min(users / 1.0, 1 / STORE_S)


def two_resources(
    folder: Path, *, factor: float = 30, rate: float = 5.0, options: str = INDEX, tested: bool = True, more: str = ""
) -> Path:
    """Write it: `rate` requests/s today, exactly, and a load test that ends at 100 requests/s."""
    at = [START + timedelta(minutes=LEVEL_MINUTES * place) for place in range(len(USERS))]
    rows = [f"{time:%Y-%m-%dT%H:%M:%SZ},{count},{served(count):g}" for time, count in zip(at, USERS, strict=True)]
    counts = np.cumsum([0.0, *(served(count) for count in USERS for _ in range(LEVEL_MINUTES))]) * 60
    metrics = query_range(
        {
            ("busy", (("on", "app"),)): (counts * APP_S).tolist(),
            ("busy", (("on", "store"),)): (counts * STORE_S).tolist(),
            ("total", ()): counts.tolist(),
        }
    )
    evidence = "requests: [counts.parquet]"
    files = {}
    if tested:
        evidence += ", load_tests: [{path: curve.csv, metrics: [m.json]}]"
        files = {"curve__csv": "time,users,throughput\n" + "\n".join(rows) + "\n", "m__json": metrics}
    text = f"{RESOURCES}demand: {{factor: {factor}}}\nevidence: {{{evidence}}}\n"
    text += f"options: [{options}]\n" if options else ""
    make(folder, text + more, **files)
    minutes = pd.date_range(end=pd.Timestamp(START).floor("D") - pd.Timedelta("1min"), periods=35 * 1440, freq="min")
    frame = pd.DataFrame({"service": "api", "route": "POST /pay", "minute": minutes, "n": round(60 * rate)})
    frame.assign(errors=0, sum_us=1000 * frame["n"]).to_parquet(folder / "counts.parquet", index=False)
    return folder
