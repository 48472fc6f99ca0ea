"""Published bands of delivery performance, by the year of the report that gave them."""

from __future__ import annotations

from dataclasses import dataclass

HOUR_S, DAY_S = 3600.0, 86_400.0


@dataclass(frozen=True, kw_only=True)
class Band:
    """One band: at least so many deployments a week; lead time and recovery at most so many seconds; and a rate.

    failure_rate: the change failure rate that was reported for the band, a fraction. It is told, and never banded on:
    in the 2024 table a worse band has a lower rate than a better one.
    """

    name: str
    deployments_a_week: float
    lead_time_s: float
    recovery_s: float
    failure_rate: float


# Accelerate State of DevOps Report 2024, "Performance levels": on demand; daily to weekly; weekly to monthly; monthly
# to half-yearly. Lead time under a day, to a week, to a month, to half a year. Recovery under an hour, a day, a week.
BANDS: dict[str, tuple[Band, ...]] = {
    "DORA 2024": (
        Band(name="elite", deployments_a_week=7.0, lead_time_s=DAY_S, recovery_s=HOUR_S, failure_rate=0.05),
        Band(name="high", deployments_a_week=1.0, lead_time_s=7 * DAY_S, recovery_s=DAY_S, failure_rate=0.20),
        Band(name="medium", deployments_a_week=0.23, lead_time_s=30.4 * DAY_S, recovery_s=DAY_S, failure_rate=0.10),
        Band(name="low", deployments_a_week=0.0, lead_time_s=float("inf"), recovery_s=float("inf"), failure_rate=0.40),
    ),
}
