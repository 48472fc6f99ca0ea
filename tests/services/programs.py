"""Real programs for the tests: a Prometheus on loopback with backfilled data, and servers that misbehave."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from needed import need

STARTS_S = 20.0


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Backfill:
    """Data to start a Prometheus with: OpenMetrics text, and the first moment in it."""

    text: str
    start: int  # unix seconds, a whole minute, at least 3 hours ago


def counter(name: str, samples: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    """OpenMetrics of a counter `name`_total; samples: (labels, [(unix seconds, value)])."""
    lines = [f"# TYPE {name} counter"]
    lines += [
        f"{name}_total{{{labels}}} {value:g} {moment:.3f}" for labels, points in samples for moment, value in points
    ]
    return "\n".join(lines) + "\n"


@contextmanager
def running_prometheus(
    folder: Path, openmetrics: str, *, web_config: Path | None = None, scheme: str = "http"
) -> Iterator[str]:
    """Backfill a new Prometheus and run it on a free loopback port; gives its URL, ends it afterwards."""
    prometheus, promtool = need("prometheus"), need("promtool")
    folder.mkdir(parents=True, exist_ok=True)
    source, data = folder / "backfill.om", folder / "data"
    source.write_text(openmetrics + "# EOF\n")
    made = subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", str(source), str(data)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n")
    port = free_port()
    command = [
        prometheus, f"--config.file={config}", f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{port}",
        "--storage.tsdb.retention.time=10y", "--log.level=warn",
    ]  # fmt: skip
    if web_config:
        command.append(f"--web.config.file={web_config}")
    log = (folder / "log").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait(process, port, folder)
        yield f"{scheme}://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
        log.close()


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + STARTS_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"Prometheus ended: {(folder / 'log').read_text()}")
        for scheme in ("http", "https"):
            try:
                status = httpx.get(f"{scheme}://127.0.0.1:{port}/-/ready", verify=False, timeout=1).status_code
                if status in (200, 401):
                    return
            except httpx.HTTPError:
                continue
        time.sleep(0.05)
    pytest.fail(f"Prometheus was not ready within {STARTS_S} s: {(folder / 'log').read_text()}")


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            need("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=test",
            "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@contextmanager
def answering(respond: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A real HTTP server on loopback that answers every GET with `respond`; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            respond(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
