"""Canaries from small logs and metrics: what lacks data never passes, and each fault is said."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from small_system import make, query_range

import scaling_lib
from scaling_lib import rollout
from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import judged_canary
from scaling_lib.rollout.quantile_points import interpolated_median
from scaling_lib.rollout.sides import versioned

JOURNEY = """journeys:
  - name: order
    route: POST /order
    slos: [{kind: availability, target: 99%}, {kind: latency, threshold: 300 ms, target: 99%}]
"""
CANARY = "canaries:\n  - {name: two, canary: '2', baseline: '1', journey: order, share: 50%%, %s}\n"
LOG = "requests: [requests.csv]"


def log(canary, baseline, *, start=datetime(2026, 11, 23, 10, 0, tzinfo=UTC)):
    """Requests by version: (status, ms) each, one a second; none where the status is 0."""
    rows = [
        (start + timedelta(seconds=at), version, status, took)
        for version, requests in (("2", canary), ("1", baseline))
        for at, (status, took) in enumerate(requests)
        if status
    ]
    lines = [
        f"{at:%Y-%m-%dT%H:%M:%SZ},POST,/order,{status},{took},{version}" for at, version, status, took in sorted(rows)
    ]
    return "\n".join(["time,method,path,status,duration_ms,version", *lines]) + "\n"


def noise(count, *, failed=0, times=1.0, seed=0):
    rng = np.random.default_rng(seed)
    took = np.round(50 * times * rng.lognormal(0, 0.2, count), 3)
    return [(500 if at < failed else 200, each) for at, each in enumerate(took)]


@pytest.fixture
def judged(tmp_path):
    """The canary of an assessment with a log of both versions, judged."""

    def make_and_judge(canary, baseline, *, yaml=JOURNEY, said=LOG, **files):
        folder = make(tmp_path / "a", yaml + CANARY % said, requests__csv=log(canary, baseline), **files)
        system = scaling_lib.open(folder)
        return judged_canary(system, system.config.canaries[0])

    return make_and_judge


def test_alike_it_passes_and_worse_it_fails(judged):
    good = judged(noise(2000, seed=1), noise(2000, seed=2))
    assert good.judgement.verdict == "PASS" and good.sides.canary.failures == (0, 2000)
    failing = judged(noise(2000, failed=80, seed=1), noise(2000, seed=2))
    assert failing.judgement.failed == ("failures",)
    slower = judged(noise(2000, times=1.5, seed=1), noise(2000, seed=2))
    assert slower.judgement.failed == ("latency",)
    late = judged([(200, 400 if at % 10 == 0 else 50 + at % 7) for at in range(2000)], noise(2000, seed=2))
    assert "slow requests" in late.judgement.failed


@pytest.mark.parametrize("count", [1, 2, 19])
def test_too_few_are_no_pass(judged, count):
    found = judged(noise(count), noise(count, seed=3))
    assert found.judgement.verdict == "INCONCLUSIVE"
    assert found.judgement.times > 1


@pytest.mark.parametrize("took", [0, 50])
def test_constants_pass_only_by_their_counts(judged, took):
    alike = [(200, took)] * 40
    assert judged(alike, alike).judgement.verdict == "INCONCLUSIVE"  # of 40 requests 1% may still fail
    assert judged(alike * 50, alike * 50).judgement.verdict == "PASS"


def test_a_side_without_requests_has_no_data(judged):
    for sides in (([], noise(500)), (noise(500), [])):
        found = judged(*sides)
        assert found.judgement.verdict == "NO DATA" and found.judgement.ratio is None
        assert "is known of" in found.judgement.because or "no data" in found.judgement.because


def test_a_log_without_status_or_durations_is_no_pass(judged, tmp_path):
    whole = log(noise(2000, seed=1), noise(2000, seed=2)).splitlines()
    for lost in (3, 4):
        cut = "\n".join(",".join(each for place, each in enumerate(line.split(",")) if place != lost) for line in whole)
        folder = make(tmp_path / "b", JOURNEY + CANARY % LOG, requests__csv=cut + "\n")
        system = scaling_lib.open(folder)
        found = judged_canary(system, system.config.canaries[0]).judgement
        assert found.verdict == "NO DATA", lost
        assert {3: "Failures", 4: "Latency"}[lost] in found.because


def test_requests_that_it_refuses_fail_a_canary(judged):
    """A broken route answers 404, which is no failure of the server's."""
    broken = [(404 if at % 5 < 2 else status, took) for at, (status, took) in enumerate(noise(2000))]
    found = judged(broken, noise(2000, seed=1)).judgement
    assert found.verdict == "FAIL" and found.failed == ("refused requests",)
    assert "were refused (4xx)" in found.because.lower()
    alike = [
        [(404 if at % 50 == 7 else status, took) for at, (status, took) in enumerate(noise(2000, seed=n))]
        for n in (3, 4)
    ]
    assert judged(*alike).judgement.verdict != "FAIL"


