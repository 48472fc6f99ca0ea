from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time

import click
import pytest

from scaling_lib import __version__, cli


def scaling(monkeypatch, capsys, *arguments):
    """Run the command in this process: its exit code, its output, its errors."""
    monkeypatch.setattr(sys, "argv", ["scaling", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.fixture
def command(monkeypatch, capsys):
    return lambda *arguments: scaling(monkeypatch, capsys, *arguments)


def small(tmp_path, write_notebook, verdict="watch"):
    """An assessment with one notebook that concludes `verdict`."""
    (tmp_path / "assessment.yaml").write_text("system: small\n")
    (tmp_path / "notebooks").mkdir()
    write_notebook(
        tmp_path / "notebooks" / "01_slo.ipynb",
        "#parameters\nassessment = ''",
        "from scaling_lib.findings import Finding, conclude",
        f"conclude('01', 'Q?', [Finding(step='01', name='a', verdict={verdict!r}, sentence='S \\x1b[31m.')])",
    )
    return tmp_path


def test_version_and_help(command):
    assert command("--version") == (0, f"scaling, version {__version__}\n", "")
    for name in ([], ["init"], ["check"], ["run"], ["lab"]):
        code, out, err = command(*name, "--help")
        assert (code, err) == (0, "") and "Usage: scaling" in out


def test_help_is_light():
    code = "import sys; sys.argv = ['scaling', '--help']; import scaling_lib.cli as c\ntry: c.main()\nexcept SystemExit: pass\n"
    code += "print({'pandas', 'numpy', 'plotly', 'pydantic', 'duckdb', 'papermill'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["run", "--jobs", "x"], "--jobs"),
        (["run", "--deadline", "0"], "--deadline"),
        (["run", "--fail-on", "ok"], "--fail-on"),
        (["run", "-p", "level"], "-p"),
        (["run", "/nowhere/at/all"], "/nowhere/at/all"),
        (["check", "/nowhere/at/all"], "scaling init"),
        (["lab", "/nowhere/at/all"], "scaling init"),
    ],
)
def test_wrong_use_is_one_paragraph_and_exit_code_2(command, arguments, said):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("scaling: ") and err.count("\n") == 1 and said in err


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("journeys: [{name: pay, slos: [{target: 99%}, pay-works]}]\n", "line 2, journeys.0.slos.1: found 'pay-works'"),
        ("evidence: {requests: [{path: a, time_zone: Europe/Nowhere}]}\n", "line 2, evidence.requests.0.time_zone"),
    ],
)
def test_what_the_assessment_says_wrongly_stops_before_anything_runs(command, tmp_path, yaml, said):
    (tmp_path / "assessment.yaml").write_text(f"system: s\n{yaml}")
    for name in ("check", "run"):
        code, out, err = command(name, tmp_path, *(["--out", tmp_path / "report"] if name == "run" else []))
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err
    assert not list(tmp_path.glob("report*"))


def test_no_command_shows_the_help(command):
    code, out, _ = command()
    assert code == 2 and "Commands:" in out


def test_init_writes_once(command, tmp_path):
    code, out, _ = command("init", tmp_path / "new")
    assert code == 0 and "scaling check" in out
    file = tmp_path / "new" / "assessment.yaml"
    assert file.read_text().startswith("#")
    file.write_text("system: mine\n")
    code, _, err = command("init", tmp_path / "new")
    assert code == 2 and "never overwritten" in err
    assert file.read_text() == "system: mine\n"
    code, _, err = command("init", file / "below")
    assert code == 2 and "cannot be written" in err


def test_what_init_writes_can_be_checked(command, tmp_path):
    command("init", tmp_path)
    code, out, _ = command("check", tmp_path)
    assert code == 0 and "not given" in out


def test_check_exits_1_on_broken_evidence(command, tmp_path):
    (tmp_path / "assessment.yaml").write_text("system: s\nevidence:\n  requests:\n    - {path: absent.log}\n")
    code, out, _ = command("check", tmp_path)
    assert code == 1 and "absent.log" in out


