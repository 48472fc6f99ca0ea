"""Every SLO against its evidence: windows, budgets by method, exclusions, incidents, and what is not measured."""

from __future__ import annotations

import pandas as pd
import pytest
from small_system import START, csv_of, make, minute, spell

import scaling_lib
from scaling_lib import slo
from scaling_lib.errors import BrokenEvidence, InvalidInput

REQUESTS = "evidence: {requests: [requests.csv]}\n"
AT = pd.Timestamp(START)
OUTAGE = spell("GET /pay", errors=100, length=10)


def system_of(folder, objective: str, minutes, more: str = "", route: str = "/pay"):
    make(
        folder,
        f"journeys: [{{name: pay, route: {route}, slos: [{objective}]}}, {{name: cart, route: /cart}}]\n"
        + REQUESTS
        + more,
        requests__csv=csv_of(minutes),
    )
    return scaling_lib.open(folder)


def only(folder, *arguments, **options):
    (result,) = slo.assess(system_of(folder, *arguments, **options)).results
    return result


def at(minutes: int) -> str:
    return f"{AT + pd.Timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def test_a_spell_is_found_and_paged_on(tmp_path):
    each = only(tmp_path, "{target: 99%}", spell("GET /pay", errors=40))
    assert each.found and each.spells[["start", "end", "bad"]].values.tolist() == [
        [AT + pd.Timedelta("30min"), AT + pd.Timedelta("33min"), 120.0]
    ]
    assert (each.window["total"].sum(), each.window["bad"].sum()) == (6000, 120)
    assert each.budget.allowed == 60 and each.budget.spent_fraction == pytest.approx(2.0)
    assert each.spent.value == pytest.approx(2.0) and each.spent.low < 2 < each.spent.high
    assert each.attainment.counted == "missed"
    assert each.share_of_budget(120) == pytest.approx(2.0)
    assert each.covered == pytest.approx(60 / (28 * 1440))
    assert each.rate == pytest.approx(100 / 60)
    assert (
        len(each.replay.pages) == 0
    )  # 120 of 3,300 in the hour before is 3.6%; it takes 5.6%, or 13.44% within the hour


def test_an_outage_is_paged_on(tmp_path):
    each = only(tmp_path, "{target: 99%}", OUTAGE)
    (row,) = each.replay.incidents.to_dict("records")
    assert row["detected"] and row["delay_s"] == 120  # 200 of 3,200 is 6.25%, 100 of 3,100 is 3.2%
    assert len(each.replay.pages) == 1 and each.replay.false_pages == 0
    assert row["early"] and str(each.replay.recall) == "not measured"  # the one-hour window is not yet full


def test_a_clean_history(tmp_path):
    each = only(tmp_path, "{target: 99%}", spell("GET /pay"))
    assert each.attainment.state == "met" and len(each.spells) == 0 and each.spent.value == 0
    assert len(each.replay.pages) == 0


def test_one_request(tmp_path):
    each = only(tmp_path, "{target: 99%}", [[("GET /pay", 200, 5)]])
    assert each.attainment.state == "insufficient data"
    assert each.window["total"].sum() == 1


def test_everything_fails(tmp_path):
    each = only(tmp_path, "{target: 99%}", spell("GET /pay", first=0, length=60, errors=100))
    assert each.attainment.state == "missed" and each.spent.value == pytest.approx(100)


def test_nothing_but_errors_has_no_latency(tmp_path):
    minutes = spell("GET /pay", first=0, length=60, errors=100)
    (each,) = slo.assess(system_of(tmp_path, "{kind: latency, threshold: 1 s, target: 99%}", minutes)).unmeasured
    assert each.slo.name == "pay latency" and "no" in each.reason


def test_five_nines(tmp_path):
    each = only(tmp_path, "{target: 99.999%}", spell("GET /pay", length=1, errors=1))
    assert each.slo.target == 0.99999 and each.budget.allowed == 0
    assert each.budget.spent_fraction == pytest.approx(1 / 0.06, rel=1e-12)
    assert each.attainment.counted == "missed"
    assert each.share_of_budget(1) == pytest.approx(1 / 0.06, rel=1e-12)
    clean = only(tmp_path / "clean", "{target: 99.999%}", spell("GET /pay"))
    assert clean.attainment.state == "insufficient data" and clean.attainment.events_needed > 300_000


