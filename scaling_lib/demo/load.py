"""Load tests as Locust writes them, of services whose throughput follows the universal scalability law."""

from __future__ import annotations

from typing import Any

import numpy as np

from scaling_lib.demo.plan import Plan, Service

LEVELS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96)  # users, without think time
LEVEL_S = 20
BREAK_S = 300  # from one service's test to the next one's
SCATTER = 0.02  # of the throughput, from second to second
SPREAD = 0.35  # of the lognormal response time
Z_SCORES = {  # of the standard normal distribution
    "50%": 0.0, "66%": 0.412463, "75%": 0.674490, "80%": 0.841621, "90%": 1.281552, "95%": 1.644854, "98%": 2.053749,
    "99%": 2.326348, "99.9%": 3.090232, "99.99%": 3.719016, "100%": 4.0,
}  # fmt: skip
HEADER = ",".join(
    ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *Z_SCORES, "Total Request Count",
     "Total Failure Count", "Total Median Response Time", "Total Average Response Time", "Total Min Response Time",
     "Total Max Response Time", "Total Average Content Size"]
)  # fmt: skip


def load_files(plan: Plan) -> tuple[dict[str, str], dict[str, Any]]:
    """A stats history (with --csv-full-history) for each service, by path, and its law: X(N) in requests a second."""
    files, laws = {}, []
    for number, service in enumerate(plan.services):
        rng = plan.rng(f"load {service.name}")
        law = {
            "alpha": round(float(rng.uniform(0.01, 0.06)), 4),
            "beta": round(float(rng.uniform(4e-4, 1e-3)), 6),
            "gamma": round(float(rng.uniform(15, 40)), 2),
        }
        peak = float(np.sqrt((1 - law["alpha"]) / law["beta"]))
        path = f"load/{service.name}_stats_history.csv"
        files[path] = _history(plan, service, law, number, rng)
        laws.append(
            {
                "service": service.name,
                "file": path,
                **law,
                "peak_users": round(peak, 3),
                "peak_requests_per_s": round(throughput(law, peak), 3),
            }
        )
    return files, {
        "law": "X(N) = gamma N / (1 + alpha (N - 1) + beta N (N - 1)), mean response time N / X(N)",
        "users": " ".join(map(str, LEVELS)),
        "seconds_a_level": LEVEL_S,
        "scatter": SCATTER,
        "services": laws,
    }


def throughput(law: dict[str, float], users: float) -> float:
    """Requests a second of so many users."""
    return law["gamma"] * users / (1 + law["alpha"] * (users - 1) + law["beta"] * users * (users - 1))


def _history(plan: Plan, service: Service, law: dict[str, float], number: int, rng: np.random.Generator) -> str:
    second = int(plan.end.timestamp()) - 86400 + 2 * 3600 + number * BREAK_S
    route = next((route.name for route in plan.routes if route.backend == service.name), plan.routes[0].name)
    method, _, _ = route.partition(" ")
    lines, total, weighted, slowest, fastest = [HEADER], 0, 0.0, 0.0, np.inf
    for users in LEVELS:
        for scatter in np.exp(SCATTER * rng.standard_normal(LEVEL_S)):
            rate = throughput(law, users) * float(scatter)
            mean_ms = 1000 * users / rate
            middle = mean_ms * np.exp(-(SPREAD**2) / 2)
            quantiles = [f"{middle * np.exp(SPREAD * z):.0f}" for z in Z_SCORES.values()]
            total += round(rate)
            weighted += round(rate) * mean_ms
            slowest = max(slowest, middle * np.exp(SPREAD * 4))
            fastest = min(fastest, middle * np.exp(-SPREAD * 3))
            numbers = [f"{rate:.6f}", "0.000000", *quantiles, str(total), "0", f"{middle:.0f}"]
            numbers += [f"{weighted / total:.4f}", f"{fastest:.4f}", f"{slowest:.4f}", "512.0"]
            for kind, name in ((method, route), ("", "Aggregated")):
                lines.append(",".join([str(second), str(users), kind, name, *numbers]))
            second += 1
    return "\n".join(lines) + "\n"
