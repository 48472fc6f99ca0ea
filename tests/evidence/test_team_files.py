"""Files of teams; and what is none."""

from __future__ import annotations

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.teams import TeamSource, read_teams


def read(tmp_path, text: str):
    (tmp_path / "teams.yaml").write_text(text, encoding="utf-8")
    return read_teams([TeamSource(path=str(tmp_path / "teams.yaml"))])


def test_teams_with_services_and_members(tmp_path):
    found = read(
        tmp_path,
        "teams:\n- {name: a, services: [x, y], members: [{name: Ada, emails: [a@example.com]}, Bo]}\n"
        "- {name: b, services: [x]}\n- {name: c}\n",
    )
    assert [(team.name, team.services, team.members) for team in found.teams] == [
        ("a", ("x", "y"), ("Ada", "Bo")),
        ("b", ("x",), ()),
        ("c", (), ()),
    ]
    assert found.teams[0].addresses == {"Ada": ("a@example.com",)}
    assert found.owners() == {"x": ("a", "b"), "y": ("a",)}
    assert found.quality[0].rows == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1", "found nothing; expected a list of teams"),
        ("teams: 3", "found 3"),
        ("teams: [{services: [a]}]", "name"),
        ("teams: [{name: a, services: x}]", "services: found 'x'; expected a list of names"),
        ("teams: [{name: a, members: [{email: x}]}]", "expected a list of names"),
        ("teams: [{name: a, members: [{name: Ada, emails: a@b}]}]", "the emails 'a@b'; expected a list of addresses"),
        ("teams: []", "found no team"),
        ("", "found no document; expected a list of teams"),
    ],
)
def test_bad_files_are_named(tmp_path, text, said):
    with pytest.raises(BrokenEvidence) as error:
        read(tmp_path, text)
    assert "teams.yaml" in str(error.value) and said in str(error.value)
