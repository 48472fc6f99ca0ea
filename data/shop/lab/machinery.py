"""Starts and ends what an experiment needs: PostgreSQL, the services, the exporter, Prometheus, Locust.

Where there are two processors, the services have one to themselves; PostgreSQL, Prometheus and the load generator share
the other, where what measures (Prometheus and its exporter) and the generator are served first: they never saturate.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import database
import httpx
import psycopg
from cluster import postgres_programs, running_postgres
from together import ends_with_parent

LAB = Path(__file__).resolve().parent
SERVICES = {"gateway": "gateway", "catalogue": "catalogue", "checkout": "checkout"}  # process: its module
SECOND = "checkout-2"  # a second checkout, where two versions stand side by side
SERVICES_PROCESSOR, OTHER_PROCESSOR = (sorted(os.sched_getaffinity(0)) * 2)[:2]


@dataclass(frozen=True)
class Shop:
    """A running shop: `ports` of its processes, `folder` for what they write, seconds between two scrapes."""

    folder: Path
    ports: dict[str, int]
    environment: dict[str, str]
    services: tuple[str, ...]
    scrape_s: int

    def url(self, service: str) -> str:
        """A service's base URL."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def chaos(self, *faults: tuple[float, str], process: str = "checkout") -> None:
        """From now on, each statement runs inside a share of the orders' transactions; faults: (share, statement)."""
        httpx.post(self.url(process) + "/chaos", json=faults).raise_for_status()

    def wait_for_scrapes(self) -> None:
        """Until the end of the load is in Prometheus, and the last batch of spans is written."""
        now = time.time()
        jobs = "|".join((*self.services, "exporter"))
        # Of anything but a bare selector, timestamp() is the time of the question, not of the sample.
        scraped = f"timestamp(up{{job=~'{jobs}'}}) > {now + 1:.3f}"
        asked = {"query": f"count({scraped} and on(job, instance) up == 1)"}
        while time.time() < now + 60:
            time.sleep(0.5)
            found = httpx.get(self.url("prometheus") + "/api/v1/query", params=asked).json()["data"]["result"]
            if found and int(found[0]["value"][1]) == len(self.services) + 1:
                time.sleep(self.scrape_s - time.time() % self.scrape_s + 0.2)  # so that a step follows the last scrape
                return
        raise SystemExit("Prometheus did not scrape the whole shop within a minute of the load's end.")


