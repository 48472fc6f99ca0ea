"""Burn-rate alert policies: their tiers, how fast they detect and reset, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

from scaling_lib.errors import InvalidInput
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.windows import parse_window
from scaling_lib.words import duration, number, percent


class Tier(NamedTuple):
    """One pair of windows: it fires while both burn faster than `factor`.

    severity: "page" or "ticket"; windows in seconds (equal for a single window); factor: the burn rate.
    """

    severity: str
    long_window_s: int
    short_window_s: int
    factor: float

    @property
    def name(self) -> str:
        """Such as "1h/5m"."""
        return f"{compact_duration(self.long_window_s)}/{compact_duration(self.short_window_s)}"


WORKBOOK: tuple[tuple[str, str, int, int], ...] = (  # severity, share of the budget, long and short window in seconds
    ("page", "0.02", 3600, 300),
    ("page", "0.05", 21_600, 1800),
    ("ticket", "0.10", 86_400, 7200),
    ("ticket", "0.10", 259_200, 21_600),
)
NOMINAL_DAYS = {"week": 7, "month": 30, "quarter": 90, "year": 365}


@dataclass(frozen=True, kw_only=True)
class AlertPolicy:
    """Tiers of multiwindow burn-rate alerts for a period.

    period_s: the SLO's period in seconds; tiers: fastest first. Iterating gives the tiers.
    """

    period_s: float
    tiers: tuple[Tier, ...]

    def __iter__(self) -> Iterator[Tier]:
        return iter(self.tiers)

    def only(self, severity: str) -> tuple[Tier, ...]:
        """The tiers of one severity."""
        return tuple(tier for tier in self.tiers if tier.severity == severity)


def alert_policy(period: str = "30d", *, tiers: Sequence[tuple[str, str | float, int, int]] = WORKBOOK) -> AlertPolicy:
    """The multiwindow, multi-burn-rate policy of the SRE Workbook for a period.

    period: such as "30d" or "28d"; a calendar word counts with its usual length (month 30 days).
    tiers: (severity, share of the budget, long window, short window), windows in seconds. A tier's factor is
        share x period / long window; the windows stay as they are for every period.
    Raises InvalidInput for periods and tiers that cannot be.
    Source: The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
    """
    window = parse_window(period)
    seconds = window.seconds if window.seconds is not None else NOMINAL_DAYS[window.calendar] * 86_400
    made = []
    for severity, share, long, short in tiers:
        if not 0 < short <= long:
            raise InvalidInput(f"Alert policy: found windows of {long} and {short} s; expected 0 < short <= long.")
        if not 0 < float(share) <= 1:
            raise InvalidInput(f"Alert policy: found a budget share of {share}; expected a fraction, such as 0.02.")
        made.append(Tier(severity, long, short, float(Decimal(str(share)) * seconds / long)))
    return AlertPolicy(period_s=float(seconds), tiers=tuple(made))


def threshold(tier: Tier | tuple[str, float, float, float], target: float) -> float:
    """The error rate a tier's windows have to exceed (strictly): factor x (1 - target), in decimals."""
    return float(Decimal(str(float(tier[3]))) * allowed_share(target))


def detection_time(tier: Tier | tuple[str, float, float, float], target: float, error_rate: float) -> float:
    """Seconds from the start of an incident to the alert, infinite where the tier never fires.

    error_rate: the share of bad events during the incident, none before; traffic is steady.
    Formula: (1 - target) / error rate x long window x factor (SRE Workbook, chapter 5).
    """
    limit = threshold(tier, target)
    _check_rate(error_rate)
    return limit / error_rate * tier[1] if error_rate > limit else math.inf


def reset_time(
    tier: Tier | tuple[str, float, float, float], target: float, error_rate: float, duration_s: float = math.inf
) -> float:
    """Seconds from the end of an incident until the alert stops firing; 0 where it never fired.

    duration_s: how long the incident lasted. The alert stops as soon as one of its windows has cooled down, so the
    short window decides; with a single window (short = long) it is long window - detection time.
    """
    limit = threshold(tier, target)
    if not duration_s >= 0:
        raise InvalidInput(f"reset_time: found an incident of {duration_s} s; expected 0 or more.")
    if not duration_s > detection_time(tier, target, error_rate):
        return 0.0
    return (1 - limit / error_rate) * min(tier[1], tier[2])


def exhaustion_time(period: str, burn: float) -> float:
    """Seconds until a steady burn rate has spent a period's whole budget; infinite at no burn."""
    if not burn >= 0:
        raise InvalidInput(f"exhaustion_time: found a burn rate of {burn}; expected 0 or more.")
    return alert_policy(period).period_s / burn if burn else math.inf


def outage_cost(target: float, duration_s: float, error_rate: float = 1.0, period: str = "30d") -> float:
    """The fraction of a period's budget that an outage spends, at steady traffic: 1.389 for an hour at 99.9%."""
    _check_rate(error_rate)
    return duration_s * error_rate / (float(allowed_share(target)) * alert_policy(period).period_s)


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What is wrong with one tier of a policy, for this target and traffic.

    kind: "unreachable" (its threshold is an error rate of 100% or more: it can never fire), "over-eager" (it fires
        below the burn that keeps the target) or "one-event page" / "one-event ticket" (one failure fires it).
    """

    kind: Literal["unreachable", "over-eager", "one-event page", "one-event ticket", "no traffic"]
    tier: Tier | None
    sentence: str


def lint(policy: AlertPolicy, target: float, rate: float) -> list[Remark]:
    """What is wrong with a policy at this target and traffic; empty when nothing is.

    rate: events per second, the mean over quiet hours if the alerts have to hold at night.
    """
    if not (math.isfinite(rate) and rate >= 0):
        raise InvalidInput(f"lint: found a rate of {rate} events/s; expected a finite number of 0 or more.")
    allowed_share(target)
    remarks = []
    if rate == 0:
        remarks.append(Remark(kind="no traffic", tier=None, sentence="Without traffic no burn-rate alert can fire."))
    for tier in policy:
        limit = threshold(tier, target)
        if limit >= 1:
            sentence = (
                f"The {tier.severity} on {tier.name} can never fire: a burn rate of {number(tier.factor)} at a target "
                f"of {percent(target)} is an error rate of {percent(limit)}."
            )
            remarks.append(Remark(kind="unreachable", tier=tier, sentence=sentence))
        if tier.factor < 1:
            sentence = (
                f"The {tier.severity} on {tier.name} fires from a burn rate of {number(tier.factor)}: below 1 the "
                "budget lasts, and nothing has to be done."
            )
            remarks.append(Remark(kind="over-eager", tier=tier, sentence=sentence))
        if rate > 0 and limit < 1 and 1 / max(1.0, rate * tier.long_window_s) > limit:
            kind: Literal["one-event page", "one-event ticket"]
            kind = "one-event page" if tier.severity == "page" else "one-event ticket"
            sentence = (
                f"One failure fires the {tier.severity} on {tier.name}: {number(rate * tier.long_window_s)} events in "
                f"{duration(tier.long_window_s)}, and one of them is more than {percent(limit)}. It takes "
                f"{number(math.ceil(1 / limit))} events in that window."
            )
            remarks.append(Remark(kind=kind, tier=tier, sentence=sentence))
    return remarks


def compact_duration(seconds: float) -> str:
    """Seconds as Prometheus writes them: 5m, 1h, 3d."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0 and seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


def _check_rate(error_rate: float) -> None:
    if not 0 <= error_rate <= 1:
        raise InvalidInput(f"Error rate: found {error_rate}; expected a fraction from 0 to 1.")
