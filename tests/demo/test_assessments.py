"""`scaling demo`: its folders are assessments, and step 01 finds in one what was planted, and nothing else."""

from __future__ import annotations

import json
import re
import sys

import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib import capacity, cli, slo
from scaling_lib.demo import write_assessments

KINDS = {"errors": "availability", "latency": "latency"}
EDGE = pd.Timedelta(minutes=3)


def scaling(monkeypatch, capsys, *arguments):
    """The command in this process: its exit code, its output, its errors."""
    monkeypatch.setattr(sys, "argv", ["scaling", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


@pytest.fixture
def command(monkeypatch, capsys):
    return lambda *arguments: scaling(monkeypatch, capsys, *arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One assessment of 90 days."""
    (made,) = write_assessments(tmp_path_factory.mktemp("demo") / "fleet", services=1)
    return made


@pytest.fixture(scope="module")
def truth(folder):
    return yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def result(folder):
    return slo.assess(scaling_lib.open(folder))


def planted(truth, kind):
    """(start, end) of what was planted of a kind of SLO; all are on every route of a system of one service."""
    routes = {route["route"] for route in truth["traffic"]["routes"]}
    told = [each for each in truth["incidents"] if KINDS.get(each["kind"]) == kind]
    assert all(set(each["routes"]) == routes for each in told)
    return [(pd.Timestamp(each["start"]), pd.Timestamp(each["end"])) for each in told]


def bad_a_minute(folder, slo_name) -> pd.Series:
    """What fails an SLO, counted from the Parquet file without the library."""
    journey, kind = slo_name.rsplit(" ", 1)
    cells = pd.read_parquet(folder / "requests" / "counts.parquet")
    own = cells[cells["route"] == {"read items": "GET /items", "write items": "POST /items"}[journey]]
    fine = own["n"] - own["errors"]
    bad = own["errors"] if kind == "availability" else fine - own["good_300000"]
    return bad.set_axis(own["minute"])


def within(series, start, end):
    return series[(series.index >= start) & (series.index < end)]


def test_every_planted_spell_is_found_in_every_slo_and_no_other(result, truth, folder):
    """With the failures that are in the cells, and at most two of the background beside them."""
    assert len(result.results) == 4
    for each in result.results:
        told = planted(truth, each.slo.kind)
        bad = bad_a_minute(folder, each.slo.name)
        assert len(each.spells) == len(told) == {"availability": 3, "latency": 1}[each.slo.kind]
        for row, (start, end) in zip(each.spells.to_dict("records"), told, strict=True):
            assert row["bad"] == within(bad, row["start"], row["end"]).sum()
            both = within(bad, max(start, row["start"]), min(end, row["end"])).sum()
            assert both >= 0.95 * within(bad, start, end).sum()
            assert row["bad"] - both <= 2
            assert start - EDGE <= row["start"] < row["end"] <= end + EDGE


def test_the_findings_name_the_spells_of_the_last_window(result, truth):
    """A finding for what overlaps in time; nothing else has to be acted on."""
    findings = slo.findings(result)
    spells = [each for each in findings if each.name == "spell"]
    start = pd.Timestamp(truth["end"]) - pd.Timedelta(days=28)
    told = sorted(each for kind in KINDS.values() for each in planted(truth, kind) if each[1] > start)
    named = sorted(pd.Timestamp(each.subject.rsplit(", ", 1)[1], tz="UTC") for each in spells)
    assert len(named) == len(told) >= 2
    assert all(abs(one - other[0]) <= EDGE for one, other in zip(named, told, strict=True))
    assert {each.name for each in findings if each.verdict != "ok"} == {"spell"}
    assert all(source.origin == "simulated" for each in spells for source in each.evidence)


def test_check_lists_what_is_there(command, folder):
    code, out, _ = command("check", folder)
    assert code == 0
    assert "requests/*.parquet  cells" in out and "metrics/ (4 files)  query_range" in out
    assert out.count("yes") >= 5


def test_its_processors_are_resources_with_a_history(folder, truth):
    """Each is forecast, and its law finds the planted mean demand and background; nothing is full."""
    system = scaling_lib.open(folder)
    told = {f"processor of the {each['runs']}": each for each in truth["metrics"]["processors"]["of"]}
    points = capacity.saturation_points(system.resources, system.metrics())
    laws = capacity.calibrated(system).laws
    assert {each.resource.name for each in points} == set(laws) == set(told)
    for each in points:
        planted, law = told[each.resource.name], laws[each.resource.name]
        assert (each.state, each.action, each.resource.limit) == ("forecast", "fine", planted["limit"])
        assert each.now.value == pytest.approx(planted["used_in_the_busiest_hour"], rel=0.15)
        assert law.background.low < planted["background"] < law.background.high
        assert law.mean_demand.low < planted["mean_demand_ms"] / 1000 < law.mean_demand.high
    assert 0.3 <= told["processor of the services"]["used_in_the_busiest_hour"] <= 0.6


def test_spans_and_load_tests_are_named_too(folder, truth):
    system = scaling_lib.open(folder)
    assert len(system.spans().frame) == truth["spans"]["spans"]
    levels = {float(users) for users in truth["load"]["users"].split()}
    assert levels == set(system.load_tests().samples["users"])


@pytest.mark.slow
def test_run_says_in_its_report_what_was_planted(command, tmp_path):
    """The notebook itself, on the shortest history: all of it lies in the SLOs' window."""
    (folder,) = write_assessments(tmp_path / "fleet", services=1, days=14)
    code, out, _ = command("run", folder, "--step", "01", "--out", tmp_path / "report")
    assert code == 0 and out.startswith("act: ")
    report = json.loads((tmp_path / "report" / "findings.json").read_text(encoding="utf-8"))
    truth = yaml.safe_load((folder / "truth.yaml").read_text(encoding="utf-8"))
    told = sorted(each for kind in KINDS.values() for each in planted(truth, kind))
    spells = [each["subject"] for each in report["findings"] if each["name"] == "spell"]
    named = sorted(pd.Timestamp(each.rsplit(", ", 1)[1], tz="UTC") for each in spells)
    assert len(named) == len(told) == 4
    assert all(abs(one - other[0]) <= EDGE for one, other in zip(named, told, strict=True))


def test_the_command_writes_a_folder_each(command, tmp_path):
    code, out, err = command("demo", "--services", 2, "--days", 14, "--out", tmp_path / "new")
    assert code == 0 and not re.sub(r"\rSimulat[^\r]*|\r +", "", err).strip()  # the bar of a slow machine
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["service-1", "service-2"]
    assert (
        out.splitlines()[-1]
        == f"Wrote 2 assessments into {tmp_path / 'new'}. Next: scaling check {tmp_path / 'new' / 'service-1'}"
    )
    for path in (tmp_path / "new").iterdir():
        assert scaling_lib.open(path).name == path.name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "there"], "there: is there already, and is never overwritten"),
        (["--out", "file/below"], "file/below: cannot be made"),
        (["--services", 0, "--out", "new"], "'--services': 0 is not in the range"),
        (["--services", 201, "--out", "new"], "'--services': 201 is not in the range"),
        (["--days", 13, "--out", "new"], "'--days': 13 is not in the range"),
        (["--seed", -1, "--out", "new"], "'--seed': -1 is not in the range"),
        ([], "Missing option '--out'"),
    ],
)
def test_wrong_use_is_one_paragraph(command, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("x")
    code, out, err = command("demo", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and said in err
    assert list((tmp_path / "there").iterdir()) == [] and not (tmp_path / "new").exists()
