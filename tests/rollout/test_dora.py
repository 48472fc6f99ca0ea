import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.changes import ChangeSource, read_changes
from scaling_lib.evidence.deployments import DeploymentSource, read_deployments
from scaling_lib.evidence.incidents import IncidentSource, read_incidents
from scaling_lib.rollout import dora
from scaling_lib.rollout.benchmarks import BANDS
from scaling_lib.rollout.recovery import censored_median
from scaling_lib.rollout.shipped import shipped_after_s

SHOP = Path(__file__).parents[2] / "data" / "shop"
START = pd.Timestamp("2026-09-01T10:00:00Z")


def moments(hours):
    known = [pd.NaT if math.isnan(hour) else START + pd.Timedelta(hours=hour) for hour in hours]
    return pd.Series(pd.to_datetime(known, utc=True)).astype("datetime64[us, UTC]")


def deployments(hours, **columns):
    count = len(hours)
    usual = {"service": "cart", "sha": [f"c{n}" for n in range(count)], "environment": "production", "production": True}
    frame = pd.DataFrame({"id": [str(n) for n in range(count)], **usual, "task": "deploy", "state": "success"})
    return frame.assign(created=moments(hours), finished=moments(hours), **columns)


def incidents(began, over, **columns):
    frame = pd.DataFrame({"id": [f"i{n}" for n in range(len(began))], "service": "cart"})
    return frame.assign(started=moments(began), detected=moments(began), resolved=moments(over), **columns)


def commits(hours):
    """Newest first, as git lists them; hours ascending by name c0, c1, ..."""
    count = len(hours)
    names = [f"c{n}" for n in range(count)][::-1]
    return pd.DataFrame({"commit": names, "time": moments(list(hours)[::-1]), "order": range(count)})


def test_the_shops_delivery_is_told_as_planted():
    folder = SHOP / "simulated"
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text())["simulated"]["deployments"]
    found = dora(
        read_deployments([DeploymentSource(path=str(folder / "delivery" / "d*.json"))]).frame,
        read_incidents([IncidentSource(path=str(folder / "delivery" / "incidents.csv"))]).frame,
        read_changes([ChangeSource(path=str(folder / "code" / "git.log"))]).frame,
    )
    assert found.deployments == truth["to_production_that_succeeded"]
    assert [int(each) for each in found.matched["id"]] == truth["broke_something"]
    assert found.failed.value == pytest.approx(truth["change_failure_rate"], abs=1e-6)
    assert found.commits == truth["lead_time_s"]["commits"]
    assert found.lead_time_s.value == truth["lead_time_s"]["median"]
    assert found.a_week.low <= truth["a_week"] <= found.a_week.high
    assert found.recovery.since == "detection"


def test_published_upper_limit():
    found = dora(deployments(range(20)))
    assert (found.failed.value, found.failed.low) == (0, 0)
    assert found.failed.high == pytest.approx(0.1684, abs=5e-5)
    assert found.halved is None


def test_a_rollback_is_held_against_what_it_took_back_and_is_no_change():
    found = dora(deployments([0, 24, 25, 48], task=["deploy", "deploy", "rollback", "deploy"]))
    assert found.deployments == 3
    assert found.matched["id"].tolist() == ["1"]
    assert found.matched["which"].tolist() == ["2"]
    assert "1 of 4 deployments only took one back" in found.notes[0]


def test_an_incident_is_held_against_the_last_deployment_of_its_service_within_an_hour():
    two = deployments([0, 24, 24.2, 48], service=["cart", "cart", "pay", "cart"])
    found = dora(two, incidents([24.5, 30, 47.9], [25, 31, 48]))
    assert found.matched[["id", "by", "which"]].to_numpy().tolist() == [["1", "incident", "i0"]]
    assert found.failed.value == 1 / 4
    later = dora(two, incidents([30], [31]))
    assert later.matched.empty
    assert (
        "1 more deployment had an incident of the same service within a day: if it was their doing, 25%"
        in later.notes[0]
    )


def test_an_incident_without_a_service_is_of_any():
    found = dora(deployments([0, 24]), incidents([24.5], [25], service=""))
    assert found.matched["id"].tolist() == ["1"]


def test_what_did_not_reach_users_is_not_counted():
    frame = deployments([0, 1, 2, 3], state=["success", "failure", "unfinished", "success"])
    frame.loc[3, "production"] = False
    assert dora(frame).deployments == 1
    with pytest.raises(NotMeasured, match="no success among 4 deployments"):
        dora(frame.assign(production=False))