GOOD = "time,path,status,duration_ms\n" + "".join(f"2026-11-23T10:{at:02}:00Z,/a,200,5\n" for at in range(60))


@pytest.mark.parametrize(
    ("evidence", "code", "said"),
    [
        ("requests: [good.csv, cut.csv.gz]", 1, "cut short"),
        ("requests: [good.csv], metrics: [{url: 'http://127.0.0.1:9'}]", 1, "127.0.0.1:9"),
        ("requests: [good.csv, absent.csv]", 1, "absent.csv"),
        ("requests: [good.csv]", 0, ""),  # the other kinds are absent
        ("requests: [ragged.csv]", 0, ""),  # one row is rejected
    ],
)
def test_given_evidence_that_cannot_be_read_fails_check_and_run_alike(command, tmp_path, evidence, code, said):
    packed = gzip.compress(("time,path\n" + "".join(f"{at},/{at * 7919}\n" for at in range(9999))).encode())
    (tmp_path / "cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "ragged.csv").write_text(GOOD + "yesterday,/a,200,5\n")
    (tmp_path / "assessment.yaml").write_text(f"system: s\nevidence: {{{evidence}}}\n")
    checked, out, _ = command("check", tmp_path)
    assert checked == code and said in out
    ran, _, err = command("run", tmp_path, "--step", "00", "--out", tmp_path / "out")
    assert ran == code and said in err and err.count("scaling: ") == code
    assert (tmp_path / "out" / "index.html").is_file()


def test_check_prints_no_codes_that_steer_a_terminal(command, tmp_path):
    (tmp_path / "requests.csv").write_text(
        "time,method,path,status,duration_ms\n2026-11-23T10:00:00Z,GET,/a\x1b[31mred\x07,200,5\n"
    )
    answer = {"status": "success", "warnings": ["\x1b[31mpartial"], "data": {"resultType": "matrix", "result": [
        {"metric": {"__name__": "up"}, "values": [[1764000000, "1"]]}]}}  # fmt: skip
    (tmp_path / "up.json").write_text(json.dumps(answer))
    (tmp_path / "assessment.yaml").write_text(
        'system: "s\\e[31m"\nevidence: {requests: [requests.csv], metrics: [up.json]}\n'
    )
    code, out, _ = command("check", tmp_path)
    assert code == 0 and "/a [31mred" in out and "[31mpartial" in out and out.count("\n") > 5
    assert all(character.isprintable() for character in out.replace("\n", ""))


def test_out_may_be_the_current_folder(command, tmp_path, write_notebook, monkeypatch):
    room = small(tmp_path, write_notebook)
    monkeypatch.chdir(room)
    code, _, err = command("run", room, "--notebooks", room / "notebooks", "--out", ".")
    assert code == 2 and "not empty" in err
    code, _, err = command("run", room, "--notebooks", room / "notebooks", "--out", "/")
    assert code == 2 and "EINVAL" not in err
    (room / "empty").mkdir()
    monkeypatch.chdir(room / "empty")
    code, _, err = command("run", room, "--notebooks", room / "notebooks", "--out", ".")
    assert code == 0, err
    assert (room / "empty" / "index.html").is_file()


def test_run_writes_a_report(command, tmp_path, write_notebook):
    room = small(tmp_path, write_notebook)
    code, out, err = command(
        "run", room, "--notebooks", room / "notebooks", "--step", "1", "--out", room / "a", "--fail-on", "act"
    )
    assert code == 0
    assert out == f"watch: S  [31m.\n{room / 'a' / 'index.html'}\n"
    assert "01_slo: ran in" in err
    assert json.loads((room / "a" / "findings.json").read_text())["verdict"] == "watch"


@pytest.mark.parametrize(
    ("states", "fail_on", "code"),
    [
        ([], None, 0),
        (["ok", "act", "unknown", "no conclusion"], None, 0),
        (["ok", "failed"], None, 1),
        (["watch", "unknown"], "act", 0),
        (["act"], "act", 1),
        (["watch"], "watch", 1),
        (["act"], "watch", 1),
        (["ok", "unknown"], "watch", 0),
    ],
)
def test_the_exit_code_of_a_run(states, fail_on, code):
    assert cli._status(states, fail_on) == code


def test_a_failing_step_exits_1_and_still_writes_the_report(command, tmp_path, write_notebook):
    room = small(tmp_path, write_notebook)
    write_notebook(room / "notebooks" / "02_bad.ipynb", "1 / 0")
    code, _, err = command("run", room, "--notebooks", room / "notebooks", "--step", "02", "--out", room / "out")
    assert code == 1 and "02_bad: failed. ZeroDivisionError: division by zero" in err
    assert (room / "out" / "index.html").is_file()


def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch):
    for arguments in (["--debug", "run", "/nowhere"], ["run", "/nowhere", "--debug"]):
        monkeypatch.setattr(sys, "argv", ["scaling", *arguments])
        with pytest.raises(Exception, match="/nowhere"):
            cli.main()


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_ends_at_once_and_leaves_no_report(tmp_path, write_notebook, signal_):
    room = small(tmp_path, write_notebook)
    mark = room / "started"
    write_notebook(room / "notebooks" / "01_slo.ipynb", f"import time\nopen({str(mark)!r}, 'w')\ntime.sleep(600)")
    arguments = ["run", str(room), "--notebooks", str(room / "notebooks"), "--out", str(room / "out")]
    process = subprocess.Popen([sys.executable, "-m", "scaling_lib", *arguments], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not mark.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal_)
    _, err = process.communicate(timeout=15)
    assert process.returncode == 1
    room = (room / "out.incomplete").resolve()
    assert err == (
        f"scaling: Stopped. What the notebooks showed until then is in {room / 'notebooks'}; remove {room} before the "
        "same --out is used again.\n"
    )
    assert not (room / "out").exists()


