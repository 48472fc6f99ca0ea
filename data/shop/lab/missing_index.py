"""The experiment `bottleneck`: the carts lack an index; then they have it, under the same load."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import measured
import psycopg
from collect import keep
from machinery import Shop, run_levels, running_shop

SEED = 20_261_203
SAMPLED = 1 / 16
USERS = (20, 60, 100, 160, 240, 320)
SECONDS, SHORT_S = 28.0, 4.0
ABANDONED = 600_000  # lines of carts that were never bought
POOL = "200"  # of connections: whoever waits, waits for the database and not for a connection to it
INDEX = "cart_item_cart_idx"


def record(work: Path, out: Path, *, short: bool) -> dict[str, Any]:
    """Run the experiment in `work`, keep its files in `out`, and return what was planted and where it moved."""
    share = 1.0 if short else SAMPLED
    levels = [(users, SHORT_S if short else SECONDS) for users in (USERS[::3] if short else USERS)]
    truth: dict[str, Any] = {
        "planted": f"no index on cart_item (cart), in which {ABANDONED} lines of abandoned carts lie",
        "service": "postgresql",
        "operations": ["empty cart", "count cart items"],
        "fix": f"CREATE INDEX {INDEX} ON cart_item (cart)",
        "sampled_share_of_traces": share,
        "seed": SEED,
    }
    for state in ("before", "after"):
        with running_shop(work / state, share, settings={"LAB_POOL": POOL}, scrape_s=2 if short else 5) as shop:
            _fill_carts(shop, indexed=state == "after")
            began = run_levels(shop, levels, SEED)
            keep(shop, out / state, began)
            truth[state] = measured.by_level(shop, levels, began)
    return truth | {"bottleneck": {state: measured.busiest(truth[state][-1]) for state in ("before", "after")}}


def _fill_carts(shop: Shop, *, indexed: bool) -> None:
    with psycopg.connect(shop.environment["LAB_DATABASE"], autocommit=True) as connection:
        connection.execute(f"DROP INDEX {INDEX}")
        connection.execute(
            "INSERT INTO cart_item SELECT 'abandoned-' || n / 3, mod(n, 2000), 1 FROM generate_series(1, %s) n",
            (ABANDONED,),
        )
        if indexed:
            connection.execute(f"CREATE INDEX {INDEX} ON cart_item (cart)")
        connection.execute("VACUUM ANALYZE cart_item")
