"""All of step 02 on small systems of a known capacity, 100 requests/s: parameters, and parts absent or broken."""

from __future__ import annotations

import pandas as pd
import pytest
from small_capacity import USERS, load_metrics, served, system
from small_system import START, make, query_range

import scaling_lib
from scaling_lib import capacity
from scaling_lib.errors import InvalidInput, ScalingError


def assessed(folder, *, parameters=None, **given):
    return capacity.assess(scaling_lib.open(system(folder, **given)), **(parameters or {}))


@pytest.fixture(scope="module")
def exact(tmp_path_factory):
    """20 requests/s each minute."""
    return scaling_lib.open(
        system(tmp_path_factory.mktemp("exact"), rate=20.0, noise=False, resources=", full_at: 100%")
    )


def test_the_capacity_that_was_planted(exact):
    result = capacity.assess(exact)
    (first,) = result.limits
    assert first.rate.value == pytest.approx(100) and first.times.value == pytest.approx(5)
    assert first.why == "throughput no longer rises" and not first.modelled
    assert result.bottleneck == "cpu" and result.curve.limiting.outcome == "found"
    assert result.peak.value == pytest.approx(20) and result.needed.value == pytest.approx(200)
    assert result.headroom.absolute.value == pytest.approx(80)
    assert result.calibrated.system(1.0).mean_demand("cpu").value == pytest.approx(0.01)
    assert [step.after.value for step in result.migration] == pytest.approx([200, 400, 800])
    assert "model" not in result.absent and "load curve" not in result.absent


def test_the_factor_asks_for_more(exact):
    few, many = (capacity.assess(exact, demand_factor=factor) for factor in (2, 8))
    assert (few.factor, many.factor) == (2, 8) and not few.assumed
    assert (few.needed.value, many.needed.value) == pytest.approx((40, 160))
    verdicts = [next(iter(capacity.findings(each))).verdict for each in (few, many)]
    assert verdicts == ["ok", "act"]
    assert capacity.headline(few).startswith("Yes: it takes 5x") and capacity.headline(many).startswith("No: ")


def test_the_relief_changes_the_path(exact):
    result = capacity.assess(exact, relief=4)
    assert [step.after.value for step in result.migration] == pytest.approx([400, 1600, 6400])
    assert "Relieve cpu by 4x: " in next(iter(capacity.findings(result))).action


def test_the_level_goes_into_every_interval(tmp_path):
    system(tmp_path, rate=20.0)
    wide, narrow = (capacity.assess(scaling_lib.open(tmp_path), level=level) for level in (0.99, 0.5))
    for of in (lambda each: each.peak, lambda each: each.limits[0].times, lambda each: each.demand.growth):
        assert of(wide).level == 0.99 and of(narrow).level == 0.5
        assert of(wide).high - of(wide).low > of(narrow).high - of(narrow).low


def test_a_factor_that_nobody_gave_is_assumed(tmp_path):
    result = assessed(tmp_path, rate=20.0, demand="", noise=False)
    assert result.factor == 10 and result.assumed and result.needed.assumed
    found = next(iter(capacity.findings(result)))
    assert (
        "(a factor that was assumed)" in found.sentence and found.verdict == "watch"
    )  # what is assumed is not acted on


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"demand_factor": -1}, "demand_factor: found -1"),
        ({"demand_factor": float("nan")}, "demand_factor"),
        ({"load_test": "elsewhere"}, "load_test: found 'elsewhere'; expected one of curve"),
        ({"level": 2}, "level 2"),
        ({"relief": 0}, "relief: found 0"),
        ({"relief": 1}, "relief: found 1; expected times more than there is, above 1"),
    ],
)
def test_parameters_that_cannot_be_are_errors(exact, parameters, told):
    with pytest.raises(InvalidInput, match=told):
        capacity.assess(exact, **parameters)


