"""Which labels aggregations keep."""

from __future__ import annotations

import pytest

from scaling_lib.evidence.expressions import parse_expression


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("rate(x[5m])", "abc"),
        ("sum(rate(x[5m]))", ""),
        ("sum by (a) (x)", "a"),
        ("sum(x) by (a, b)", "ab"),
        ("SUM WITHOUT (a)(x)", "bc"),
        ("max(sum by (a, b) (x)) without (b)", "a"),
        ("topk(3, x)", "abc"),
        ('sum by (a) (x{b=")"})', "a"),
        ("sum(y) / on(b) group_left x", "abc"),
        ("sum by (a) (y) + sum(x) by (b)", "b"),
        ("sum by (a) (x) / sum(x)", ""),  # wherever it stands
        ("sum_over_time(x[5m])", "abc"),
    ],
)
def test_labels_that_are_kept(text, kept):
    found = parse_expression(text)
    around = next(added for each, added in zip(found.selectors, found.aggregated, strict=True) if each.name == "x")
    assert "".join(label for label in "abc" if all(each.keeps(label) for each in around)) == kept