def test_a_rolling_window_holds_only_its_end(tmp_path):
    each = only(tmp_path, "{target: 99%, window: 20m}", spell("GET /pay", first=10, length=1, errors=50))
    assert each.window.index[0] == AT + pd.Timedelta("40min") and each.window["total"].sum() == 2000
    assert each.covered == 1 and each.window["bad"].sum() == 0 and len(each.counts) == 60


@pytest.mark.parametrize(
    ("window", "zone", "first"), [("1M", "UTC", 30), ("month", "UTC", 30), ("month", "Asia/Tokyo", 0)]
)
def test_a_calendar_window_begins_at_its_edge_in_its_zone(tmp_path, window, zone, first):
    minutes = csv_of(spell("GET /pay"), start=START.replace(day=30, hour=23, minute=30))  # half an hour into December
    folder = make(
        tmp_path,
        f"journeys: [{{name: pay, route: /pay, slos: [{{target: 99%, window: {window}, time_zone: {zone}}}]}}]\n"
        + REQUESTS,
        requests__csv=minutes,
    )
    (each,) = slo.assess(scaling_lib.open(folder)).results
    assert each.window.index[0] == pd.Timestamp("2026-11-30T23:30Z") + pd.Timedelta(minutes=first)
    assert each.covered == pytest.approx((60 - first) / (31 * 1440))  # of December


def test_time_slices_are_what_the_budget_counts_where_the_slo_says_so(tmp_path):
    minutes = spell("GET /pay", length=3, errors=40)
    events = only(tmp_path / "a", "{target: 95%}", minutes)
    slices = only(tmp_path / "b", "{target: 95%, budgeting: timeslices, slice_target: 90%}", minutes)
    ratios = only(tmp_path / "c", "{target: 95%, budgeting: ratio_timeslices}", minutes)
    assert events.budget.spent_fraction == pytest.approx(120 / 300) and events.unit == "requests"
    assert (slices.budget.spent, slices.budget.total) == (3, 60) and slices.unit == "slices of 60 s"
    assert slices.budget.spent_fraction == pytest.approx(3 / 3) and slices.spent.value == pytest.approx(1)
    assert ratios.budget.spent_fraction == pytest.approx(3 * 0.4 / 3)
    for each in (events, slices, ratios):
        assert each.methods.methods[each.slo.budgeting].spent_fraction == pytest.approx(each.budget.spent_fraction)
        assert each.window["total"].sum() == 6000  # alerts and spells speak of requests all the same


def test_a_slice_below_its_own_target_is_bad(tmp_path):
    minutes = spell("GET /pay", length=3, errors=40)
    strict = only(tmp_path / "a", "{target: 95%, budgeting: timeslices, slice_target: 99.9%}", minutes)
    mild = only(tmp_path / "b", "{target: 95%, budgeting: timeslices, slice_target: 50%}", minutes)
    assert (strict.budget.spent, mild.budget.spent) == (3, 0)


def test_a_slice_target_of_1_asks_that_all_of_a_slice_is_good(tmp_path):
    minutes = [minute("GET /pay", 100, errors=1 if at in (7, 30) else 0) for at in range(60)]
    every = only(tmp_path / "a", "{target: 95%, budgeting: timeslices, slice_target: 100%}", minutes)
    assert (every.budget.spent, every.budget.total) == (2, 60)
    document = (
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: whole}\nspec:\n  service: shop\n"
        "  indicator: {spec: {ratioMetric: {total: {metricSource: {type: x, spec: {}}},"
        " good: {metricSource: {type: x, spec: {}}}}}}\n"
        "  timeWindow: [{duration: 28d, isRolling: true}]\n  budgetingMethod: Timeslices\n"
        "  objectives: [{target: 0.95, timeSliceTarget: 1, timeSliceWindow: 5}]\n"
    )
    system = make(
        tmp_path / "b",
        "journeys: [{name: pay, route: /pay, slos: [whole, {target: 99%}]}]\n"
        "evidence: {requests: [requests.csv], slos: [slo.yaml]}\n",
        requests__csv=csv_of(minutes),
        slo__yaml=document,
    )
    whole, other = slo.assess(scaling_lib.open(system)).results
    assert (whole.budget.spent, whole.budget.total, other.budget.spent) == (2, 12, 2)


