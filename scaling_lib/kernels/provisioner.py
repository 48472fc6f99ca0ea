"""The kernel provisioner `scaling-warm`: jupyter_client's own, but kernels are forked where that is possible."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from scaling_lib.kernels.messages import KIND, receive, send
from scaling_lib.kernels.start import own_server, unable

PAUSE_S = 0.005
PATIENCE_S = 60.0  # while the server loads


class WarmKernels(LocalProvisioner):
    """Kernels from the fork server at `server`, or from one of this process where that is "".

    Where no kernel can be forked, and at a restart, whose clients know the old addresses, it starts a cold one.
    cold: why this kernel was not forked; "" where it was.
    """

    server = Unicode("", help="The fork server's socket.").tag(config=True)
    cold = ""
    _link: socket.socket | None = None
    _code: int | None = None
    _started = False

    @property
    def forked(self) -> bool:
        """Whether the kernel is the server's, which alone signals it: whoever is not its parent may hit another."""
        return self._link is not None

    @property
    def has_process(self) -> bool:
        """Whether a kernel runs, or its end has not been waited for."""
        return self._link is not None or super().has_process

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Have a kernel forked; returns where it listens."""
        again, self._started = self._started, True
        self.cold = unable() or ("a restarted kernel keeps its addresses" if again else "")
        if not self.cold:
            try:
                return self._forked(dict(options.get("env") or os.environ), str(options.get("cwd") or Path.cwd()))
            except OSError as error:
                self.cold = f"no kernel could be forked ({error})"
        return await super().launch_kernel(cmd, **options)

    def _forked(self, environment: dict[str, str], cwd: str) -> Any:
        link = socket.socket(socket.AF_UNIX, KIND)
        link.settimeout(PATIENCE_S)
        try:
            link.connect(self.server or str(own_server()))
            send(link, {"environment": environment, "cwd": cwd})
            started = receive(link)
            if started is None:
                raise ConnectionError("the fork server has ended")
            link.setblocking(False)
        except BaseException:
            link.close()
            raise
        self._link, self._code, self.cwd = link, None, cwd
        self.pid, self.pgid = started["pid"], None
        self.connection_info = started["connection"] | {"key": started["connection"]["key"].encode()}
        return self.connection_info

    async def poll(self) -> int | None:
        """The kernel's exit code; None while it runs."""
        if self._link is None:
            return await super().poll()
        if self._code is None:
            with contextlib.suppress(BlockingIOError):
                said = receive(self._link)
                self._code = said["ended"] if said else -signal.SIGKILL  # with the server its kernels are gone
        return self._code

    async def wait(self) -> int | None:
        """Wait for the kernel's end; returns its exit code."""
        if self._link is None:
            return await super().wait()
        while (code := await self.poll()) is None:
            await asyncio.sleep(PAUSE_S)
        self._link.close()
        self._link = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it started; the server knows whether it still runs."""
        if self._link is None:
            return await super().send_signal(signum)
        with contextlib.suppress(OSError):
            send(self._link, {"signal": int(signum)})
        return None

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel."""
        await (self.send_signal(signal.SIGKILL) if self._link else super().kill(restart))

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await (self.send_signal(signal.SIGTERM) if self._link else super().terminate(restart))

    async def cleanup(self, restart: bool = False) -> None:
        """Let go of the kernel; the server then kills it if it still runs."""
        if self._link is not None:
            self._link.close()
            self._link = None
        await super().cleanup(restart)
