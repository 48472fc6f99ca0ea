from __future__ import annotations

import csv
import json
import time
from pathlib import Path

import jsonschema
import pyarrow.parquet as pq
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.report import run


def state(report, name):
    return next(step for step in report.result.summary.steps if step.name == name)


def page(report, name):
    return (report.out / f"{name}.html").read_text(encoding="utf-8")


def test_each_step_has_its_state_and_sentence(report):
    assert {step.name: step.state for step in report.result.summary.steps} == {
        "01_slo": "act",
        "02_capacity": "failed",
        "03_flow": "failed",
        "04_silent": "no conclusion",
    }
    assert state(report, "02_capacity").sentence == "load.csv, line 3: found x; expected a number."
    assert "longer than 8 s" in state(report, "03_flow").sentence
    assert state(report, "04_silent").question == "What to fix first?"
    assert report.result.summary.verdict == "act"
    assert [step.name for step in report.result.failed] == ["02_capacity", "03_flow"]


def test_a_failed_step_keeps_what_it_showed(report):
    assert "seen before the error" in page(report, "02_capacity")
    assert "never seen" not in page(report, "02_capacity").replace("print(&#39;never seen&#39;)", "")
    assert "The notebook ended before its last cell" in page(report, "02_capacity")
    assert (report.out / "notebooks" / "03_flow.ipynb").is_file()


def test_the_folder_is_whole(report):
    assert {path.relative_to(report.out).as_posix() for path in report.out.rglob("*") if path.is_file()} == {
        "index.html",
        "01_slo.html",
        "02_capacity.html",
        "03_flow.html",
        "04_silent.html",
        "findings.json",
        "findings.schema.json",
        "plotly.min.js",
        *(f"notebooks/{name}.ipynb" for name in ("01_slo", "02_capacity", "03_flow", "04_silent")),
        *(f"tables/01_slo/{name}.{kind}" for name in ("latency", "budget", "minutes") for kind in ("csv", "parquet")),
    }
    assert not (report.room / "out.incomplete").exists()


def test_findings_json_follows_its_schema_and_is_strict_json(report):
    def refuse(constant):
        raise AssertionError(constant)

    document = json.loads((report.out / "findings.json").read_text(encoding="utf-8"), parse_constant=refuse)
    schema = json.loads((report.out / "findings.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert [finding["verdict"] for finding in document["findings"]] == ["act", "unknown", "ok"]
    assert document["findings"][0]["impact"]["high"] == "Infinity"
    assert document["findings"][1]["impact"]["value"] is None
    assert document["evidence_start"] == "2026-11-22T10:00:00Z"
    assert document["command"].startswith("scaling run ") and "-p level 0.9" in document["command"]


def test_tables_are_typed_and_taken_out_of_the_notebook(report):
    table = pq.read_table(report.out / "tables" / "01_slo" / "latency.parquet")
    assert [str(field.type) for field in table.schema] == ["timestamp[us, tz=UTC]", "double", "string"]
    assert table.num_rows == 60
    with (report.out / "tables" / "01_slo" / "latency.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"time": "2026-11-22T10:00:00Z", "checkout": "0.1", "note": "'=HYPERLINK(1)"}
    assert "vnd.scaling.table" not in (report.out / "notebooks" / "01_slo.ipynb").read_text(encoding="utf-8")


def test_text_from_data_is_escaped_everywhere(report):
    for name in ("index", "01_slo"):
        text = page(report, name)
        assert "<script>document.title" not in text
        assert "<img src=https" not in text
        assert "&lt;script&gt;document.title" in text
        assert "The &lt;Shop&gt;" in text


def test_the_conclusion_stands_above_the_notebook(report):
    text = page(report, "01_slo")
    places = [
        text.index(mark)
        for mark in (
            'class="verdict"',
            'id="figure-budget"',
            'id="findings"',
            'id="todo"',
            "In detail</h2>",
            "Latency</h2>",
        )
    ]
    assert places == sorted(places)
    assert text.count('id="figure-budget"') == 1  # the figure the worst finding names, moved to the top
    assert text.count("What to do</h2>") == 1  # the notebook's own heading stood over the conclusion alone
    assert text.count("<h1") == 1


def test_parameters_and_assessment_reach_the_notebook_in_a_neutral_folder(report):
    text = page(report, "01_slo")
    assert f"{report.room / 'assessment.yaml'} 0.9 " in text
    assert str(Path.cwd()) not in text.split("0.9 ")[1].split("</pre>")[0]


def test_pages_load_nothing_from_elsewhere(report):
    for file in report.out.glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert "default-src 'none'" in text
        for opening in ('src="http', 'href="http', "@import", "url("):
            assert opening not in text


def test_a_figure_carries_no_template_and_little_else(report):
    text = page(report, "01_slo")
    assert '"template"' not in text.split("<main")[1].split("</main>")[0]
    assert len(text) < 60_000


def test_a_report_is_never_overwritten(report):
    before = (report.out / "index.html").read_bytes()
    with pytest.raises(InvalidInput, match="not empty.*--out"):
        run(report.room, notebooks=report.notebooks, out=report.out)
    assert (report.out / "index.html").read_bytes() == before


def test_a_place_that_cannot_be_written_is_refused_before_anything_runs(report, tmp_path):
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(InvalidInput, match=r"file.*--out"):
            run(report.room, notebooks=report.notebooks, out=out)


def test_an_interrupted_report_is_not_mistaken_for_a_whole_one(report, tmp_path):
    (tmp_path / "out.incomplete").mkdir()
    with pytest.raises(InvalidInput, match=r"out\.incomplete.*interrupted"):
        run(report.room, notebooks=report.notebooks, out=tmp_path / "out")


def test_wrong_step_and_parameter_are_refused_before_anything_runs(report, tmp_path):
    for options, said in (
        ({"steps": ["9"]}, "--step 09.*01, 02, 03"),
        ({"parameters": {"levle": 1}}, "levle.*assessment = .*; level = "),
        ({"parameters": {"level": "high"}}, "level: found 'high'; expected a number"),
    ):
        with pytest.raises(InvalidInput, match=said):
            run(report.room, notebooks=report.notebooks, out=tmp_path / "out", **options)
    assert not list(tmp_path.iterdir())


def test_the_deadline_ends_the_run_and_its_kernels(report, tmp_path, write_notebook):
    mark = tmp_path / "alive"
    cells = ("# A question?", f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    (tmp_path / "notebooks").mkdir()
    for name in ("01_a", "02_b"):
        write_notebook(tmp_path / "notebooks" / f"{name}.ipynb", *cells)
    began = time.monotonic()
    result = run(report.room, notebooks=tmp_path / "notebooks", out=tmp_path / "out", jobs=1, deadline_s=15)
    assert time.monotonic() - began < 40
    assert ["deadline of 15 s" in step.sentence for step in result.summary.steps] == [True, True]
    assert "Not started" in result.summary.steps[1].sentence
    assert (tmp_path / "out" / "index.html").is_file()
    kernel = int(mark.read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{kernel}").exists() and "Z" not in Path(f"/proc/{kernel}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline, "the kernel outlived the run"
        time.sleep(0.1)
