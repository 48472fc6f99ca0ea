"""Starts and ends what an experiment needs: PostgreSQL, the three services, the exporter, Prometheus, Locust."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import database
import httpx
import psycopg

LAB = Path(__file__).resolve().parent
SERVICES = ("gateway", "catalogue", "checkout")
SCRAPE_S = 5


@dataclass(frozen=True)
class Shop:
    """A running shop: `ports` of its processes, `folder` for what they write."""

    folder: Path
    ports: dict[str, int]
    environment: dict[str, str]

    def url(self, service: str) -> str:
        """A service's base URL."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def chaos(self, share: float, statement: str = "") -> None:
        """From now on, `statement` runs inside a `share` of the orders' transactions."""
        fault = {"share": share, "statement": statement}
        httpx.post(self.url("checkout") + "/chaos", json=fault).raise_for_status()


@contextmanager
def running_shop(folder: Path, sampled: float) -> Iterator[Shop]:
    """PostgreSQL, the services, the exporter and Prometheus on loopback; all are ended at the end of the block.

    folder: empty, for the logs, spans and metrics; sampled: the share of traces that are kept.
    """
    ports = dict(zip((*SERVICES, "exporter", "prometheus"), _free_ports(5), strict=True))
    with ExitStack() as stack:
        postmaster, socket_folder = stack.enter_context(_postgres())
        environment = os.environ | {
            "LAB_PORTS": json.dumps(ports),
            "LAB_DATABASE": f"host={socket_folder} user=shop dbname=shop",
            "LAB_ACCESS_LOG": str(folder / "access.log"),
            "LAB_SPANS": str(folder),
            "LAB_SAMPLED": str(sampled),
        }
        with psycopg.connect(environment["LAB_DATABASE"]) as connection:
            database.fill(connection)
        for name in reversed(SERVICES):
            command = [sys.executable, "-m", "uvicorn", f"{name}:app", "--port", str(ports[name]), "--no-access-log"]
            stack.enter_context(_process([*command, "--log-level", "warning"], folder / f"{name}.out", environment))
        command = [sys.executable, "exporter.py", str(ports["exporter"]), str(postmaster)]
        stack.enter_context(_process(command, folder / "exporter.out", environment))
        stack.enter_context(_prometheus(folder, ports))
        for name in SERVICES:
            _wait(f"http://127.0.0.1:{ports[name]}/ready", folder / f"{name}.out")
        _wait(f"http://127.0.0.1:{ports['exporter']}/metrics", folder / "exporter.out")
        _wait(f"http://127.0.0.1:{ports['prometheus']}/-/ready", folder / "prometheus.out")
        yield Shop(folder, ports, environment)


@contextmanager
def locust(shop: Shop, levels: Sequence[tuple[int, float]], seed: int) -> Iterator[tuple[Any, float]]:
    """Locust on the gateway, through the levels (users, seconds): its process, and when the first level began."""
    began = shop.folder / "began"
    environment = shop.environment | {"LAB_LEVELS": json.dumps(levels), "LAB_SEED": str(seed), "LAB_BEGAN": str(began)}
    command = [sys.executable, "-m", "locust", "-f", "load.py", "--headless", "--only-summary", "--host"]
    command += [
        shop.url("gateway"),
        "--csv",
        str(shop.folder / "locust"),
        "--csv-full-history",
        "--exit-code-on-error",
        "0",
    ]
    with _process(command, shop.folder / "locust.out", environment) as process:
        while not began.exists() or not began.read_text():
            if process.poll() is not None:
                raise SystemExit(f"Locust ended at once: {(shop.folder / 'locust.out').read_text()[-800:]}")
            time.sleep(0.05)
        yield process, float(began.read_text())


def missing_programs() -> list[str]:
    """What has to be installed before the lab can run."""
    found = {"prometheus": shutil.which("prometheus"), "postgresql": postgres_programs()}
    return [name for name, place in found.items() if not place]


@contextmanager
def _postgres() -> Iterator[tuple[int, Path]]:
    """A private cluster in a temporary folder: its postmaster's process id, and the folder of its socket."""
    programs = postgres_programs()
    # A socket's path is short by law (107 bytes), so it cannot lie under a folder of the user's choice.
    folder = Path(f"/tmp/shop-lab-{os.getpid()}")
    folder.mkdir(mode=0o700)
    as_user: list[str] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"
        shutil.chown(folder, user)
        as_user = ["runuser", "-u", user, "--"]
    data = folder / "data"
    try:
        subprocess.run(
            [*as_user, programs / "initdb", "-D", data, "-U", "shop", "-A", "trust", "--no-sync", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd="/",
        )
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c timezone=UTC"
        control = [*as_user, programs / "pg_ctl", "-D", data, "-w", "-t", "30"]
        subprocess.run(
            [*control, "-l", folder / "log", "-o", options, "start"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
        )
        try:
            with psycopg.connect(f"host={folder} user=shop dbname=postgres", autocommit=True) as connection:
                connection.execute("CREATE DATABASE shop")
            yield int((data / "postmaster.pid").read_text().splitlines()[0]), folder
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, stdout=subprocess.DEVNULL, cwd="/")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's server programs, None where they are not installed."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb")
    return places[-1].parent if places else Path(found).parent if found else None


@contextmanager
def _prometheus(folder: Path, ports: dict[str, int]) -> Iterator[None]:
    targets = "".join(
        f"  - job_name: {name}\n    static_configs:\n"
        f"      - {{targets: ['127.0.0.1:{ports[name]}'], labels: {{instance: {name}-1}}}}\n"
        for name in (*SERVICES, "exporter")
    )
    settings = folder / "prometheus.yml"
    settings.write_text(f"global: {{scrape_interval: {SCRAPE_S}s}}\nscrape_configs:\n{targets}")
    command = ["prometheus", f"--config.file={settings}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    command += [f"--web.listen-address=127.0.0.1:{ports['prometheus']}", "--log.level=warn"]
    with _process(command, folder / "prometheus.out", dict(os.environ)):
        yield


@contextmanager
def _process(command: Sequence[str], output: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with output.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment, cwd=LAB)
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
