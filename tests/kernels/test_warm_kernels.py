"""Kernels forked from one process are kernels like any other, and know nothing of each other."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from scaling_lib.kernels.start import LOADED, fork_server, unable

pytestmark = pytest.mark.skipif(bool(unable()), reason=f"kernels cannot be forked: {unable()}")


def outside() -> dict[str, str]:
    """The environment as it is outside pytest: a kernel that knows of it catches nothing written to descriptors."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with fork_server(environment=outside()) as place:
        yield place


@contextlib.contextmanager
def kernel(server: Path | None, **options):
    """A kernel, forked where there is a server, and a function that gives what a cell shows."""
    with tempfile.TemporaryDirectory(prefix="k-") as room:
        manager = KernelManager(transport="ipc", connection_file=f"{room}/k.json")
        chosen = {"provisioner_name": "scaling-warm", "config": {"server": str(server)}} if server else {}
        manager._kernel_spec = KernelSpec(
            argv=[sys.executable, "-P", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            language="python",
            metadata={"kernel_provisioner": chosen},
        )
        manager.start_kernel(**({"cwd": room, "env": outside()} | options))
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            yield manager, client, lambda code: shown(client, code)
        finally:
            client.stop_channels()
            if manager.has_kernel:
                manager.shutdown_kernel(now=True)


def shown(client, code: str) -> list[tuple]:
    """What a cell shows, streams of one kind put together."""
    asked, outputs = client.execute(code, allow_stdin=False), []
    while True:
        message = client.get_iopub_msg(timeout=60)
        kind, content = message["msg_type"], message["content"]
        if message["parent_header"].get("msg_id") != asked:
            continue
        if kind == "status" and content["execution_state"] == "idle":
            return outputs
        if kind == "stream" and outputs and outputs[-1][:2] == ("stream", content["name"]):
            outputs[-1] = ("stream", content["name"], outputs[-1][2] + content["text"])
        elif kind == "stream":
            outputs.append(("stream", content["name"], content["text"]))
        elif kind in ("execute_result", "display_data"):
            outputs.append((kind, content["data"]))
        elif kind == "error":
            outputs.append((kind, content["ename"], content["evalue"], content["traceback"]))


def text(outputs: list[tuple]) -> str:
    assert [output[0] for output in outputs] == ["stream"], outputs
    return outputs[0][2].strip()


CELLS = (
    "1 + 1",
    "print('out'); import sys; print('err', file=sys.stderr)",
    "import pandas as pd; pd.DataFrame({'a': [1.5, 2]})",
    "import plotly.graph_objects as go; fig = go.Figure(go.Bar(y=[1])); fig.to_dict()",
    "import os, time; os.system('echo from a child; echo and more'); time.sleep(1)  # it is heard of a little later",
    "import duckdb; duckdb.sql('SELECT sum(i) AS total FROM range(1000000) t(i)').fetchall()",
    "import pyarrow as pa, pyarrow.compute as pc; pc.sum(pa.chunked_array([[1, 2], [3]]))",
    "import numpy as np; a = np.arange(250_000.0).reshape(500, 500); (a @ a).sum()",
    "def f():\n    return 1 / 0\nf()",
    "__name__, sys.argv[0], sys.argv[1], sys.path, sys.flags.safe_path, os.environ.get('SHOWN')",
    "os.getsid(0) == os.getpgrp() == os.getpid(), sys.stdin.__class__.__name__, os.read(0, 1)",
    "[signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE)]",
    "input('?')",
    "get_ipython().kernel.session.username == os.environ.get('USER', 'username')",
    "import asyncio\nawait asyncio.sleep(0.01)\nasyncio.get_running_loop().is_running()",
    "import multiprocessing as m\nm.get_context('fork').Process(target=print, args=('from a fork',)).start()\nm.active_children()[0].join()",
    "from concurrent.futures import ProcessPoolExecutor\nimport operator, threading",
    "with ProcessPoolExecutor(1) as pool: print(pool.submit(operator.add, 1, 2).result())",
)


def test_cells_show_what_they_show_in_a_cold_kernel(server):
    ran = []
    for place in (None, server):
        with kernel(place, env=outside() | {"SHOWN": "yes"}) as (_, _, run):
            run("import signal")
            ran.append([run(cell) for cell in CELLS])
    for cell, cold, warm in zip(CELLS, *ran, strict=True):
        assert warm == cold, cell


def test_a_kernel_knows_nothing_of_the_one_before(server):
    with kernel(server) as (_, _, run):
        first = run(
            "import os, random, sys, json, numpy as np, pandas as pd, scaling_lib\n"
            "left = 1; os.environ['LEFT'] = '1'; os.mkdir('left'); os.chdir('left'); json.dumps = None\n"
            "pd.options.display.max_rows = 7; scaling_lib.left = 1; sys.path.append('left'); np.seterr(all='ignore')\n"
            "print(random.random(), np.random.random(), os.getpid())"
        )
    with kernel(server) as (_, _, run):
        second = run(
            "import os, random, sys, json, numpy as np, pandas as pd, scaling_lib\n"
            "assert 'left' not in globals() and 'LEFT' not in os.environ and not os.getcwd().endswith('left')\n"
            "assert json.dumps and pd.options.display.max_rows == 60 and not hasattr(scaling_lib, 'left')\n"
            "assert 'left' not in sys.path and np.geterr()['divide'] == 'warn'\n"
            "print(random.random(), np.random.random(), os.getpid())"
        )
    assert not set(text(first).split()) & set(text(second).split())


def test_kernels_at_the_same_time_are_apart(server):
    with kernel(server) as (_, _, one), kernel(server) as (_, _, other):
        one("where = 'one'; import json; json.left = 'one'")
        other("where = 'other'")
        assert text(one("import json; print(where, json.left)")) == "one one"
        assert text(other("import json; print(where, hasattr(json, 'left'))")) == "other False"
        settings = "print(get_ipython().ipython_dir)"
        assert text(one(settings)) != text(other(settings))


def test_an_interrupt_stops_the_cell_and_not_the_kernel(server):
    with kernel(server) as (manager, client, run):
        asked = client.execute("print('going', flush=True)\nimport time\ntime.sleep(60)")
        while client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
            pass
        began = time.monotonic()
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == asked
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert time.monotonic() - began < 20
        assert text(run("print('still here')")) == "still here"


def test_shutdown_is_polite_or_at_once_and_says_how_it_ended(server):
    with kernel(server) as (manager, client, run):
        pid = int(text(run("import os; print(os.getpid())")))
        run("import atexit; atexit.register(lambda: open('tidied', 'w').close())")
        room = Path(manager.connection_file).parent
        client.shutdown()
        while manager.is_alive():
            time.sleep(0.01)
        assert manager.provisioner._code == 0
        assert (room / "tidied").exists()
        assert not running(pid)
    with kernel(server) as (manager, _, run):
        pid = int(text(run("import os; print(os.getpid())")))
        manager.shutdown_kernel(now=True)
        assert not running(pid)
    with kernel(server) as (manager, client, _):
        client.execute("import os; os._exit(3)")
        while manager.is_alive():
            time.sleep(0.01)
        assert manager.provisioner._code == 3


def test_a_restart_keeps_the_addresses_and_forgets_the_rest(server):
    with kernel(server) as (manager, client, run):
        run("left = 1")
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert text(run("print('left' in globals())")) == "False"
        assert "restarted" in manager.provisioner.cold


def test_nothing_listens_on_a_port_and_all_folders_are_private(server):
    listing = (
        "import os, pathlib, socket\n"
        "def inodes(pid):\n"
        "    links = [os.readlink(f) for f in pathlib.Path(f'/proc/{pid}/fd').iterdir() if f.is_symlink()]\n"
        "    return {link[8:-1] for link in links if link.startswith('socket:')}\n"
        "known = [line.split()[9] for kind in ('tcp', 'tcp6', 'udp', 'udp6')\n"
        "         if os.path.exists(f'/proc/net/{kind}') for line in open(f'/proc/net/{kind}').readlines()[1:]]\n"
        "def ports(): return sorted((inodes(os.getpid()) | inodes(os.getppid())) & set(known))\n"
    )
    with kernel(server) as (manager, _, run):
        assert run(listing) == []
        assert text(run("print(ports())")) == "[]"
        opened = (
            "with socket.create_server(('127.0.0.1', 0)) as s:\n"
            "    known = [line.split()[9] for line in open('/proc/net/tcp').readlines()[1:]]\n    print(len(ports()))"
        )
        assert text(run(opened)) == "1"  # the check sees a port where there is one
        assert manager.get_connection_info()["transport"] == "ipc"
        assert server.parent.stat().st_mode & 0o077 == 0


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


@pytest.mark.parametrize("killed", ["the run", "the server"])
def test_whoever_is_killed_nothing_is_left(killed):
    with subprocess.Popen([sys.executable, "-c", HELD], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        server, kernel, place = run.stdout.readline().split()
        pids = [int(server), int(kernel), *children(int(server))]
        assert all(running(pid) for pid in pids)
        assert len(set(pids)) >= 2
        os.kill(run.pid if killed == "the run" else int(server), signal.SIGKILL)
        deadline = time.monotonic() + 20
        while any(running(pid) for pid in pids):
            assert time.monotonic() < deadline, [pid for pid in pids if running(pid)]
            time.sleep(0.02)
        if killed == "the run":
            assert not Path(place).parent.exists()
        run.terminate()


def test_a_kernel_ends_with_its_client(server):
    with kernel(server) as (manager, _, run):
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


def running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if running(int(child))]


def settled(count) -> int:
    """A number once it has stayed the same for a while."""
    seen = [-1]
    with contextlib.suppress(queue.Empty):
        for _ in range(200):
            seen.append(count())
            if len(seen) > 20 and len(set(seen[-20:])) == 1:
                break
            time.sleep(0.05)
    return seen[-1]