@contextmanager
def running_shop(
    folder: Path,
    sampled: float,
    *,
    settings: Mapping[str, str] | None = None,
    versions: Mapping[str, str] | None = None,
    shares: Mapping[str, float] | None = None,
    scrape_s: int = 5,
) -> Iterator[Shop]:
    """PostgreSQL, the services, the exporter and Prometheus on loopback; all are ended at the end of the block.

    folder: empty or new, for the logs, spans and metrics; sampled: the share of traces that are kept; settings: of the
    services' environment; versions and shares of the orders: by process, where there is a second checkout.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions = versions or {}
    services = SERVICES | ({SECOND: "checkout"} if SECOND in versions else {})
    programs = (*services, "exporter", "prometheus", "generator")
    ports = dict(zip(programs, _free_ports(len(programs)), strict=True))
    with ExitStack() as stack:
        postmaster, socket_folder = stack.enter_context(running_postgres(_on(OTHER_PROCESSOR)))
        environment = os.environ | {
            "LAB_PORTS": json.dumps(ports),
            "LAB_DATABASE": f"host={socket_folder} user=shop dbname=shop",
            "LAB_ACCESS_LOG": str(folder / "access.log"),
            "LAB_SPANS": str(folder),
            "LAB_SAMPLED": str(sampled),
            "LAB_PROCESSORS": json.dumps({SERVICES_PROCESSOR: "services", OTHER_PROCESSOR: "database"}),
            "LAB_SHARES": json.dumps(shares or {"checkout": 1.0}),
            **(settings or {}),
        }
        with psycopg.connect(environment["LAB_DATABASE"]) as connection:
            database.fill(connection)
        for name in reversed(services):
            command = [*_on(SERVICES_PROCESSOR), sys.executable, "-m", "uvicorn", f"{services[name]}:app"]
            command += ["--port", str(ports[name]), "--no-access-log", "--log-level", "warning"]
            own = {"LAB_PROCESS": name, "LAB_VERSION": versions.get(name, "1.0.0")}
            stack.enter_context(_process(command, folder / f"{name}.out", environment | own))
        command = [*_on(OTHER_PROCESSOR), *_first(), sys.executable, "exporter.py"]
        command += [str(ports["exporter"]), str(postmaster)]
        stack.enter_context(_process(command, folder / "exporter.out", environment))
        stack.enter_context(_prometheus(folder, ports, scrape_s))
        for name in services:
            _wait(f"http://127.0.0.1:{ports[name]}/ready", folder / f"{name}.out")
        _wait(f"http://127.0.0.1:{ports['exporter']}/metrics", folder / "exporter.out")
        _wait(f"http://127.0.0.1:{ports['prometheus']}/-/ready", folder / "prometheus.out")
        yield Shop(folder, ports, environment, tuple(services), scrape_s)


@contextmanager
def locust(
    shop: Shop, levels: Sequence[tuple[int, float]], seed: int, shopper: str = "Shopper"
) -> Iterator[tuple[Any, float]]:
    """Locust on the gateway, through the levels (users, seconds): its process, and when the first level began."""
    began = shop.folder / "began"
    environment = shop.environment | {"LAB_LEVELS": json.dumps(levels), "LAB_SEED": str(seed), "LAB_BEGAN": str(began)}
    command = [*_on(OTHER_PROCESSOR), *_first(), sys.executable, "-m", "locust", "-f", "shoppers.py", "--headless"]
    command += ["--only-summary", "--host", shop.url("gateway"), "--csv", str(shop.folder / "locust")]
    command += ["--csv-full-history", "--exit-code-on-error", "0", "--stop-timeout", "10", shopper]
    with _process(command, shop.folder / "locust.out", environment) as process:
        while not began.exists() or not began.read_text():
            if process.poll() is not None:
                raise SystemExit(f"Locust ended at once: {(shop.folder / 'locust.out').read_text()[-800:]}")
            time.sleep(0.05)
        yield process, float(began.read_text())


def run_levels(shop: Shop, levels: Sequence[tuple[int, float]], seed: int, shopper: str = "Shopper") -> float:
    """Locust through the levels to their end, and the last scrapes; when the first level began."""
    with locust(shop, levels, seed, shopper) as (load, began):
        load.wait(sum(seconds for _, seconds in levels) + 60)
    shop.wait_for_scrapes()
    return began


def missing_programs() -> list[str]:
    """What has to be installed before the lab can run."""
    found = {"prometheus": shutil.which("prometheus"), "postgresql": postgres_programs()}
    return [name for name, place in found.items() if not place]


def _on(processor: int) -> list[str]:
    return ["taskset", "--cpu-list", str(processor)]


def _first() -> list[str]:
    """What makes a command be served before the database on the same processor, where that is allowed."""
    command = ["chrt", "--rr", "20"]
    allowed = shutil.which("chrt") and subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if allowed and not allowed.returncode else []


@contextmanager
def _prometheus(folder: Path, ports: dict[str, int], scrape_s: int) -> Iterator[None]:
    targets = "".join(
        f"  - job_name: {name}\n    static_configs:\n"
        f"      - {{targets: ['127.0.0.1:{port}'], labels: {{instance: {name}-1}}}}\n"
        for name, port in ports.items()
    )
    settings = folder / "prometheus.yml"
    settings.write_text(f"global: {{scrape_interval: {scrape_s}s}}\nscrape_configs:\n{targets}")
    command = [*_on(OTHER_PROCESSOR), *_first(), "prometheus", f"--config.file={settings}"]
    command += [f"--storage.tsdb.path={folder / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{ports['prometheus']}", "--log.level=warn"]
    with _process(command, folder / "prometheus.out", dict(os.environ)):
        yield


@contextmanager
def _process(command: Sequence[str], output: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=environment, cwd=LAB, preexec_fn=ends_with_parent()
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str, output: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise SystemExit(f"{url} did not answer within {seconds:.0f} s; its output was: {output.read_text()[-800:]}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
