"""`scaling run` on the example against papermill running two notebooks that only import pandas and plotly.

Run by hand: python tests/benchmarks/bench_run.py [rounds]. Each round runs all five in another order: papermill, and the
suite with kernels that are forked (warm) and that are started each on its own (cold), one notebook after the other and
with --jobs as by default. Prints seconds of the clock and of the processors, and at the end the median ratios.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
from nbformat import v4

import scaling_lib.report.execute as execution
from scaling_lib.kernels.start import unable
from scaling_lib.report import run
from scaling_lib.resources import example_folder, notebooks_folder


def main() -> None:
    """Take turns, after one round that does not count."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if reason := unable():
        print(f"no warm kernels here: {reason}")
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        works: dict[str, Callable[[], None]] = {"papermill": lambda: bare(room)}
        for kernels in ("cold",) if reason else ("cold", "warm"):
            for jobs in (1, 0):
                name = f"{kernels}, {'one by one' if jobs else 'default jobs'}"
                works[name] = lambda kernels=kernels, jobs=jobs: suite(room, kernels, jobs)
        taken = [
            {name: timed(works[name]) for name in [*works][number % len(works) :] + [*works][: number % len(works)]}
            for number in range(rounds + 1)
        ][1:]
    for name in works:
        clock, processors = (statistics.median(each[name][part] for each in taken) for part in (0, 1))
        ratios = [statistics.median(each[name][part] / each["papermill"][part] for each in taken) for part in (0, 1)]
        print(f"{name:20} {clock:6.2f} s, processors {processors:5.2f} s; "
              f"ratio {ratios[0]:.2f}, processors {ratios[1]:.2f}")  # fmt: skip


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the clock, and of the processors: of this process and those that it and its children waited for."""
    start, used = time.perf_counter(), processors_s()
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stderr(nothing):
        work()
    return time.perf_counter() - start, processors_s() - used


def processors_s() -> float:
    """Seconds the processors gave so far."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(each).ru_utime + resource.getrusage(each).ru_stime for each in whose)


def suite(room: Path, kernels: str, jobs: int) -> None:
    """Notebooks 00 and 01, with the report."""
    execution.unable = (lambda: "for comparison") if kernels == "cold" else unable
    result = run(example_folder(), notebooks=notebooks_folder(), out=room / "report", jobs=jobs, steps=["00", "01"])
    assert not result.failed
    shutil.rmtree(room / "report")


def bare(room: Path) -> None:
    """Two notebooks that import and nothing else."""
    for name in ("a", "b"):
        cell = v4.new_code_cell("import pandas\nimport plotly.graph_objects")
        nbformat.write(
            v4.new_notebook(cells=[cell], metadata={"kernelspec": {"name": "python3", "display_name": "p"}}),
            room / f"{name}.ipynb",
        )
        papermill.execute_notebook(room / f"{name}.ipynb", room / f"{name}-out.ipynb", progress_bar=False)


if __name__ == "__main__":
    main()
