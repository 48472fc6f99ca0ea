"""A decision record: MADR, read back by a machine, escaped, and held against its evidence again."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest
import yaml
from click.testing import CliRunner
from two_resources import INDEX, two_resources

import scaling_lib
from scaling_lib import architecture, cli
from scaling_lib.architecture.record import plain
from scaling_lib.architecture.record_fields import read_front
from scaling_lib.errors import BrokenEvidence, InvalidInput

TODAY = date(2026, 11, 25)
HOSTILE = "an index](javascript:alert(1)) <img src=x> # | `x` *b*"
SECTIONS = ["Context and Problem Statement", "Decision Drivers", "Considered Options", "Decision Outcome",
            "Pros and Cons of the Options", "More Information"]  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a system, and the record of what is decided for it."""
    folder = two_resources(tmp_path_factory.mktemp("made") / "a")
    system = scaling_lib.open(folder)
    record = architecture.decision_record(architecture.assess(system), system, today=TODAY, informed=["the board"])
    (folder / "record.md").write_text(record.text, encoding="utf-8")
    return folder, record


def test_it_is_madr(made):
    folder, record = made
    head, body = record.text.split("\n---\n", 1)
    fields = yaml.safe_load(head.removeprefix("---\n"))
    assert [*fields][:5] == ["status", "date", "decision-makers", "consulted", "informed"]
    assert (fields["status"], fields["date"], fields["decision-makers"]) == ("proposed", TODAY, ["team-a"])
    assert fields["informed"] == ["the board"] and fields["review"] == date(2027, 5, 26)
    assert re.findall(r"(?m)^## (.*)$", body) == SECTIONS
    assert 'Chosen option: "an index", because' in body
    assert "* the use of app at today's busiest minute is at most 60%" in body
    assert read_front(folder / "record.md") == record.front


def test_it_holds_the_hashes_of_what_it_rests_on(made):
    folder, record = made
    own = {each.path: each for each in record.front.evidence}
    assert set(own) == {"assessment.yaml", "counts.parquet", "curve.csv", "m.json"}
    for name, each in own.items():
        assert each.sha256 == hashlib.sha256((folder / name).read_bytes()).hexdigest() and each.files == 1


def test_it_holds_while_the_evidence_is_as_it_was(made):
    folder, record = made
    found = architecture.recheck(folder / "record.md", scaling_lib.open(folder), today=TODAY)
    assert found.holds and len(found.lines) == 1 + 4 + len(record.front.holds_while)
    late = architecture.recheck(folder / "record.md", scaling_lib.open(folder), today=date(2027, 5, 27))
    assert not late.holds and "has passed" in late.lines[0].text
    assert [each.holds for each in late.lines[1:]] == [True] * (len(late.lines) - 1)


def broken_lines(folder, record):
    """What no longer holds, once the record is held against the folder."""
    (folder / "r.md").write_text(record, encoding="utf-8")
    found = architecture.recheck(folder / "r.md", scaling_lib.open(folder), today=TODAY)
    return {each.text: each.word for each in found.lines if not each.holds}, found.holds


def test_a_load_that_grew_makes_it_wrong(made, tmp_path):
    _, record = made
    lines, holds = broken_lines(two_resources(tmp_path / "a", factor=60), record.text)
    assert not holds
    assert lines["the load to be carried is at most 225 requests/s: it is 300 requests/s"] == "does not hold"
    assert "the option that is chosen is an index: it is an index, then horizontal scaling of app" in lines
    assert lines["assessment assessment.yaml: has changed; the figures below are of what is there now"] == "note"


def test_a_constraint_that_faded_makes_it_wrong(made, tmp_path):
    """A fifth of today's load: the store is used by 1% and not by 5."""
    _, record = made
    lines, holds = broken_lines(two_resources(tmp_path / "a", rate=1.0, factor=150), record.text)
    assert not holds
    assert lines["the use of store at today's busiest minute is at least 2.5%: it is 1%"] == "does not hold"


def test_evidence_that_is_gone_cannot_be_checked(made, tmp_path):
    _, record = made
    lines, holds = broken_lines(two_resources(tmp_path / "a", tested=False), record.text)
    assert not holds
    assert lines["load tests curve.csv: is no longer evidence of the assessment"] == "cannot be checked"
    folder = two_resources(tmp_path / "b")
    (folder / "curve.csv").unlink()
    lines, holds = broken_lines(folder, record.text)
    assert not holds and lines["load tests curve.csv: is not there any more"] == "cannot be checked"
    assert any(word == "cannot be checked" and "it is not measured now" in text for text, word in lines.items())


