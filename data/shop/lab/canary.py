"""The experiment `canary`: two versions of the checkout side by side, and a pair of one version."""

from __future__ import annotations

import gzip
import statistics
from pathlib import Path
from typing import Any

import measured
from collect import keep
from machinery import SECOND, run_levels, running_shop

SEED = 20_261_204
SAMPLED = 1 / 16
USERS = 40
SECONDS, SHORT_S = 120.0, 5.0
SLOWER_S, ERRORS = 0.015, 0.02
FAULTS = (  # of the new version, in its orders' transactions: (share, statement)
    (1.0, f"SELECT pg_sleep({SLOWER_S})"),
    (ERRORS, "INSERT INTO order_line (shop_order, product, price) VALUES (-1, 0, 0)"),
)
PAIRS = {
    "canary": {"versions": ("1.0.0", "1.1.0"), "weights": (0.75, 0.25), "faults": FAULTS},
    "a_a": {"versions": ("1.0.0", "1.0.0-again"), "weights": (0.5, 0.5), "faults": ()},
}
ORDER = '"POST /checkout HTTP/1.1"'


def record(work: Path, out: Path, *, short: bool) -> dict[str, Any]:
    """Run the experiment in `work`, keep its files in `out`, and return how the versions differ."""
    share = 1.0 if short else SAMPLED
    levels = [(USERS, SHORT_S if short else SECONDS)]
    truth: dict[str, Any] = {"service": "checkout", "route": "POST /checkout"}
    for name, pair in PAIRS.items():
        versions = dict(zip(("checkout", SECOND), pair["versions"], strict=True))
        weights = dict(zip(("checkout", SECOND), pair["weights"], strict=True))
        with running_shop(work / name, share, shares=weights, versions=versions, scrape_s=2 if short else 5) as shop:
            shop.chaos(*pair["faults"], process=SECOND)
            began = run_levels(shop, levels, SEED, "Buyer")
            keep(shop, out / name, began)
        truth[name] = {
            "start": measured.utc(began),
            "end": measured.utc(began + levels[0][1]),
            "users": USERS,
            "baseline": pair["versions"][0],
            "candidate": pair["versions"][1],
            "weights": dict(zip(pair["versions"], pair["weights"], strict=True)),
            "planted": {"slower_s": SLOWER_S, "share_of_errors": ERRORS} if pair["faults"] else "nothing",
            "measured": _orders(out / name / "access.log.gz", pair["versions"]),
        }
    return truth | {"sampled_share_of_traces": share, "seed": SEED}


def _orders(log: Path, versions: tuple[str, str]) -> dict[str, dict[str, Any]]:
    """Orders, errors and the median of each version, from the gateway's log."""
    lines = [line for line in gzip.decompress(log.read_bytes()).decode().splitlines() if ORDER in line]
    told = {}
    for version in versions:
        own = [line for line in lines if f'"{version}" ' in line]
        told[version] = {
            "orders": len(own),
            "errors": sum(line.split(f"{ORDER} ")[1].startswith("5") for line in own),
            "median_ms": round(1000 * statistics.median(float(line.rsplit(" ", 1)[1]) for line in own), 1),
        }
    return told
