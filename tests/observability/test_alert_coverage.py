"""Alerts held against SLOs: what each reads, straight or through recorded series; and alerts that read nothing."""

from __future__ import annotations

import json
import math

import pytest
import yaml

from scaling_lib.evidence.alerts import AlertSource, read_alerts
from scaling_lib.evidence.slos import SLO
from scaling_lib.observability import alert_coverage
from scaling_lib.slo import prometheus_rules

SERIES = [
    (metric, json.dumps({"route": route, **more}, sort_keys=True))
    for route in ("/a", "/b")
    for metric, more in [
        ("requests_total", {"code": "200"}),
        ("requests_total", {"code": "404"}),
        ("duration_bucket", {"le": "0.3"}),
        ("duration_bucket", {"le": "1.0"}),
        ("duration_bucket", {"le": "+Inf"}),
    ]
]  # nothing has failed yet: no series says 5xx


def availability(route: str = "/a", **more) -> SLO:
    queries = {
        "bad_query": f'sum(increase(requests_total{{route="{route}",code=~"5.."}}[{{{{.window}}}}]))',
        "total_query": f'sum(increase(requests_total{{route="{route}"}}[{{{{.window}}}}]))',
    }
    return SLO(name=f"{route} availability", target=0.999, **{**queries, **more})


def latency(route: str = "/a") -> SLO:
    queries = {
        name: f'sum(increase(duration_bucket{{route="{route}",le="{edge}"}}[{{{{.window}}}}]))'
        for name, edge in (("good_query", "0.3"), ("total_query", "+Inf"))
    }
    return SLO(name=f"{route} latency", target=0.99, kind="latency", threshold_s=0.3, **queries)


def rules(tmp_path, *made: dict):
    (tmp_path / "rules.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "g", "rules": list(made)}]}), encoding="utf-8"
    )
    return read_alerts([AlertSource(path=str(tmp_path / "rules.yaml"))]).rules


def alert(expression: str, severity: str = "page") -> dict:
    return {"alert": "A", "expr": expression, "labels": {"severity": severity}}


BAD, ALL = 'rate(requests_total{route="/a",code=~"5.."}[1h])', 'rate(requests_total{route="/a"}[1h])'
FAST = 'rate(duration_bucket{route="/a",le="0.3"}[1h]) / rate(duration_bucket{route="/a",le="+Inf"}[1h])'


