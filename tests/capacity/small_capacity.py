"""A small system whose capacity is known by hand: 10 ms a request of one processor, so 100 requests/s at most."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from small_system import START, make, query_range

DEMAND_S = 0.01
USERS = (10, 20, 40, 80, 120, 160, 240)
LEVEL_MINUTES = 5
DAYS = 35
CPU = "{name: cpu, busy: busy, limit: %d, scales: horizontally%s}"


def served(users: float) -> float:
    """Users who think for 0.99 s: requests/s."""
    return min(users / 1.0, 1 / DEMAND_S)


def write_requests(
    folder: Path, rate: float, *, growth_a_day: float = 0.0, days: int = DAYS, noise: bool = True
) -> None:
    """Requests by minute of the last days: `rate` requests/s at the end, growing, with Poisson noise or exact."""
    last = pd.Timestamp(START).floor("D") - pd.Timedelta("1min")
    minutes = pd.date_range(end=last, periods=days * 1440, freq="min")
    ago = (minutes[-1] - minutes) / pd.Timedelta("1D")
    mean = 60 * rate * (1 + growth_a_day) ** -ago.to_numpy()
    counts = np.random.default_rng(7).poisson(mean) if noise else np.round(mean).astype(np.int64)
    frame = pd.DataFrame({"service": "gateway", "route": "GET /pay", "minute": minutes, "n": counts})
    frame.assign(errors=0, sum_us=1000 * frame["n"]).to_parquet(folder / "counts.parquet", index=False)


def load_table(users=USERS) -> str:
    """A plain table: a level each five minutes."""
    at = [START + timedelta(minutes=LEVEL_MINUTES * place) for place in range(len(users))]
    rows = [f"{time:%Y-%m-%dT%H:%M:%SZ},{count},{served(count):g}" for time, count in zip(at, users, strict=True)]
    return "time,users,throughput\n" + "\n".join(rows) + "\n"


def load_metrics(users=USERS, demand_s: float = DEMAND_S, name: str = "busy") -> str:
    """The counters of busy seconds and of requests over the load test, a sample a minute."""
    rates = [0.0, *(served(count) for count in users for _ in range(LEVEL_MINUTES))]
    counts = np.cumsum(rates) * 60
    return query_range({(name, ()): (counts * demand_s).tolist(), ("total", ()): counts.tolist()})


def system(
    folder: Path,
    *,
    rate: float | None = 5.0,
    growth_a_day: float = 0.0,
    demand: str = "{factor: 10}",
    resources: str | None = "",
    servers: int = 1,
    users=USERS,
    tested: bool = True,
    metrics: bool = True,
    noise: bool = True,
    days: int = DAYS,
    more: str = "",
    **files: str,
) -> Path:
    """Write it; what is None or False is left out. resources: what the processor has more, such as ", lead_time: 1 d".

    servers: how many processors carry the same 100 requests/s, each so much slower.
    """
    evidence = []
    given = dict(files)
    if rate is not None:
        evidence.append("requests: [counts.parquet]")
    if tested:
        beside = ", metrics: [m.json]" if metrics else ""
        evidence.append(f"load_tests: [{{path: curve.csv{beside}}}]")
        given = {"curve__csv": load_table(users), "m__json": load_metrics(users, DEMAND_S * servers)} | given
    text = f"evidence: {{{', '.join(evidence)}}}\ntraffic: total\n"
    text += f"demand: {demand}\n" if demand else ""
    text += f"resources: [{CPU % (servers, resources)}]\n" if resources is not None else ""
    make(folder, text + more, **given)
    if rate is not None:
        write_requests(folder, rate, growth_a_day=growth_a_day, noise=noise, days=days)
    return folder
