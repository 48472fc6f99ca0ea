"""The tables of step 02: the numbers are the result's, units stand once, and words stand in place of an empty one."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from small_capacity import USERS, served, system
from small_system import HOSTILE, make

import scaling_lib
from scaling_lib import capacity
from scaling_lib.errors import InvalidInput
from scaling_lib.names import TABLE_MIME
from scaling_lib.stats import Estimate

PRICED = ", price_per_hour: 0.1, autoscaler: {least: 1, most: 20, target: 50%}"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """20 of 100 requests/s are used."""
    folder = system(tmp_path_factory.mktemp("tables"), rate=20.0, noise=False, resources=PRICED)
    return capacity.assess(scaling_lib.open(folder))


def test_limits_and_how_many_times_today_they_are(result):
    (row,) = capacity.limits_table(result).to_dict("records")
    assert row["beyond it"] == "throughput no longer rises"
    assert (row["load limit"].value, row["times today"].value) == pytest.approx((100, 5))
    assert row["what counts"].value == pytest.approx(4.5) and row["shown by"] == "load test"
    assert row["deducted"] == "the 10% kept free (assumed)"


def test_demand_by_journey(tmp_path):
    journeys = "journeys: [{name: pay, route: GET /pay}, {name: gone, route: GET /gone}]\n"
    both = capacity.assess(scaling_lib.open(system(tmp_path, rate=20.0, noise=False, more=journeys)))
    table = capacity.demand_table(both)
    assert table["journey"].tolist() == ["all requests", "pay"]
    assert [row.value for row in table["busiest hour"]] == pytest.approx([20, 20])
    assert "no request matches" in both.absent["demand of gone"].why
    (told,) = [each for each in capacity.findings(both) if each.subject == "demand of gone"]
    assert told.verdict == "unknown" and told.action
    assert table["remarks"].str.startswith("no growth is certain").all()


def test_the_migration_goes_on_from_what_was(result):
    table = capacity.migration_table(result)
    assert table["relieve"].tolist() == ["cpu, 2x"] * 3 and table["then limits"].tolist() == ["cpu"] * 3
    assert [row.value for row in table["before"]] == pytest.approx([100, 200, 400])
    assert [row.value for row in table["after"]] == pytest.approx([200, 400, 800])
    assert [row.value for row in table["then takes"]] == pytest.approx([9, 18, 36])  # 90% of 100 are 4.5 times 20
    assert table["enough"].tolist() == ["no", "yes", "yes"]
    assert table["useful factor"].isna().all()  # there is no other that would limit


def test_demands_of_all_alike_are_one_row(result):
    (row,) = capacity.demands_table(result).to_dict("records")
    assert row["resource"] == "cpu" and row["demand_s"].value == pytest.approx(0.01) and row["rests on"] == "metrics"


def test_remarks_name_what_they_are_about(result):
    remarks = capacity.remarks_table(result)
    assert remarks["remark"].is_unique and not remarks["remark"].str.startswith("cpu: ").any()
    model = result.calibrated
    twice = replace(model.calibration, notes=("cpu: the same", "the whole"))
    told = capacity.remarks_table(replace(result, calibrated=replace(model, calibration=twice, absent=())))
    assert told.to_dict("records") == [
        {"about": "cpu", "remark": "the same"},
        {"about": "the model", "remark": "the whole"},
    ]


def test_levels_and_use_are_those_of_the_load_test(result):
    levels = capacity.levels_table(result)
    assert levels["users"].tolist() == list(USERS)
    assert levels["throughput"].tolist() == pytest.approx([served(users) for users in USERS])
    use = capacity.use_table(result)
    assert use["utilization"].tolist() == pytest.approx([served(users) / 100 for users in USERS])


def test_days_hold_history_and_forecast(result):
    days = capacity.days_table(result)
    assert days["recorded"].notna().sum() == 35 and days["forecast"].notna().sum() == 4 * 35
    assert not (days["recorded"].notna() & days["forecast"].notna()).any() and days["day"].is_monotonic_increasing


def test_the_waterfall_gives_its_reasons(result):
    table = capacity.headroom_table(result).set_index("step")
    assert table.loc["used at peak", "left"] == pytest.approx(70) and table.loc["used at peak", "why"] == "today's peak"
    assert table.loc["target utilisation", "why"] == "used up to 90%, as assumed: no full_at is given"


def test_the_law_of_a_load_test(result):
    table = capacity.law_table(result).set_index("parameter")
    assert set(table.index) == {"contention (alpha)", "coherence (beta)", "rate (gamma)", "fit", "peak"}
    assert table.loc["fit", "remarks"] == " ".join(result.curve.fit.caveats)  # what the law does not describe is said
    assert table.loc["rate (gamma)", "estimate"].unit == "requests/s" and table.loc["peak", "remarks"]


@pytest.mark.parametrize("name", capacity.TABLES)
def test_every_table_shows_itself(result, name):
    shown = capacity.table(result, name)
    html = shown.bundle["text/html"]
    if shown.name:
        assert shown.caption.endswith(".") and ">nan" not in html.lower()
        # said in the head, and not again in each cell
        assert not ("(requests/s)" in html and "requests/s <span" in html)
        assert shown.bundle[TABLE_MIME]["data"][0]
    else:
        assert shown.text.endswith(".")


@pytest.mark.parametrize("name", capacity.TABLES)
def test_an_empty_table_says_what_to_supply(tmp_path, name):
    nothing = capacity.assess(scaling_lib.open(make(tmp_path, "")))
    shown = capacity.table(nothing, name)
    assert shown.name == "" and ("suppl" in shown.text.lower() or "`resources`" in shown.text)
    assert "<table" not in shown.bundle["text/html"]


def test_a_table_that_is_not_there(result):
    with pytest.raises(InvalidInput, match="found 'prices'; expected one of checks, limits"):
        capacity.table(result, "prices")


@pytest.mark.parametrize("name", ["saturation", "demands", "migration", "limits"])
def test_hostile_names_stay_text(tmp_path, name):
    system(tmp_path, rate=20.0, noise=False, users=(10, 20, 30, 40, 50))
    own = HOSTILE.replace("'", "''")
    text = (tmp_path / "assessment.yaml").read_text().replace("name: cpu", f"name: '{own}'")
    (tmp_path / "assessment.yaml").write_text(text)
    shown = capacity.table(capacity.assess(scaling_lib.open(tmp_path)), name).bundle["text/html"]
    assert "<script" not in shown and "&lt;script&gt;" in shown


def test_a_resource_that_is_not_measured_says_what_to_supply(result):
    (row,) = capacity.saturation_table(result).to_dict("records")
    assert row["full"] == "not known" and row["remarks"] == "Not measured. Supply metrics with busy."
    assert pd.isna(row["used"].value)


def test_estimates_without_a_unit_keep_their_interval(result):
    first = capacity.limits_table(result)["load limit"].iloc[0]
    assert isinstance(first, Estimate) and first.unit == "" and first.low <= first.value <= first.high
