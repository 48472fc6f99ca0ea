"""Bills as they are read, made of what each service cost each day."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.evidence.bills import MICRO, Bills

DAYS = pd.date_range("2026-01-01", periods=365, freq="D", tz="UTC")


def bills_of(
    services: dict[str, np.ndarray], *, category: str = "Usage", tag: str = "red", currency: str = "EUR"
) -> Bills:
    """The services' costs a day, from the first of DAYS."""
    return Bills(cells=cells_of(services, category, tag, currency), resources=resources_of(services, tag))


def cells_of(services, category="Usage", tag="red", currency="EUR") -> pd.DataFrame:
    parts = []
    for service, costs in services.items():
        micro = np.round(np.asarray(costs, dtype=float) * MICRO).astype(np.int64)
        parts.append(
            pd.DataFrame(
                {
                    "day": DAYS[: len(micro)], "account": "1", "service": service, "category": category, "tag": tag,
                    "currency": currency, "effective": micro, "billed": micro, "listed": micro * 10 // 8,
                    "contracted": micro, "n": 1, "billed_rows": 1, "listed_rows": 1, "contracted_rows": 1,
                    "gross": np.maximum(micro, 0),
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def resources_of(services, tag="red") -> pd.DataFrame:
    return pd.DataFrame(
        {"service": list(services), "tag": tag, "resource": [f"res-{each}" for each in services], "gross": 1}
    )


def demand_of(days: int = 365, *, seed: int = 1, growth: float = 0.6, weekly: float = 0.15) -> pd.Series:
    """Requests a day that grow by `growth` a year, and swing over the week."""
    random = np.random.default_rng(seed)
    number = np.arange(days)
    level = 1e6 * (1 + growth) ** (number / 365) * (1 + weekly * np.sin(2 * np.pi * number / 7))
    return pd.Series(level * np.exp(0.02 * random.standard_normal(days)), DAYS[:days], name="n")


def noisy(costs: np.ndarray, scatter: float, seed: int) -> np.ndarray:
    return costs * np.exp(scatter * np.random.default_rng(seed).standard_normal(len(costs)))