def test_the_test_of_most_levels_is_used_unless_one_is_named(tmp_path):
    system(tmp_path, rate=20.0, noise=False, few__csv="users,throughput\n1,10\n2,20\n4,40\n8,50\n9,50\n")
    text = (tmp_path / "assessment.yaml").read_text()
    text = text.replace("load_tests: [", "load_tests: [{path: few.csv}, ")
    (tmp_path / "assessment.yaml").write_text(text)
    both = scaling_lib.open(tmp_path)
    assert {each.test for each in both.load_tests().tests} == {"curve", "few"}
    assert capacity.assess(both).curve.test.test == "curve"
    named = capacity.assess(both, load_test="few")
    assert named.curve.test.test == "few" and named.limits[0].rate.value == pytest.approx(50)


def test_a_test_that_reached_no_end_says_what_it_carried(tmp_path):
    """Without metrics of its own there is no model either."""
    short = assessed(tmp_path / "a", rate=20.0, noise=False, users=(10, 20, 30, 40, 50), metrics=False)
    assert short.limits == () and short.carried == 50
    assert capacity.headline(short) == (
        "Not known: the load test carried 50 requests/s and reached no limit. That is 2.5x today's load, and 10x is "
        "asked for."
    )
    found = next(iter(capacity.findings(short)))
    assert (found.name, found.verdict) == ("capacity", "unknown") and "more users" in found.action
    enough = assessed(tmp_path / "b", rate=2.0, noise=False, users=(10, 20, 30, 40, 50), metrics=False)
    assert capacity.headline(enough).startswith("Yes: with nothing deducted it takes at least 25x today's")
    assert next(iter(capacity.findings(enough))).verdict == "ok"


@pytest.mark.parametrize(("rate", "start", "verdict"), [(2.0, "Yes: ", "ok"), (9.0, "Not known: ", "unknown")])
def test_without_durations_only_what_rises_with_the_users_is_known_to_be_carried(tmp_path, rate, start, verdict):
    """160 users get 100 requests/s, who would send 160 if answers did not wait: of 80 it is known, ten times 2 or 9."""
    table = "users,throughput\n10,10\n20,20\n40,40\n80,80\n160,100\n"
    result = assessed(tmp_path, rate=rate, noise=False, metrics=False, resources=None, curve__csv=table)
    assert (result.carried, result.heaviest, result.limits) == (80, 100, ())
    said = capacity.headline(result)
    assert said.startswith(start) and "reached no limit" not in said
    assert "carried 80 requests/s in proportion to its users, and at most 100: there each user got less" in said
    first = next(iter(capacity.findings(result)))
    assert first.verdict == verdict and first.sentence.startswith("The load test carried 80 requests/s in proportion")


