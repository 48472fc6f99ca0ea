"""Items of debt and their hours, risk, the one queue, and hand-offs: worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scaling_lib.config_work import WorkItem
from scaling_lib.evidence.complexity import Complexity
from scaling_lib.levers import Code, coordination, debt_items, debt_score, growth_h, hotspots, queue, risk_h
from scaling_lib.levers.touched import hours_by_path, matching

DAY = pd.Timestamp("2026-01-05T09:00:00Z")
POINTS = ("principal_h_p10", "principal_h_p50", "principal_h_p90", "interest_h_qtr_p10", "interest_h_qtr_p50",
          "interest_h_qtr_p90")  # fmt: skip


def changes(*commits):
    """Commits as (day, person, paths)."""
    rows = [
        (f"c{number}", DAY + pd.Timedelta(days=day), person, path)
        for number, (day, person, paths) in enumerate(commits)
        for path in paths
    ]
    frame = pd.DataFrame(rows, columns=["commit", "time", "person", "path"])
    return frame.assign(bot=frame["person"] == "bot", added=1, deleted=1)


def complexity(functions, issues=()):
    return Complexity(
        functions=pd.DataFrame(functions, columns=["path", "complexity"]).assign(lines=10),
        issues=pd.DataFrame(issues, columns=["path", "effort_min"]),
        measures={},
        coverage=pd.DataFrame(columns=["path", "lines", "covered"]),
    )


def register(*rows):
    made = []
    for id_, given in rows:
        row = dict.fromkeys(POINTS, np.nan) | {"id": id_, "title": f"item {id_}", "paths": (), "service": "", "owner": "",
               "kind": "design", "opened": DAY, "open": True, "links": ""} | given  # fmt: skip
        made.append(row)
    return pd.DataFrame(made)


def hours(principal, interest):
    return dict(zip(POINTS, (*principal, *interest), strict=True))


def code_of(history, known, days=365.25):
    hot = hotspots(history, known.functions) if known else pd.DataFrame(columns=["path"])
    return Code(changes=history, days=days, complexity=known, hot=hot, owner=lambda path: "team" if path == "a" else "")


def test_a_day_with_commits_is_shared_out_over_its_files():
    history = changes((0, "Ada", ["a", "b"]), (0, "Ada", ["a"]), (0, "Bo", ["b"]), (1, "Ada", ["a"]), (1, "bot", ["a"]))
    found = hours_by_path(history)
    # Ada's first day has three touches of 5 / 3 h each, her second one of 5 h; Bo's one of 5 h.
    assert found["a"] == (3, pytest.approx((5 / 3 + 5 / 3 + 5) / 3))
    assert found["b"] == (2, pytest.approx((5 / 3 + 5) / 2))
    human = history[~history["bot"]]
    total = sum(count * each for count, each in found.values())
    assert total == pytest.approx(5 * human.groupby(["person", human["time"].dt.date]).ngroups)


def test_hours_are_the_registers_else_sonarqubes_else_of_the_complexity():
    history = changes(*[(number, "Ada", ["a", "b", "c"]) for number in range(8)])
    known = complexity([("a", 30), ("a", 12), ("b", 15), ("c", 3)], [("b", 90.0), ("b", 30.0)])
    items = debt_items(
        register(
            ("R", {"paths": ("c",), **hours((1, 2, 4), (0, 1, 2))}),
            ("S", {"paths": ("b",)}),
            ("C", {"paths": ("a",)}),
            ("N", {"paths": ("c",)}),  # nothing over the limit: no hours
            ("G", {"paths": ("gone/*",), **hours((1, 2, 4), (0, 1, 2))}),
            ("D", {"paths": ("a",), "open": False, **hours((1, 2, 4), (0, 1, 2))}),
            ("A", {"kind": "action"}),
        ),
        code_of(history, known),
    )
    frame = items.frame.set_index("id")
    assert frame.index.tolist() == ["R", "S", "C"]
    assert frame["principal"].to_dict() == {
        "R": (1, 2, 4), "S": (1.0, 2.0, 4.0),  # 120 min, halved and doubled
        "C": pytest.approx((2.2, 5.5, 11.0)),  # 20 + 2 above 10, at 0.1, 0.25 and 0.5 h
    }  # fmt: skip
    assert frame["assumed"].to_dict() == {"R": False, "S": True, "C": True}
    assert frame.loc["C", "team"] == "team" and items.gone == ("G",) and items.unscored == ("item N",)
    # 8 touches in four quarters of 5/3 h each, of which 1 - 1/2.2 is lost in the worst band
    assert frame.loc["C", "interest"][1] == pytest.approx(2 * 5 / 3 * (1 - 1 / 2.2), rel=0.01)
    assert frame.loc["S", "interest"][1] == pytest.approx(2 * 5 / 3 * (1 - 1 / 1.72), rel=0.01)


def test_hot_files_that_nobody_registered_are_items_too():
    history = changes(*[(number, "Ada", ["a", "b"]) for number in range(8)])
    items = debt_items(register(("R", {"paths": ("b",)})), code_of(history, complexity([("a", 30), ("b", 15)])))
    assert items.frame["id"].tolist() == ["R", "a"] and "not registered" in items.frame.loc[1, "title"]
    alone = debt_items(None, code_of(history, complexity([("a", 30), ("b", 15)])))
    assert alone.frame["id"].tolist() == ["a", "b"]


def test_risk_is_weighted_by_the_path_and_shared_out_by_commits():
    paths = ["services/shop/a", "services/shop/b", "services/shop/b", "services/shop/b"]
    history = changes(*[(number, "Ada", [path]) for number, path in enumerate(paths)])
    items = debt_items(
        register(
            ("A", {"paths": ("services/shop/a",), "service": "shop", **hours((1, 2, 4), (0, 1, 2))}),
            ("B", {"paths": ("services/shop/b",), "service": "shop", **hours((1, 2, 4), (0, 1, 2))}),
            ("O", {"paths": ("services/shop/b",), "service": "other", **hours((1, 2, 4), (0, 1, 2))}),
        ),
        code_of(history, None),
    ).frame
    code, seen = code_of(history, None), pd.DataFrame({"service": ["shop"] * 20})
    whole = risk_h(items, code, seen, 91.3125, 3.0, {})
    half = risk_h(items, code, seen, 91.3125, 3.0, {"shop": 0.5})
    assert set(whole) == {"A", "B"}
    assert whole["B"][1] == pytest.approx(3 * whole["A"][1])
    assert half["A"] == pytest.approx([each / 2 for each in whole["A"]])
    # a quarter with 20 incidents of 3 h with 2 people, of which 1 - 1/1.86 would not be, a quarter of them by file a
    assert whole["A"][1] == pytest.approx(20.17 * 3 * 2 * (1 - 1 / 1.86) / 4, rel=0.01)


def test_growth_counts_what_a_year_opened():
    late, early = DAY + pd.Timedelta(days=30), DAY - pd.Timedelta(days=400)
    known = register(
        ("A", hours((1, 40, 90), (0, 1, 2))), ("B", {"opened": early, **hours((1, 80, 90), (0, 1, 2))}),
        ("C", {"open": False, "opened": late, **hours((1, 20, 90), (0, 1, 2))}), ("D", {"opened": late, "kind": "action"}),
    )  # fmt: skip
    assert growth_h(known, DAY + pd.Timedelta(days=31)) == (40 + 20) / 4


def test_one_queue_of_debt_and_features():
    items = pd.DataFrame(
        {
            "id": ["D1", "D2"], "title": ["quick", "slow"],
            "principal": [(10, 10, 10), (100, 100, 100)], "interest": [(20, 20, 20), (1, 1, 1)],
        }
    )  # fmt: skip
    work = [
        WorkItem(name="feature", team="a", hours=20, delay_cost=2_000),
        WorkItem(name="later", team="a", hours=10, delay_cost=100, after=["feature"]),
        WorkItem(name="elsewhere", team="b", hours=10, delay_cost=50),
    ]
    found = queue(debt_score(items), {"D1": "a", "D2": "a"}, work, hours={"a": 30}, hour_price=100.0)
    frame = found.frame.set_index("name")
    # 80% of 20 h for 10 h; 20 h (2,000 at 100) for 20 h; 1 h for 10 h; 0.5 h for 10 h; 0.8 h for 100 h
    assert frame["per_hour"].map(lambda each: round(each.value, 6)).to_dict() == {
        "quick": 1.6, "feature": 1.0, "later": 0.1, "elsewhere": 0.05, "slow": 0.008,
    }  # fmt: skip
    assert frame["rank_low"].tolist() == frame["rank_high"].tolist() == [1, 2, 3, 4, 5]
    assert frame["chosen"].to_dict() == {
        "quick": True, "feature": True, "later": False, "elsewhere": None, "slow": False,
    }  # fmt: skip
    assert not frame.loc["slow", "pays"]  # eight quarters of 0.8 h do not repay 100 h
    assert found.allocation.hours == 30
    assert queue(None, {}, [], hours={}, hour_price=None) is None
    assert queue(None, {}, work, hours={}, hour_price=100.0).allocation is None


def test_a_file_is_matched_exactly_by_star_and_by_folder():
    paths = ["a/b.py", "a/c/d.py", "pages/[id].tsx"]
    assert matching(["a/b.py"], paths) == ["a/b.py"]
    assert matching(["a/*"], paths) == ["a/b.py", "a/c/d.py"]
    assert matching(["a/c", "pages/[id].tsx"], paths) == ["a/c/d.py", "pages/[id].tsx"]


def test_coordination_counts_commits_of_two_teams():
    teams = {"x1": "x", "x2": "x", "y1": "y", "none": ""}
    history = changes(
        *[(number, "Ada", ["x1", "y1"]) for number in range(6)],
        *[(10 + number, "Bo", ["x1", "x2"]) for number in range(5)],
        (20, "Cy", ["none"]),
        (21, "Cy", ["none", "x1"]),
        (22, "bot", ["x1", "y1"]),
        (23, "Ada", [*teams, *[f"f{number}" for number in range(40)]]),
    )
    found = coordination(
        history, lambda path: teams.get(path, ""), days=91.3125, there={"none", "x1"},
        team_of=lambda name: {"Ada": "x", "Bo": "x"}.get(name, "y"),
    )  # fmt: skip
    assert found.crossing.value == 6 / 12  # the sweep and the bot count for nothing, one commit is to no team's file
    assert found.a_quarter.value == 6 and found.cost_h.value == 6 and found.cost_h.assumed
    assert found.a_quarter.low == pytest.approx(2.2019, abs=1e-3)  # Garwood's exact interval of 6
    assert found.a_quarter.high == pytest.approx(13.0595, abs=1e-3)
    assert (found.lines, found.inside_lines) == (3, 1)
    assert found.unowned == ("none",)
    assert found.congruence.across[["one", "other"]].to_numpy().tolist() == [["x1", "y1"]]


def test_the_name_of_a_service_is_no_pattern():
    history = changes((0, "Ada", ["services/a+b/x"]), (1, "Ada", ["services/aab/x"]))
    given = {"paths": ("services/a+b/x",), "service": "a+b", **hours((1, 2, 4), (0, 1, 2))}
    code = code_of(history, None)
    items = debt_items(register(("A", given)), code).frame
    seen = pd.DataFrame({"service": ["a+b"]})
    assert risk_h(items, code, seen, 91.3125, 1.0, {})["A"][1] == pytest.approx(1.18 * 2 * (1 - 1 / 1.86), rel=0.01)
