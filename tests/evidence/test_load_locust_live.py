"""Locust itself, for some seconds on loopback: with and without its full history, against what it says at the end."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scaling_lib.evidence.load_tests import LoadSource, read_load_tests

SHOPPER = """
from locust import HttpUser, constant, task
class Shopper(HttpUser):
    wait_time = constant(0.02)
    @task
    def home(self):
        self.client.get("/")
    @task
    def missing(self):
        self.client.get("/missing")
"""


class Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(("options", "percentiles"), [(["--csv-full-history"], "windows"), ([], "cumulative")])
def test_a_real_run(tmp_path: Path, shop: str, options: list[str], percentiles: str) -> None:
    if importlib.util.find_spec("locust") is None:  # never imported here: it would replace the threads of this process
        pytest.skip("locust is not installed; it comes with the extra `lab`")
    (tmp_path / "shopper.py").write_text(SHOPPER)
    command = [sys.executable, "-m", "locust", "-f", "shopper.py", "--headless", "-H", shop, "-u", "3", "-r", "3"]
    command += ["-t", "7s", "--csv", "run", "--only-summary", *options]
    subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)  # failures make it return 1
    tests = read_load_tests([LoadSource(path=str(tmp_path / "run_stats_history.csv"))])
    with (tmp_path / "run_stats_history.csv").open() as history:
        *_, last = (row for row in csv.DictReader(history) if row["Name"] == "Aggregated")
    rows = tests.samples[tests.samples["name"] == ""]
    first = [note for note in tests.quality[0].notes if "before the first row" in note]
    assert first or rows["requests"].sum() == int(last["Total Request Count"]) > 50
    assert first or rows["errors"].sum() == int(last["Total Failure Count"]) > 10
    assert tests.tests[0].percentiles == percentiles
    assert set(rows["users"]) <= {0, 3} and tests.quality[0].rejected == ()
    names = {"", "GET /", "GET /missing"} if options else {""}
    assert set(tests.samples["name"]) == names
