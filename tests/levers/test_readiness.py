"""Readiness for incidents: figures counted by hand on small histories."""

from __future__ import annotations

import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.levers import readiness

END = pd.Timestamp("2026-11-01", tz="UTC")


def incidents(*rows):
    """Rows of title, and what differs from a plain incident of an hour, a day apart; minutes of started and so on."""
    made = []
    for number, (title, given) in enumerate(rows):
        detected = pd.Timestamp("2026-10-01", tz="UTC") + pd.Timedelta(days=number)
        row = {"id": f"I{number}", "service": "shop", "title": title, "urgency": "high", "cause": "", "started": None,
               "acknowledged": 5, "resolved": 60} | given  # fmt: skip
        for name in ("started", "acknowledged", "resolved"):
            row[name] = pd.NaT if row[name] is None else detected + pd.Timedelta(minutes=row[name])
        made.append({**row, "detected": detected})
    frame = pd.DataFrame(made)
    times = ("started", "detected", "acknowledged", "resolved")
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in times})


def books(*rows):
    """Rows of name, incidents, reviewed and tried."""
    frame = pd.DataFrame(
        [{"name": name, "title": name, "service": "shop", "incidents": titles, "owner": "a", "reviewed": reviewed,
          "tried": tried} for name, titles, reviewed, tried in rows]
    )  # fmt: skip
    for name in ("reviewed", "tried"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame


def test_what_calls_for_nothing_is_told_by_four_signs():
    found = readiness(
        incidents(
            ("orders fail", {}),
            ("disk full, cleared by itself", {}),
            ("queue long", {"urgency": "Low"}),
            ("probe", {"cause": "false alarm"}),
            ("blip", {"acknowledged": None}),
            ("still open, nobody there", {"acknowledged": None, "resolved": None}),
        ),
        end=END,
    )
    assert found.pages["false_alarm"].tolist() == [False, True, True, True, True, False]
    assert (found.alarms.value, found.real["title"].tolist()) == (4 / 6, ["orders fail", "still open, nobody there"])
    assert found.covered is None and found.without == ()


def test_times_with_open_incidents_lasting_longer():
    rows = [(f"incident {number}", {"acknowledged": minutes, "resolved": 10 * minutes}) for number, minutes in
            enumerate([1, 2, 3, 4, 5, 6, 7])]  # fmt: skip
    found = readiness(incidents(*rows), end=END)
    assert found.acknowledge_s.value == 240 and found.recovery.median_s.value == 2_400
    assert found.recovery.since == "detection" and found.detect_s is None
    two_open = readiness(incidents(*rows, ("a", {"resolved": None}), ("b", {"resolved": None})), end=END)
    assert two_open.recovery.open == 2 and two_open.recovery.median_s.value == 3_000  # the fifth of nine
    started = [(title, {**given, "started": -3 * given["acknowledged"]}) for title, given in rows]
    assert readiness(incidents(*started), end=END).detect_s.value == 12 * 60


def test_causes_that_come_again_by_what_is_said_else_by_title_without_numbers():
    found = readiness(
        incidents(
            ("node 17 is down", {}), ("node 4 is down", {}), ("a", {"cause": "Deployment"}), ("b", {"cause": "deployment"}),
            ("c", {}),
        ),
        end=END,
    )  # fmt: skip
    assert found.repeated.value == 2 / 5
    assert dict(zip(found.causes["cause"], found.causes["times"], strict=True)) == {
        "node # is down": 2,
        "deployment": 2,
    }


def test_runbooks_are_weighted_by_how_often_their_incidents_came():
    found = readiness(
        incidents(
            ("Disk full", {}), ("disk full", {}), ("disk FULL", {}), ("orders fail [P1]", {}), ("node 3 down", {}),
            ("no page for it", {}), ("no page for it", {}), ("quiet", {"urgency": "low"}),
        ),
        books(
            ("disk", ("disk full",), "2026-10-01", "2026-09-01"),
            ("orders", ("orders fail [P1]",), "2025-01-01", None),
            ("node", ("node * down",), None, "2026-02-01"),
            ("unused", (), "2026-10-01", "2026-10-01"),
        ),
        end=END,
    )  # fmt: skip
    assert found.covered.value == 5 / 7 and found.without == ("no page for it",)
    assert found.of_service.value == 1.0
    table = found.runbooks.set_index("name")
    assert table["times"].to_dict() == {"disk": 3, "node": 1, "orders": 1, "unused": 0}
    assert table.index[table["old"]].tolist() == ["node", "orders"]
    assert table.index[table["untried"]].tolist() == ["node", "orders"]
    assert found.tried.value == 2 / 4


def test_nothing_but_false_alarms_leaves_the_rest_unknown():
    found = readiness(incidents(("flapping", {})), books(("a", (), None, None)), end=END)
    assert found.recovery is None and found.acknowledge_s is None
    assert found.covered.value != found.covered.value  # NaN: no real incident


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"old_days": 0}, "found 0 days"),
        ({"level": 1.0}, "level"),
        ({"incidents": pd.DataFrame()}, "found no column id"),
    ],
)
def test_wrong_arguments(change, said):
    given = {"incidents": incidents(("a", {})), **change}
    with pytest.raises(InvalidInput, match=said):
        readiness(given.pop("incidents"), end=END, **given)