@pytest.mark.parametrize(
    ("slo", "expression", "state"),
    [
        (availability(), f"{BAD} / {ALL} > 0.0144", "page"),
        (availability(), 'requests_total{code="500",route="/a"} > 0', "page"),  # a part of the failures
        (availability(), 'sum(rate(requests_total{code=~"5.."}[5m])) > 1', "shared"),  # of all routes
        (availability(), f"{ALL} < 1", "none"),  # of traffic
        (availability(), 'requests_total{route="/a",code="404"} > 5', "none"),  # which is good
        (availability(), 'requests_total{route="/b",code=~"5.."} > 5', "none"),
        (availability(), FAST + " < 0.9", "none"),
        (availability(bad_query="", good_query='requests_total{route="/a",code!~"5.."}'), f"{BAD} / {ALL} > 0.1", "page"),
        (latency(), f"1 - {FAST} > 0.144", "page"),
        (latency(), f"{FAST} < 0.9", "page"),
        (latency(), 'histogram_quantile(0.99, rate(duration_bucket{route="/a"}[5m])) > 0.3', "page"),
        (latency(), "histogram_quantile(0.99, rate(duration_bucket[5m])) > 0.3", "page"),  # fires for each route
        (latency(), "histogram_quantile(0.99, sum by (le) (rate(duration_bucket[5m]))) > 0.3", "shared"),
        (availability(), 'sum by (route) (rate(requests_total{code=~"5.."}[5m])) > 1', "page"),
        (availability(), 'sum(rate(requests_total{code=~"5.."}[5m])) without (code) > 1', "page"),
        (availability(), 'sum by (code) (rate(requests_total{code=~"5.."}[5m])) > 1', "shared"),
        (availability(), 'max(sum by (route) (rate(requests_total{code=~"5.."}[5m]))) > 1', "shared"),
        (availability(), "sum by (route) (rate(requests_total[5m])) < 1", "none"),
        (latency(), 'rate(duration_bucket{route="/a",le="1.0"}[1h]) < 5', "none"),  # another threshold
        (latency(), f"{BAD} / {ALL} > 0.0144", "none"),
        (SLO(name="plain", target=0.9), f"{BAD} > 1", "not known"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("given", [True, False], ids=["with metrics", "without"])
def test_what_an_alert_reads(tmp_path, slo, expression, state, given):
    found = alert_coverage(rules(tmp_path, alert(expression)), [slo], series=SERIES if given else None)
    assert found.slos[0].state == state


def test_a_ticket_is_no_page(tmp_path):
    (one,) = alert_coverage(
        rules(tmp_path, alert(f"{BAD} / {ALL} > 0.003", "warning")), [availability()], series=SERIES
    ).slos
    assert one.state == "ticket"
    assert one.alerts[0].burn == pytest.approx(3)
    assert one.alerts[0].windows_s == (3600,)


@pytest.mark.parametrize(
    ("slo", "expression", "burn"),
    [
        (availability(), f"{BAD} / {ALL} > (14.4 * 0.001)", 14.4),
        (latency(), f"{FAST} < 0.94", 6),
        (latency(), 'histogram_quantile(0.99, rate(duration_bucket{route="/a"}[5m])) > 0.3', math.nan),
        (availability(), f"{BAD} > 20", math.nan),
    ],
)
def test_burn_rates_of_limits_that_are_shares(tmp_path, slo, expression, burn):
    (one,) = alert_coverage(rules(tmp_path, alert(expression)), [slo], series=SERIES).slos
    assert one.alerts[0].burn == pytest.approx(burn, nan_ok=True)


def test_recorded_series_are_followed_with_the_conditions_on_them(tmp_path):
    """The rule is by route; which route an alert looks at is said by its own condition alone."""
    made = rules(
        tmp_path,
        {"record": "r:bad", "expr": 'sum by (route) (rate(requests_total{code=~"5.."}[5m]))'},
        {"record": "r:ratio", "expr": "r:bad / sum by (route) (rate(requests_total[5m]))", "labels": {"kind": "x"}},
        {**alert('r:ratio{route="/a",kind="x"} > 0.01'), "alert": "OfA"},
        {**alert('r:ratio{kind="y"} > 0.01'), "alert": "OfNothing"},
    )
    found = alert_coverage(made, [availability("/a"), availability("/b")], series=SERIES)
    assert [(each.state, [one.name for one in each.alerts]) for each in found.slos] == [("page", ["OfA"]), ("none", [])]
    assert found.slos[0].alerts[0].windows_s == (300,)
    assert found.unread["alert"].tolist() == ["OfNothing"]  # no rule records that series


def test_rules_that_record_each_other_end(tmp_path):
    made = rules(tmp_path, {"record": "a", "expr": "b"}, {"record": "b", "expr": "a"}, alert("a > 1"))
    assert alert_coverage(made, [availability()], series=SERIES).slos[0].state == "none"


def test_the_rules_that_step_01_writes_watch_every_slo(tmp_path):
    slos = [availability("/a"), availability("/b"), latency("/a"), latency("/b")]
    (tmp_path / "own.yaml").write_text(prometheus_rules(slos), encoding="utf-8")
    own = read_alerts([AlertSource(path=str(tmp_path / "own.yaml"))]).rules
    found = alert_coverage(own, slos, series=SERIES)
    assert [each.state for each in found.slos] == ["page"] * 4
    assert [max(one.burn for one in each.alerts) for each in found.slos] == pytest.approx([13.44] * 4)  # of 28 days
    assert found.unread.empty
    less = [rule for rule in own if rule.labels.get("slo") != "/b latency"]
    assert [each.state for each in alert_coverage(less, slos, series=SERIES).slos] == ["page"] * 3 + ["none"]


def test_alerts_that_read_nothing(tmp_path):
    made = rules(
        tmp_path,
        {**alert("missing_total > 1"), "alert": "Gone"},
        {**alert('requests_total{route="/typo"} > 1'), "alert": "Typo"},
        {**alert('requests_total{route="/a",code=~"5.."} > 1'), "alert": "NotYet"},
    )
    found = alert_coverage(made, [availability()], series=SERIES)
    assert found.unread[["alert", "why"]].to_numpy().tolist() == [
        ["Gone", "no metric of this name is in the evidence"],
        ["Typo", "the metric is there, but none of its series fits"],
    ]
    assert alert_coverage(made, [availability()]).unread.empty  # without metrics it cannot be told


def test_nothing_at_all(tmp_path):
    found = alert_coverage([], [availability()], series=[])
    assert (found.slos[0].state, found.alerts, len(found.unread)) == ("none", 0, 0)
    assert alert_coverage([], []).slos == ()


def test_a_pattern_that_prometheus_refuses_reads_nothing(tmp_path):
    found = alert_coverage(rules(tmp_path, alert('requests_total{route=~"("} > 1')), [availability()], series=SERIES)
    assert found.slos[0].state == "none" and len(found.unread) == 1
