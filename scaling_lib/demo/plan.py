"""What the simulated system is: its services, routes and teams, and the drawn rates that the truth states."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from scaling_lib.errors import InvalidInput

SEED = 20261124
END = datetime(2026, 11, 24, tzinfo=UTC)
LEAST_DAYS, MOST_DAYS = 14, 730
MOST_SERVICES = 200
MOST_WITH_ROUTES = 10  # further services are behind these, so that traffic is bounded
MONTH_D = 365.25 / 12
SHOP = "shop"
SHOP_SERVICES = (("gateway", "team-edge", 1), ("catalogue", "team-goods", 2), ("checkout", "team-orders", 1))
THINGS = ("reviews", "shipping", "search", "accounts", "invoices", "stock", "coupons", "returns", "letters", "wishes")
# Load and latency are as in the recorded part of the example.
SHOP_ROUTES = (  # route, journey, backend, requests a minute today, median ms, threshold ms
    ("GET /products", "browse", "catalogue", 360.0, 4.2, 300),
    ("GET /products/{id}", "product", "catalogue", 720.0, 4.3, 300),
    ("POST /cart/items", "cart", "checkout", 270.0, 4.4, 300),
    ("POST /checkout", "checkout", "checkout", 360.0, 9.7, 300),
)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service, the team that owns it, and how much depends on it (tier 1 most)."""

    name: str
    team: str
    tier: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """A route of the front service, the journey it is, and the service behind that does its work."""

    name: str
    journey: str
    backend: str
    per_minute: float
    median_ms: float
    sigma: float
    threshold_ms: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One simulated system.

    front: the service that users reach. Demand of a route, a minute, `d` days after `end` (so d < 0):
    per_minute * (1 + growth_per_month)^(d / MONTH_D) * (1 + daily cos(2 pi (hour - peak_hour) / 24))
    * (1 + weekly cos(2 pi (days since Monday 00:00 - peak_day) / 7)). Minutes scatter by a gamma factor of mean 1 and
    shape `dispersion` beside the Poisson scatter. The median latency is median_ms * (1 + load_shift u^2), u the
    expected demand of the hour over the largest one.
    """

    system: str
    seed: int
    start: datetime
    end: datetime
    days: int
    services: tuple[Service, ...]
    routes: tuple[Route, ...]
    growth_per_month: float
    daily: float
    peak_hour: float
    weekly: float
    peak_day: float
    dispersion: float
    load_shift: float
    background_errors: float

    @property
    def front(self) -> Service:
        """The service that users reach."""
        return self.services[0]

    @property
    def last(self) -> Service:
        """The service behind the last route: what is planted in code and deployments is in it."""
        return next(service for service in self.services if service.name == self.routes[-1].backend)

    def rng(self, name: str) -> np.random.Generator:
        """A source of randomness of its own for each part, so that one part may change without the others."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.system}/{name}".encode())])


def make_plan(*, services: int, days: int, seed: int, end: datetime, system: str = SHOP) -> Plan:
    """Draw the system; InvalidInput for a size that cannot be simulated."""
    _check(services, days, seed, end)
    rng = np.random.default_rng([seed, zlib.crc32(f"{system}/plan".encode())])
    made = _services(system, services)
    return Plan(
        system=system,
        seed=seed,
        start=end - timedelta(days=days),
        end=end,
        days=days,
        services=made,
        routes=_routes(system, made, rng),
        growth_per_month=round(float(rng.uniform(0.04, 0.09)), 3),
        daily=round(float(rng.uniform(0.4, 0.55)), 2),
        peak_hour=round(float(rng.uniform(13, 19)), 1),
        weekly=round(float(rng.uniform(0.1, 0.2)), 2),
        peak_day=round(float(rng.uniform(1, 3.5)), 1),
        dispersion=60.0,
        load_shift=round(float(rng.uniform(0.2, 0.5)), 2),
        background_errors=0.0002,
    )


def _check(services: int, days: int, seed: int, end: datetime) -> None:
    ranges = (("services", services, 1, MOST_SERVICES), ("days", days, LEAST_DAYS, MOST_DAYS), ("seed", seed, 0, 2**63))
    for name, value, least, most in ranges:
        if not least <= value <= most:
            raise InvalidInput(f"demo: found {name} {value}; expected {least} to {most}.")
    if end.tzinfo is None or end.timestamp() % 86400:
        raise InvalidInput(f"demo: found the end {end.isoformat()}; expected midnight UTC, such as {END.isoformat()}.")


def _services(system: str, count: int) -> tuple[Service, ...]:
    if system == SHOP:
        named = [Service(name=name, team=team, tier=tier) for name, team, tier in SHOP_SERVICES[:count]]
        prefix = ""
    else:
        named = [Service(name=system, team="team-blue", tier=1)]
        prefix = f"{system}-"
    for number in range(count - len(named)):
        thing = THINGS[number] if number < len(THINGS) else f"part-{number + 1:03d}"
        named.append(Service(name=prefix + thing, team=f"team-{thing}", tier=2 + number % 2))
    return tuple(named)


def _routes(system: str, services: tuple[Service, ...], rng: np.random.Generator) -> tuple[Route, ...]:
    """The shop's own routes; of further services two each, one that reads and one that writes."""
    if system == SHOP:
        rows = [row for row in SHOP_ROUTES if row[2] in {service.name for service in services}]
        rest = services[len(SHOP_SERVICES) :] if rows else services
    else:
        rows, rest = [], services
    for service in rest[:MOST_WITH_ROUTES]:
        thing = service.name.removeprefix(f"{system}-") if len(services) > 1 else "items"
        size = float(np.round(rng.lognormal(0, 0.4), 2))
        rows.append((f"GET /{thing}", f"read {thing}", service.name, 150.0 * size, 80.0, 300))
        rows.append((f"POST /{thing}", f"write {thing}", service.name, 50.0 * size, 120.0, 300))
    return tuple(
        Route(
            name=name,
            journey=journey,
            backend=backend,
            per_minute=per_minute,
            median_ms=median,
            sigma=round(float(rng.uniform(0.2, 0.3)), 2),
            threshold_ms=threshold,
        )
        for name, journey, backend, per_minute, median, threshold in rows
    )
