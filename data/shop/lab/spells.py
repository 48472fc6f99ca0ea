"""The experiment `spells`: steps of load, a slow spell and a spell of errors, both in the orders alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from collect import keep
from machinery import locust, running_shop
from measured import utc

SEED = 20_261_124
SAMPLED = 0.125  # of the traces; a power of two has a short threshold in the tracestate
LEVELS = ((20, 120.0), (40, 120.0), (60, 240.0), (40, 240.0))  # users, seconds
# A row lock that another transaction holds would be as real, and would stop all orders instead of a share.
SLOW = {"start_s": 270.0, "end_s": 360.0, "share": 0.5, "statement": "SELECT pg_sleep(0.6)"}
ERRORS = {
    "start_s": 560.0,
    "end_s": 620.0,
    "share": 0.3,
    "statement": "INSERT INTO order_line (shop_order, product, price) VALUES (-1, 0, 0)",
}
SHORT = 0.11  # of all durations, for a trial of some 80 s


def record(work: Path, out: Path, *, short: bool) -> dict[str, Any]:
    """Run the experiment in `work`, keep its files in `out`, and return what was provoked."""
    scale = SHORT if short else 1.0
    levels = [(users, seconds * scale) for users, seconds in LEVELS]
    with running_shop(work, SAMPLED) as shop, locust(shop, levels, SEED) as (load, began):
        for spell in (SLOW, ERRORS):
            _until(began + spell["start_s"] * scale)
            shop.chaos((spell["share"], spell["statement"]))
            spell["began"] = time.time()
            _until(began + spell["end_s"] * scale)
            shop.chaos()
            spell["ended"] = time.time()
        load.wait(sum(seconds for _, seconds in levels) + 60)
        shop.wait_for_scrapes()
        keep(shop, out, began)
    return {
        "spells": [
            _spell(
                "slow orders", "latency", SLOW, "half of the orders wait 600 ms in pg_sleep inside their transaction"
            ),
            _spell(
                "failing orders",
                "errors",
                ERRORS,
                "the database refuses 30% of the orders: a line that belongs to no order breaks a foreign key",
            ),
        ],
        "other_errors": "none provoked",
        "levels": _levels(levels, began),
        "sampled_share_of_traces": SAMPLED,
        "seed": SEED,
    }


def _spell(name: str, kind: str, spell: dict[str, Any], how: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "journey": "checkout",
        "route": "POST /checkout",
        "service": "checkout",
        "start": utc(spell["began"]),
        "end": utc(spell["ended"]),
        "share_of_requests": spell["share"],
        "how": how,
    }


def _levels(levels: list[tuple[int, float]], began: float) -> list[dict[str, Any]]:
    rows = []
    for users, seconds in levels:
        rows.append({"users": users, "start": utc(began), "end": utc(began + seconds)})
        began += seconds
    return rows


def _until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))
