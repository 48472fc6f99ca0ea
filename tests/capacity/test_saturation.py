import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from measured import START, measured, resource, values

import scaling_lib
from scaling_lib.capacity import resource_headroom, saturation_point, saturation_points
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.stats import Estimate

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
LIMIT = 214_748_364_800
FULL = pd.Timestamp("2027-01-15T02:24Z")  # simulated.metrics.disk.reaches_90_percent of data/shop/truth.yaml


@pytest.fixture(scope="module")
def shop():
    return scaling_lib.open("data/shop")


def rising(days=42, share=0.5, a_day=0.002, scatter=0.002, seed=3, step="1h"):
    """A gauge of a limit of 1000: so much at the end, so much more a day."""
    per_day = pd.Timedelta("1D") // pd.Timedelta(step)
    at = np.arange(days * per_day) / per_day - days
    noise = scatter * np.random.default_rng(seed).standard_normal(len(at))
    return values(1000 * (share + a_day * at + noise), step)


def gauge(name="g", **given):
    return resource(**({"name": name, "used": name, "limit": 1000, "lead_time": "14 d"} | given))


def test_the_example_ranks_its_disk_first(shop):
    disk, database, services = saturation_points(shop.resources, shop.metrics())
    assert (disk.resource.name, disk.state, disk.action) == ("disk of the database", "forecast", "order by")
    low, _, high = disk.time.dates
    assert low < FULL < high
    assert disk.order_by == low - pd.Timedelta("14D")
    assert "order by 2026-12-31" in disk.sentence or "order by 2027-01-01" in disk.sentence
    # at the end .753269 of it; a week before .0197 less, and half of the week's scatter is .0005
    assert 0.733 < disk.now.low <= disk.now.value <= disk.now.high < 0.757
    assert disk.used.value == pytest.approx(disk.now.value * LIMIT) and disk.used.unit == "bytes"
    assert disk.at == pd.Timestamp("2026-11-24T02:02:30Z")
    for each in (database, services):  # a twentieth and a seventh, and 5% more a month
        assert (each.state, each.action, each.order_by) == ("forecast", "fine", None)
        assert each.time.state == "not within the horizon"


def test_the_use_of_the_processors_is_what_was_planted(shop):
    """The last week's 95th percentile of background + requests x demand, from the cells and truth.yaml."""
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["simulated"]
    counts = pd.read_parquet(SHOP / "simulated" / "requests" / "counts.parquet")
    last = counts[counts["minute"] >= pd.Timestamp(truth["end"]) - pd.Timedelta("7D")]
    asked = last.pivot_table("n", last["minute"].dt.floor("h"), "route", "sum", observed=True)
    _, *found = saturation_points(shop.resources, shop.metrics())
    for each, told in zip(found, truth["metrics"]["processors"]["of"][::-1], strict=True):
        assert each.resource.busy == f'host_cpu_busy_seconds_total{{runs="{told["runs"]}"}}'
        used = told["background"] + sum(asked[route] * ms for route, ms in told["demand_ms"].items()) / 3_600_000
        assert each.now.low < used.quantile(0.95) < each.now.high
        assert each.now.value == pytest.approx(used.quantile(0.95), rel=0.03)  # the hours scatter by 2%


def test_counters_that_are_not_there_are_not_measured(shop):
    absent = shop.resources[0].model_copy(update={"busy": "container_cpu_usage_seconds_total"})
    found = saturation_point(absent, shop.metrics())
    assert (found.state, found.action, found.order_by) == ("not measured", "unknown", None)
    assert found.time is None and found.use is None
    assert "container_cpu_usage_seconds_total" in found.sentence and found.supply.startswith("Supply the counters")
    assert math.isnan(found.now.value) and math.isnan(found.used.value)


def test_without_any_metrics_all_is_not_measured(shop):
    found = saturation_points(shop.resources, None)
    assert [each.state for each in found] == ["not measured"] * 3
    assert [each.resource.name for each in found] == [each.name for each in shop.resources]
    assert found[2].supply == "Supply metrics with database_disk_used_bytes." and found[2].at is None