def test_a_split_that_was_not_meant_voids_it(judged):
    lost = [(0 if at % 8 == 3 else status, took) for at, (status, took) in enumerate(noise(2000, failed=200))]
    found = judged(lost, noise(2000, seed=1))
    assert found.sides.canary.requests == 1750 and found.judgement.verdict == "FAIL"  # it lost some, and failed more
    assert "not split as intended" in found.judgement.because
    fewer = [(0 if at % 8 == 3 else status, took) for at, (status, took) in enumerate(noise(2000))]
    assert judged(fewer, noise(2000, seed=1)).judgement.verdict == "VOID"  # 250^2 / 3750 = 16.7
    shorter = judged(noise(1000), noise(2000, seed=1))  # what came after the canary's last request is not compared
    assert (shorter.sides.canary.requests, shorter.sides.baseline.requests) == (1000, 1000)
    assert shorter.judgement.verdict == "PASS" or shorter.judgement.undecided


def test_versions_that_were_never_there_together_have_no_data(tmp_path):
    first = log([], noise(100))
    then = log(noise(100), [], start=datetime(2026, 11, 24, tzinfo=UTC)).partition("\n")[2]
    system = scaling_lib.open(make(tmp_path / "a", JOURNEY + CANARY % LOG, requests__csv=first + then))
    assert judged_canary(system, system.config.canaries[0]).judgement.verdict == "NO DATA"
    once = log(noise(1), noise(1, seed=2))
    system = scaling_lib.open(make(tmp_path / "a", JOURNEY + CANARY % LOG, requests__csv=once))
    assert judged_canary(system, system.config.canaries[0]).judgement.verdict == "INCONCLUSIVE"


def test_evidence_that_is_broken_or_of_other_versions(tmp_path):
    for said, files in (
        ("requests: [none.csv]", {}),
        (LOG, {"requests__csv": log([], noise(9)).replace(",1\n", ",7\n")}),
    ):
        system = scaling_lib.open(make(tmp_path / "c", JOURNEY + CANARY % said, **files))
        found = judged_canary(system, system.config.canaries[0])
        assert found.judgement is None and found.absent["evidence"].broken
        result = rollout.assess(system)
        (finding,) = [each for each in rollout.findings(result) if each.subject == "two"]
        assert finding.verdict == "act" and finding.name == "broken-evidence"
        assert "not judged" in rollout.table(result, "canaries").text
        assert rollout.canary_figure(result).text and rollout.shift_figure(result).text


def test_kayenta_beside_it(judged):
    config = (
        '{"metrics": [{"name": "latency", "groups": ["a"]}, {"name": "heap", "groups": ["a"]}],'
        ' "classifier": {"groupWeights": {"a": 100}}}'
    )
    found = judged(noise(2000, seed=1), noise(2000, seed=2), said=LOG + ", kayenta: k.json", k__json=config)
    assert found.kayenta.classes["latency"] == "Pass" and found.unmeasured == ("heap",)
    other = config.replace('"latency"', '"cpu"')
    found = judged(noise(2000, seed=1), noise(2000, seed=2), said=LOG + ", kayenta: k.json", k__json=other)
    assert found.kayenta is None and "none of which is measured" in found.absent["Kayenta"].why
    assert found.judgement.verdict == "PASS"
    found = judged(noise(2000), noise(2000, seed=2), said=LOG + ", kayenta: k.json", k__json="{")
    assert found.absent["Kayenta"].broken and found.judgement is not None


def test_what_is_tolerated_without_an_slo_is_assumed(judged):
    yaml = "journeys:\n  - {name: order, route: POST /order}\n"
    found = judged(noise(2000, seed=1), noise(2000, seed=2), yaml=yaml)
    assert found.tolerated.assumed and found.judgement.verdict == "PASS"
    assert [each.name for each in found.judgement.guardrails] == ["failures", "latency"]


