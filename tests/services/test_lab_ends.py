"""The lab leaves no process behind, however whoever started it ends."""

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

RECORD = Path(__file__).resolve().parents[2] / "data" / "shop" / "lab" / "record.py"
PROGRAMS = ("uvicorn", "prometheus", "locust", "postgres", "exporter.py")
pytestmark = pytest.mark.service


def started_by(recorder: psutil.Process) -> list[psutil.Process]:
    """Its children, and a PostgreSQL that has left them: its folder carries the recorder's number."""
    found = {each.pid: each for each in recorder.children(recursive=True)}
    for each in psutil.process_iter(["cmdline"]):
        if any(f"shop-lab-{recorder.pid}/" in part for part in each.info["cmdline"] or ()):
            found[each.pid] = each
    return list(found.values())


def commands(processes: list[psutil.Process]) -> str:
    said = []
    for each in processes:
        try:
            said.append(" ".join(each.cmdline()))
        except psutil.Error:  # it ended meanwhile
            continue
    return "\n".join(said)


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda how: how.name)
def test_nothing_outlives_the_recording(how, tmp_path, need):
    need("prometheus")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        need("initdb")
    command = [sys.executable, RECORD, "--short", "--out", tmp_path, "spells"]
    with (tmp_path / "said").open("wb") as said:
        recorder = psutil.Popen(command, stdout=said, stderr=said)
    processes: list[psutil.Process] = []
    try:
        deadline = time.monotonic() + 90
        while not all(program in commands(processes) for program in PROGRAMS):
            assert recorder.poll() is None, (tmp_path / "said").read_text()
            assert time.monotonic() < deadline, commands(processes)
            time.sleep(0.5)
            processes = started_by(recorder)
        recorder.send_signal(how)
        recorder.wait(30)
        deadline = time.monotonic() + 20
        while living(processes) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert commands(living(processes)) == ""
    finally:
        for each in [*living(processes), *([recorder] if recorder.poll() is None else [])]:
            each.kill()
    assert how == signal.SIGKILL or "ended from outside" in (tmp_path / "said").read_text()
