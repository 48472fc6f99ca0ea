"""Kernels forked from one process are kernels like any other, and know nothing of each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from forked import kernel, outside, running, text

from scaling_lib.kernels.start import fork_server, unable

pytestmark = pytest.mark.skipif(bool(unable()), reason=f"kernels cannot be forked: {unable()}")


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    with fork_server(environment=outside()) as place:
        yield place


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
        asked = client.execute("print('going', flush=True)\nimport time\ntime.sleep(60)", stop_on_error=False)
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
