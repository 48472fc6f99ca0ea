"""What is declared in two places is equal, and the import stays light."""

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_environment_and_pyproject_ask_for_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    extras = PROJECT["optional-dependencies"]
    assert sorted(pip) == sorted([*PROJECT["dependencies"], *extras["lab"], *extras["test"]])
    assert f"python{PROJECT['requires-python']}" in environment["dependencies"]


def test_version_is_said_once():
    import scaling_lib

    assert scaling_lib.__version__ == PROJECT["version"]


def test_import_brings_nothing_heavy():
    heavy = [
        "pandas",
        "numpy",
        "duckdb",
        "pyarrow",
        "plotly",
        "scipy",
        "papermill",
        "pydantic",
        "httpx",
        "yaml",
    ]
    program = f"import sys, scaling_lib; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
