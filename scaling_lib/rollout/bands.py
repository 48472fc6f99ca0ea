"""The four keys held against published bands; never by the failure rate, whose bands are not in order."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scaling_lib.rollout.benchmarks import BANDS, Band
from scaling_lib.rollout.dora import Dora
from scaling_lib.stats import Estimate

EDITION = "DORA 2024"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One of the four keys. measured: None where it is not.

    band: of its value; best, worst: of the ends of its interval; "" for the failure rate and where it is not known.
    """

    name: str
    measured: Estimate | None
    band: str
    best: str
    worst: str


def banded(delivery: Dora, *, edition: str = EDITION) -> tuple[Key, ...]:
    """The four keys with their bands of an edition, one of BANDS."""
    bands = BANDS[edition]
    recovery = delivery.recovery.median_s if delivery.recovery is not None else None
    return (
        _key("deployments", delivery.a_week, [-each.deployments_a_week for each in bands], bands, sign=-1),
        _key("lead time", delivery.lead_time_s, [each.lead_time_s for each in bands], bands),
        Key(name="change failure rate", measured=delivery.failed, band="", best="", worst=""),
        _key("recovery", recovery, [each.recovery_s for each in bands], bands),
    )


def _key(name: str, found: Estimate | None, limits: list[float], bands: tuple[Band, ...], *, sign: int = 1) -> Key:
    if found is None or math.isnan(found.value):
        return Key(name=name, measured=None, band="", best="", worst="")
    ends = (found.value, found.low, found.high) if sign > 0 else (found.value, found.high, found.low)
    value, best, worst = (_band(sign * each, limits, bands) for each in ends)
    return Key(name=name, measured=found, band=value, best=best, worst=worst)


def _band(value: float, limits: list[float], bands: tuple[Band, ...]) -> str:
    """The first band whose limit it keeps; "" where it is not known."""
    if math.isnan(value):
        return ""
    return next(band.name for band, limit in zip(bands, limits, strict=True) if value <= limit)
