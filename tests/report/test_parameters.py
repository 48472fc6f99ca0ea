from __future__ import annotations

import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.report.parameters import bind, read_notebook
from scaling_lib.resources import notebooks_folder

CELL = "#parameters\nassessment = ''\nlevel: float = 0.95\nrows = 3\nfast = False\nroutes = ['a']\nmap = {}"


@pytest.fixture
def notebook(tmp_path, write_notebook):
    return read_notebook(write_notebook(tmp_path / "01_a.ipynb", "# Title", CELL, "1"))


def test_defaults_are_read_without_running_anything(notebook):
    assert notebook.defaults == {
        "assessment": "", "level": 0.95, "rows": 3, "fast": False, "routes": ["a"], "map": {},
    }  # fmt: skip
    assert (notebook.name, notebook.cells) == ("01_a", 3)


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ({"level": "0.9"}, 0.9),
        ({"level": "1"}, 1.0),
        ({"level": 1}, 1.0),
        ({"rows": "7"}, 7),
        ({"fast": "Yes"}, True),
        ({"fast": "0"}, False),
        ({"routes": '["x", "y"]'}, ["x", "y"]),
        ({"map": '{"a": 1}'}, {"a": 1}),
        ({"assessment": "12"}, "12"),
        ({"assessment": ""}, ""),
    ],
)
def test_text_is_read_as_the_type_of_the_default(notebook, given, bound):
    (value,) = bind([notebook], given)["01_a"].values()
    assert value == bound and type(value) is type(bound)


@pytest.mark.parametrize(
    "given",
    [{"level": "x"}, {"level": True}, {"rows": "1.5"}, {"rows": True}, {"fast": "maybe"}, {"fast": 1}, {"routes": "a"},
     {"map": "[1]"}, {"assessment": 3}],
)  # fmt: skip
def test_a_wrong_type_is_refused_by_name(notebook, given):
    (name,) = given
    with pytest.raises(InvalidInput, match=f"parameter {name}: found .*expected"):
        bind([notebook], given)


def test_an_unknown_name_is_refused_with_what_is_allowed(notebook):
    with pytest.raises(
        InvalidInput, match=r"'levle'.*allowed: assessment = \"\"; fast = false; level = 0\.95; map = {}"
    ):
        bind([notebook], {"levle": "1"})


def test_the_comment_behind_a_parameter_is_its_meaning(tmp_path, write_notebook):
    cell = (
        "#parameters\n# About all.\nlevel = 0.95  # of all intervals\nroutes = [\n    'a#b',\n]  # which ones\nrows = 3"
    )
    made = read_notebook(write_notebook(tmp_path / "01_a.ipynb", cell))
    assert made.meanings == {"level": "of all intervals", "routes": "which ones"}
    with pytest.raises(
        InvalidInput, match=r"level = 0\.95 \(of all intervals\); routes = .*\(which ones\); rows = 3\.$"
    ):
        bind([made], {"x": "1"})


def test_every_parameter_of_the_suite_says_what_it_means():
    for path in sorted(notebooks_folder().glob("*.ipynb")):
        made = read_notebook(path)
        assert made.meanings.keys() == made.defaults.keys(), path.name


def test_each_notebook_takes_what_it_declares(tmp_path, write_notebook, notebook):
    other = read_notebook(write_notebook(tmp_path / "02_b.ipynb", "#parameters\nlevel = 1"))
    assert bind([notebook, other], {"level": "2", "rows": "4"}) == {
        "01_a": {"level": 2.0, "rows": 4},
        "02_b": {"level": 2},
    }


def test_no_parameter_cell_is_no_parameters(tmp_path, write_notebook):
    assert read_notebook(write_notebook(tmp_path / "01_a.ipynb", "1")).defaults == {}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("#parameters\nimport os",), "import os"),
        (("#parameters\na = open('x')",), "open"),
        (("#parameters\na = None",), "None"),
        (("#parameters\na = b = 1",), "a = b = 1"),
        (("#parameters\na =",), "syntax"),
        (("#parameters\na = 1", "#parameters\nb = 1"), "2 cells"),
    ],
)
def test_a_parameter_cell_holds_plain_assignments(tmp_path, write_notebook, cells, said):
    with pytest.raises(InvalidInput, match=said):
        read_notebook(write_notebook(tmp_path / "01_a.ipynb", *cells))


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"cells": 3}'])
def test_a_file_that_is_no_notebook(tmp_path, text):
    file = tmp_path / "01_a.ipynb"
    file.write_text(text)
    with pytest.raises(InvalidInput, match="not a notebook"):
        read_notebook(file)
