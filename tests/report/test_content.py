from __future__ import annotations

import json

import pytest

from scaling_lib.findings import FINDINGS_MIME
from scaling_lib.names import PLOTLY_MIME
from scaling_lib.report.content import HEAVY_BYTES, read_content
from scaling_lib.report.pages import Page, step_page
from scaling_lib.report.summary import StepResult, Summary


def executed(tmp_path, *cells):
    """An executed notebook: a text cell for each str, a code cell with that output for each dict."""
    made = [
        {"cell_type": "markdown", "metadata": {}, "source": cell}
        if isinstance(cell, str)
        else {"cell_type": "code", "metadata": {}, "source": "code", "outputs": [cell]}
        for cell in cells
    ]
    file = tmp_path / "01_a.ipynb"
    file.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return read_content(file)


def shown(**data):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {name.replace("__", "/"): text for name, text in data.items()},
    }


def figure(size=1, **layout):
    return {
        "output_type": "display_data",
        "metadata": {},
        "data": {PLOTLY_MIME: {"data": [{"y": ["x" * size]}], "layout": layout}},
    }


def kinds(content):
    return [block.kind for block in content.blocks if block.kind != "code"]


def html(content):
    result = StepResult(
        step="01",
        name="01_a",
        title="A",
        question="Q?",
        state="ok",
        sentence="S.",
        page="01_a.html",
        notebook="n",
        seconds=1,
    )
    summary = Summary(
        system="s", suite="1", assessed="2026-01-01T00:00:00Z", evidence_start="", evidence_end="", command="scaling run",
        verdict="ok", sentence="S.", steps=(result,), findings=(),
    )  # fmt: skip
    page = Page(result=result, content=content)
    return step_page(page, [page], summary, {})


def test_each_kind_of_output_is_read(tmp_path):
    content = executed(
        tmp_path,
        "# The title\n\nIntro.",
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]},
        {"output_type": "stream", "name": "stderr", "text": "a warning"},
        {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []},
        shown(text__html=["<b>x</b>", "<script>y</script>"], text__plain="x"),
        shown(image__png="aGk=\n"),
        shown(text__markdown="*x*"),
        shown(text__plain="42"),
        figure(title={"text": "Own<br>title"}),
    )
    assert content.heading == "The title"
    assert kinds(content) == ["markdown", "text", "error", "html", "image", "markdown", "text", "figure"]
    assert content.blocks[-2].title == "Own title"
    text = html(content).split("<main")[1].split("</main>")[0]
    assert "<b>x</b>" in text and "<em>x</em>" in text and "data:image/png;base64,aGk=" in text
    assert "<script>y" not in text and "a warning" not in text


def test_names_are_unique_and_safe_as_file_names(tmp_path):
    outputs = [figure() for _ in range(3)]
    for output, name in zip(outputs, ["../up", "../up", ""], strict=True):
        output["metadata"] = {"scaling": {"name": name, "caption": ""}}
    assert [block.name for block in executed(tmp_path, *outputs).blocks if block.kind == "figure"] == [
        "up", "up-2", "output-3",
    ]  # fmt: skip


def test_a_heavy_figure_says_so_on_the_page(tmp_path):
    assert "over the budget of 1 MB" in html(executed(tmp_path, figure(HEAVY_BYTES + 300_000)))
    assert "over the budget" not in html(executed(tmp_path, figure(1000)))


def test_a_figure_cannot_end_its_script_element(tmp_path):
    output = figure()
    output["data"][PLOTLY_MIME]["data"][0]["name"] = "</script><script>alert(1)</script>"
    assert "<script>alert" not in html(executed(tmp_path, output))


def test_raw_html_in_markdown_is_text(tmp_path):
    assert (
        "<script>" not in html(executed(tmp_path, "x <script>alert(1)</script>")).split("<main")[1].split("</main>")[0]
    )


@pytest.mark.parametrize("data", [{}, {"findings": []}, {"step": "01", "findings": [{"verdict": "great"}]}])
def test_a_conclusion_that_cannot_be_read_is_said_to_be(tmp_path, data):
    content = executed(tmp_path, {"output_type": "display_data", "metadata": {}, "data": {FINDINGS_MIME: data}})
    assert content.conclusion is None
    assert content.problem.startswith("Its conclusion cannot be read")


def test_an_empty_notebook(tmp_path):
    content = executed(tmp_path)
    assert (content.heading, content.blocks, content.conclusion) == ("", [], None)
    assert "<h1>Q?</h1>" in html(content)