SELECTORS = (
    "metrics: [m.json], total: 'http_total', errors: 'http_total{code=\"500\"}', "
    "more: [{name: memory, gauge: memory_bytes}, {name: queries, counter: queries_total}]"
)


def series(version, *, good, bad, memory, queries):
    job = (("job", version), ("version", version))
    n = len(good)
    return {
        ("http_total", (("code", "200"), *job)): np.cumsum(good),
        ("http_total", (("code", "500"), *job)): np.cumsum(bad),
        ("memory_bytes", job): memory,
        ("queries_total", job): np.cumsum(np.full(n, queries)),
    }


def test_metrics_by_their_label(tmp_path):
    rng = np.random.default_rng(2)
    n = 100
    both = {
        **series("2", good=[100] * n, bad=[4] * n, memory=rng.normal(200, 5, n), queries=300),
        **series("1", good=[100] * n, bad=[1] * n, memory=rng.normal(100, 5, n), queries=300),
    }
    folder = make(tmp_path / "a", CANARY.replace("journey: order, ", "") % SELECTORS, m__json=query_range(both))
    system = scaling_lib.open(folder)
    found = judged_canary(system, system.config.canaries[0])
    assert found.sides.canary.failures == (4 * (n - 1), 104 * (n - 1))
    assert found.sides.baseline.failures == (n - 1, 101 * (n - 1))
    by_name = {each.name: each.judgement for each in found.judgement.guardrails}
    assert by_name["memory"].verdict == "FAIL" and by_name["memory"].relative.value == pytest.approx(1.0, abs=0.05)
    assert by_name["queries"].verdict == "PASS" and by_name["latency"].verdict == "NO DATA"
    assert set(found.judgement.failed) == {"failures", "memory"}
    rollout.table(rollout.assess(system), "guardrails")


def test_a_version_that_no_series_has(tmp_path):
    one = series("1", good=[100] * 50, bad=[1] * 50, memory=[1.0] * 50, queries=3)
    folder = make(tmp_path / "a", CANARY.replace("journey: order, ", "") % SELECTORS, m__json=query_range(one))
    system = scaling_lib.open(folder)
    found = judged_canary(system, system.config.canaries[0])
    assert found.judgement is None or found.judgement.verdict in ("NO DATA", "VOID")


def test_selectors_of_a_version():
    canary = scaling_lib.config_evidence.Canary(
        name="a", canary='2"x', baseline="1", metrics=[{"path": "m.json"}], label="build"
    )
    assert versioned("up", canary, "1") == 'up{build="1"}'
    assert versioned('up{a="b", }', canary, canary.canary) == 'up{a="b",build="2\\"x"}'
    assert versioned("{}", canary, "1") == '{build="1"}'


def test_the_median_of_a_histogram():
    assert interpolated_median({0.1: 0, 0.2: 10, float("inf"): 10}) == pytest.approx(0.15)
    assert interpolated_median({0.1: 4, float("inf"): 10}) == 0.1
    assert np.isnan(interpolated_median({})) and np.isnan(interpolated_median({0.1: 0, float("inf"): 0}))


def test_each_name_once(tmp_path):
    twice = CANARY.replace("journey: order, ", "") % LOG
    with pytest.raises(InvalidInput, match="used twice"):
        scaling_lib.open(make(tmp_path / "a", twice + twice.partition("\n")[2]))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("share: 0%, requests: [a.csv]", "share of 0"),
        ("baseline: '2', requests: [a.csv]", "both sides"),
        ("share: 10%", "no evidence"),
        ("requests: [a.csv], more: [{name: m, gauge: g}]", "without metrics"),
        ("metrics: [a.json], more: [{name: m}]", "either gauge or counter"),
        ("metrics: [a.json], more: [{name: latency, gauge: g}]", "judged by itself"),
        ("requests: [a.csv], journey: nowhere", "a journey's name"),
    ],
)
def test_what_cannot_be_described(tmp_path, said, told):
    start = "canaries:\n  - {name: two, canary: '2', "
    beside = "" if "baseline" in said else "baseline: 1.0.0, "
    yaml = f"{start}{beside}{said}}}\n"
    with pytest.raises(InvalidInput, match=told):
        scaling_lib.open(make(tmp_path / "a", yaml))
