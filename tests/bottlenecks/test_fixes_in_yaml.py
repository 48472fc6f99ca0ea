"""Fixes and changes as assessment.yaml says them; what is wrong names its field."""

import pytest
from small_system import make

import scaling_lib
from scaling_lib.errors import InvalidInput

RESOURCES = "resources: [{name: processor, busy: cpu_seconds_total, limit: 2}]\n"


def opened(folder, yaml):
    return scaling_lib.open(make(folder / "a", RESOURCES + yaml)).config


def test_what_is_said_of_fixes_and_changes(tmp_path):
    config = opened(
        tmp_path,
        "fixes:\n"
        "  - {name: index, operations: [list lines], factor: 50}\n"
        "  - {name: second host, resource: processor, factor: 2, cost: 400}\n"
        "  - {name: no more catalogue, services: [catalogue]}\n"
        "changes:\n"
        "  - {name: index, operations: [list lines], before: {spans: [b.json]}, after: {load_tests: [a.csv]}}\n",
    )
    assert [(each.name, each.factor, each.cost) for each in config.fixes] == [
        ("index", 50, None), ("second host", 2, 400), ("no more catalogue", None, None),
    ]  # fmt: skip
    (change,) = config.changes
    assert change.before.spans[0].path == "b.json" and change.after.load_tests[0].path == "a.csv"


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        ("fixes: [{name: f}]\n", r"fixes\.0.*expected one of operations, services and resource"),
        ("fixes: [{name: f, operations: [a], resource: processor}]\n", "expected one of operations, services"),
        ("fixes: [{name: f, resource: disk}]\n", r"fixes\.0\.resource: found 'disk'.*processor"),
        ("fixes: [{name: f, operations: [a], factor: 0.5}]\n", r"fixes\.0\.factor.*greater than 1"),
        ("fixes: [{operations: [a]}]\n", r"fixes\.0\.name: this key is missing"),
        ("changes: [{name: c, operations: [a], before: {}}]\n", r"changes\.0\.after: this key is missing"),
        ("changes: [{name: c, operations: [a], before: {traces: []}, after: {}}]\n", "unknown key 'traces'"),
    ],
)
def test_what_is_wrong_names_its_field(tmp_path, yaml, words):
    with pytest.raises(InvalidInput, match=words):
        opened(tmp_path, yaml)
