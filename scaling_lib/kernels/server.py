"""The process that warm kernels are forked from: `python -P -m scaling_lib.kernels.server ORDER`, in JSON.

The order names a private folder, removed at the end (`folder`), the descriptor of a listening Unix socket (`listener`),
what to load (`modules`), how many initialised kernels to keep in reserve (`reserve`), and how many are asked for in all
(`most`).

A client of the socket sends a kernel's `environment` and `cwd`, and gets its `pid` and
`connection`. What it sends later are signals for the kernel, {"signal": 2}; the last that it gets is {"ended": code}.
A kernel is killed when its client hangs up. All are, and the server ends, when its stdin closes: whoever started it
holds the other end.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scaling_lib.kernels.kernel import become
from scaling_lib.kernels.messages import KIND, receive, send


def main() -> None:
    """Serve until stdin closes, then end all kernels."""
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        listener = socket.socket(fileno=order["listener"])
        _load(order["modules"])
        server = _Server(folder, listener, reserve=order["reserve"], most=order["most"])
        try:
            server.serve()
        finally:
            server.end()
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # the imports' own tidying would take longer than all else here


def _load(modules: list[str]) -> None:
    """Import the modules; raises RuntimeError when one of them started a thread, as a fork would lack it."""
    for module in modules:
        with contextlib.suppress(Exception):  # what cannot be imported is left to the notebook, which says so
            importlib.import_module(module)
    if threading.active_count() > 1:
        raise RuntimeError(f"an import started a thread: {threading.enumerate()}")
    gc.collect()
    gc.freeze()  # so that no kernel's collector touches, and thereby copies, the memory they share


@dataclass
class _Kernel:
    pid: int
    link: socket.socket  # to the kernel, until it has its order
    client: socket.socket | None = None


class _Server:
    def __init__(self, folder: Path, listener: socket.socket, *, reserve: int, most: int) -> None:
        self._folder, self._listener, self._reserve, self._most = folder, listener, reserve, most
        self._waiting: list[_Kernel] = []  # initialised, or about to be
        self._running: list[_Kernel] = []
        self._clients: list[socket.socket] = []
        self._made = 0
        self._ended, self._wakeup = socket.socketpair()
        self._wakeup.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        self._selector = selectors.DefaultSelector()
        for what in (sys.stdin, listener, self._ended):
            self._selector.register(what, selectors.EVENT_READ)

    def serve(self) -> None:
        while True:
            while len(self._waiting) < self._reserve and self._made < self._most:
                self._waiting.append(self._fork())
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self._listener:
                    client = self._listener.accept()[0]
                    self._clients.append(client)
                    self._selector.register(client, selectors.EVENT_READ)
                elif key.fileobj is self._ended:
                    self._ended.recv(4096)
                    self._reap()
                elif isinstance(key.fileobj, socket.socket):
                    self._hear(key.fileobj)

    def _hear(self, client: socket.socket) -> None:
        """A client's first message is its order, later ones are signals; its end is the end of its kernel."""
        message = receive(client)
        kernel = next((each for each in self._running if each.client is client), None)
        if message is None:
            self._leave(client, kernel)
        elif "cwd" in message:
            self._start(client, message)
        elif kernel:
            _signal(kernel, int(message["signal"]))

    def _leave(self, client: socket.socket, kernel: _Kernel | None) -> None:
        self._selector.unregister(client)
        self._clients.remove(client)
        client.close()
        if kernel:
            kernel.client = None
            _signal(kernel, signal.SIGKILL)

    def _start(self, client: socket.socket, order: dict[str, Any]) -> None:
        kernel = self._waiting.pop(0) if self._waiting else self._fork()
        self._running.append(kernel)
        with kernel.link:
            ready = receive(kernel.link)
            if ready is None:  # it could not be initialised: the client starts its own, which says why
                self._leave(client, None)
                return
            kernel.client = client
            send(kernel.link, order)
        with contextlib.suppress(OSError):  # the client has left, which the next round hears
            send(client, {"pid": kernel.pid} | ready)

    def _reap(self) -> None:
        for kernel in [*self._running]:
            pid, status = os.waitpid(kernel.pid, os.WNOHANG)
            if pid:
                self._running.remove(kernel)
                with contextlib.suppress(OSError):
                    if kernel.client:
                        send(kernel.client, {"ended": os.waitstatus_to_exitcode(status)})

    def end(self) -> None:
        left = [*self._waiting, *self._running]
        for kernel in left:
            _signal(kernel, signal.SIGKILL)
        for kernel in left:  # none may write into the folder that is now removed
            os.waitpid(kernel.pid, 0)

    def _fork(self) -> _Kernel:
        self._made += 1
        room = self._folder / str(self._made)
        room.mkdir(mode=0o700)
        ours, theirs = socket.socketpair(socket.AF_UNIX, KIND)
        with warnings.catch_warnings():
            # OpenBLAS and jemalloc have threads of their own, end them before a fork and start them anew after it.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            try:
                self._forget(ours)
                become(theirs, room)
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(1)
        theirs.close()
        return _Kernel(pid, ours)

    def _forget(self, link: socket.socket) -> None:
        """In the kernel: let go of what is the server's."""
        signal.set_wakeup_fd(-1)
        for signum in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(signum, signal.SIG_DFL)
        self._selector.close()
        links = [kernel.link for kernel in self._waiting]
        for each in (link, *links, *self._clients, self._listener, self._ended, self._wakeup):
            each.close()


def _signal(kernel: _Kernel, signum: int) -> None:
    """Signal a kernel and what it started. Until `_reap` has waited for it, no other process gets its number."""
    try:
        os.killpg(kernel.pid, signum)
    except OSError:
        with contextlib.suppress(OSError):  # it is too young to have a group
            os.kill(kernel.pid, signum)


if __name__ == "__main__":
    main()
