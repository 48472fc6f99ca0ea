"""What people and code say of a cut: counted by hand."""

import pandas as pd
import pytest

from scaling_lib.architecture.coordination import busiest_part, co_change, paths_of, train_share
from scaling_lib.errors import NotEnoughData
from scaling_lib.rollout import dora


def history(*commits):
    """Commits, each the paths that it touches."""
    rows = [
        (order, path, pd.Timestamp("2026-01-01", tz="UTC")) for order, paths in enumerate(commits) for path in paths
    ]
    return pd.DataFrame(rows, columns=["order", "path", "time"])


HISTORY = history(
    ["services/a/x.py"], ["services/a/x.py", "services/a/y.py"], ["services/a/y.py"], ["services/a/x.py"],
    ["services/b/z.py", "services/a/x.py"], ["docs/a.md"],
)  # fmt: skip


def test_the_share_of_commits_that_cross():
    a, b = paths_of(HISTORY, "a"), paths_of(HISTORY, "b")
    assert sorted(a) == ["services/a/x.py", "services/a/y.py"] and b == ["services/b/z.py"]
    found = co_change(HISTORY, a, b, 0.95)
    assert found.value == pytest.approx(1 / 5) and found.low < 0.2 < found.high


def test_the_part_that_is_worked_on_most():
    first, one, other = busiest_part(HISTORY, "a")
    assert (first, one, other) == ("x.py", ["services/a/x.py"], ["services/a/y.py"])
    assert co_change(HISTORY, one, other, 0.95).value == pytest.approx(1 / 5)
    with pytest.raises(NotEnoughData, match="found 1 parts"):
        busiest_part(HISTORY, "b")


def test_a_sweep_over_everything_couples_nothing():
    paths = [f"services/{service}/{place}.py" for service in "ab" for place in range(4)]
    swept = history(*[[path] for path in paths], paths)
    found = co_change(swept, paths_of(swept, "a"), paths_of(swept, "b"), 0.95)
    assert found.value == 0
    with pytest.raises(NotEnoughData, match="No commit"):
        co_change(swept, ["nowhere"], ["else"], 0.95)


def test_the_wait_for_the_deployment_before():
    """Two a working day of 2 h each: busy 0.5, waiting 0.5 x 2 / (2 x 0.5) = 1 h of a lead time of 10 h."""
    days = pd.bdate_range("2026-01-05", periods=100, tz="UTC")
    created = [day + pd.Timedelta(hours=hour) for day in days for hour in (8, 13)]
    rows = [
        {
            "id": str(place), "service": "s", "sha": f"c{place}", "environment": "production", "production": True,
            "task": "deploy", "created": at, "finished": at + pd.Timedelta("2h"), "state": "success",
        }
        for place, at in enumerate(created)
    ]  # fmt: skip
    deployments = pd.DataFrame(rows)
    commits = [(f"c{place}", at - pd.Timedelta("8h"), -place) for place, at in enumerate(created)]  # newest first
    changes = pd.DataFrame(commits, columns=["commit", "time", "order"])
    delivery = dora(deployments, None, changes)
    assert delivery.lead_time_s.value == pytest.approx(36_000)
    found = train_share(delivery, deployments, 0.95)
    a_day = delivery.a_week.value / 5
    busy = a_day * 2 / 8
    assert a_day == pytest.approx(2, rel=0.05)
    assert found.value == pytest.approx(busy * 2 / (2 * (1 - busy)) / 10)
    assert found.low <= 0.1 <= found.high
    with pytest.raises(NotEnoughData, match="lead time is not known"):
        train_share(dora(deployments), deployments, 0.95)
