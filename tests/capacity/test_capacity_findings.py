"""The verdicts of step 02 follow its figures: ok, watch and act on systems that take 100 requests/s."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pandas as pd
import pytest
from small_capacity import system
from small_system import HOSTILE, query_range

import scaling_lib
from scaling_lib import capacity
from scaling_lib.capacity.headroom import compared
from scaling_lib.findings import VERDICTS, conclude
from scaling_lib.stats import Estimate


def found(folder, *, parameters=None, **given):
    result = capacity.assess(scaling_lib.open(system(folder, **given)), **(parameters or {}))
    return result, {each.name: each for each in capacity.findings(result)}


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """50 requests/s a busy hour, 1% more each day: twice that, 100, in 70 days."""
    return found(tmp_path_factory.mktemp("growing"), rate=50.0, growth_a_day=0.01, resources=", full_at: 100%")


@pytest.mark.parametrize(
    ("times", "factor", "state"),
    [
        ((5, 4, 6), 3, "enough"),
        ((5, 4, 6), 4, "enough"),
        ((5, 4, 6), 5, "uncertain"),
        ((5, 4, 6), 6, "uncertain"),
        ((5, 4, 6), 6.1, "too little"),
        ((5, math.nan, math.nan), 1, "uncertain"),  # nothing is known of its ends
        ((5, math.nan, math.nan), 50, "uncertain"),
        ((5, 4, math.nan), 3, "enough"),
        ((5, math.nan, 6), 7, "too little"),
        ((5, 0, math.inf), 5.1, "uncertain"),
    ],
)
def test_what_fits_against_what_is_asked(times, factor, state):
    assert compared(Estimate(*times, unit="x"), factor) == state


@pytest.mark.parametrize(
    ("factor", "verdict", "start"), [(1.5, "ok", "Yes: "), (1.89, "watch", "Not certain: "), (3, "act", "No: ")]
)
def test_the_answer_to_so_many_times(growing, factor, verdict, start):
    """The busiest minute of the week is some 52.8 requests/s: 100 are 1.9 times that."""
    result, _ = growing
    times = result.limits[0].times
    assert times.low < 1.89 < times.high
    asked = replace(result, factor=factor)
    first = next(iter(capacity.findings(asked)))
    assert (first.name, first.verdict) == ("capacity", verdict) and capacity.headline(asked).startswith(start)
    assert bool(first.action) == (verdict != "ok")
    assert first.impact == times and first.figure == "load"


SPREAD = ", domains: 3, out_in_rollout: 25%, full_at: 80%"


@pytest.mark.parametrize(
    ("factor", "verdict", "start"),
    [(1.9, "ok", "Yes: it takes 2x"), (3.8, "act", "No: it takes 2x"), (5, "act", "No: ")],
)
def test_the_answer_rests_on_what_counts_of_the_capacity(tmp_path, factor, verdict, start):
    """Of 12 servers for 100 requests/s a domain takes 4, a rollout 2 of the 8 left; 80% of 50 are 40: 2 times 20."""
    folder = system(tmp_path, rate=20.0, noise=False, servers=12, resources=SPREAD)
    result = capacity.assess(scaling_lib.open(folder), demand_factor=factor)
    assert result.limits[0].times.value == pytest.approx(5)
    assert result.times == result.headroom.factor and result.times.value == pytest.approx(2)
    first = next(iter(capacity.findings(result)))
    assert (first.verdict, first.impact) == (verdict, result.headroom.factor)
    taken = "a lost failure domain, a rollout and the 20% kept free"
    assert f"A capacity of 100 requests/s, less {taken}, " in first.sentence.replace(
        " (100 requests/s to 100 requests/s)", ""
    )
    said = capacity.headline(result)
    assert said.startswith(start) and f"That is 5x less {taken}." in said
    if verdict == "act":  # 3.8 times 20 takes 190 before the same deductions, 5 times 250: relieved by 2 and by 4
        assert f"Relieve cpu by {2 if factor < 4 else 4}x: " in first.action
        assert f"which is enough for {factor:g}x." in first.action
        assert result.reliefs[0].times.value == pytest.approx(4) and result.reliefs[1].times.value == pytest.approx(8)
        assert [each.enough for each in result.reliefs] == (["yes"] * 3 if factor < 4 else ["no", "yes", "yes"])


def test_the_steps_of_the_waterfall_are_those_of_assessment_yaml(tmp_path):
    """An autoscaler, though it looks every 15 s, follows no rise from 20 to 50 requests/s within a minute."""
    scaler = ", autoscaler: {least: 2, most: 20, target: 50%, start_delay: 60 s}"
    folder = system(tmp_path, rate=None, servers=10, resources=f"{SPREAD}, lead_time: 1 d{scaler}")
    minutes = pd.date_range("2026-10-19", periods=35 * 1440, freq="min", tz="UTC")
    counts = pd.Series(1200, index=minutes).mask((minutes.hour == 12), 3000)
    frame = pd.DataFrame({"service": "gateway", "route": "GET /pay", "minute": minutes, "n": counts.to_numpy()})
    frame.assign(errors=0, sum_us=1000 * frame["n"]).to_parquet(folder / "counts.parquet", index=False)
    text = (folder / "assessment.yaml").read_text().replace("evidence: {", "evidence: {requests: [counts.parquet], ")
    (folder / "assessment.yaml").write_text(text)
    result = capacity.assess(scaling_lib.open(folder))
    table = capacity.headroom_table(result).set_index("step")
    # 10 servers in 3 domains stand as 4, 3, 3; a rollout of a quarter takes two of the six that are left
    assert -table.loc["lost failure domain", "amount"] == pytest.approx(40)
    assert -table.loc["rollout", "amount"] == pytest.approx(20)
    assert -table.loc["target utilisation", "amount"] == pytest.approx(0.2 * 40)
    # a server serves 10/s; 20/s at .5 x 1.1 + .01 = .56 have 35.7/s of capacity, .44 of it is free over 15 + 15 + 60 s
    followed = 20 / 0.56 * 0.44
    assert -table.loc["autoscaler's lag", "amount"] == pytest.approx(30 - followed, rel=1e-3)
    assert table.loc["target utilisation", "why"] == "used up to 80%"
    assert "demand rose by up to 20 requests/s a minute" in table.loc["autoscaler's lag", "why"]
    assert table.loc["growth", "why"] == "no growth is certain in the 24 h until more can be there"
    assert not any("declines" in note for note in result.headroom.notes)


def test_the_action_says_how_far_the_relief_goes(growing, tmp_path):
    _, by_name = growing
    assert "Relieve cpu by 8x: " in by_name["capacity"].action  # 528 of 100: 2, 4, 8 times
    assert by_name["capacity"].action.endswith("which is enough for 10x. What limits still is cpu.")
    _, far = found(tmp_path, rate=20.0, noise=False, parameters={"demand_factor": 100})
    assert "takes 36x today's load, which is still not enough for 100x." in far["capacity"].action


def test_a_limit_within_a_quarter_is_acted_on(growing):
    result, by_name = growing
    told = by_name["limit-reached"]
    assert told.verdict == "act" and told.impact.value == pytest.approx(1.01**30.4375 - 1, abs=0.02)
    at = result.runs_out.date
    # The busiest minute of an hour grows no faster than the hour: 100 requests/s in it after ln(1.89) / ln(1.01) days.
    days = math.log(result.limits[0].times.value) / math.log(1.01)
    assert abs((at - result.runs_out.ends) / pd.Timedelta("1D") - days) < 4
    assert f"{at:%Y-%m-%d}" in told.sentence and f"about {at:%Y-%m-%d}" in capacity.headline(result)
    assert told.action.startswith("Have more capacity there before 2027-01-")


def test_a_limit_that_is_further_off_is_watched(tmp_path):
    """1% a day from 30 requests/s: 100 in some 118 days."""
    _, by_name = found(tmp_path, rate=30.0, growth_a_day=0.01)
    assert by_name["limit-reached"].verdict == "watch" and "2027-03-" in by_name["limit-reached"].sentence


def test_a_limit_that_demand_does_not_reach(tmp_path):
    result, by_name = found(tmp_path, rate=20.0, noise=False)
    assert by_name["limit-reached"].verdict == "ok" and by_name["limit-reached"].action == ""
    assert by_name["limit-reached"].sentence.startswith(
        "No growth is certain; demand does not reach the 90 requests/s that may be used before"
    )
    last = pd.Timestamp("2026-11-22") + pd.Timedelta(days=4 * 35)  # the last day, and four times the history
    assert capacity.headline(result).endswith(f"the 90 requests/s that may be used before {last:%Y-%m-%d}.")


def test_a_limit_that_is_passed_already(tmp_path):
    result, by_name = found(tmp_path, rate=120.0)
    assert by_name["limit-reached"].verdict == "act" and "may be used already" in by_name["limit-reached"].sentence
    assert capacity.headline(result).endswith("today's demand reaches the 90 requests/s that may be used already.")
    assert by_name["capacity"].impact.high < 1
    assert "are missing" in capacity.headroom_figure(result).layout.title.text.replace("<br>", " ")
    assert "already" in capacity.demand_figure(result).layout.title.text


def saturated(folder, used, **more):
    """A resource whose use, of 100, is given by day for 35 days: a sample an hour."""
    hours = pd.Series(used).repeat(24)
    start = pd.Timestamp("2026-10-20", tz="UTC").to_pydatetime()
    # query_range writes a sample a minute: stretch its times to hours
    text = json.loads(query_range({("disk", ()): hours.tolist()}, start))
    for series in text["data"]["result"]:
        series["values"] = [[start.timestamp() + 3600 * at, value] for at, (_, value) in enumerate(series["values"])]
    folder = system(folder, tested=False, resources=None, rate=None, own__json=json.dumps(text))
    kept = (folder / "assessment.yaml").read_text().replace("evidence: {", "evidence: {metrics: [own.json]")
    words = "".join(f", {name}: {value}" for name, value in more.items())
    disk = f"resources: [{{name: disk, used: disk, limit: 100, unit: GB, full_at: 90%{words}}}]\n"
    (folder / "assessment.yaml").write_text(kept + disk)
    result = capacity.assess(scaling_lib.open(folder))
    return next(each for each in capacity.findings(result) if each.name == "saturation")


@pytest.mark.parametrize(
    ("last", "a_day", "lead", "verdict", "action"),
    [
        (30.0, 0.0, "14 d", "ok", ""),
        (60.0, 0.5, "14 d", "watch", "Order more of disk by 2027-01-"),
        (85.0, 0.5, "14 d", "act", "Get more of disk now."),
        (95.0, 0.1, "14 d", "act", "Get more of disk now."),
    ],
)
def test_the_verdict_of_a_resource_follows_its_use(tmp_path, last, a_day, lead, verdict, action):
    """At 60 of 100, half a point a day more: 90 after 60 days, 2027-01-22, less two weeks."""
    told = saturated(tmp_path, [last - a_day * ago for ago in range(34, -1, -1)], lead_time=lead)
    assert told.verdict == verdict and told.action.startswith(action) and bool(told.action) == bool(action)
    assert told.impact.value == pytest.approx(last / 100, abs=0.02)


def test_what_cannot_be_had_is_used_less(tmp_path):
    told = saturated(tmp_path, [95.0] * 35, scales="not at all")
    assert told.verdict == "act" and told.action == "Reduce the use of disk now."


def test_a_load_test_in_doubt_is_watched(tmp_path):
    _, by_name = found(tmp_path, rate=20.0, users=(10, 20, 120))
    assert by_name["load-test"].verdict == "watch" and by_name["load-test"].subject == "levels"


def test_findings_identify_themselves(growing, tmp_path):
    for result in (growing[0], found(tmp_path, rate=None, tested=False)[0]):
        findings = capacity.findings(result)
        keys = [(each.step, each.name, each.subject) for each in findings]
        assert len(set(keys)) == len(keys)
        for each in findings:
            assert each.verdict in VERDICTS and each.sentence.endswith(".") and each.command == "scaling run --step 02"
            assert "nan" not in each.sentence and len(each.why.split(". ")) <= 6


def test_hostile_names_stay_text(tmp_path):
    own = HOSTILE.replace("'", "''")
    _, by_name = found(tmp_path, rate=20.0, more=f"services: [{{name: '{own}'}}]\n")
    text = (tmp_path / "assessment.yaml").read_text().replace("name: cpu", f"name: '{own}'")
    (tmp_path / "assessment.yaml").write_text(text)
    result = capacity.assess(scaling_lib.open(tmp_path))
    assert result.bottleneck == HOSTILE and HOSTILE[:40] in capacity.headline(result)
    shown = conclude("02", "Q?", capacity.findings(result), capacity.headline(result))._repr_mimebundle_()["text/html"]
    assert "<script" not in shown and "&lt;script&gt;" in shown
    assert by_name["capacity"].verdict == "act"