EXCLUSION = "exclusions: [{{start: {}, end: {}, reason: announced maintenance{}}}]\n"


def test_an_exclusion_leaves_out_its_minutes(tmp_path):
    minutes = spell("GET /pay", errors=40)
    each = only(tmp_path, "{target: 99%}", minutes, EXCLUSION.format(at(30), at(33), ""))
    assert each.attainment.state == "met" and each.window["total"].sum() == 5700 and len(each.spells) == 0
    assert each.exclusions.without.sli.value == pytest.approx(0.98)
    assert each.exclusions.table["bad"].tolist() == [120]


def test_an_exclusion_of_another_journey_changes_nothing(tmp_path):
    each = only(
        tmp_path, "{target: 99%}", spell("GET /pay", errors=40), EXCLUSION.format(at(30), at(33), ", journeys: [cart]")
    )
    assert each.window["total"].sum() == 6000 and len(each.exclusions.table) == 0 and len(each.spells) == 1


def test_an_exclusion_of_everything(tmp_path):
    system = system_of(tmp_path, "{target: 99%}", spell("GET /pay"), EXCLUSION.format(at(-1), at(99), ""))
    (each,) = slo.assess(system).unmeasured
    assert "the exclusions leave no minute" in each.reason


def incidents(*entries: str) -> str:
    return f"incidents: [{', '.join(entries)}]\n"


def test_the_replay_is_scored_against_the_incidents_given(tmp_path):
    told = f"{{name: fire, start: {at(30)}, end: {at(40)}}}"
    each = only(tmp_path / "short", "{target: 99%}", OUTAGE, incidents(told))
    assert not each.found and each.spells["name"].tolist() == ["fire"] and each.replay.incidents["early"][0]
    told = f"{{name: fire, start: {at(390)}, end: {at(400)}}}"
    late = spell("GET /pay", errors=100, minutes=420, first=390, length=10)
    each = only(tmp_path / "long", "{target: 99%}", late, incidents(told))
    assert not each.found and each.spells["name"].tolist() == ["fire"] and not each.replay.incidents["early"][0]
    assert each.replay.precision.value == 1 and each.replay.recall.value == 1 and each.replay.false_pages == 0


def test_an_outage_beside_the_incident_given_is_found(tmp_path):
    told = f"{{name: calm, start: {at(1)}, end: {at(3)}}}"
    late = spell("GET /pay", errors=100, minutes=420, first=390, length=10)
    each = only(tmp_path / "late", "{target: 99%}", late, incidents(told))
    # The outage nobody named is found beside the given incident, in which nothing failed: its page is right.
    assert each.spells["found"].tolist() == [True] and each.unhurt["name"].tolist() == ["calm"]
    assert each.replay.false_pages == 0 and each.replay.recall.value == 1 and each.replay.precision.value == 1
    # In the first hour the one-hour window is not yet full: such a page is no proof against the policy.
    early = only(tmp_path / "early", "{target: 99%}", OUTAGE, incidents(told))
    assert early.replay.pages["early"].all() and early.replay.false_pages == 0


def test_a_page_after_an_exclusion_is_no_false_one(tmp_path):
    """Three minutes of 40% failures fill a window of which an exclusion left five minutes: no proof of anything."""
    told = f"{{name: calm, start: {at(1)}, end: {at(3)}}}"
    short = spell("GET /pay", errors=40, minutes=300, first=190, length=3)
    less = EXCLUSION.format(at(133), at(188), "")
    each = only(tmp_path / "less", "{target: 99%}", short, less + incidents(told))
    assert each.replay.pages["early"].tolist() == [True] and each.replay.false_pages == 0
    assert len(only(tmp_path / "whole", "{target: 99%}", short, incidents(told)).replay.pages) == 0


