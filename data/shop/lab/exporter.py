"""Metrics of PostgreSQL and of the machine, for Prometheus to scrape."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import psutil
import psycopg
from prometheus_client import start_http_server
from prometheus_client.core import REGISTRY, CounterMetricFamily, GaugeMetricFamily

COUNTERS = (
    "xact_commit",
    "xact_rollback",
    "blks_read",
    "blks_hit",
    "tup_returned",
    "tup_fetched",
    "tup_inserted",
    "tup_deleted",
)


class Database:
    """Reads PostgreSQL's own statistics and its processes' CPU at each scrape."""

    def __init__(self, postmaster: int) -> None:
        self.process = psutil.Process(postmaster)
        self.connection = psycopg.connect(os.environ["LAB_DATABASE"], autocommit=True)
        self.ended_cpu_s: dict[int, float] = {}

    def collect(self):
        """The metric families of one scrape."""
        columns = ", ".join(COUNTERS)
        row = self.connection.execute(
            f"SELECT {columns} FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
        for name, value in zip(COUNTERS, row, strict=True):
            yield CounterMetricFamily(f"postgres_{name}", f"pg_stat_database.{name}", value=value)
        states = GaugeMetricFamily("postgres_connections", "Connections by state", labels=["application", "state"])
        for application, state, count in self.connection.execute(
            "SELECT application_name, state, count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() GROUP BY 1, 2"
        ):
            states.add_metric([application, state or "none"], count)
        yield states
        yield CounterMetricFamily("postgres_cpu_seconds", "CPU of all its processes", value=self._cpu_s())
        yield GaugeMetricFamily("postgres_resident_memory_bytes", "Memory of all its processes", value=self._memory())

    def _cpu_s(self) -> float:
        """Processes that ended keep their last reading, so that the counter never falls."""
        for process in (self.process, *self.process.children()):
            try:
                self.ended_cpu_s[process.pid] = cpu_s(process)
            except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                continue
        return sum(self.ended_cpu_s.values())

    def _memory(self) -> int:
        """Of its own; the buffers that its processes share are counted once."""
        total = 0
        for process in (self.process, *self.process.children()):
            try:
                memory = process.memory_info()
                total += memory.rss - memory.shared
            except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                continue
        return total + self.process.memory_info().shared


class Hosts:
    """CPU of the lab's own processes by the processor they are held to; the whole machine's, with all other work."""

    def __init__(self, postmaster: int) -> None:
        self.roots = (psutil.Process(os.getppid()), psutil.Process(postmaster))
        self.runs = {int(key): runs for key, runs in json.loads(os.environ["LAB_PROCESSORS"]).items()}
        self.cpu_s: dict[int, tuple[int, float]] = {}

    def collect(self):
        """The metric families of one scrape."""
        self._read()
        hosts = CounterMetricFamily("host_cpu_busy_seconds", "CPU of the lab", labels=["processor", "runs"])
        for processor, runs in self.runs.items():
            hosts.add_metric([str(processor), runs], sum(s for on, s in self.cpu_s.values() if on == processor))
        yield hosts
        busy = psutil.cpu_times()
        yield CounterMetricFamily("machine_cpu_busy_seconds", "CPU of the machine", value=busy.user + busy.system)
        yield GaugeMetricFamily(
            "machine_memory_used_bytes", "Memory of the machine", value=psutil.virtual_memory().used
        )

    def _read(self) -> None:
        """Processes that ended keep their last reading, so that the counter never falls."""
        for root in self.roots:
            for process in (root, *root.children(recursive=True)):
                try:
                    spent, affinity = cpu_s(process), process.cpu_affinity()
                except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
                    continue
                if len(affinity) == 1:
                    self.cpu_s[process.pid] = (affinity[0], spent)


def cpu_s(process: psutil.Process) -> float:
    """A process's CPU; a backend's to the nanosecond, since many of them use less than a tick (10 ms) for long."""
    precise = Path(f"/proc/{process.pid}/schedstat")  # of the first thread; a backend has no other
    if process.name() == "postgres" and precise.exists():
        return int(precise.read_text().split()[0]) / 1e9
    times = process.cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    REGISTRY.register(Database(int(sys.argv[2])))
    REGISTRY.register(Hosts(int(sys.argv[2])))
    start_http_server(int(sys.argv[1]), addr="127.0.0.1")
    while True:
        time.sleep(3600)
