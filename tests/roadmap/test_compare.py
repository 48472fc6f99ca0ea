import json
import math

import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.findings import Finding, Source
from scaling_lib.report.summary import StepResult, Summary, write_summary
from scaling_lib.roadmap import compare, read_findings
from scaling_lib.stats import Estimate


def finding(name, verdict, impact=None, subject="", step="02"):
    source = Source(table="requests", rows=5, start="2026-11-01T00:00:00Z", end="2026-11-02T00:00:00Z")
    return Finding(
        step=step, name=name, verdict=verdict, sentence=f"{name} is {verdict}.", subject=subject, impact=impact,
        evidence=(source,), action="do it", command="scaling run",
    )  # fmt: skip


def written(folder, *findings, **other):
    folder.mkdir()
    step = StepResult(
        step="02", name="02_capacity", title="Capacity", question="?", state=other.pop("state", "act"), sentence="s",
        page="p", notebook="n", seconds=1.0,
    )  # fmt: skip
    fixed = {
        "system": "shop", "suite": "1.0", "assessed": "2026-11-20T00:00:00Z", "evidence_start": "",
        "evidence_end": "2026-11-19T00:00:00Z", "command": "c", "verdict": "act", "sentence": "s",
    }  # fmt: skip
    write_summary(Summary(**{**fixed, **other}, steps=(step,), findings=findings), folder)
    return read_findings(folder)


def estimate(value, unit="x"):
    return Estimate(value, 0.9 * value, 1.1 * value, unit=unit)


def test_what_a_run_wrote_is_read_as_it_was(tmp_path):
    one = finding("a", "act", estimate(3))
    odd = finding("b", "unknown", Estimate(math.nan, math.nan, math.inf, unit="s"))
    told = written(tmp_path / "r", one, odd)
    assert told.findings[0] == one
    impact = told.findings[1].impact
    assert math.isnan(impact.value) and math.isnan(impact.low) and impact.high == math.inf
    assert told.states == {"02": "act"}


def test_every_kind_of_change(tmp_path):
    before = written(
        tmp_path / "a",
        finding("worse", "watch"),
        finding("better", "act"),
        finding("gone", "watch"),
        finding("same", "ok", estimate(3)),
        finding("moved", "watch", estimate(3)),
        finding("known now", "unknown"),
        finding("other unit", "ok", estimate(3, "s")),
    )
    after = written(
        tmp_path / "b",
        finding("worse", "act"),
        finding("better", "ok"),
        finding("new", "watch"),
        finding("same", "ok", estimate(3.2)),
        finding("moved", "watch", estimate(6)),
        finding("known now", "ok"),
        finding("other unit", "ok", estimate(300, "x")),
        finding("same", "ok", subject="another"),
    )
    found = compare(before, after)
    changes = {(row["name"], row["subject"]): row["change"] for row in found.frame.to_dict("records")}
    assert changes == {
        ("new", ""): "new",
        ("same", "another"): "new",
        ("worse", ""): "worse",
        ("known now", ""): "moved",
        ("moved", ""): "moved",
        ("better", ""): "better",
        ("gone", ""): "gone",
        ("other unit", ""): "same",
        ("same", ""): "same",
    }
    assert found.frame["change"].tolist()[:3] == ["new", "new", "worse"]
    row = found.frame.set_index("name").loc["moved"]
    assert (row["before"], row["after"]) == ("3x (2.7x to 3.3x)", "6x (5.4x to 6.6x)")
    assert found.count("new") == 2


def test_a_run_against_itself_is_the_same(tmp_path):
    told = written(tmp_path / "a", finding("x", "act", estimate(2)), finding("y", "unknown"))
    assert set(compare(told, told).frame["change"]) == {"same"}


def test_notes_say_what_spoils_a_comparison(tmp_path):
    before = written(tmp_path / "a", assessed="2026-11-21T00:00:00Z")
    after = written(tmp_path / "b", suite="2.0")
    said = " ".join(compare(before, after).notes)
    assert "two versions" in said
    assert "no newer evidence" in said
    assert "wrong way round" in said
    with pytest.raises(InvalidInput, match="'shop' and 'other'"):
        compare(before, written(tmp_path / "c", system="other"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot be read as JSON"),
        ("[]", "found version 'list'"),
        ('{"version": 2}', "found version 2"),
        ('{"version": 1}', "not of the form"),
        (json.dumps({"version": 1, "findings": 3}), "not of the form"),
    ],
)
def test_files_that_are_no_findings(tmp_path, content, words):
    (tmp_path / "findings.json").write_text(content)
    with pytest.raises(InvalidInput, match=words):
        read_findings(tmp_path)
