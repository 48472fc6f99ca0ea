import itertools
import json
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout import kayenta_scores, read_kayenta
from scaling_lib.rollout.kayenta_config import KayentaConfig, KayentaMetric
from scaling_lib.rollout.rank_interval import _exact_place, rank_interval

HIGH = ([10, 20, 30, 40], [1, 2, 3, 4])
LOW = HIGH[::-1]
SAME = ([1, 2, 3], [1, 2, 3])
NONE = ([], [])


def scores(groups, weights=None, **options):
    """Scores of metrics by group, each given as its values."""
    metrics, values = [], {}
    for group, each in groups.items():
        for number, pair in enumerate(each):
            name = f"{group}-{number}"
            metrics.append(KayentaMetric(name=name, groups=(group,), **options))
            values[name] = pair
    return kayenta_scores(KayentaConfig(metrics=tuple(metrics), weights=weights or {}), values)


def classified(canary, baseline, **options):
    metric = KayentaMetric(name="m", groups=("g",), **options)
    return kayenta_scores(KayentaConfig(metrics=(metric,), weights={}), {"m": (canary, baseline)}).classes["m"]


def test_published_interval():
    found = rank_interval(np.array([10.0, 20, 30, 40]), np.array([1.0, 2, 3, 4]), 0.98)
    assert (found.value, found.low, found.high) == (22.5, 6, 39)


def test_published_classes():
    assert classified(*HIGH) == "High"
    assert classified(*LOW) == "Low"
    assert classified(*HIGH, direction="decrease") == "Pass"
    sizes = {"allowed_decrease": 0.5, "allowed_increase": 1.0}
    assert classified([10, 12.2, 10.1, 12.5, 23], [20, 22, 21, 25, 30], **sizes) == "Pass"
    assert classified([1, 1, 1, 1, 10], [1, 1, 1, 1, 1]) == "Pass"
    assert classified([5, 5], [5, 5]) == "Pass"
    assert classified([], [1]) == "Nodata"


def test_published_group_scores():
    assert scores({"g": [SAME, HIGH, LOW]}).groups["g"] == pytest.approx(33.33, abs=0.01)
    assert scores({"a": [SAME, SAME], "b": [HIGH]}, {"a": 75, "b": 25}).score == 75
    assert scores({"a": [SAME, HIGH], "b": [HIGH]}, {"a": 50, "b": 50}).score == 25
    assert scores({"a": [SAME, SAME], "b": [HIGH]}, critical=True).score == 0


def test_groups_without_a_weight_share_what_is_left():
    assert scores({"a": [SAME], "b": [HIGH], "c": [SAME]}, {"a": 40}).score == pytest.approx(40 + 30)


def test_a_group_without_data_counts_as_full_unless_it_must_have_some():
    assert scores({"a": [NONE], "b": [HIGH]}).groups == {"a": 100, "b": 0}
    assert scores({"a": [NONE, SAME]}, must_have_data=True).groups["a"] == 50
    assert scores({"a": [NONE]}, must_have_data=True, critical=True).failed_critically == ("a-0",)


def test_few_points_are_said():
    assert scores({"a": [HIGH, (range(30), range(30))]}).few == ("a-0",)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 2), (4, 5), (6, 3)])
def test_exact_places_are_those_of_all_orders(n, m):
    orders = itertools.combinations(range(n + m), n)
    counts = Counter(sum(order) - n * (n - 1) // 2 for order in orders)
    below = np.cumsum([counts[u] for u in range(n * m + 1)]) / sum(counts.values())
    for tail in (0.01, 0.025, 0.1, 0.5):
        assert _exact_place(n, m, tail) == int(np.argmax(below >= tail))


@pytest.mark.parametrize("ties", [False, True])
def test_the_interval_is_of_the_shifts_that_the_test_does_not_reject(ties):
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.4, 1, 70), rng.normal(0, 1, 60)
    if ties:
        one, other = one.round(1), other.round(1)
    found = rank_interval(one, other, 0.9)
    for end, inside in ((found.low, 1), (found.high, -1)):
        step = 0.11 if ties else 0.01
        outer, inner = (stats.mannwhitneyu(one - end + side * inside * step, other).pvalue for side in (1, -1))
        assert outer < 0.1 < inner


