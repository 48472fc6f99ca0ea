"""The README's first command, word for word, in a fresh clone and a fresh environment; and its library example."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```sh\n(.*?)```", README, re.S)
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)
SURROUNDINGS = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}


@pytest.fixture(scope="module")
def clone(tmp_path_factory, need) -> Path:
    """A fresh clone in which the first command ran."""
    need("git")
    room = tmp_path_factory.mktemp("fresh")
    folder = room / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, folder], check=True)
    surroundings = SURROUNDINGS | {"XDG_CACHE_HOME": str(room / "cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if subprocess.run(
        ["python3", "-m", "pip", "download", "--no-deps", "--quiet", "-d", room, "six"], check=False
    ).returncode:
        if os.environ.get("CI") == "true":
            pytest.fail("no package registry can be reached, and CI has to have one")
        pytest.skip("no package registry can be reached")
    done = subprocess.run(
        ["bash", "-c", SHELL[0]], cwd=folder, env=surroundings, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder


@pytest.mark.service
def test_the_first_command_writes_a_report(clone):
    (report,) = (clone / "reports" / "shop").iterdir()
    assert (report / "index.html").stat().st_size > 5_000
    said = json.loads((report / "findings.json").read_text())
    assert [step["state"] for step in said["steps"]] != []
    assert "failed" not in {step["state"] for step in said["steps"]}
    assert any("checkout" in finding["subject"] and finding["verdict"] == "act" for finding in said["findings"])


@pytest.mark.service
def test_what_is_installed_stands_alone(clone, tmp_path):
    command = [clone / ".venv" / "bin" / "scaling", "check"]
    done = subprocess.run(command, cwd=tmp_path, env=SURROUNDINGS, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "access.log.gz" in done.stdout


def test_the_library_example_runs(tmp_path):
    from scaling_lib.resources import example_folder

    code = PYTHON[0].replace('"my-system"', repr(str(example_folder())))
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["slo"].error_budget(0.999, 999_500, 1_000_000).spent_fraction == 0.5


def test_the_yaml_example_is_valid(tmp_path):
    from scaling_lib.config import read_config

    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    file = tmp_path / "assessment.yaml"
    file.write_text(block)
    assert read_config(file).journeys[0].slos[1].threshold == 0.3
