"""JupyterLab on copies of the notebooks, with this interpreter's kernel and without the news prompt."""

from __future__ import annotations

import os
from pathlib import Path

from scaling_lib.errors import InvalidInput
from scaling_lib.resources import notebooks_folder

JUPYTER = Path(__file__).with_name("jupyter")


def place_notebooks(target: Path) -> list[str]:
    """Copy the suite's notebooks into `target`, but none over one that is there; what was done, in sentences."""
    said = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for notebook in sorted(notebooks_folder().glob("*.ipynb")):
            try:
                with (target / notebook.name).open("xb") as copy:
                    copy.write(notebook.read_bytes())
                said.append(f"Copied {notebook.name} into {target}.")
            except FileExistsError:
                said.append(f"Kept your {target / notebook.name} as it is.")
    except OSError as error:
        raise InvalidInput(f"{target}: cannot be written ({error.strerror}). Choose another folder.") from error
    return said


def environment(assessment: Path) -> dict[str, str]:
    """The environment for JupyterLab: the notebooks open this assessment, with the Python that runs now."""
    return dict(os.environ) | {
        "SCALING_ASSESSMENT": str(assessment),
        # argv "python" in a kernelspec means the server's own interpreter; ours stands before the user's `python3`
        "JUPYTER_PATH": _before(JUPYTER, "JUPYTER_PATH"),
        "JUPYTER_CONFIG_PATH": _before(JUPYTER, "JUPYTER_CONFIG_PATH"),
    }


def _before(path: Path, variable: str) -> str:
    return os.pathsep.join(part for part in (str(path), os.environ.get(variable, "")) if part)