def test_lab_copies_what_is_missing_and_hands_over(command, tmp_path, monkeypatch):
    (tmp_path / "assessment.yaml").write_text("system: s\n")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "00_overview.ipynb").write_text("mine")
    handed = []

    def exec_stub(path, arguments, environment):  # what would replace this process
        handed.append((path, arguments, environment))

    monkeypatch.setattr(os, "execve", exec_stub)
    code, out, _ = command("lab", tmp_path)
    assert code == 0 and "Kept your" in out
    assert (tmp_path / "notebooks" / "00_overview.ipynb").read_text() == "mine"
    ((path, arguments, environment),) = handed
    assert path == sys.executable
    assert arguments[1:4] == ["-m", "jupyterlab", f"--ServerApp.root_dir={tmp_path / 'notebooks'}"]
    assert environment["SCALING_ASSESSMENT"] == str(tmp_path / "assessment.yaml")


def test_lab_takes_the_file_too(command, tmp_path, monkeypatch):
    file = tmp_path / "assessment.yaml"
    file.write_text("system: s\n")
    handed = []

    def exec_stub(path, arguments, environment):  # what would replace this process
        handed.append((arguments, environment))

    monkeypatch.setattr(os, "execve", exec_stub)
    code, _, err = command("lab", file)
    assert (code, err) == (0, "")
    ((arguments, environment),) = handed
    assert f"--ServerApp.root_dir={tmp_path / 'notebooks'}" in arguments
    assert environment["SCALING_ASSESSMENT"] == str(file)


def options():
    for name, part in cli.scaling.commands.items():
        yield name
        for option in part.params:
            if isinstance(option, click.Option):
                yield from option.opts
    yield from ("--debug", "--version")


@pytest.mark.parametrize("name", sorted(set(options())))
def test_the_readme_documents_every_command_and_option(name, pytestconfig):
    readme = (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")
    assert f"`{name}" in readme or f"scaling {name}" in readme
