"""Random systems of services with one fault: spans of a normal and a faulty window, and which service it is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

FAULTS = ("delay", "egress", "contention", "errors")


@dataclass
class Call:
    """An operation of a service: its own work before, between and after its calls (seconds, the median), and these."""

    service: str
    operation: str
    work: float
    calls: list[Call] = field(default_factory=list)
    parallel: bool = False

    def services(self) -> set[str]:
        """All below and itself."""
        return {self.service}.union(*(each.services() for each in self.calls))


def system(random: np.random.Generator, services: int, journeys: int = 4) -> list[Call]:
    """Journeys through random services; each service calls others of a higher number alone."""
    operations: dict[tuple[int, int], Call] = {}

    def call(number: int, version: int) -> Call:
        if (number, version) not in operations:
            made = Call(f"s{number}", f"op{version}", float(random.lognormal(np.log(0.004), 0.8)))
            later = np.arange(number + 1, services)
            count = min(len(later), int(random.integers(0, 4)) if number else 2)
            near = random.choice(later[: 2 * count + 2], count, replace=False) if count else []
            made.calls = [call(int(each), int(random.integers(0, 2))) for each in near]
            made.parallel = bool(random.random() < 0.25)
            operations[number, version] = made
        return operations[number, version]

    roots = []
    for journey in range(journeys):
        below = [call(int(each), int(random.integers(0, 2))) for each in random.choice(range(1, services), 2)]
        roots.append(Call("s0", f"GET /{journey}", 0.003, below))
    return roots


@dataclass
class Traces:
    """Draws spans of traces; speed: by service how much slower it is in this window (drift)."""

    random: np.random.Generator
    speed: dict[str, float]
    fault: str = ""
    service: str = ""
    size: float = 0.0
    rows: list[tuple[object, ...]] = field(default_factory=list)

    def trace(self, root: Call, number: int, start: float, weight: float) -> None:
        """One trace; times in seconds."""
        self.number, self.weight, self.spans = number, weight, 0
        self._server(root, "", start)

    def _span(self, parent: str, service: str, operation: str, kind: str) -> tuple[int, str]:
        self.spans += 1
        span = f"{self.number:x}-{self.spans}"
        self.rows.append((str(self.number), span, parent, service, operation, kind, self.weight))
        return len(self.rows) - 1, span

    def _end(self, at: int, start: float, end: float, error: bool) -> float:
        self.rows[at] = (*self.rows[at], int(start * 1e9), int(end * 1e9), error)
        return end

    def _work(self, service: str, median: float) -> float:
        slower = self.size if self.fault == "contention" and service == self.service else 1.0
        return float(median * self.random.lognormal(0, 0.5) * self.speed[service] * slower)

    def _network(self, caller: str, callee: str) -> float:
        seconds = float(self.random.lognormal(np.log(0.0005), 0.6))
        if self.fault == "contention" and self.service in (caller, callee):
            seconds *= self.size
        if self.fault == "delay" and callee == self.service:
            seconds += self.size * self.random.lognormal(0, 0.3)
        if self.fault == "egress" and self.service in (caller, callee):
            seconds += self.size * self.random.lognormal(0, 0.3)
        return seconds

    def _server(self, call: Call, parent: str, start: float) -> tuple[float, bool]:
        at, span = self._span(parent, call.service, call.operation, "server")
        now, failed = start + self._work(call.service, call.work), False
        ends = [now]
        for each in call.calls:
            began = ends[0] if call.parallel else now
            end, wrong = self._client(call.service, each, span, began)
            failed |= wrong
            ends.append(end)
            now = max(now, end) + (0 if call.parallel else self._work(call.service, call.work / 4))
        now = max(now, *ends) + self._work(call.service, call.work / 4)
        own = 0.003 + (self.size if self.fault == "errors" and call.service == self.service else 0.0)
        failed |= bool(self.random.random() < own)
        return self._end(at, start, now, failed), failed

    def _client(self, caller: str, call: Call, parent: str, start: float) -> tuple[float, bool]:
        at, span = self._span(parent, caller, f"call {call.operation}", "client")
        network = self._network(caller, call.service)
        end, failed = self._server(call, span, start + network / 2)
        return self._end(at, start, end + network / 2, failed), failed

    def frame(self) -> pd.DataFrame:
        """Canonical spans."""
        names = [
            "trace_id",
            "span_id",
            "parent_id",
            "service",
            "operation",
            "kind",
            "weight",
            "start_ns",
            "end_ns",
            "error",
        ]
        return pd.DataFrame(self.rows, columns=names)


def windows(
    seed: int,
    fault: str,
    *,
    services: int = 12,
    traces: tuple[int, int] = (100, 100),
    size: float = 0.0,
    drift: float = 0.1,
    sampled: bool = False,
    missing: float = 0.0,
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Spans normal and faulty, with different mixes of journeys, and the service with the fault.

    size: seconds of a delay, the factor of contention, the share of calls that fail; 0: usual ones. drift: of each
    service's speed between windows (sigma of its logarithm). sampled: one in 1, 2, 4 or 8 of each journey's traces.
    missing: the share of server spans that are lost, with what is below them left as orphans.
    """
    random = np.random.default_rng(seed)
    roots = system(random, services)
    reached = sorted(set.union(*(each.services() for each in roots)) - {"s0"})
    service = str(random.choice(reached))
    given = size or {"delay": 0.05, "egress": 0.05, "contention": 4.0, "errors": 0.2, "": 0.0}[fault]
    frames = []
    for window, count in enumerate(traces):
        speed = {f"s{each}": float(random.lognormal(0, drift)) for each in range(services)}
        made = Traces(random, speed, *((fault, service, given) if window else ("", "", 0.0)))
        mix = random.dirichlet([3.0] * len(roots))
        keeps = random.choice([1, 2, 4, 8], len(roots)) if sampled else np.ones(len(roots))
        chosen = random.choice(len(roots), count, p=mix / keeps / (mix / keeps).sum())
        for number, which in enumerate(chosen):
            made.trace(roots[which], number + 1, 1e9 + 3600 * window + number, float(keeps[which]))
        frame = made.frame()
        frames.append(
            frame[~((frame["kind"] == "server") & (frame["parent_id"] != "") & (random.random(len(frame)) < missing))]
        )
    return frames[0], frames[1], service
