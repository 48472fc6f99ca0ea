"""The experiment `cache`: which products are asked for, one after the other, and which of them the cache has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from collect import compress, keep
from machinery import run_levels, running_shop
from measured import utc

SEED = 20_261_205
SIZE = 150
LEVELS, SHORT_LEVELS = ((25, 110.0),), ((25, 4.0),)


def record(work: Path, out: Path, *, short: bool) -> dict[str, Any]:
    """Run the experiment in `work`, keep its files in `out`, and return the cache and its hits."""
    trace = work / "keys.csv"
    trace.write_text("time,product,hit\n")
    settings = {"LAB_CACHE": str(SIZE), "LAB_CACHE_TRACE": str(trace)}
    levels = SHORT_LEVELS if short else LEVELS
    with running_shop(work, 1 / 64, settings=settings, scrape_s=2 if short else 5) as shop:
        began = run_levels(shop, levels, SEED, "Reader")
        keep(shop, out, began, log=False, spans=False)
    compress([trace], out / "keys.csv.gz")
    hits = [line.endswith(",1") for line in trace.read_text().splitlines()[1:]]
    return {
        "start": utc(began),
        "end": utc(began + levels[0][1]),
        "service": "catalogue",
        "policy": "least recently used",
        "size": SIZE,
        "at_start": "empty",
        "lookups": len(hits),
        "hits": sum(hits),
        "popularity": "the n-th most popular of 2000 products is asked for in proportion to n ** -0.8",
        "seed": SEED,
    }