def locust_history(unsettled: float) -> str:
    """A minute a level; throughput at 100 users falls from 99 to 49 requests/s within it where it has not settled."""
    lines = ["Timestamp,User Count,Type,Name,Total Request Count,Total Failure Count,Total Average Response Time"]
    time, count, spent_ms = START.timestamp(), 0.0, 0.0
    for users in (10, 20, 40, 80, 100, 120, 160, 240):
        for second in range(60):
            rate = served(users) - (unsettled * second / 59 if users == 100 else 0.0)
            time, count, spent_ms = time + 1, count + rate, spent_ms + 1000 * (users - 0.99 * rate)
            lines.append(f"{time:.0f},{users},,Aggregated,{count:.0f},0,{spent_ms / count}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("unsettled", [0.0, 50.0])
def test_a_level_that_had_not_settled_is_left_out_of_everything(tmp_path, unsettled):
    result = assessed(tmp_path, noise=False, metrics=False, curve__csv=locust_history(unsettled))
    there = [10, 20, 40, 80, 120, 160, 240] if unsettled else [10, 20, 40, 80, 100, 120, 160, 240]
    assert len(result.curve.levels) == 8 and result.curve.used_levels["users"].tolist() == there
    assert result.calibrated.check.table["load"].tolist() == there
    assert result.limits[0].rate.value == pytest.approx(100, rel=0.02)


def test_the_model_is_asked_where_the_test_reached_no_end(tmp_path):
    result = assessed(tmp_path, rate=20.0, noise=False, users=(10, 20, 30, 40, 50))
    (first,) = result.limits
    assert first.modelled and first.rate.value == pytest.approx(100) and first.why == "cpu is full, by the model"
    found = next(iter(capacity.findings(result)))
    assert found.verdict == "watch" and "No load test has shown it." in found.why
    assert found.action == "Load-test it up to 200 requests/s: so far the model alone says so."


def test_the_systems_own_metrics_make_a_model_without_a_load_test(tmp_path):
    """A day whose load goes up and down between 5 and 45 requests/s, of 10 ms each."""
    rates = [25 + 20 * (1 if (minute // 30) % 2 else -1) * ((minute % 30) / 30) for minute in range(1440)]
    counts = pd.Series(rates).mul(60).cumsum()
    text = query_range({("busy", ()): (0.01 * counts).tolist(), ("total", ()): counts.tolist()})
    folder = system(tmp_path, rate=20.0, noise=False, tested=False, own__json=text, resources=", full_at: 100%")
    yaml = (folder / "assessment.yaml").read_text().replace("evidence: {", "evidence: {metrics: [own.json], ")
    (folder / "assessment.yaml").write_text(yaml)
    result = capacity.assess(scaling_lib.open(folder))
    (first,) = result.limits
    assert first.modelled and first.rate.value == pytest.approx(100, rel=0.01) and result.curve is None
    assert capacity.headline(result).startswith("No: it takes 5x")
    assert "not 10x, by the model alone. The first to break, beyond 100 requests/s: cpu is full, by the model." in (
        capacity.headline(result)
    )
    assert result.points[0].state == "history too short"


BARE = {"rate": None, "tested": False, "resources": None}
ABSENT = {
    "nothing": (BARE, {"demand", "load tests", "model"}),
    "no requests": ({"rate": None}, {"demand"}),
    "no load test": ({"tested": False}, {"load tests", "model"}),
    "no metrics of the test": ({"metrics": False}, {"model"}),
    "no resources": ({"resources": None}, {"model"}),
    "a test of two levels": ({"users": (10, 20)}, {"model"}),
    "a test of one level": ({"users": (10,)}, {"model"}),
    "a history of two days": ({"days": 2}, {"when the limit is reached"}),
}
BROKEN = {
    "a broken load test": ({"curve__csv": "users,throughput\nx,y\n"}, "load tests", "curve.csv"),
    "broken metrics of the test": ({"m__json": "{ broken"}, "load metrics", "m.json"),
}


@pytest.mark.parametrize("case", ABSENT)
def test_what_is_absent_is_said_calmly(tmp_path, case):
    given, absent = ABSENT[case]
    result = assessed(tmp_path, **given)
    assert absent <= set(result.absent) and not any(each.broken for each in result.absent.values())
    everything_shows(result)
    found = capacity.findings(result)
    told = {each.subject for each in found if each.name == "not-measured"}
    reasons = " ".join(each.why for each in found)
    assert told and all(result.absent[name].why in reasons for name in absent)
    assert all(each.verdict == "unknown" and each.action for each in found if each.name == "not-measured")


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_to_be_mended(tmp_path, case):
    given, part, file = BROKEN[case]
    result = assessed(tmp_path, **given)
    everything_shows(result)
    (told,) = [each for each in capacity.findings(result) if each.name == "broken-evidence"]
    assert (told.subject, told.verdict) == (part, "act") and file in told.why and told.action
    assert (result.curve is None) == (part == "load tests")  # a load test is of use without its metrics


def test_broken_spans_are_to_be_mended_and_absent_ones_are_a_remark(tmp_path):
    """The model stands on metrics and the load test; what spans would add is not known."""
    folder = system(tmp_path, noise=False, spans__jsonl="{ broken")
    without = capacity.assess(scaling_lib.open(folder))
    assert not [each for each in capacity.findings(without) if each.subject == "spans"]
    assert any("spans" in remark for remark in capacity.remarks_table(without)["remark"])
    text = (folder / "assessment.yaml").read_text().replace("evidence: {", "evidence: {spans: [spans.jsonl], ")
    (folder / "assessment.yaml").write_text(text)
    broken = capacity.assess(scaling_lib.open(folder))
    (told,) = [each for each in capacity.findings(broken) if each.name == "broken-evidence"]
    assert (told.subject, told.verdict) == ("spans", "act") and "spans.jsonl" in told.why
    assert broken.absent["spans"].broken and broken.calibrated is not None


def test_broken_requests_metrics_and_slos_leave_the_rest(tmp_path):
    folder = system(tmp_path, own__json="{ broken", slos__yaml="a: [")
    (folder / "counts.parquet").write_bytes(b"PAR1 broken")
    text = (folder / "assessment.yaml").read_text()
    text = text.replace("evidence: {", "evidence: {metrics: [own.json], slos: [slos.yaml], ")
    (folder / "assessment.yaml").write_text(text + "journeys: [{name: pay, route: GET /pay, slos: [some]}]\n")
    result = capacity.assess(scaling_lib.open(folder))
    assert {name for name, each in result.absent.items() if each.broken} >= {"demand", "metrics", "SLOs"}
    everything_shows(result)
    told = {each.subject for each in capacity.findings(result) if each.name == "broken-evidence"}
    assert told == {"demand", "metrics", "SLOs"}
    assert result.limits[0].rate.value == pytest.approx(100)


def test_a_selector_that_cannot_be_read_leaves_the_rest(tmp_path):
    folder = system(tmp_path, noise=False)
    text = (folder / "assessment.yaml").read_text().replace("traffic: total", "traffic: 'sum(total)'")
    (folder / "assessment.yaml").write_text(text)
    opened = scaling_lib.open(folder)
    with pytest.raises(InvalidInput):
        opened.load_metrics().select("sum(total)")
    result = capacity.assess(opened)
    assert result.limits[0].rate.value == pytest.approx(100) and result.sources["load metrics"][0].rows


def test_an_empty_assessment(tmp_path):
    result = capacity.assess(scaling_lib.open(make(tmp_path, "")))
    everything_shows(result)
    assert capacity.headline(result).startswith("Not measured: neither a load test nor a model")
    assert {each.verdict for each in capacity.findings(result)} == {"unknown"}


def test_only_errors_meant_for_the_user_are_caught(exact):
    with pytest.raises(ZeroDivisionError):
        capacity.attempts.Attempts()("part", lambda: 1 / 0)
    tried = capacity.attempts.Attempts()

    def fails() -> None:
        raise ScalingError("why")

    assert tried("part", fails) is None and tried.absent["part"].why == "why"


def test_evidence_stands_by_kind_and_origin(tmp_path):
    folder = system(tmp_path, rate=20.0, noise=False)
    text = (folder / "assessment.yaml").read_text()
    text = text.replace("requests: [counts.parquet]", "requests: [{path: counts.parquet, origin: simulated}]")
    (folder / "assessment.yaml").write_text(text)
    result = capacity.assess(scaling_lib.open(folder))
    (requests,), (tests,), (metrics,) = (result.sources[kind] for kind in ("requests", "load tests", "load metrics"))
    assert (requests.origin, requests.rows) == ("simulated", 35 * 1440 * 1200)
    assert (tests.origin, tests.rows) == ("measured", len(USERS))
    assert metrics.rows == 2 * (5 * len(USERS) + 1)
    assert requests.start == "2026-10-19T00:00:00Z"


def test_the_helper_is_of_100_requests_a_second():
    assert max(map(served, USERS)) == 100 and '"busy"' in load_metrics()


def everything_shows(result) -> None:
    """Every table, figure and finding, with words in place of what is not there."""
    for name in capacity.TABLES:
        shown = capacity.table(result, name)
        assert shown.text.strip() and "None." not in shown.bundle["text/html"]
        if not shown.name:
            assert shown.text.endswith((".", ")")) and len(shown.text.split()) > 3
    for figure in (
        capacity.load_figure,
        capacity.use_figure,
        capacity.slo_figure,
        capacity.demand_figure,
        capacity.headroom_figure,
    ):
        drawn = figure(result)
        text = drawn.text if hasattr(drawn, "text") else drawn.layout.title.text
        assert len(text.split()) > 3 and "nan" not in text.split() and not text.endswith(": ")
    assert capacity.findings(result) and capacity.headline(result).endswith(".")
