"""Start the fork server, and end it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from scaling_lib.kernels.messages import KIND

SERVER = "scaling_lib.kernels.server"
# What every kernel needs, and no import of which starts a thread of Python's: DuckDB's and Arrow's come with their use.
LOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "numpy",
    "pandas",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "duckdb",
    "plotly.graph_objects",
    "plotly.graph_objs._figure",  # what plotly itself leaves to the first figure
    "plotly.graph_objs._scatter",
    "plotly.graph_objs._bar",
    "plotly.io",
    "scipy.special",
    "scaling_lib.assessment",
    "scaling_lib.evidence.load_tests",
    "scaling_lib.evidence.spans",
    "scaling_lib.figures",
)
END_S = 5.0


def unable() -> str:
    """Why kernels cannot be forked here; "" where they can."""
    return "" if sys.platform == "linux" else f"forked kernels are not safe on {sys.platform}"


@contextlib.contextmanager
def fork_server(
    *, environment: Mapping[str, str], modules: Sequence[str] = (), reserve: int = 1, most: int = sys.maxsize
) -> Iterator[Path]:
    """A server while the block runs; yields the socket to ask for kernels, before the server has loaded.

    environment: the server's, as far as imports look at it; modules: to load besides `LOADED`.
    reserve: kernels to have forked and initialised before they are asked for; most: how many are asked for in all.
    """
    server, folder = _start(environment, modules, reserve, most)
    try:
        yield folder / "s"
    finally:
        assert server.stdin is not None  # noqa: S101
        server.stdin.close()
        try:
            server.wait(END_S)
        except subprocess.TimeoutExpired:
            server.kill()  # its kernels go with it
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


@cache
def own_server() -> Path:
    """The server of this process, started at first use; it ends with the process."""
    global _own  # its stdin must stay open
    _own, folder = _start(os.environ, (), 1, sys.maxsize)
    return folder / "s"


_own: subprocess.Popen[bytes] | None = None


def _start(
    environment: Mapping[str, str], modules: Sequence[str], reserve: int, most: int
) -> tuple[subprocess.Popen[bytes], Path]:
    folder = Path(tempfile.mkdtemp(prefix="scaling-"))
    order = {"folder": str(folder), "modules": [*LOADED, *modules], "reserve": reserve, "most": most}
    with socket.socket(socket.AF_UNIX, KIND) as listener:  # there before the server is: who connects early waits
        listener.bind(str(folder / "s"))
        listener.listen(64)
        server = subprocess.Popen(
            [sys.executable, "-P", "-m", SERVER, json.dumps(order | {"listener": listener.fileno()})],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env=dict(environment),
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    return server, folder
