"""What of the evidence could not be used is said by each step that read it, and fails a run of that step alone."""

from __future__ import annotations

import json

from small_system import make

import scaling_lib
from scaling_lib.findings import Finding
from scaling_lib.report.content import Content
from scaling_lib.report.pages import Page, index_page, step_page
from scaling_lib.report.run import RunResult
from scaling_lib.report.summary import StepResult, Summary

BOARD = json.dumps({"title": "all", "panels": [{"targets": [{"expr": "up"}]}]})
WELL = Finding(step="03", name="flow", verdict="ok", sentence="All is seen.")


def half_broken(folder):
    """A dashboard that is whole, one that is cut short, and rules of which one cannot be read."""
    rules = "groups: [{name: g, rules: [{alert: Up, expr: up == 0}, {alert: Torn, expr: 'up{job=\"a\" > 1'}]}]\n"
    yaml = "evidence: {dashboards: ['*.json'], alerts: [rules.yaml]}\n"
    make(folder, yaml, a__json=BOARD, b__json=BOARD[:30], rules__yaml=rules)
    system = scaling_lib.open(folder)
    system.dashboards()
    system.alerts()
    return system


def summary_of(conclusion) -> tuple[Page, Summary]:
    made = {"title": "Flow", "question": "?", "page": "03_x.html", "notebook": "notebooks/03_x.ipynb", "seconds": 1.0}
    result = StepResult(step="03", name="03_x", state=conclusion.verdict, sentence=conclusion.sentence, **made)
    summary = Summary(
        system="s", suite="1", assessed="2026-01-01T00:00:00Z", evidence_start="", evidence_end="", command="scaling",
        verdict=conclusion.verdict, sentence=conclusion.sentence, steps=(result,), findings=conclusion.findings,
    )  # fmt: skip
    return Page(result=result, content=Content(conclusion=conclusion)), summary


def test_what_is_broken_in_part_is_a_finding_of_the_step_and_fails_the_run(tmp_path):
    conclusion = half_broken(tmp_path / "s").conclude("03", [WELL])
    broken, well = conclusion.findings
    assert (broken.name, broken.verdict, broken.subject) == ("broken-evidence", "watch", "*.json")
    assert broken.sentence.startswith("Of *.json only a part could be read, 1 row: b.json: found no JSON")
    assert well.name == "flow" and conclusion.verdict == "watch"
    page, summary = summary_of(conclusion)
    assert [each.sentence for each in RunResult(out=tmp_path, summary=summary).broken] == [broken.sentence]
    for html in (step_page(page, [page], summary, {}), index_page([page], summary)):
        assert "only a part could be read" in html and "rejected 1 row" in html and "Torn" in html


def test_rejected_rows_are_remarks_with_their_examples(tmp_path):
    conclusion = half_broken(tmp_path / "s").conclude("03", [WELL])
    (remark,) = conclusion.remarks
    assert remark.startswith("alerts, rules.yaml: rejected 1 row, not a rule that can be read, such as ")
    assert "Torn" in remark and "expected one that closes it" in remark
    assert "Torn" in conclusion._repr_mimebundle_()["text/html"]


def test_what_a_finding_says_already_is_not_said_again(tmp_path):
    told = Finding(step="03", name="broken-evidence", subject="dashboards", verdict="watch", sentence="Torn.")
    conclusion = half_broken(tmp_path / "s").conclude("03", [told])
    assert [each.sentence for each in conclusion.findings] == ["Torn."]


def test_several_steps_tell_a_fault_once(tmp_path):
    conclusion = half_broken(tmp_path / "s").conclude("03", [WELL])
    _, summary = summary_of(conclusion)
    twice = Summary(**{**vars(summary), "findings": (*half_broken(tmp_path / "t").conclude("00", [WELL]).findings,
                                                      *conclusion.findings)})  # fmt: skip
    assert len(RunResult(out=tmp_path, summary=twice).broken) == 1


def test_evidence_that_was_not_read_is_not_spoken_of(tmp_path):
    half_broken(tmp_path / "s")
    assert len(scaling_lib.open(tmp_path / "s").conclude("03", [WELL]).findings) == 1