def test_a_record_reaches_no_file_that_the_assessment_does_not_name(made, tmp_path):
    folder, record = made
    (tmp_path / "secret").write_text("secret")
    digest = hashlib.sha256(b"secret").hexdigest()
    entry = f"- kind: requests\n  path: {tmp_path / 'secret'}\n  files: 1\n  sha256: {digest}\n"
    text = record.text.replace("evidence:\n", f"evidence:\n{entry}")
    lines, holds = broken_lines(folder, text)
    assert not holds and [*lines.values()] == ["cannot be checked"]
    assert "is no longer evidence of the assessment" in next(iter(lines))


def test_text_from_data_stays_text(tmp_path):
    folder = two_resources(tmp_path / "a", options=INDEX.replace("an index", f'"{HOSTILE}"'))
    system = scaling_lib.open(folder)
    record = architecture.decision_record(architecture.assess(system), system, title="x\n---\nstatus: accepted")
    assert record.front.status == "proposed" and "\n---\nstatus" not in record.text[4:]
    body = record.text.split("\n---\n", 1)[1]
    assert "<img" not in body and "](javascript" not in body.replace("\\]", "")
    assert plain(HOSTILE) in body
    (folder / "r.md").write_text(record.text, encoding="utf-8")
    assert read_front(folder / "r.md") == record.front
    shown = architecture.record_shown(architecture.assess(system), system).bundle["text/html"]
    assert "<img" not in shown


GOOD = "status: s\ndate: 2026-01-01\nreview: 2026-07-01\nsystem: small\n"
HOLDS = "holds-while:\n- {figure: bottleneck, equals: store}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front", "found no front matter"),
        ("---\nstatus: x\n", "found no front matter"),
        (f"---\n{GOOD}---\n", "holds-while: Field required"),
        (f"---\n{GOOD}{HOLDS}more: 1\n---\n", "more: Extra inputs"),
        (f"---\n{GOOD}a: &a [x]\nb: [*a, *a]\n---\n", "found an alias"),
        (f"---\n{GOOD}: [\n---\n", "no YAML"),
        (f"---\n{GOOD}x: !!python/object/apply:os.system [true]\n---\n", "no YAML"),
        (f"---\n{GOOD}holds-while: [{{figure: needed}}]\n---\n", "expected one of equals, at-least and at-most"),
        (f"---\n{GOOD}holds-while: [{{figure: nonsense, equals: a}}]\n---\n", "holds-while.0.figure"),
        (f"---\n{GOOD}{HOLDS}evidence: [{{kind: a, path: b, files: 1, sha256: xyz}}]\n---\n", "evidence.0.sha256"),
        (f"---\n{GOOD}{HOLDS}asked: {{rm: 1}}\n---\n", "asked.rm: found 1"),
        (f"---\n{GOOD}{HOLDS}asked: {{level: high}}\n---\n", "asked.level: found 'high'"),
        (f"---\n{GOOD.replace('small', 'other')}{HOLDS}---\n", "found a decision of the system 'other'"),
        ("---\n" + "x" * 600_000, "larger than 500,000 bytes"),
    ],
)
def test_what_is_no_record_is_refused(made, tmp_path, text, said):
    (tmp_path / "r.md").write_text(text)
    with pytest.raises(InvalidInput, match=re.escape(said)):
        architecture.recheck(tmp_path / "r.md", scaling_lib.open(made[0]))


def test_a_file_that_cannot_be_read(made, tmp_path):
    system = scaling_lib.open(made[0])
    (tmp_path / "r.md").write_bytes(b"\xff\xfe")
    for name in ("r.md", "none.md"):
        with pytest.raises(BrokenEvidence, match="expected a decision record"):
            architecture.recheck(tmp_path / name, system)


def test_the_command_tells_line_by_line_and_exits_so(made, tmp_path):
    folder, record = made
    (tmp_path / "good.md").write_text(record.text.replace("review: 2027-05-26", "review: 2999-01-01"))
    (tmp_path / "bad.md").write_text(record.text.replace("equals: store", "equals: app"))
    good, bad = (
        CliRunner().invoke(cli.scaling, ["recheck", str(tmp_path / name), str(folder)], standalone_mode=False)
        for name in ("good.md", "bad.md")
    )
    assert "holds              what is full first is store: it is store" in good.output.splitlines()
    assert (good.return_value, good.output.splitlines()[-1]) == (0, "The decision holds.")
    assert (bad.return_value, bad.output.splitlines()[-1]) == (1, "The decision does not hold.")
