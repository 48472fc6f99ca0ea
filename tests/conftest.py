"""What tests share: programs of the system that may be absent, small real notebooks, and one report made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import nbformat
import needed
import pytest
from hypothesis import settings
from nbformat import v4

# A busy machine is no failure, and a failure is to be had again.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Cells that tests reduce are kept apart from the user's, also in the kernels that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """`need("chromium")` is its path, or skips the test (fails it in CI)."""
    return needed.need


def notebook(path: Path, *cells: str) -> Path:
    """Write a notebook: a cell that starts as a heading is text, one with `#parameters` the parameter cell, others code."""
    made = v4.new_notebook(metadata={"kernelspec": {"name": "elsewhere", "display_name": "?", "language": "python"}})
    for cell in cells:
        if cell.startswith("#parameters\n"):
            made.cells.append(v4.new_code_cell(cell.split("\n", 1)[1], metadata={"tags": ["parameters"]}))
        elif cell.startswith(("# ", "## ")):
            made.cells.append(v4.new_markdown_cell(cell))
        else:
            made.cells.append(v4.new_code_cell(cell))
    nbformat.write(made, path)
    return path


@pytest.fixture(scope="session")
def write_notebook() -> Callable[..., Path]:
    """`write_notebook(path, *cells)`; see `notebook`."""
    return notebook


HOSTILE = "<script>document.title='owned'</script><img src=https://example.com/x.png>"

DRAWN = (
    "# Do the journeys keep their promise?\n\nWhat was promised, and what was kept.",
    "#parameters\nassessment = ''\nlevel = 0.95",
    """
import os
import numpy as np, pandas as pd
from scaling_lib import figures
from scaling_lib.findings import Finding, Source, conclude
from scaling_lib.stats import Estimate
times = pd.date_range("2026-11-22T10:00Z", periods=60, freq="min")
frame = pd.DataFrame({"time": times, "checkout": np.linspace(0.1, 0.5, 60), "note": "=HYPERLINK(1)"})
""",
    "## Latency",
    """
figure = figures.figure("Checkout leaves its target at 10:30", x="time, UTC", y="p99, s")
x, color = figures.utc(frame["time"]), figures.colour("checkout")
figures.band(figure, x, frame["checkout"] - 0.05, frame["checkout"] + 0.05, color=color)
figure.add_scatter(x=x, y=frame["checkout"].to_numpy("f4"), mode="lines", line={"color": color}, name="checkout")
figures.direct_label(figure, x[-1], 0.5, "checkout", color=color)
figures.threshold(figure, 0.3, "target 300 ms")
figures.span(figure, times[20], times[30], "slow spell")
figures.show(figures.time_axis(figure), frame, name="latency", caption="A caption.")
""",
    "## Budget",
    """
bars = figures.figure("Checkout spent 131% of its budget", x="spent, %", height=200)
bars.add_bar(x=[131, 16], y=["checkout", "browse"], orientation="h")
figures.show(figures.threshold(bars, 100, "the budget", axis="x"), frame.head(2), name="budget")
""",
    """
remarks = ["a remark" if at % 3 == 0 else "" for at in range(12)]
figures.table(frame.head(12).assign(remarks=remarks), name='minutes', caption='Minutes & more', units={'checkout': 's'})
""",
    "figures.nothing('No incident is given.')",
    "print(assessment, level, os.getcwd(), '</script>')",
    "## What to do",
    f"""
source = Source(table="requests", rows=482_312, start="2026-11-22T10:00:00Z", end="2026-11-22T11:00:00Z")
hostile = {HOSTILE!r}
conclude("01", "Do the journeys keep their promise?", [
    Finding(step="01", name="budget", subject="checkout", verdict="act", sentence="Checkout spent 131%." + hostile,
            impact=Estimate(1.31, 1.19, float("inf"), unit="x"), why="Because. " + hostile, evidence=(source,),
            action="Stop risky changes." + hostile, command="scaling run --step 01 " + hostile, figure="budget"),
    Finding(step="01", name="alerts", verdict="unknown", sentence="Alerts are not measured.",
            impact=Estimate(float("nan"), float("nan"), float("nan"))),
    Finding(step="01", name="fine", subject="browse", verdict="ok", sentence="Browse keeps its promise."),
])
""",
)
FAILING = (
    "# How much more can it take?",
    "#parameters\nassessment = ''",
    "print('seen before the error')",
    "from scaling_lib.errors import BrokenEvidence\nraise BrokenEvidence('load.csv, line 3: found x; expected a number.')",
    "print('never seen')",
)
HANGING = ("# Can we see the flow?", "print('before')", "import time\ntime.sleep(600)")
SILENT = ("# What to fix first?", "# Nothing is concluded.", "1 + 1")


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A report made by the real runner: a step with figures, one that fails, one that hangs, one that says nothing."""
    from scaling_lib.report import run

    room = tmp_path_factory.mktemp("shop")
    (room / "assessment.yaml").write_text("system: The <Shop>\n", encoding="utf-8")
    notebooks = room / "notebooks"
    notebooks.mkdir()
    for name, cells in {"01_slo": DRAWN, "02_capacity": FAILING, "03_flow": HANGING, "04_silent": SILENT}.items():
        notebook(notebooks / f"{name}.ipynb", *cells)
    result = run(
        room,
        notebooks=notebooks,
        out=room / "out",
        parameters={"level": "0.9"},
        jobs=4,
        cell_timeout_s=8,
        deadline_s=120,
    )
    return SimpleNamespace(result=result, out=room / "out", room=room, notebooks=notebooks, hostile=HOSTILE)
