"""Kernels for tests: started with jupyter_client, forked or not, and what their cells show."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager


def outside() -> dict[str, str]:
    """The environment as it is outside pytest: a kernel that knows of it catches nothing written to descriptors."""
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


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


def running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