def test_it_covers_what_is_independent():
    rng = np.random.default_rng(2)
    missed = 0
    for _ in range(300):
        found = rank_interval(rng.normal(1, 1, 15), rng.normal(0, 1, 12), 0.9)
        missed += not found.low <= 1 <= found.high
    assert missed <= stats.binom.ppf(0.999, 300, 0.1)
    assert missed >= stats.binom.ppf(0.001, 300, 0.08)


def test_reads_a_config(tmp_path):
    file = tmp_path / "canary.json"
    held = {
        "direction": "increase",
        "nanStrategy": "replace",
        "critical": True,
        "mustHaveData": True,
        "effectSize": {"allowedIncrease": 1.1, "criticalIncrease": 2, "measure": "meanRatio"},
        "outliers": {"strategy": "remove", "outlierFactor": 2.5},
    }
    metrics = [
        {"name": "errors", "groups": ["health"], "analysisConfigurations": {"canary": held}},
        {"name": "latency", "groups": ["speed", "health"]},
    ]
    file.write_text(json.dumps({"metrics": metrics, "classifier": {"groupWeights": {"health": 60, "speed": 40}}}))
    found = read_kayenta(file)
    assert found.weights == {"health": 60, "speed": 40}
    assert found.metrics[0] == KayentaMetric(
        name="errors",
        groups=("health",),
        direction="increase",
        missing_are_zero=True,
        critical=True,
        must_have_data=True,
        allowed_increase=1.1,
        critical_increase=2,
        outlier_factor=2.5,
    )
    assert found.metrics[1].groups == ("speed", "health")
    slow = kayenta_scores(found, {"errors": ([0.0, 0, 0], [0.0, 0, 0]), "latency": HIGH})
    assert slow.score == 60 * 0.5 + 40 * 0


def test_outliers_and_missing_values_are_handled_as_said():
    canary, baseline = [*range(100, 130), 10_000], list(range(100, 130))
    assert classified(canary, baseline, outlier_factor=3.0) == "Pass"
    assert classified([np.nan] * 8, [1, 2, 3, 4, 5, 6, 7, 8]) == "Nodata"
    assert classified([np.nan] * 8, [1, 2, 3, 4, 5, 6, 7, 8], missing_are_zero=True) == "Low"


def test_critical_effects():
    metric = {"critical_increase": 3.0}
    assert scores({"a": [HIGH]}, **metric).failed_critically == ("a-0",)
    assert scores({"a": [([10, 20, 30, 40], [9, 8, 7, 6])]}, **metric).failed_critically == ()
    assert classified(*HIGH, measure="cles", allowed_increase=0.9) == "High"
    assert classified(*HIGH, allowed_increase=20.0) == "Pass"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[]", "no list `metrics`"),
        ("{", "cannot be read as JSON"),
        ('{"metrics": [{}]}', r"metrics\[0\]: found no `name`"),
        ('{"metrics": [{"name": "a", "groups": "x"}]}', "expected a list of names"),
        ('{"metrics": [{"name": "a"}, {"name": "a"}]}', "'a' twice"),
        ('{"metrics": [{"name": "a"}], "classifier": {"groupWeights": {"x": 101}}}', "100 together at most"),
        ('{"metrics": [{"name": "a"}], "classifier": {"groupWeights": {"x": "much"}}}', "expected a number"),
        (
            '{"metrics": [{"name": "a", "analysisConfigurations": {"canary": {"direction": "up"}}}]}',
            "found 'up'; expected one of either, increase, decrease",
        ),
        ('{"metrics": [{"name": "a", "analysisConfigurations": {"canary": 5}}]}', "expected fields with names"),
    ],
)
def test_a_config_that_cannot_be_used(tmp_path, content, words):
    file = tmp_path / "canary.json"
    file.write_text(content)
    with pytest.raises(InvalidInput, match=words):
        read_kayenta(file)


def test_values_of_an_unknown_metric():
    with pytest.raises(InvalidInput, match="values of other"):
        kayenta_scores(KayentaConfig(metrics=(), weights={}), {"other": SAME})
