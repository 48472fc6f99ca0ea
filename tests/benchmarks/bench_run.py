"""`scaling run` on the example against papermill running two notebooks that only import pandas and plotly.

Run by hand: python tests/benchmarks/bench_run.py [pairs]. Prints seconds and the ratio, pair by pair.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
from nbformat import v4

from scaling_lib.report import run
from scaling_lib.resources import example_folder, notebooks_folder


def main() -> None:
    """Alternate the two, after one run of each that does not count."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rows = []
    for number in range(pairs + 1):
        with tempfile.TemporaryDirectory() as room:
            ours = {jobs: timed(lambda jobs=jobs: suite(Path(room), jobs)) for jobs in (1, 2)}
            plain = timed(lambda: bare(Path(room)))
        if number:
            rows.append((ours[1], ours[2], plain))
            print(f"suite {ours[1]:.2f} s, with --jobs 2 {ours[2]:.2f} s; papermill {plain:.2f} s; "
                  f"ratios {ours[1] / plain:.2f}, {ours[2] / plain:.2f}")  # fmt: skip
    print(f"median ratio {statistics.median(a / c for a, _, c in rows):.2f}, "
          f"with --jobs 2 {statistics.median(b / c for _, b, c in rows):.2f}")  # fmt: skip


def timed(work) -> float:
    """Wall seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def suite(room: Path, jobs: int) -> None:
    """Notebooks 00 and 01, with the report."""
    result = run(
        example_folder(), notebooks=notebooks_folder(), out=room / f"report-{jobs}", jobs=jobs, steps=["00", "01"]
    )
    assert not result.failed
    shutil.rmtree(room / f"report-{jobs}")


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
