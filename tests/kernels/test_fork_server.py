"""The server that kernels are forked from: what it makes, what it refuses, and that nothing of it is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from forked import kernel, outside, running, text

from scaling_lib.kernels.start import LOADED, fork_server, unable

pytestmark = pytest.mark.skipif(bool(unable()), reason=f"kernels cannot be forked: {unable()}")


def test_a_server_that_has_ended_is_replaced_by_a_cold_kernel(tmp_path):
    with kernel(tmp_path / "none") as (manager, _, run):
        assert text(run("print(1)")) == "1"
        assert "No such file" in manager.provisioner.cold


def test_the_reserve_is_filled_and_no_more_are_made_than_are_asked_for():
    with fork_server(environment=os.environ, reserve=2, most=3) as place:
        with kernel(place) as (_, _, run):
            parent = int(text(run("import os; print(os.getppid())")))
            assert settled(lambda: len(children(parent))) == 3  # this one, and two in reserve
            with kernel(place), kernel(place):
                assert len(children(parent)) == 3
        assert running(parent)
    assert not running(parent)
    assert not place.parent.exists()


HELD = """
import os, socket, sys, time
from scaling_lib.kernels.messages import KIND, receive, send
from scaling_lib.kernels.start import fork_server
with fork_server(environment=os.environ, reserve=2) as place:
    link = socket.socket(socket.AF_UNIX, KIND)
    link.connect(str(place))
    send(link, {"environment": dict(os.environ), "cwd": "/"})
    kernel = receive(link)["pid"]
    server = int(open(f"/proc/{kernel}/stat").read().rsplit(")")[1].split()[1])
    print(server, kernel, place, flush=True)
    time.sleep(60)
"""


DEFAULT = """
import sys
from jupyter_client.manager import KernelManager
manager = KernelManager()
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
cold, kernel = manager.provisioner.cold, manager.provisioner.pid
print(open(f"/proc/{kernel}/stat").read().rsplit(")")[1].split()[1], kernel, manager.get_connection_info()["transport"], cold)
client.stop_channels()
manager.shutdown_kernel()
"""


def test_as_the_default_provisioner_it_has_a_server_of_its_own_which_ends_with_the_process():
    place = outside() | {"JUPYTER_DEFAULT_PROVISIONER_NAME": "scaling-warm"}  # so nbval takes it, or any program
    said = subprocess.check_output([sys.executable, "-c", DEFAULT], text=True, env=place).split()
    assert said[2:] == ["ipc"]
    deadline = time.monotonic() + 20
    while any(running(int(pid)) for pid in said[:2]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("killed", ["the run", "the server"])
def test_whoever_is_killed_nothing_is_left(killed):
    with subprocess.Popen([sys.executable, "-c", HELD], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        server, kernel, place = run.stdout.readline().split()
        pids = [int(server), int(kernel), *children(int(server))]
        assert all(running(pid) for pid in pids)
        assert len(set(pids)) >= 2
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]
        assert all("scaling_lib.kernels.server" in command for command in commands)  # that, and no other, is killed
        os.kill(run.pid if killed == "the run" else int(server), signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(running(pid) for pid in pids):
            assert time.monotonic() < deadline, [pid for pid in pids if running(pid)]
            time.sleep(0.02)
        if killed == "the run":
            assert not Path(place).parent.exists()
        run.terminate()
        shutil.rmtree(Path(place).parent, ignore_errors=True)  # where the server was killed, the run would have


def test_a_kernel_ends_with_its_client():
    with fork_server(environment=outside()) as server, kernel(server) as (manager, _, run):
        pid = int(text(run("import os; print(os.getpid())")))
        manager.provisioner._link.close()  # what the system does for a client that was killed
        deadline = time.monotonic() + 20
        while running(pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        manager.provisioner._link = None


SINGLE = f"""
import os
from scaling_lib.kernels.server import _load
_load({list(LOADED)})
if not (pid := os.fork()):
    print(len(os.listdir("/proc/self/task")), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""


def test_a_fork_has_one_thread_and_a_thread_before_it_is_refused(tmp_path):
    assert subprocess.check_output([sys.executable, "-c", SINGLE], text=True) == "1\n"
    (tmp_path / "threaded.py").write_text(
        "import threading\nthreading.Thread(target=lambda: input(), daemon=True).start()"
    )
    place = os.environ | {"PYTHONPATH": str(tmp_path)}
    with fork_server(environment=place, modules=["threaded"]) as server, kernel(server) as (manager, _, run):
        assert text(run("print(1)")) == "1"
        assert manager.provisioner.cold


def test_an_import_that_fails_is_left_to_the_notebook(tmp_path):
    (tmp_path / "broken.py").write_text("raise ValueError('broken on purpose')")
    place = os.environ | {"PYTHONPATH": str(tmp_path)}
    with (
        fork_server(environment=place, modules=["broken", "absent"]) as server,
        kernel(server, env=place) as (m, _, run),
    ):
        assert run("import broken")[-1][1:3] == ("ValueError", "broken on purpose")
        assert m.provisioner.cold == ""


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if running(int(child))]


def settled(count: Callable[[], int]) -> int:
    """A number once it has stayed the same for a while."""
    seen: list[int] = []
    while len(seen) < 20 or len({*seen[-20:]}) > 1:
        assert len(seen) < 400
        seen.append(count())
        time.sleep(0.05)
    return seen[-1]
