"""What a fork of the server does to be a kernel like any other: its own session, seeds, environment and folder."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib
import json
import os
import random
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from scaling_lib.kernels.messages import receive, send

PR_SET_PDEATHSIG = 1  # prctl(2)


def become(link: socket.socket, room: Path) -> None:
    """Initialise a kernel, say where it listens, wait for its environment and folder, then run until it is shut down.

    link: to the server, which ends it by hanging up; room: a private folder for the kernel's sockets and settings.
    """
    _end_with(os.getppid())
    os.setsid()
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    _seed()
    os.environ["IPYTHONDIR"] = str(room / "ipython")
    kernelapp: Any = importlib.import_module("ipykernel.kernelapp")
    kernelapp.IOPubThread = _without_port(kernelapp.IOPubThread, f"ipc://{room}/children")
    file = room / "k.json"
    app = kernelapp.IPKernelApp.instance(
        transport="ipc", ip=str(room / "k"), connection_file=str(file), parent_handle=os.getppid()
    )
    sys.argv = [kernelapp.__file__.replace("ipykernel/kernelapp.py", "ipykernel_launcher.py"), "-f", str(file)]
    app.initialize([])
    send(link, {"connection": json.loads(file.read_text(encoding="utf-8"))})
    order = receive(link)
    link.close()
    if order is None:
        os._exit(0)
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    os.chdir(order["cwd"])
    app.start()
    atexit._run_exitfuncs()
    os._exit(0)  # back in the server's code there is nothing for a kernel to do


def _without_port(thread: Any, place: str) -> type:
    """ipykernel hears what a cell's child processes print on a port of loopback; here on a socket at `place`."""
    import zmq
    from zmq.eventloop.zmqstream import ZMQStream

    class Thread(thread):  # type: ignore[misc]
        def _setup_pipe_in(self) -> None:
            self._pipe_uuid = os.urandom(16)
            pipe = self.socket.context.socket(zmq.PULL)
            pipe.linger = 0
            pipe.bind(place)
            self._pipe_in = ZMQStream(pipe, self.io_loop)
            self._pipe_in.on_recv(self._handle_pipe_msg)

        def _setup_pipe_out(self) -> tuple[Any, Any]:
            context: Any = zmq.Context()
            pipe = context.socket(zmq.PUSH)
            pipe.linger = 3000  # milliseconds
            pipe.connect(place)
            return context, pipe

    return Thread


def _end_with(server: int) -> None:
    """Die with the server, however that ends."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(0)


def _seed() -> None:
    """Random numbers of its own: a fork has its parent's."""
    random.seed()
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()
