"""Alerts from files of rules, Kubernetes and Prometheus' interface; and what is no rule."""

from __future__ import annotations

import json

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.alerts import AlertSource, read_alerts

RULES = """
groups:
  - name: shop
    rules:
      - {record: "r:errors", expr: "sum(rate(x{code=~'5..'}[5m]))"}
      - alert: Burn
        expr: |
          r:errors > (14.4 * 0.001)
        for: 2m
        labels: {severity: page, slo: checkout}
        annotations: {summary: "{{ $labels.slo }} burns"}
      - {alert: Slow, expr: y > 3, labels: {priority: P2}}
"""


def read(tmp_path, text: str, name: str = "rules.yaml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_alerts([AlertSource(path=str(tmp_path / "*"), origin="simulated")])


def test_a_file_of_rules(tmp_path):
    found = read(tmp_path, RULES)
    recorded, burn, slow = found.rules
    assert (recorded.kind, recorded.name) == ("record", "r:errors")
    assert [each.text for each in recorded.reads.selectors] == ["x{code=~'5..'}"]
    assert (burn.kind, burn.name, burn.severity, burn.pages) == ("alert", "Burn", "page", True)
    assert burn.reads.limits == pytest.approx((0.0144,))
    assert (slow.severity, slow.pages) == ("P2", False)
    assert burn.source == "rules.yaml, group shop"
    (quality,) = found.quality
    assert (quality.rows, quality.format, quality.origin) == (3, "Prometheus rules", "simulated")


def test_a_rule_of_kubernetes(tmp_path):
    lines = "".join(f"  {line}\n" for line in RULES.strip().splitlines())
    found = read(tmp_path, "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n" + lines)
    assert [rule.name for rule in found.rules] == ["r:errors", "Burn", "Slow"]


def test_the_interface(tmp_path):
    rules = [
        {"type": "alerting", "name": "Burn", "query": "x > 1", "labels": {"severity": "critical"}, "health": "ok"},
        {"type": "recording", "name": "r:x", "query": "sum(x)", "labels": {}},
    ]
    answer = {"status": "success", "data": {"groups": [{"name": "g", "file": "f", "rules": rules}]}}
    found = read(tmp_path, json.dumps(answer), "rules.json")
    assert [(rule.kind, rule.name, rule.pages) for rule in found.rules] == [
        ("alert", "Burn", True),
        ("record", "r:x", False),
    ]
    assert found.quality[0].format == "Prometheus interface"


def test_rules_that_cannot_be_read_are_counted_and_shown(tmp_path):
    found = read(
        tmp_path,
        "groups: [{name: g, rules: [{alert: A, expr: up}, {alert: B, expr: 'x{'}, {alert: C}, {expr: up}]}]",
    )
    assert [rule.name for rule in found.rules] == ["A"]
    (reject,) = found.quality[0].rejected
    assert reject.rows == 3
    assert "brace" in reject.examples[0]
    assert "line 1, groups[0].rules[2].expr: found nothing" in reject.examples[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1", "found no groups of rules"),
        ("- 1", "expected groups of rules"),
        ("", "found no document; expected groups of rules"),
        ("groups: 3", "groups: found 3; expected a list"),
        ("groups: [{rules: 3}]", "rules: found 3"),
        ("groups: [", "not valid YAML"),
        ("groups: !!python/object:os.system []", "YAML tag"),
        ('{"status": "error", "error": "no"}', "found 'error'; expected success"),
    ],
)
def test_bad_files_are_named(tmp_path, text, said):
    with pytest.raises(BrokenEvidence) as error:
        read(tmp_path, text)
    assert "rules.yaml" in str(error.value) and said in str(error.value)


def test_a_bad_file_beside_a_good_one_is_a_problem_of_its_source(tmp_path):
    (tmp_path / "bad.yaml").write_text("groups: [", encoding="utf-8")
    found = read(tmp_path, RULES)
    assert len(found.rules) == 3
    assert [bool(each.problem) for each in found.quality] == [False, True]


def test_no_file_is_said(tmp_path):
    with pytest.raises(BrokenEvidence, match="no file is there"):
        read_alerts([AlertSource(path=str(tmp_path / "none.yaml"))])


def test_of_rules_that_cannot_be_read_the_first_are_named_with_the_reason(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "groups: [{name: g, rules: [{alert: Torn, expr: 'sum(rate(x{route=\"/a\"[5m])) >'}]}]", encoding="utf-8"
    )
    with pytest.raises(BrokenEvidence, match=r"r\.yaml: found no rule that can be read.*Rule Torn: .*\"/a\""):
        read_alerts([AlertSource(path=str(tmp_path / "r.yaml"))])
