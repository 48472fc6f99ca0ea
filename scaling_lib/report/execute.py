"""Run notebooks side by side, each in a worker process that a deadline can end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import site
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from scaling_lib.evidence.progress import HEADLESS
from scaling_lib.kernels.start import fork_server, unable
from scaling_lib.report.parameters import Notebook
from scaling_lib.report.progress import Progress
from scaling_lib.words import duration

WORKER = Path(__file__).with_name("worker.py")  # run as a file: the package's imports would cost it a second
COLD = "Each notebook loads the libraries anew: {}."
GRACE_S = 5.0  # what a worker has to shut its kernel down before it is killed


@dataclass(frozen=True, kw_only=True)
class Job:
    """One notebook to run: with these parameters, written executed to `output`."""

    notebook: Notebook
    parameters: Mapping[str, Any]
    output: Path


@dataclass(frozen=True, kw_only=True)
class Ran:
    """How a notebook's run ended: its state, the paragraph of its error, its time in seconds."""

    state: Literal["ran", "failed"]
    error: str = ""
    seconds: float = 0.0


def execute(
    jobs: Sequence[Job],
    *,
    workers: int,
    deadline_s: float,
    cell_timeout_s: float,
    environment: Mapping[str, str],
    progress: Progress,
) -> dict[str, Ran]:
    """Run the jobs, `workers` at a time; after `deadline_s` from now whatever still runs is ended.

    Kernels are forked from one process with the imports loaded, where that is possible; what they show is the same.
    Returns how each ended, by the notebook's name; an ended or failed one leaves its partial notebook.
    """
    ends = time.monotonic() + deadline_s
    with contextlib.ExitStack() as held:
        server = ""
        if reason := unable():
            progress.once(COLD.format(reason))
        else:
            room = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="scaling-")))
            rooms = sorted({module for job in jobs for module in job.notebook.modules})
            served = fork_server(
                environment=_environment(room) | dict(environment),
                modules=rooms,
                reserve=min(workers, len(jobs)),
                most=len(jobs),
            )
            server = str(held.enter_context(served))
        runner = _Runner(ends, deadline_s, cell_timeout_s, environment, progress, server)
        return _run(runner, jobs, workers)


def _run(runner: _Runner, jobs: Sequence[Job], workers: int) -> dict[str, Ran]:
    pool = ThreadPoolExecutor(max_workers=max(1, workers))
    try:
        futures = {job.notebook.name: pool.submit(runner.run, job) for job in jobs}
        return {name: future.result() for name, future in futures.items()}
    except BaseException:
        runner.stop_all()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _Runner:
    def __init__(
        self,
        ends: float,
        deadline_s: float,
        cell_timeout_s: float,
        environment: Mapping[str, str],
        progress: Progress,
        server: str,
    ) -> None:
        self._ends, self._deadline_s, self._cell_timeout_s = ends, deadline_s, cell_timeout_s
        self._environment, self._progress, self._server = environment, progress, server
        self._workers: dict[subprocess.Popen[str], int] = {}  # with the cold kernel's process id, 0 where there is none
        self._stopped = threading.Event()

    def run(self, job: Job) -> Ran:
        began = time.monotonic()
        left = self._ends - began
        if left <= 0 or self._stopped.is_set():
            ran = Ran(state="failed", error=f"Not started within the deadline of {duration(self._deadline_s)}.")
        else:
            with tempfile.TemporaryDirectory(prefix="scaling-") as room:
                state, error = self._work(job, Path(room), left)
            ran = Ran(state=state, error=error, seconds=time.monotonic() - began)
        if not self._stopped.is_set():  # what was stopped from outside did not fail
            self._progress.ended(job.notebook.name, ran.state, ran.error, ran.seconds)
        return ran

    def _work(self, job: Job, room: Path, left: float) -> tuple[Literal["ran", "failed"], str]:
        (room / "cwd").mkdir()
        order = {
            "notebook": str(job.notebook.path.resolve()),
            "output": str(job.output.resolve()),
            "parameters": dict(job.parameters),
            "cwd": str(room / "cwd"),
            "cell_timeout_s": self._cell_timeout_s,
            "runtime": str(room),
            "server": self._server,
        }
        (room / "job.json").write_text(json.dumps(order), encoding="utf-8")
        with (room / "stderr").open("w+", encoding="utf-8", errors="replace") as noise:
            worker = subprocess.Popen(
                [sys.executable, "-P", str(WORKER), str(room / "job.json")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=noise,
                encoding="utf-8",
                env=_environment(room) | dict(self._environment),
                start_new_session=True,
            )
            self._workers[worker] = 0
            late = threading.Event()

            def stop_late() -> None:
                late.set()
                self._stop(worker)

            timer = threading.Timer(left, stop_late)
            timer.start()
            try:
                end = self._follow(job, worker)
            finally:
                timer.cancel()
                worker.wait()
                self._workers.pop(worker, None)
            if late.is_set():
                return "failed", f"Stopped at the deadline of {duration(self._deadline_s)}; --deadline allows more."
            if end is None:
                noise.seek(0)
                last = (noise.read().strip().splitlines() or ["it said nothing"])[-1]
                return "failed", f"The notebook's worker ended with code {worker.returncode}: {last}"
            return ("ran", "") if end["state"] == "ran" else ("failed", str(end["error"]))

    def _follow(self, job: Job, worker: subprocess.Popen[str]) -> dict[str, Any] | None:
        """Read the worker's lines until it ends; its last word, or None when it ended without one."""
        end = None
        assert worker.stdout is not None  # noqa: S101
        for line in worker.stdout:
            said = json.loads(line)
            if "kernel" in said:
                self._workers[worker] = said["kernel"] or 0
                if said["cold"]:
                    self._progress.once(COLD.format(said["cold"]))
            elif "cell" in said:
                self._progress.cell(job.notebook.name, said["cell"])
            else:
                end = said
        return end

    def _stop(self, worker: subprocess.Popen[str]) -> None:
        kernel = self._workers.get(worker, 0)
        worker.terminate()
        try:
            worker.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            worker.kill()
        if kernel and hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                if os.getpgid(kernel) == kernel:  # it leads a group, as only what began a session of its own does
                    os.killpg(kernel, signal.SIGKILL)

    def stop_all(self) -> None:
        self._stopped.set()
        for worker in list(self._workers):
            self._stop(worker)


def _environment(room: Path) -> dict[str, str]:
    """The user's environment, without what their own Jupyter, IPython or relative paths would change in a run."""
    package = Path(__file__).resolve().parents[2]
    paths = [str(Path(path).resolve()) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), site.getusersitepackages()}
    if str(package) not in {str(Path(path).resolve()) for path in installed if path}:
        paths.append(str(package))
    return dict(os.environ) | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "IPYTHONDIR": str(room / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(room / "runtime"),
        "PLOTLY_RENDERER": "plotly_mimetype",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        HEADLESS: "1",
    }
