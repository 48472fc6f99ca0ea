"""The written rules, given to the real promtool: do they check, and do they page when and only when they should?"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from needed import need

from scaling_lib.config import Journey
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.slos import SLO
from scaling_lib.objectives import bound_slo
from scaling_lib.slo.alerts import alert_policy
from scaling_lib.slo.prometheus_out import prometheus_rules

pytestmark = pytest.mark.service
POLICY = alert_policy("30d")
PAGE, TICKET = "SLOBurnRatePage", "SLOBurnRateTicket"
HOSTILE = 'it\'s "all"\n} or vector(1) # {{ $labels.x }} {{ end }} \\ é \u2028 \x07'

EVENTS = SLO(
    name="events", target=0.999,
    bad_query='sum(rate(requests_total{code=~"5.."}[{{.window}}]))',
    total_query="sum(rate(requests_total[{{ .window }}])) # all of them",
)  # fmt: skip
GOOD = SLO(name="good", target=0.999, good_query='requests_total{code!~"5.."}', total_query="requests_total")
FIXED = SLO(
    name="fixed range", target=0.999,
    bad_query='sum(rate(requests_total{code=~"[5][0-9m]+"}[5m]))', total_query="sum(rate(requests_total[5m]))",
)  # fmt: skip
SUMS = SLO(name="sums", target=0.999, bad_query='sum(requests_total{code=~"5.."})', total_query="sum(requests_total)")
MIXED = SLO(name="mixed", target=0.999, bad_query=FIXED.bad_query, total_query="sum(requests_total)")
RAW = SLO(name="raw", target=0.999, raw_query="error_ratio")
SUCCESS = SLO(name="success", target=0.999, raw_query="1 - error_ratio", raw_type="success")
THRESHOLD = SLO(name="queue", target=0.999, kind="threshold", metric_query="queue_length", op="lte", value=100)
LATENCY = SLO(
    name="latency", target=0.999, kind="latency", threshold_s=0.3,
    good_query='sum(rate(took_seconds_bucket{le="0.3"}[{{.window}}]))',
    total_query="sum(rate(took_seconds_count[{{.window}}]))",
)  # fmt: skip
FORMS = [EVENTS, GOOD, FIXED, SUMS, MIXED, RAW, SUCCESS, THRESHOLD, LATENCY]


def promtool(*arguments: str, folder: Path) -> str:
    run = subprocess.run([need("promtool"), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout + run.stderr


def series(per_minute: int, bad_per_minute: float) -> list[dict[str, str]]:
    """Two and a half hours in which so many of so many requests a minute are bad, seen by every form of SLI."""
    good, bad, minutes = per_minute - bad_per_minute, bad_per_minute, 150
    share = bad / per_minute
    every = round(1 / share) if share else minutes + 1
    queue = " ".join("500" if minute % every == every - 1 else "5" for minute in range(minutes + 1))
    return [
        {"series": 'requests_total{code="200"}', "values": f"0+{good:g}x{minutes}"},
        {"series": 'requests_total{code="500"}', "values": f"0+{bad:g}x{minutes}"},
        {"series": 'took_seconds_bucket{le="0.3"}', "values": f"0+{good:g}x{minutes}"},
        {"series": "took_seconds_count", "values": f"0+{per_minute}x{minutes}"},
        {"series": "error_ratio", "values": f"{share:g}x{minutes}"},
        {"series": "queue_length", "values": queue},
    ]


def fires(
    folder: Path, rules: str, given: list[dict[str, str]], expected: dict[str, list[str]], at: str = "2h"
) -> None:
    """promtool agrees that after `at` exactly the alerts of `expected` (alert: names of SLOs) fire."""
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    tests = [
        {
            "interval": "1m",
            "input_series": given,
            "promql_expr_test": [
                {
                    "expr": f'count by (slo) (ALERTS{{alertname="{alert}", alertstate="firing"}})',
                    "eval_time": at,
                    "exp_samples": [{"labels": f'{{slo="{name}"}}', "value": 1} for name in names],
                }
                for alert, names in expected.items()
            ],
        }
    ]
    plan = {"rule_files": ["rules.yml"], "evaluation_interval": "5m", "tests": tests}
    (folder / "test.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    promtool("test", "rules", "test.yml", folder=folder)


def test_every_form_checks(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(prometheus_rules(FORMS, POLICY), encoding="utf-8")
    out = promtool("check", "rules", "--lint-fatal", "rules.yml", folder=tmp_path)
    assert f"SUCCESS: {len(FORMS) * 12} rules found" in out  # 7 windows, objective, budget, burn rate, page, ticket


@pytest.mark.parametrize(
    ("bad", "alerts"),
    [
        (0, {PAGE: False, TICKET: False}),
        (5, {PAGE: False, TICKET: False}),  # a burn rate of 0.5
        (50, {PAGE: False, TICKET: True}),  # 5: above 3, below 6
        (100, {PAGE: True, TICKET: True}),  # 10: above 6, by 6h/30m
        (1000, {PAGE: True, TICKET: True}),  # 100: above 14.4
        (10_000, {PAGE: True, TICKET: True}),  # a total outage
    ],
)
def test_alerts_by_burn_rate(tmp_path: Path, bad: int, alerts: dict[str, bool]) -> None:
    # Of minutes, 30 cannot show 1 in 2000, 200 or 100 that are bad: there the metric with a threshold stays out.
    forms = FORMS if bad not in (5, 50, 100) else [slo for slo in FORMS if slo is not THRESHOLD]
    expected = {alert: [slo.name for slo in forms] if fired else [] for alert, fired in alerts.items()}
    fires(tmp_path, prometheus_rules(forms, POLICY), series(10_000, bad), expected)


def test_the_comparison_is_strict(tmp_path: Path) -> None:
    """0.006 is exactly 6 x 0.001: it may not page; a little more has to."""
    instant = replace(RAW, raw_query="max_over_time(error_ratio[{{.window}}])")  # no arithmetic before the comparison
    rules = prometheus_rules([instant], POLICY)
    fires(tmp_path, rules, [{"series": "error_ratio", "values": "0.006x300"}], {PAGE: []})
    fires(tmp_path, rules, [{"series": "error_ratio", "values": "0.0060001x300"}], {PAGE: ["raw"]})


def test_a_page_ends_soon_after_the_outage(tmp_path: Path) -> None:
    """The short window: 30 minutes of errors that ended 31 minutes ago do not page any more."""
    good = {"series": 'requests_total{code="200"}', "values": "0+1000x300"}
    ended = {"series": 'requests_total{code="500"}', "values": "0x178 0+100x30 3000x100"}
    fires(tmp_path, prometheus_rules([EVENTS], POLICY), [good, ended], {PAGE: []}, at="4h")


def test_no_traffic_and_no_errors_ever(tmp_path: Path) -> None:
    silent = [{"series": 'requests_total{code="200"}', "values": "7x300"}]
    fires(tmp_path, prometheus_rules([EVENTS, GOOD], POLICY), silent, {PAGE: [], TICKET: []})
    clean = [{"series": 'requests_total{code="200"}', "values": "0+10x300"}]
    (tmp_path / "clean.yml").write_text("")
    fires(tmp_path, prometheus_rules([EVENTS], POLICY), clean, {PAGE: []})
    only_errors = [{"series": 'requests_total{code="500"}', "values": "0+10x300"}]  # no success was ever counted
    fires(tmp_path, prometheus_rules([EVENTS, GOOD], POLICY), only_errors, {PAGE: ["events", "good"]})


def latency_of(threshold: str, buckets: str = 'took_bucket{job="shop"}') -> SLO:
    """The SLO of a journey as assessment.yaml writes it, with the queries made from its selectors."""
    journey = Journey.model_validate(
        {
            "name": "pay",
            "metrics": {"total": "took_count", "buckets": buckets},
            "slos": [{"kind": "latency", "threshold": threshold, "target": "99.9%"}],
        }
    )
    return bound_slo(journey, journey.slos[0], {})


def histogram(fast: int, *, edge: str) -> list[dict[str, str]]:
    """Five hours of 1,000 requests a minute, so many of which took no longer than the edge."""
    counts = {edge: fast, "+Inf": 1000}
    return [
        {"series": f'took_bucket{{job="shop", le="{le}"}}', "values": f"0+{count}x300"} for le, count in counts.items()
    ]


@pytest.mark.parametrize(
    ("threshold", "edge"),
    [
        ("1 s", "1.0"),
        ("1 s", "1"),
        ("300 ms", "0.3"),
        ("1234567 us", "1.234567"),
        ("30 us", "0.00003"),
        ("30 us", "3e-05"),
        ("5 min", "300.0"),
    ],
)
def test_a_latency_pages_for_slow_requests_alone_however_the_edge_is_written(
    tmp_path: Path, threshold: str, edge: str
) -> None:
    rules = prometheus_rules([latency_of(threshold)], POLICY)
    fires(tmp_path, rules, histogram(1000, edge=edge), {PAGE: [], TICKET: []}, at="4h")
    fires(tmp_path, rules, histogram(970, edge=edge), {PAGE: ["pay latency"], TICKET: ["pay latency"]}, at="4h")


def test_a_bucket_that_does_not_exist_is_not_known_and_said(tmp_path: Path) -> None:
    rules = prometheus_rules([latency_of("2 s")], POLICY)
    given = histogram(970, edge="1.0")
    fires(tmp_path, rules, given, {PAGE: [], TICKET: []}, at="4h")
    plan = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": given,
                "promql_expr_test": [{"expr": "slo:sli_error:ratio_rate1h", "eval_time": "4h", "exp_samples": []}],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    promtool("test", "rules", "test.yml", folder=tmp_path)
    assert '# "pay latency" needs the bucket its query names: where no series has that `le`' in rules


@pytest.mark.parametrize(
    "buckets",
    ["took_bucket", "took_bucket{}", 'took_bucket{job="shop",}', 'took_bucket{job="shop"} ',
     ' took_bucket { job = "shop" , } '],
)  # fmt: skip
def test_every_selector_of_a_histogram_gives_rules_that_work(tmp_path: Path, buckets: str) -> None:
    rules = prometheus_rules([latency_of("1 s", buckets)], POLICY)
    fires(tmp_path, rules, histogram(1000, edge="1.0"), {PAGE: []}, at="4h")
    fires(tmp_path, rules, histogram(970, edge="1.0"), {PAGE: ["pay latency"]}, at="4h")


def test_what_is_no_selector_of_a_histogram_is_named() -> None:
    with pytest.raises(InvalidInput, match="assessment.yaml, journey pay, metrics.buckets: Selector"):
        latency_of("1 s", "rate(took_bucket[5m])")


def test_hostile_names_break_nothing(tmp_path: Path) -> None:
    labels = {"te am": 'a {{ .Value }} "b"\n{{', "__own": "x", "9lives": "y", "severity": "none", "": "z"}
    slo = replace(EVENTS, name=HOSTILE, service=HOSTILE, journey=HOSTILE, labels=labels)
    rules = prometheus_rules([slo, EVENTS], POLICY)
    groups = yaml.safe_load(rules)["groups"]
    assert groups[0]["rules"][0]["labels"]["slo"] == HOSTILE
    alert = next(rule for rule in groups[0]["rules"] if rule.get("alert") == PAGE)
    assert alert["labels"]["severity"] == "page"
    (tmp_path / "rules.yml").write_text(rules, encoding="utf-8")
    promtool("check", "rules", "--lint-fatal", "rules.yml", folder=tmp_path)
    quiet = replace(slo, name='a}b{{.window}}"c', service="", journey="", labels={"team": "{{ x }}"})
    (tmp_path / "rules.yml").write_text(prometheus_rules([quiet], POLICY), encoding="utf-8")
    plan = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "5m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series(1000, 100),
                "promql_expr_test": [
                    {
                        "expr": 'ALERTS{alertname="SLOBurnRatePage"}',
                        "eval_time": "2h",
                        "exp_samples": [
                            {
                                "labels": 'ALERTS{alertname="SLOBurnRatePage", alertstate="firing", severity="page", '
                                'slo="a}b{{.window}}\\"c", team="{{ x }}"}',
                                "value": 1,
                            }
                        ],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    promtool("test", "rules", "test.yml", folder=tmp_path)


def test_slos_without_queries_are_named(tmp_path: Path) -> None:
    rules = prometheus_rules([SLO(name="logs\n- x: 1", target=0.99), EVENTS], POLICY)
    assert rules.splitlines()[1].startswith('# No rules for "logs\\n- x: 1": it has no queries')
    assert len(yaml.safe_load(rules)["groups"]) == 1
    two_ranges = replace(EVENTS, bad_query="sum(rate(a[5m])) - sum(rate(b[1h]))", name="two")
    assert "several ranges" in prometheus_rules([two_ranges, EVENTS], POLICY)
    with pytest.raises(NotMeasured, match="total_query"):
        prometheus_rules([SLO(name="logs", target=0.99)], POLICY)
    with pytest.raises(NotMeasured, match="there is no SLO"):
        prometheus_rules([], POLICY)
    with pytest.raises(InvalidInput, match="two SLOs"):
        prometheus_rules([EVENTS, EVENTS], POLICY)


def test_a_sum_of_counters_is_put_over_the_window() -> None:
    rule = yaml.safe_load(prometheus_rules([SUMS], POLICY))["groups"][0]["rules"][0]
    total = "(sum(increase(requests_total[5m])))"
    bad = '(sum(increase(requests_total{code=~"5.."}[5m])))'
    assert rule["expr"] == f"({bad} or 0 * {total})\n/\n{total}"
    gauge = yaml.safe_load(prometheus_rules([replace(SUMS, counter=False)], POLICY))["groups"][0]["rules"][0]
    assert "(sum(sum_over_time(requests_total[5m])))" in gauge["expr"]
    grouped = prometheus_rules([replace(SUMS, name="by", total_query="sum(requests_total) by (code)"), EVENTS], POLICY)
    assert "no range to put a window in its place" in grouped


def test_a_tier_that_cannot_fire_is_left_out(tmp_path: Path) -> None:
    rules = prometheus_rules([replace(EVENTS, target=0.9)], POLICY)  # 14.4 x 0.1 is above 1, 6 x 0.1 is not
    assert '# No page on 1h/5m for "events"' in rules
    alert = next(rule for rule in yaml.safe_load(rules)["groups"][0]["rules"] if rule.get("alert") == PAGE)
    assert alert["expr"].count(" and ") == 1
    assert "(6 * 0.1)" in alert["expr"]


@pytest.mark.parametrize(
    ("period", "factors"), [("30d", ["14.4", "6", "3", "1"]), ("28d", ["13.44", "5.6", "2.8", "0.933333333333"])]
)
def test_thresholds_are_written_without_float_noise(period: str, factors: list[str]) -> None:
    rules = prometheus_rules([replace(EVENTS, target=0.9993)], alert_policy(period))
    for factor in factors:
        assert f"> ({factor} * 0.0007)" in rules