def test_an_incident_of_another_journey_leaves_this_one_to_be_searched(tmp_path):
    told = f"{{name: fire, start: {at(1)}, end: {at(3)}, journeys: [cart]}}"
    calm = only(tmp_path / "calm", "{target: 99%}", spell("GET /pay"), incidents(told))
    assert len(calm.spells) == 0 and calm.found and calm.replay.false_pages == 0
    each = only(tmp_path / "outage", "{target: 99%}", OUTAGE, incidents(told))
    assert each.found and each.spells[["start", "end"]].values.tolist() == [
        [AT + pd.Timedelta("30min"), AT + pd.Timedelta("40min")]
    ]
    assert each.replay.incidents["detected"].tolist() == [True] and each.replay.false_pages == 0


@pytest.mark.parametrize(
    ("errors", "journeys", "hurt"), [(0, "", False), (0, ", journeys: [pay]", False), (1, "", False),
                                     (1, ", journeys: [pay]", True), (2, "", True)]  # 1% is what 99% allows
)  # fmt: skip
def test_only_an_incident_that_hurt_the_slo_is_scored(tmp_path, errors, journeys, hurt):
    told = f"{{name: fire, start: {at(150)}, end: {at(160)}{journeys}}}"
    minutes = spell("GET /pay", errors=errors, minutes=200, first=150, length=10)
    system = system_of(tmp_path, "{target: 99%}", minutes, incidents(told))
    assessed = slo.assess(system)
    (each,) = assessed.results
    assert each.spells["name"].tolist() == ["fire"] * hurt and each.unhurt["name"].tolist() == ["fire"] * (not hurt)
    assert (str(each.replay.recall) == "not measured") == (not hurt)
    assert each.replay.incidents["detected"].tolist() == [False] * hurt
    listed = [finding for finding in slo.findings(assessed) if finding.name == "did-not-hurt"]
    assert [finding.sentence for finding in listed] == [
        "The incident fire of 2026-11-23 12:30 UTC did not hurt pay availability."
    ] * (not hurt)


def test_an_incident_outside_the_evidence_is_not_missed(tmp_path):
    inside = f"{{name: fire, start: {at(30)}, end: {at(40)}}}"
    before, after = (f"{{name: {name}, start: {at(first)}, end: {at(first + 5)}}}" for name, first in
                     (("before", -5), ("after", 60)))  # fmt: skip
    each = only(tmp_path / "both", "{target: 99%}", OUTAGE, incidents(before, inside, after))
    assert each.spells["name"].tolist() == ["fire"] and each.outside["name"].tolist() == ["before", "after"]
    assert each.replay.incidents["detected"].tolist() == [True] and not each.found
    alone = only(tmp_path / "alone", "{target: 99%}", OUTAGE, incidents(before))
    assert alone.found and len(alone.spells) == 1 and alone.outside["name"].tolist() == ["before"]
    edge = f"{{name: edge, start: {at(-5)}, end: {at(1)}}}"
    assert only(tmp_path / "edge", "{target: 99%}", OUTAGE, incidents(edge)).outside.empty


def test_what_cannot_be_measured_is_listed_beside_what_can(tmp_path):
    make(
        tmp_path,
        "journeys:\n"
        "  - {name: pay, route: /pay, slos: [{target: 99%}]}\n"
        "  - {name: cart, route: /cart, slos: [{target: 99%}]}\n" + REQUESTS,
        requests__csv=csv_of(spell("GET /pay")),
    )
    assessed = slo.assess(scaling_lib.open(tmp_path))
    assert [each.slo.name for each in assessed.results] == ["pay availability"]
    assert [each.slo.name for each in assessed.unmeasured] == ["cart availability"]
    table = assessed.table()
    assert table["slo"].tolist() == ["pay availability", "cart availability"]
    assert table["here"].tolist() == ["met", "not measured"]
    assert slo.headline(assessed) == "1 of 2 SLOs met so far; 1 not measured."


def test_nothing_to_assess(tmp_path):
    assessed = slo.assess(scaling_lib.open(make(tmp_path, "")))
    assert assessed.results == () == assessed.unmeasured
    assert list(assessed.table().columns)[:3] == ["slo", "bad is", "target"] and assessed.table().empty


def test_broken_evidence_and_broken_slos_are_errors(tmp_path):
    folder = make(tmp_path, "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n" + REQUESTS)
    with pytest.raises(BrokenEvidence):
        slo.assess(scaling_lib.open(folder))
    folder = make(tmp_path, "journeys: [{name: pay, route: /pay, slos: [elsewhere]}]\n")
    with pytest.raises(InvalidInput, match="none, no file is given"):
        slo.assess(scaling_lib.open(folder))


