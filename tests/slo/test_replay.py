import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.slo import Tier, alert_policy, detection_time, replay, reset_time
from scaling_lib.slo.alerts import AlertPolicy, threshold

START = pd.Timestamp("2026-11-01", tz="UTC")


def minute(place):
    return START + pd.Timedelta(minutes=place)


def outage(counts_frame, minutes, first, last, share=1.0, traffic=1000):
    bad = np.zeros(minutes)
    bad[first:last] = traffic * share
    return counts_frame(bad, np.full(minutes, traffic))


def by_hand(policy, target, counts):
    """The definition, minute by minute."""
    pages = []
    for now in range(1, len(counts) + 1):
        fires = False
        for tier in policy.only("page"):
            rates = []
            for window in (tier.long_window_s, tier.short_window_s):
                part = counts.iloc[max(0, now - window // 60) : now]
                total = part["total"].sum()
                rates.append(part["bad"].sum() / total if total else math.nan)
            fires |= all(rate > threshold(tier, target) for rate in rates)
        pages.append(fires)
    return pages


def test_total_outage_is_paged_as_the_formulas_say(counts_frame):
    counts = outage(counts_frame, 3000, 2000, 2020)
    policy = alert_policy()
    found = replay(policy, 0.999, counts, [("outage", minute(2000), minute(2020))])
    incident = found.incidents.iloc[0]
    assert incident["detected"] and len(found.pages) == 1
    assert incident["delay_s"] == 60  # 51.84 s, at a resolution of a minute
    expected = max(reset_time(tier, 0.999, 1, 1200) for tier in policy.only("page"))
    assert incident["reset_s"] == pytest.approx(expected, abs=60)
    assert incident["budget_spent_before"] == pytest.approx(1 / 43.2)
    assert incident["budget_spent"] == pytest.approx(20 / 43.2)
    assert (found.precision.value, found.recall.value, found.false_pages) == (1, 1, 0)
    assert found.pages.iloc[0]["tier"] == "1h/5m"
    assert found.pages.iloc[0]["incident"] == "outage"


@pytest.mark.parametrize("share", [0.02, 0.05, 0.2, 0.5])
def test_delay_is_the_detection_time_rounded_up(counts_frame, share):
    tier = Tier("page", 3600, 300, 14.4)
    policy = AlertPolicy(period_s=30 * 86_400, tiers=(tier,))
    found = replay(policy, 0.999, outage(counts_frame, 400, 100, 300, share), [("x", minute(100), minute(300))])
    exact = detection_time(tier, 0.999, share)
    assert exact < found.incidents["delay_s"][0] <= exact + 60 + 1e-6


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_pages_are_those_of_the_definition(data):
    length = data.draw(st.integers(1, 60))
    total = data.draw(st.lists(st.integers(0, 20), min_size=length, max_size=length))
    bad = [data.draw(st.integers(0, events)) for events in total]
    index = pd.date_range(START, periods=length, freq="min", name="minute")
    counts = pd.DataFrame({"total": total, "bad": bad}, index=index)
    policy = alert_policy("2h", tiers=[("page", "0.5", 1200, 300), ("page", "0.8", 3000, 600)])
    fires = np.zeros(length + 1, dtype=bool)
    for page in replay(policy, 0.95, counts).pages.itertuples():
        first = round((page.start - START) / pd.Timedelta(minutes=1))
        last = length + 1 if page.firing_at_end else round((page.end - START) / pd.Timedelta(minutes=1))
        fires[first:last] = True
    assert list(fires[1:]) == by_hand(policy, 0.95, counts)


def test_threshold_is_strict(counts_frame):
    policy = AlertPolicy(period_s=2_592_000.0, tiers=(Tier("page", 600, 600, 14.4),))
    exact = counts_frame([144] * 20, [10_000] * 20)
    above = counts_frame([145] * 20, [10_000] * 20)
    assert len(replay(policy, 0.999, exact).pages) == 0
    assert len(replay(policy, 0.999, above).pages) == 1


def test_without_incidents_nothing_is_scored(counts_frame):
    found = replay(alert_policy(), 0.999, outage(counts_frame, 60, 30, 60))
    assert len(found.pages) == 1 and bool(found.pages["firing_at_end"][0])
    assert str(found.precision) == str(found.recall) == "not measured"
    assert found.false_pages == 0 and len(found.incidents) == 0


def test_false_and_missed(counts_frame):
    counts = outage(counts_frame, 2000, 1500, 1501, traffic=2)  # two failures of 120 requests: chance gives them
    known = [("quiet", minute(100), minute(110))]
    found = replay(alert_policy(), 0.999, counts, known)
    assert found.false_pages == 1
    assert (found.precision.value, found.recall.value) == (0, 0)
    assert found.recall.high > 0.5  # one incident proves little
    row = found.incidents.iloc[0]
    assert not row["detected"] and math.isnan(row["delay_s"]) and row["budget_spent"] == 0


@pytest.mark.parametrize(
    ("traffic", "share", "days", "hours"),
    [(10, 0.02, 14, 24 * 14), (10, 0.02, 14, 24), (2, 0.05, 7, 3), (5, 0.02, 7, 12)],
)
def test_pages_in_a_long_failure_that_no_list_names_are_right(counts_frame, random, traffic, share, days, hours):
    """Usually 0.02% fail of which 0.1% may; in the middle a service fails for hours, all minutes far below an outage."""
    length = days * 1440
    first = (length - hours * 60) // 2
    rate = np.full(length, 0.0002)
    rate[first : first + hours * 60] = share
    total = random.poisson(traffic, length)
    found = replay(alert_policy(), 0.999, counts_frame(random.binomial(total, rate), total), [])
    inside = (found.pages["end"] > minute(first)) & (found.pages["start"] <= minute(first + hours * 60))
    assert inside.sum() >= 1 and found.pages.loc[inside, "certain"].any()
    judged = found.pages[inside & ~found.pages["early"]]
    assert (judged["certain"] | (judged["end"] - judged["start"] <= pd.Timedelta(hours=1))).all()
    assert found.pages["false"].equals(~found.pages["certain"] & ~found.pages["early"])


def test_chance_makes_no_page_right(counts_frame, random):
    """With a request a minute a single failure pages; that it is certain may happen in 1 of 100 histories."""
    pages = certain = 0
    for _ in range(100):
        total = random.poisson(1, 5000)
        found = replay(alert_policy(), 0.999, counts_frame(random.binomial(total, 0.001), total), [])
        pages += len(found.pages) > 0
        certain += found.pages["certain"].any()
    assert pages >= 80 and certain <= 3


def test_no_incidents_and_no_alerts(counts_frame):
    found = replay(alert_policy(), 0.999, counts_frame([0] * 10, [5] * 10), [])
    assert math.isnan(found.precision.value) and math.isnan(found.recall.value)


def test_grace_and_early_alerts(counts_frame):
    counts = outage(counts_frame, 300, 100, 110)
    late = replay(alert_policy(), 0.999, counts, [("short", minute(96), minute(98))])
    assert late.incidents["detected"][0]  # the page comes 3 min after the end
    page = late.pages["start"][0]
    for seconds, detected in ((299, False), (300, True)):  # so late it still counts, and not a second later
        ended = [("ended", minute(90), page - pd.Timedelta(seconds=300))]
        on = replay(alert_policy(), 0.999, counts, ended, grace_s=seconds)
        assert on.incidents["detected"].tolist() == [detected] and (on.pages["incident"] == "ended").all() == detected
    strict = replay(alert_policy(), 0.999, counts, [("short", minute(96), minute(98))], grace_s=0)
    assert not strict.incidents["detected"][0]
    during = replay(alert_policy(), 0.999, counts, [("later", minute(105), minute(110))])
    assert during.incidents["delay_s"][0] == 0 and during.incidents["budget_spent_before"][0] == 0


def test_tickets_apart_from_pages(counts_frame):
    found = replay(
        alert_policy(), 0.999, outage(counts_frame, 4000, 0, 4000, 0.004), [("slow", minute(0), minute(4000))]
    )
    assert len(found.pages) == 0 and len(found.tickets) == 1
    assert found.recall.value == 0
    assert not found.incidents["detected"][0] and found.tickets["early"][0]  # within a window's length


def test_partly_seen_edges_do_not_make_the_budget_small(counts_frame):
    total = np.array([5, *[60] * 10, 5])
    found = replay(alert_policy(), 0.999, counts_frame(total * 0, total))
    assert found.period_budget == pytest.approx(0.001 * 60 * 30 * 1440)


def test_gaps_are_no_traffic(counts_frame):
    counts = outage(counts_frame, 200, 100, 110)
    whole = replay(alert_policy(), 0.999, counts)
    silent = replay(alert_policy(), 0.999, counts.drop(counts.index[20:40]))
    assert len(silent.pages) == len(whole.pages) == 1
    assert len(silent.burn) == 200
    assert silent.burn.iloc[199].notna().all()


def test_incidents_in_any_form(counts_frame):
    counts = outage(counts_frame, 200, 100, 110)
    start, end = minute(100), minute(110)
    forms = [
        [("a", start, end)],
        [{"name": "a", "start": start.isoformat(), "end": end.isoformat()}],
        [SimpleNamespace(name="a", start=start.to_pydatetime(), end=end.to_pydatetime())],
        pd.DataFrame({"name": ["a"], "start": [start], "end": [end]}),
    ]
    for form in forms:
        assert replay(alert_policy(), 0.999, counts, form).incidents["detected"].tolist() == [True]
    unnamed = replay(alert_policy(), 0.999, counts, forms[-1][["start", "end"]])
    assert unnamed.incidents["name"].tolist() == ["incident 1"]


def test_unusable_input(counts_frame):
    counts = counts_frame([0], [1])
    with pytest.raises(InvalidInput, match="swap"):
        replay(alert_policy(), 0.999, counts, [("a", minute(5), minute(1))])
    with pytest.raises(InvalidInput, match="time zone"):
        replay(alert_policy(), 0.999, counts, [("a", "2026-11-01", minute(1))])
    with pytest.raises(InvalidInput, match="no column end"):
        replay(alert_policy(), 0.999, counts, pd.DataFrame({"start": [minute(1)]}))
    with pytest.raises(InvalidInput, match="bad"):
        replay(alert_policy(), 0.999, counts.drop(columns="bad"))
    with pytest.raises(InvalidInput, match="time zone"):
        replay(alert_policy(), 0.999, counts.tz_localize(None))
    with pytest.raises(InvalidInput, match="0 <= bad <= total"):
        replay(alert_policy(), 0.999, counts_frame([2], [1]))


def test_empty_history(counts_frame):
    found = replay(alert_policy(), 0.999, counts_frame([], []), [("a", minute(0), minute(1))])
    assert len(found.pages) == 0 and not found.incidents["detected"][0]


def test_an_incident_outside_the_history_is_not_part_of_recall(counts_frame):
    counts = outage(counts_frame, 200, 100, 110)
    known = [("in", minute(100), minute(110)), ("before", minute(-9), minute(0)), ("after", minute(200), minute(210))]
    found = replay(alert_policy(), 0.999, counts, known)
    assert found.recall.value == 1 and found.recall.low == replay(alert_policy(), 0.999, counts, known[:1]).recall.low


def test_minute_column_and_split_rows(counts_frame):
    counts = outage(counts_frame, 200, 100, 110)
    halves = pd.concat([counts / 2, counts / 2]).reset_index()
    pd.testing.assert_frame_equal(
        replay(alert_policy(), 0.999, halves).pages, replay(alert_policy(), 0.999, counts).pages
    )


def test_a_page_on_an_incident_is_right_though_its_window_was_partly_excluded(counts_frame):
    """01:10 to 01:20 does not count, an outage lasts from 01:17 to 02:00: the hour before its page lacks ten minutes."""
    counts = outage(counts_frame, 300, 77, 120)
    excluded = counts.index[70:80]
    left = counts.drop(excluded)
    known = [("outage", minute(77), minute(120))]
    found = replay(alert_policy(), 0.999, left, known, excluded=excluded)
    # At 01:21 a minute of outage in the 50 that were seen, and in 60 with the usual ones: both are above 1.44%.
    assert found.pages["early"].tolist() == [False] and found.incidents["delay_s"].tolist() == [4 * 60]
    assert (found.precision.value, found.recall.value, found.false_pages) == (1, 1, 0)
    assert found.recall == replay(alert_policy(), 0.999, counts, known).recall
    calm = [("calm", minute(200), minute(210))]
    assert replay(alert_policy(), 0.999, left, calm, excluded=excluded).precision.value == 1  # an outage all the same


def test_the_budget_is_that_of_the_last_periods_traffic(counts_frame):
    """Traffic doubles between two months: the budget is that of the second."""
    total = np.repeat([30, 60], 30 * 1440)
    found = replay(alert_policy(), 0.999, counts_frame(total * 0, total))
    assert found.period_budget == pytest.approx(0.001 * 60 * 30 * 1440)
