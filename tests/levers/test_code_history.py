"""Coupling, hotspots, ownership, truck factor and congruence: published figures, made histories, and the shop's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.changes import ChangeSource, read_changes
from scaling_lib.levers import (
    congruence,
    coordination_needed,
    coupling,
    degree_of_authorship,
    hotspots,
    ownership,
    people,
    sqale_rating,
    sum_of_coupling,
    truck_factor,
)

SHOP = Path(__file__).parents[2] / "data" / "shop"
ALL = {"least_revisions": 1, "least_shared": 1, "least_degree": 0}


def history(*commits, authors=None):
    """Commits, the oldest first, each the paths that it touched; authors by commit."""
    rows = [
        (f"c{number}", (authors or ["Ada"] * len(commits))[number], path, 10, 5, len(commits) - 1 - number)
        for number, paths in enumerate(commits)
        for path in paths
    ]
    frame = pd.DataFrame(rows, columns=["commit", "author", "path", "added", "deleted", "order"])
    return frame.assign(email=frame["author"].str.lower() + "@example.com")


@pytest.fixture(scope="module")
def shop():
    changes = read_changes([ChangeSource(path=str(SHOP / "simulated" / "code" / "git.log"))]).frame
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text())["simulated"]["code"]
    return people(changes), truth


def test_published_coupling():
    found = coupling(history("ABC", "AB"), **ALL)
    degrees = {(row.one, row.other): row.degree for row in found.itertuples()}
    assert degrees == {("A", "B"): 100, ("A", "C"): 66, ("B", "C"): 66}
    assert sum_of_coupling(history("ABC", "AB")).to_dict() == {"A": 3, "B": 3, "C": 2}


def test_coupling_leaves_out_what_is_too_little_too_wide_or_too_loose():
    often = history(*["AB"] * 5, *["A"] * 5)
    assert coupling(often)["degree"].tolist() == [66]
    assert coupling(often, least_degree=67).empty
    assert coupling(history(*["AB"] * 4)).empty
    sweeps = history(*[[f"f{n}" for n in range(31)]] * 6)
    assert coupling(sweeps).empty
    assert len(coupling(sweeps, largest_commit=31)) == 31 * 30 / 2


@given(st.lists(st.sets(st.sampled_from("ABCDE"), min_size=1), min_size=1, max_size=20))
def test_coupling_is_as_counted_pair_by_pair(commits):
    found = coupling(history(*commits), **ALL)
    for row in found.itertuples():
        both = sum(row.one in each and row.other in each for each in commits)
        mean = (sum(row.one in each for each in commits) + sum(row.other in each for each in commits)) / 2
        assert (row.shared, row.degree) == (both, int(100 * both / mean))
        assert row.one < row.other


def test_published_fragmentation():
    three = history(*["A"] * 6, authors=["Ada"] * 3 + ["Bo"] * 2 + ["Cy"])
    assert ownership(three)["fragmentation"].item() == pytest.approx(0.61, abs=0.005)
    assert ownership(history(*["A"] * 3, authors=["Ada", "Ada", "Bo"]))["fragmentation"].item() == pytest.approx(
        0.44, abs=0.005
    )
    assert ownership(history("A"))["fragmentation"].item() == 0


def test_an_island_is_a_file_that_one_person_works_on():
    found = ownership(history(*["A"] * 10, *["B"] * 9, *["C"] * 10, authors=["Ada"] * 19 + ["Ada", "Bo"] * 5))
    assert found.set_index("path")["island"].to_dict() == {"A": True, "B": False, "C": False}


def test_published_degrees_of_authorship():
    assert degree_of_authorship(1, 2, 3) == pytest.approx(4.2740, abs=5e-5)
    assert degree_of_authorship(0, 3, 2) == pytest.approx(3.4323, abs=5e-5)


def test_truck_factor_by_hand():
    """Ada made four files alone, Bo two, Cy one: without Ada three of seven are left, fewer than half."""
    alone = history(*"ABCDEFG", authors=["Ada"] * 4 + ["Bo"] * 2 + ["Cy"])
    found = truck_factor(alone)
    assert (found.number, found.people, found.files) == (1, ("Ada",), 7)
    assert found.coverage == (pytest.approx(3 / 7),)
    shared = history(*"AABBCC", authors=["Ada", "Bo"] * 3)
    assert truck_factor(shared).number in (1, 2)
    even = history(*"ABCDEF", authors=["Ada", "Bo", "Cy"] * 2)
    assert truck_factor(even).number == 2


def test_bots_know_nothing():
    found = truck_factor(people(history(*"ABCD", authors=["Ada", "Ada", "renovate[bot]", "renovate[bot]"])))
    assert (found.files, found.number, found.without_bots) == (2, 1, 1)


def test_one_person_with_several_addresses_and_spellings():
    changes = history("A", "B", "C", authors=["Ada L", "ada l", "Ada Lovelace"])
    changes["email"] = ["a@work.example", "a@home.example", "ada@old.example"]
    assert people(changes)["person"].nunique() == 2
    known = people(changes, {"Ada Lovelace": ["A@work.example", "a@home.example", "ada@old.example"]})
    assert known["person"].unique().tolist() == ["Ada Lovelace"]


@pytest.mark.parametrize(
    ("author", "email", "bot"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", True),
        ("ci bot", "ci@example.com", True),
        ("GitHub", "noreply@github.com", True),
        ("Ada", "123+ada@users.noreply.github.com", False),
        ("Bo Abbot", "bo.abbot@example.com", False),
        ("Talbot", "talbot@example.com", False),
    ],
)
def test_who_is_a_bot(author, email, bot):
    frame = history("A").assign(author=author, email=email)
    assert people(frame)["bot"].tolist() == [bot]


def test_published_coordination():
    needed = coordination_needed([[0, 1, 0], [0, 1, 1], [1, 1, 0]], [[1, 1, 0], [1, 1, 1], [0, 1, 1]])
    assert needed.tolist() == [[1, 2, 2], [2, 4, 3], [2, 3, 4]]
    with pytest.raises(InvalidInput, match="people by tasks"):
        coordination_needed([[1, 0]], [[1]])


def test_congruence_is_the_share_of_shared_commits_within_a_team():
    pairs = pd.DataFrame(
        {"one": ["a/1", "a/1", "x"], "other": ["a/2", "b/1", "b/2"], "shared": [30, 10, 5], "degree": 50}
    )
    found = congruence(pairs, lambda path: {"a": "A", "b": "B"}.get(path[0], ""))
    assert found.share == 0.75
    assert found.between.to_numpy().tolist() == [["A", "B", 10, 1]]
    assert found.unowned == 1
    assert math.isnan(congruence(pairs.iloc[2:], lambda path: "").share)


def test_published_rating():
    assert sqale_rating(24_000, 2_500) == "D"
    assert [sqale_rating(30 * share, 1) for share in (0, 0.05, 0.051, 0.1, 0.2, 0.5, 0.51)] == list("AABBCDE")
    with pytest.raises(InvalidInput, match="0 or more, and lines"):
        sqale_rating(10, 0)


def test_hotspots_are_revisions_times_complexity():
    complexity = pd.DataFrame({"path": ["A", "A", "B", "gone"], "lines": [10, 5, 100, 9], "complexity": [3, 2, 10, 99]})
    found = hotspots(history("A", "A", "A", "AB", "C"), complexity)
    assert found["path"].tolist() == ["A", "B"]
    assert found["score"].tolist() == [1.0, 0.5]
    assert found["lines"].tolist() == [15, 100]
    assert found["churn"].tolist() == [60, 15]
    assert found["share"].tolist() == [4 / 6, 1 / 6]


def test_the_shops_code_is_told_as_planted(shop):
    changes, truth = shop
    files = ownership(changes).set_index("path")
    assert files.index[0] == truth["hotspot"]["path"]
    planted = truth["coupled_across_teams"]
    pairs = coupling(changes)
    assert {pairs["one"].iloc[0], pairs["other"].iloc[0]} == set(planted["paths"])
    island = truth["knowledge_island"]
    assert files.index[files["island"]].tolist() == [island["path"]]
    assert files.loc[island["path"], "main"] == island["author"]
    bots = changes[changes["bot"]]
    assert bots["commit"].nunique() == truth["bot"]["commits"]
    assert bots["author"].unique().tolist() == [truth["bot"]["name"]]
    hana = changes[changes["person"] == truth["one_person_two_addresses"]]
    assert hana["email"].nunique() == 2
    assert truth["renamed"]["to"] in files.index
    assert truth["renamed"]["from"] not in files.index


def test_what_is_absent_is_named():
    with pytest.raises(InvalidInput, match="hotspots: found no column deleted"):
        hotspots(history("A").drop(columns="deleted"), pd.DataFrame())
    with pytest.raises(InvalidInput, match="found no column shared"):
        congruence(pd.DataFrame({"one": [], "other": [], "degree": []}), lambda path: "")
    with pytest.raises(InvalidInput, match="counts of at least 1"):
        coupling(history("A"), least_shared=0)


def test_an_empty_history_has_nothing():
    empty = history("A").iloc[:0]
    assert coupling(empty).empty
    assert ownership(empty).empty
    assert truck_factor(empty).number == 0
    assert np.isfinite(len(sum_of_coupling(empty)))


def test_who_gives_no_address_is_known_by_the_name():
    changes = history("a", "a", "a", authors=["Ada", "Bo", "ada"]).assign(email="")
    assert people(changes)["person"].tolist() == ["Ada", "Bo", "Ada"]