def test_a_dead_source_leaves_the_slos_that_do_not_need_it(tmp_path):
    make(
        tmp_path,
        "journeys:\n"
        "  - {name: pay, route: /pay, slos: [{target: 99%}]}\n"
        "  - {name: cart, metrics: {total: r, errors: e}, slos: [{target: 99%}]}\n"
        "  - {name: gift, slos: [{target: 99%}]}\n"
        "evidence: {requests: [requests.csv], metrics: [m.json]}\n",
        requests__csv=csv_of(spell("GET /pay")),
        m__json="{ broken",
    )
    assessed = slo.assess(scaling_lib.open(tmp_path))
    assert [each.slo.name for each in assessed.results] == ["pay availability"]
    assert [(each.slo.name, each.broken) for each in assessed.unmeasured] == [
        ("cart availability", True),
        ("gift availability", False),
    ]
    assert "m.json" in assessed.unmeasured[0].reason
    finding = next(each for each in slo.findings(assessed) if each.subject == "cart availability")
    assert (finding.name, finding.verdict) == ("broken-evidence", "act") and "m.json" in finding.why


def test_the_level_goes_into_every_interval(tmp_path):
    system = system_of(tmp_path, "{target: 99%}", spell("GET /pay", errors=10))
    wide, narrow = (slo.assess(system, level=level).results[0] for level in (0.99, 0.5))
    assert wide.attainment.sli.level == 0.99 and wide.spent.level == 0.99
    assert wide.spent.high - wide.spent.low > narrow.spent.high - narrow.spent.low


def test_sparse_traffic_over_hours(tmp_path):
    minutes = [minute("GET /pay", 1) if place % 17 == 0 else [] for place in range(300)]
    each = only(tmp_path, "{target: 90%}", minutes)
    assert each.window["total"].sum() == 18 and each.attainment.sli.value == 1


def test_every_figure_of_a_time_slices_slo_is_of_slices(tmp_path):
    """95 quiet minutes of 10 requests; five busy ones, 40 requests each, of which half fail: slices 5%, requests 9%."""
    minutes = [minute("GET /pay", 40, errors=20) if 50 <= at < 55 else minute("GET /pay", 10) for at in range(100)]
    promise = "{target: 90%, budgeting: timeslices, slice_target: 95%, window: month}"
    system = system_of(tmp_path, promise, minutes, EXCLUSION.format(at(54), at(56), ""))
    assessed = slo.assess(system)
    (each,) = assessed.results  # without 54 and 55: 4 bad of 98 slices
    assert each.attainment.sli.value == pytest.approx(94 / 98)
    assert each.exclusions.with_all.sli.value == pytest.approx(94 / 98)
    assert each.exclusions.without.sli.value == pytest.approx(95 / 100)
    assert each.exclusions.table[["total", "bad"]].values.tolist() == [[2, 1]]
    assert each.projection and each.projection.left_at_end.value == pytest.approx(1 - 4 / 9.8, abs=1e-3)
    (row,) = each.replay.incidents.to_dict("records")
    assert row["bad"] == 4 and row["budget_spent"] == pytest.approx(4 / (0.1 * 30 * 1440))
    (told,) = slo.spell_table(assessed).to_dict("records")
    assert told["failed"] == 4 and told["evidence's budget spent"] == pytest.approx(4 / 9.8)
    (line,) = assessed.table().to_dict("records")
    assert (line["events"], line["bad"]) == (98, 4) and line["budget spent"].value == pytest.approx(4 / 9.8)
    assert line["bad is"] == "slices of 60 s less than 95% good (5xx)"
    assert slo.left_table(assessed).iloc[-1, 0] == pytest.approx(1 - 4 / (0.1 * 30 * 1440))
    sentence = next(each.sentence for each in slo.findings(assessed) if each.name == "spell")
    assert "4 slices of 60 s failed it" in sentence and "40.8% of the budget" in sentence


