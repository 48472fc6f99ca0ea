"""The experiment `load`: twelve levels of users, to past the point where the services' processor is used up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import measured
from collect import keep
from machinery import run_levels, running_shop

SEED = 20_261_201
SAMPLED = 1 / 64
USERS = (10, 40, 80, 120, 160, 200, 250, 300, 350, 400, 480, 600)
SECONDS = 35.0
SHORT_S = 4.0


def record(work: Path, out: Path, *, short: bool) -> dict[str, Any]:
    """Run the experiment in `work`, keep its files in `out`, and return the levels and what limits."""
    share = 1.0 if short else SAMPLED
    levels = [(users, SHORT_S if short else SECONDS) for users in (USERS[::5] if short else USERS)]
    with running_shop(work, share, scrape_s=2 if short else 5) as shop:
        began = run_levels(shop, levels, SEED)
        keep(shop, out, began, log=False)
        rows = measured.by_level(shop, levels, began)
    return {
        "limited_by": measured.busiest(rows[-1]),
        "levels": rows,
        "sampled_share_of_traces": share,
        "seed": SEED,
    }
