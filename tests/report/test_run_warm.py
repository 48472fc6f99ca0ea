"""A whole run with its kernels forked: the same report as with cold ones, and one that dies alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import scaling_lib.report.execute as execution
from scaling_lib.kernels.start import unable
from scaling_lib.report import run
from scaling_lib.resources import example_folder, notebooks_folder

pytestmark = pytest.mark.skipif(bool(unable()), reason=f"kernels cannot be forked: {unable()}")


@pytest.mark.slow
def test_the_example_gives_the_same_outputs_and_findings_warm_and_cold(tmp_path, monkeypatch, capsys):
    for name, reason in (("cold", "on purpose"), ("warm", "")):
        monkeypatch.setattr(execution, "unable", lambda reason=reason: reason)
        run(example_folder(), notebooks=notebooks_folder(), out=tmp_path / name, steps=["00", "01"])
        said = capsys.readouterr().err
        assert ("Each notebook loads the libraries anew: on purpose." in said) is (name == "cold")
        assert said.count("anew") == (name == "cold")
    for step in ("00_overview", "01_slo"):
        cold, warm = (
            json.loads((tmp_path / name / f"notebooks/{step}.ipynb").read_text()) for name in ("cold", "warm")
        )
        assert [cell.get("outputs") for cell in warm["cells"]] == [cell.get("outputs") for cell in cold["cells"]]
    cold, warm = (json.loads((tmp_path / name / "findings.json").read_text()) for name in ("cold", "warm"))
    assert warm["findings"] == cold["findings"]
    assert len(warm["findings"]) > 10


def test_a_killed_kernel_fails_its_own_notebook_alone(tmp_path, write_notebook, capsys):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "assessment.yaml").write_text("system: shop\n")
    killed = "import os, signal\nprint('before')\nos.kill(os.getpid(), signal.SIGKILL)"
    told = "import os\nprint(open(f'/proc/{os.getppid()}/cmdline').read().replace(chr(0), ' '), os.getcwd())"
    write_notebook(tmp_path / "notebooks" / "01_killed.ipynb", "# A question?", killed)
    for name in ("02_fine", "03_fine"):
        write_notebook(tmp_path / "notebooks" / f"{name}.ipynb", "# Another?", told)
    result = run(tmp_path, notebooks=tmp_path / "notebooks", out=tmp_path / "out", jobs=2)
    assert [step.state for step in result.summary.steps] == ["failed", "no conclusion", "no conclusion"]
    assert "ended from outside" in result.summary.steps[0].sentence
    page = (tmp_path / "out" / "02_fine.html").read_text()
    assert "scaling_lib.kernels.server" in page  # it was forked
    assert "anew" not in capsys.readouterr().err
    folders = set(re.findall(r"/\S*/scaling-\w+", page))
    assert folders
    assert not any(Path(folder).exists() for folder in folders)