def test_each_commit_counts_with_the_first_deployment_that_shipped_it():
    history = commits([0, 1, 2, 3, 4, 5])
    frame = deployments([1.5, 10, 20, 30], sha=["c1", "c3", "c2", "c4"])  # the third takes an older one
    waited = shipped_after_s(frame, history)
    assert sorted(waited / 3600) == [10 - 3, 10 - 2, 30 - 4]  # c5 was never deployed, c0 and c1 came first
    assert sorted(shipped_after_s(frame.assign(sha=["c1", "c3", "nobody", "c4"]), history) / 3600) == [7, 8, 26]
    assert len(shipped_after_s(frame.assign(sha="nobody"), history)) == 0


def test_short_names_of_commits_are_known():
    history = pd.DataFrame(
        {"commit": ["b" * 40, "a" * 40], "time": moments([5, 1]), "order": [0, 1]},
    )
    assert shipped_after_s(deployments([2, 8], sha=["a" * 7, "b" * 10]), history).tolist() == [3 * 3600]


def test_deployments_a_week_are_counted_by_weeks_back_from_the_end():
    found = dora(deployments([day * 24 for day in range(0, 57, 7)]))
    assert (found.a_week.value, found.a_week.low, found.a_week.high) == (1, 1, 1)
    few = dora(deployments([0, 24 * 7]))
    assert few.a_week.value == 2
    assert few.a_week.low == pytest.approx(0.2422, abs=1e-4)  # the exact Poisson limits of two
    assert few.a_week.high == pytest.approx(7.2247, abs=1e-4)


def test_the_interval_of_deployments_a_week_covers_bursts():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(100):
        counts = rng.poisson(rng.gamma(4, 1, 13))  # a mean of 4 that varies from week to week
        hours = [week * 168 + hour for week, count in enumerate(counts) for hour in rng.uniform(0, 168, count)]
        found = dora(deployments(sorted([*hours, 0.0])), end=START + pd.Timedelta(weeks=13))
        covered += found.a_week.low <= 4 <= found.a_week.high
    assert covered / 100 >= 0.86  # nominal 0.95, binomial error 0.022


def test_censored_median_as_published():
    """Freireich's 6-MP patients: median 23 weeks; R's survfit with log-log limits gives 13 and none."""
    weeks = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35.0])
    over = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], dtype=bool)
    found = censored_median(weeks, over, 0.95)
    assert (found.value, found.low) == (23, 13)
    assert math.isnan(found.high)


def test_censored_median_covers():
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(400):
        lasts, seen = rng.exponential(1, 25), rng.exponential(2, 25)
        found = censored_median(np.minimum(lasts, seen), lasts <= seen, 0.95)
        high = math.inf if math.isnan(found.high) else found.high
        missed += not found.low <= math.log(2) <= high
    assert missed / 400 <= 0.09


def test_open_incidents_are_censored_and_not_dropped():
    closed = incidents([0, 10, 20, 30, 40], [1, 12, 23, 34, 45])
    one_open = incidents([0, 10, 20, 30, 40], [1, 12, 23, 34, math.nan])
    end = START + pd.Timedelta(hours=100)
    assert dora(deployments([0]), closed, end=end).recovery.median_s.value == 3 * 3600
    found = dora(deployments([0]), one_open, end=end).recovery
    assert (found.median_s.value, found.open) == (3 * 3600, 1)
    all_open = incidents([0, 10], [math.nan, math.nan])
    assert math.isnan(dora(deployments([0]), all_open, end=end).recovery.median_s.value)


def test_how_many_deployments_tell_half_of_the_rate():
    found = dora(deployments(range(40)), incidents([1.5, 21.5], [2, 22]))
    assert found.failed.value == pytest.approx(2 / 40)
    p, q = 0.05, 0.025
    expected = (1.959964 + 0.841621) ** 2 * (p * (1 - p) + q * (1 - q)) / (p - q) ** 2
    assert found.halved == math.ceil(expected)


def test_the_bands_of_2024_are_not_monotone_in_the_failure_rate():
    rates = [band.failure_rate for band in BANDS["DORA 2024"]]
    assert rates == [0.05, 0.2, 0.1, 0.4]


def test_what_cannot_be():
    with pytest.raises(InvalidInput, match="no column sha"):
        dora(deployments([0]).drop(columns="sha"))
    with pytest.raises(InvalidInput, match="level"):
        dora(deployments([0]), level=3)