def test_slices_of_five_minutes_are_whole_to_a_spell(tmp_path):
    """A spell from 10:32 to 10:36 touches two slices of five minutes, both below their target."""
    minutes = spell("GET /pay", errors=60, first=32, length=4, minutes=120)
    document = (
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: whole}\nspec:\n  service: shop\n"
        "  indicator: {spec: {ratioMetric: {total: {metricSource: {type: x, spec: {}}},"
        " good: {metricSource: {type: x, spec: {}}}}}}\n"
        "  timeWindow: [{duration: 30d, isRolling: true}]\n  budgetingMethod: Timeslices\n"
        "  objectives: [{target: 0.9, timeSliceTarget: 0.95, timeSliceWindow: 5m}]\n"
    )
    folder = make(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [whole]}]\nevidence: {requests: [requests.csv], slos: [slo.yaml]}\n",
        requests__csv=csv_of(minutes),
        slo__yaml=document,
    )
    (each,) = slo.assess(scaling_lib.open(folder)).results
    assert each.unit == "slices of 5 min" and (each.budget.spent, each.budget.total) == (2, 24)
    assert each.replay.incidents["bad"].tolist() == [2]
    assert each.replay.incidents["budget_spent"].tolist() == pytest.approx([2 / (0.1 * 30 * 288)])
    assert each.projection and each.projection.left_at_end.value == pytest.approx(1 - 2 / 2.4, abs=1e-3)


def test_a_service_that_is_closed_at_night_is_recorded_whole(tmp_path):
    """28 days, 5 requests a minute from 9 to 21 h, 127 of 100,800 failed: counted by hand."""
    import pandas as pd

    minutes = pd.date_range("2026-10-01", periods=28 * 1440, freq="min", tz="UTC")
    minutes = minutes[(minutes.hour >= 9) & (minutes.hour < 21)]
    frame = pd.DataFrame({"time": minutes.repeat(5), "route": "GET /a", "status": 200, "duration_us": 50_000})
    frame.loc[frame.index[::793][:127], "status"] = 500
    frame.to_parquet(tmp_path / "requests.parquet", index=False)
    make(
        tmp_path,
        "journeys: [{name: a, route: GET /a, slos: [{kind: availability, target: 99.8%}]}]\n"
        "evidence: {requests: [requests.parquet]}\n",
    )
    system = scaling_lib.open(tmp_path)
    assert system.evidence().sources[0].gaps == ()
    (result,) = slo.assess(system).results
    assert (result.counts["total"].sum(), result.counts["bad"].sum()) == (100_800, 127)
    assert result.budget.spent_fraction == pytest.approx(127 / (0.002 * 100_800), rel=1e-12)
    seen = 28 * 1440 - 12 * 60  # minutes, from the first morning to the last evening
    assert result.covered == pytest.approx(seen / (28 * 1440), abs=0.001)
    assert result.rate == pytest.approx(100_800 / (seen * 60), rel=0.001)


def test_exclusions_are_held_against_the_window(tmp_path):
    """Ten minutes of failures are excluded and lie before the one-hour window; the three within it are counted."""
    minutes = [*spell("GET /pay", errors=40, first=10, length=10), *spell("GET /pay", errors=40)]
    left_out = EXCLUSION.format(at(10), at(20), "")
    system = system_of(tmp_path, "{target: 99%, window: 1h}", minutes, left_out)
    (each,) = slo.assess(system).results
    assert each.exclusions.without.sli.value == each.attainment.sli.value == pytest.approx(1 - 120 / 6000)
    assert each.exclusions.table[["minutes", "bad"]].values.tolist() == [[0, 0]]
    assert not each.exclusions.verdict_flips
    assert not any("left out" in finding.why for finding in slo.findings(slo.assess(system)))


def test_an_exclusion_that_changes_only_what_was_counted_is_said(tmp_path):
    """Of 6,000 requests 61 fail in one minute: over budget by the count, while the long run cannot be told."""
    minutes = spell("GET /pay", length=1, errors=61)
    each = only(tmp_path, "{target: 99%, window: 1h}", minutes, EXCLUSION.format(at(30), at(31), ""))
    assert (each.exclusions.without.counted, each.exclusions.with_all.counted) == ("missed", "met")
    assert each.exclusions.verdict_flips and each.exclusions.table["verdict_flips"].tolist() == [True]