def test_what_does_not_scale_horizontally_comes_first_then_the_nearer(tmp_path):
    given = {
        "near": (rising(share=0.85), "horizontally"),
        "far": (rising(share=0.6), "vertically"),
        "nearer": (rising(share=0.8), "not at all"),
        "never": (rising(share=0.3, a_day=0), "vertically"),
    }
    metrics = measured(tmp_path, *((name, {}, series) for name, (series, _) in given.items()))
    resources = [gauge("absent"), *(gauge(name, scales=scales) for name, (_, scales) in given.items())]
    found = saturation_points(resources, metrics, horizon_days=180)
    assert [each.resource.name for each in found] == ["nearer", "far", "never", "near", "absent"]
    assert [each.action for each in found] == ["order by", "order by", "fine", "order by", "unknown"]
    assert "there is no more of it: reduce its use" in found[0].sentence


@pytest.mark.parametrize(
    ("lead", "action"), [("1 d", "order by"), ("30 d", "order by"), ("60 d", "act now"), ("0", "order by")]
)
def test_the_lead_time_decides(tmp_path, lead, action):
    # .80 at the end and .002 a day: 90% in 50 days
    found = saturation_point(gauge(lead_time=lead), measured(tmp_path, ("g", {}, rising(share=0.8))))
    assert found.time.time.low == pytest.approx(50 * 86_400, rel=0.1) and found.action == action
    assert found.order_by == found.time.dates[0] - pd.Timedelta(seconds=found.resource.lead_time)
    assert ("act now" in found.sentence) == (action == "act now")


def test_the_forecast_goes_28_days_beyond_the_lead_time_and_two_years_at_most(tmp_path):
    # .50 at the end and .002 a day: 90% in 200 days; order by day 20 of a lead time of 180 days
    metrics = measured(tmp_path, ("g", {}, rising()))
    found = saturation_point(gauge(lead_time="180 d"), metrics, horizon_days=30)
    assert found.time.horizon - found.time.ends == pd.Timedelta(days=208)
    assert found.action == "order by" and found.order_by == found.time.dates[0] - pd.Timedelta(days=180)
    longer = saturation_point(gauge(), metrics, horizon_days=250)
    assert longer.time.horizon - longer.time.ends == pd.Timedelta(days=250)
    assert not any("looks" in note for note in found.notes + longer.notes)
    far = saturation_point(gauge(), metrics, horizon_days=40_000)
    assert far.time.horizon - far.time.ends == pd.Timedelta(days=730)
    assert any(note.startswith("the forecast looks 730 days ahead instead of 40,000") for note in far.notes)


def test_a_lead_time_that_is_not_given_is_said(tmp_path):
    metrics = measured(tmp_path, ("g", {}, rising(share=0.8)))
    found = saturation_point(resource(used="g", limit=1000), metrics)
    assert any("no lead_time is given" in note for note in found.notes) and "as none is given" in found.sentence


def test_full_already_is_to_act_now_even_without_a_forecast(tmp_path):
    metrics = measured(tmp_path, ("g", {}, rising(share=0.96, a_day=0, scatter=0.005)), ("day", {}, values([950] * 30)))
    full, short = (saturation_point(gauge(name), metrics) for name in ("g", "day"))
    assert (full.state, full.action, full.order_by) == ("forecast", "act now", None)
    assert "90% is reached since 2026-" in full.sentence and "and more of it takes 14 days" in full.sentence
    assert (short.state, short.action, short.time) == ("history too short", "act now", None)
    assert "90% is reached: more is needed now" in short.sentence
    assert [each.resource.name for each in saturation_points([gauge("day"), gauge("g")], metrics)] == ["g", "day"]


def test_what_is_full_says_since_when(tmp_path):
    """From 50% by 2% a day: 90% after 20 days; all of it after 25, where it stays for 10."""
    days = np.minimum(0.5 + 0.02 * np.arange(35 * 24) / 24, 1.0)
    history = pd.Series(1000 * days, index=pd.date_range("2026-06-01", periods=35 * 24, freq="h", tz="UTC"))
    found = saturation_point(gauge(), measured(tmp_path, ("g", {}, history)))
    assert found.action == "act now" and found.time.state == "already" and found.time.time.value == 0
    assert "90% is reached since 2026-06-21" in found.sentence and not any("jump" in each for each in found.notes)


def test_a_history_that_is_too_short_says_what_it_needs(tmp_path):
    metrics = measured(tmp_path, ("g", {}, rising(days=9)), ("few", {}, values([10.0] * 12)), ("one", {}, values([1])))
    found, few, one = (saturation_point(gauge(name), metrics) for name in ("g", "few", "one"))
    assert found.state == few.state == one.state == "history too short"
    assert found.now.value == pytest.approx(0.499, abs=0.005) and "14 (2 full weeks" in found.supply
    assert few.use is not None and math.isnan(few.now.value) and "expected at least 20" in few.sentence
    assert one.use is None and "at least two" in one.supply
    assert {found.action, few.action, one.action} == {"unknown"}


