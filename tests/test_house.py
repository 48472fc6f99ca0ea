"""The house keeps its own rules: lint, types, layers, the size of files, and what a notebook may hold."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from scaling_lib.steps import STEPS

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "scaling_lib").rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize(
    "command",
    ["ruff check .", "ruff format --check .", "mypy", "lint-imports --no-cache"],
    ids=["lint", "format", "types", "layers"],
)
def test_the_tools_have_nothing_to_say(command):
    name, *options = command.split()
    beside = Path(sys.executable).with_name(name)
    tool = str(beside) if beside.is_file() else shutil.which(name)
    if tool is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and CI has to have it")
        pytest.skip(f"{name} is not installed; `pip install .[test]` brings it")
    done = subprocess.run([tool, *options], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_modules_are_small():
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert len(lines) > 50
    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_every_step_has_its_notebook():
    assert [path.name for path in NOTEBOOKS] == [step.notebook for step in STEPS.values()]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_short_stripped_and_parameterised(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code if len(cell.source.splitlines()) > 8] == []
    assert [cell.source for cell in code if cell.outputs or cell.execution_count] == []
    parameters = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert len(parameters) == 1 and parameters[0] is code[0]
    assert parameters[0].source.startswith("assessment = ")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_ask_the_question_of_their_step_and_conclude_last(path):
    notebook = nbformat.read(path, as_version=4)
    step = STEPS[path.name[:2]]
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.cells[0].source.splitlines()[0] == f"# {step.question}"
    assert notebook.cells[-1].source.startswith(f'system.conclude("{step.number}", ')
    headings = [cell.source.splitlines()[0] for cell in notebook.cells if cell.source.startswith("## ")]
    assert headings[0] == "## The evidence" and headings[-1] == "## What to do"
    assert "## How sure we are" in headings


def test_no_two_files_of_tests_have_one_name():
    """Their folders are no packages: the second of a name would be taken for the first."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert len(names) == len(set(names))
