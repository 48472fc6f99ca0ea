"""What a PromQL expression reads."""

from __future__ import annotations

import pytest

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.expressions import parse_expression


@pytest.mark.parametrize(
    ("text", "selectors"),
    [
        ("up", ["up"]),
        ("absent(up{job='x'})", ["up{job='x'}"]),
        ('{__name__="x", a=`b}`} > 1', ['{__name__="x", a=`b}`}']),
        ("sum by (route) (rate(a[5m])) / sum without (x) (rate(b{c!=''}[5m]))", ["a", "b{c!=''}"]),
        ("a and on (b, c) d unless ignoring(e) f or group_left", ["a", "d", "f"]),
        ("histogram_quantile(0.99, sum(rate(x_bucket[5m])) by (le))", ["x_bucket"]),
        ("rate(a[5m] offset 1h) @ 1700000000 # b{c='d'}\n+ e", ["a", "e"]),
        ('label_replace(a, "b", "$1", "c", "(.*)")', ["a"]),
        ("max_over_time((a > 0)[1h:5m]) + a", ["a"]),
        ("inf > NaN", []),
        ("1 + 2", []),
    ],
)
def test_selectors_each_once(text, selectors):
    assert [each.text for each in parse_expression(text).selectors] == selectors


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("a > 0.5", [0.5]),
        ("a > (14.4 * 0.001) and b >= 14.4*0.001", [0.0144, 0.0144]),
        ("a > bool 2 or b < 1e-3", [2, 0.001]),
        ("a > 1 / 8", [0.125]),
        ("a > 1 / 0", []),
        ("a > 0.5 - 0.1", [0.4]),  # Prometheus works it out before it compares
        ("(a > 14 * (1 - 0.99)) and (b < -2)", [0.14, -2]),
        ("a > 0.1 * b", []),
        ("a > 5m", []),
        ("a > ((((", []),
        ("a > 1" + "0" * 400, []),
        ("a > b", []),
        ("a", []),
    ],
)
def test_limits_are_worked_out(text, limits):
    assert parse_expression(text).limits == pytest.approx(limits)


def test_windows_are_seconds_and_variables_are_none():
    text = "rate(a[5m]) + rate(a[1h30m]) + rate(a[$__rate_interval]) + rate(a[{{.window}}]) + max_over_time(a[2d:5m])"
    assert parse_expression(text).windows_s == (300, 5400, 172800)


@pytest.mark.parametrize("text", ['a{b="c"', "a{b=}", "a{b=c}", '{b=""}'])
def test_what_is_no_selector_is_said(text):
    with pytest.raises(InvalidInput, match="found|would match"):
        parse_expression(text)


def test_a_long_expression_takes_no_longer_than_its_length():
    assert len(parse_expression(" + ".join(f"a{number}" for number in range(20_000))).selectors) == 20_000