def test_a_limit_that_is_contradicted_is_a_state(tmp_path):
    found = saturation_point(gauge(limit=400), measured(tmp_path, ("g", {}, rising())))
    assert (found.state, found.action) == ("contradicts its limit", "unknown")
    assert "correct one of them" in found.supply


def test_the_moment_that_is_judged_from(tmp_path):
    metrics = measured(tmp_path, ("g", {}, rising(share=0.8)))
    ends = START + pd.Timedelta("42D")
    now = saturation_point(gauge(), metrics)
    later = saturation_point(gauge(), metrics, at=ends + pd.Timedelta("40D"))
    assert now.action == "order by" and now.at == ends - pd.Timedelta("1h") and later.action == "act now"
    assert any(note.startswith("its last value is 40 days old") for note in later.notes)


def test_options_that_cannot_be_are_refused():
    for wrong in ({"at": pd.Timestamp("2026-01-01")}, {"horizon_days": 0}, {"level": 95}):
        with pytest.raises(InvalidInput, match="saturation_point"):
            saturation_point(gauge(), None, **wrong)


def test_the_headroom_of_the_disk_by_hand(shop):
    disk = saturation_point(shop.resources[2], shop.metrics())
    found = resource_headroom(
        disk.resource, Estimate(LIMIT, LIMIT, LIMIT, 0.95, "bytes"), disk.used,
        demand=disk.use.utilization * LIMIT, forecast=disk.time.forecast,
    )  # fmt: skip
    taken = {each.name: each.amount.value for each in found.deductions}
    assert found.capacity.value == LIMIT and found.capacity.unit == "bytes"
    assert taken["target utilisation"] == pytest.approx(0.1 * LIMIT)
    assert taken["growth"] == pytest.approx(14 * 604_803_056, rel=0.03)  # growth_bytes_a_day, from the end on
    assert found.absolute.value == pytest.approx(0.9 * LIMIT - taken["growth"] - disk.used.value)
    assert found.state == "enough"


def test_the_headroom_of_servers_that_scale_by_themselves(tmp_path):
    # 4 servers' worth of work on weekdays from 8 to 20 h, else 1; it rises by 3 within a minute
    at = np.arange(21 * 1440)
    busy = np.where((at // 1440 % 7 < 5) & (at // 60 % 24 >= 8) & (at // 60 % 24 < 20), 4.0, 1.0)
    counter = values(np.concatenate([[0.0], np.cumsum(busy * 60)]))
    metrics = measured(tmp_path, ("busy_total", {"instance": "a"}, counter))
    scaled = {"least": 2, "most": 12, "target": "50%", "start_delay": "60 s"}
    app = resource(busy="busy_total", limit=12, scales="horizontally", domains=3, full_at=0.8, autoscaler=scaled)
    point = saturation_point(app, metrics)
    assert point.used.value == pytest.approx(4)
    demand = point.use.utilization * point.use.limit
    twelve = Estimate(12, 12, 12, 0.95, "servers")
    found = resource_headroom(app, twelve, point.used, demand=demand, per_server=1.0)
    taken = {each.name: each.amount.value for each in found.deductions}
    assert found.capacity.value == 12 and taken["lost failure domain"] == 4
    # two servers at least, which are left alone up to .5 x 1.1 + .01 = .56: a rise of 2 x .44 in the delay of 90 s is
    # followed, and 3 came within it
    assert taken["autoscaler's lag"] == pytest.approx(3 - 2 * 0.44)
    with pytest.raises(InvalidInput, match="autoscaler of a resource whose use is in gauges"):
        broken = resource(used="g", limit=8, autoscaler=scaled)
        resource_headroom(broken, twelve, point.used, demand=demand)
    with pytest.raises(NotMeasured):
        resource_headroom(app, twelve, saturation_point(app, None).used, demand=demand)


def test_a_damaged_file_is_named_where_a_gauge_is_absent(tmp_path):
    """What is absent may have been in it: no other gauge is asked for."""
    metrics = measured(tmp_path, ("g", {}, values([10.0] * 50)))
    broken = replace(metrics.quality[0], source="disk.json", problem="disk.json: found JSON that breaks off.")
    found = saturation_point(gauge("disk"), replace(metrics, quality=(*metrics.quality, broken)))
    assert found.state == "not measured" and found.supply == "disk.json: found JSON that breaks off."
