"""Every size that may be asked for: what is made grows with it, and the truth holds in it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest
import yaml
from demo_files import metric, metrics


def test_days_are_as_asked(small):
    long = small(days=400, system="service-1")
    minutes = long.demo.counts["minute"]
    assert minutes.max() - minutes.min() > pd.Timedelta(days=399, hours=23)
    assert minutes.max() < pd.Timestamp(long.truth["end"])
    first = datetime.fromisoformat(long.log[0].time)
    assert first < datetime.fromisoformat(long.truth["start"])
    days = metric(long.demo.texts["metrics/requests_per_day.json"])
    sums = long.demo.counts.groupby(minutes.dt.floor("D"))["n"].sum()
    assert list(days) == list(sums.iloc[-len(days) :])  # the bill's months are shorter than these days


@pytest.mark.parametrize("services", [1, 2, 3, 4, 13, 60])
def test_services_are_as_asked(small, services):
    """The faults of the code, of deployments and of traffic are in services that exist and that users reach."""
    made = small(services=services)
    names = [service["name"] for service in made.truth["services"]]
    assert len(set(names)) == services
    teams = yaml.safe_load(made.demo.texts["people/teams.yaml"])["teams"]
    assert sorted(service for team in teams for service in team["services"]) == sorted(names)
    routes = {route["route"]: route["backend"] for route in made.truth["traffic"]["routes"]}
    assert set(made.demo.counts["route"]) == set(routes) and set(routes.values()) <= set(names)
    assert len(routes) <= 4 + 2 * 10  # traffic does not grow without end
    assert made.truth["code"]["hotspot"]["path"].split("/")[1] in routes.values()
    for told in made.truth["incidents"]:
        assert told["service"] in names and (told["kind"] == "none") == (not told["routes"])
    tags = made.demo.tables["bill/focus.csv.gz"]["ResourceId"]
    assert sum(":vm-" in each for each in set(tags)) == services
    assert sum(path.startswith("load/") for path in made.demo.texts) == services
    tests = [pd.Timestamp(int(made.demo.texts[each["file"]].splitlines()[1].split(",")[0]), unit="s", tz="UTC")
             for each in made.truth["load"]["services"]]  # fmt: skip
    end = pd.Timestamp(made.truth["end"])
    assert tests == sorted(tests) and end - timedelta(days=1) < tests[0] and tests[-1] < end


@pytest.mark.parametrize(("services", "days"), [(1, 14), (13, 14), (1, 400)])
def test_there_are_processors_enough_and_not_too_many(small, services, days):
    made = small(services=services, days=days, system="service-1")
    routes = {route["route"] for route in made.truth["traffic"]["routes"]}
    most = made.truth["load"]["services"][0]["peak_requests_per_s"]
    counters = metrics(made.demo.texts["metrics/host_cpu_busy_seconds_total.json"])
    for (labels, counter), told in zip(counters, made.truth["metrics"]["processors"]["of"], strict=True):
        assert labels["runs"] == told["runs"] and set(told["demand_ms"]) == routes
        assert len(counter) == 24 * days + 1
        used = counter.diff().max() / 3600
        assert used <= 0.6 * told["limit"] and (told["limit"] == 1 or used > 0.6 * (told["limit"] - 1))
        if told["runs"] == "services":
            assert used > 0.25
            # as the load test says: its highest throughput fills a processor to 95%
            assert told["background"] + most * told["mean_demand_ms"] / 1000 == pytest.approx(0.95, abs=0.01)
    counted = metrics(made.demo.texts["metrics/http_requests_total.json.gz"])
    assert {labels["route"] for labels, _ in counted} == routes
    assert {labels["service"] for labels, _ in counted} == {"service-1"}


def test_systems_of_a_fleet_differ(small):
    one, two = (small(system=f"service-{number}") for number in (1, 2))
    assert one.truth["traffic"]["growth_per_month"] != two.truth["traffic"]["growth_per_month"]
    assert one.truth["bill"]["faster_than_demand"] != two.truth["bill"]["faster_than_demand"]
    assert one.log[0].sha != two.log[0].sha
