"""Kayenta's canary judge, so that a team can hold its scores beside the judgement here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout.kayenta_config import KayentaConfig, KayentaMetric
from scaling_lib.rollout.rank_interval import rank_interval
from scaling_lib.words import listing

Class = Literal["Pass", "High", "Low", "Nodata"]
Floats = NDArray[np.float64]

LEVEL = 0.98  # of the interval that Kayenta asks for
TOLERANCE = 0.25  # of the shift itself: nearer to 0 than that, an end of the interval does not count
WHOLE = 100.0


@dataclass(frozen=True, kw_only=True)
class KayentaScores:
    """What Kayenta would say: classes by metric, scores by group, and the score; 0 to 100.

    failed_critically: the metrics for which the score is 0 whatever the others are. few: metrics with so few points a
    side that the class says little, which Kayenta does not say.
    """

    classes: Mapping[str, Class]
    groups: Mapping[str, float]
    score: float
    failed_critically: tuple[str, ...]
    few: tuple[str, ...]


def kayenta_scores(
    config: KayentaConfig, values: Mapping[str, tuple[ArrayLike, ArrayLike]], *, few: int = 20
) -> KayentaScores:
    """Classify each metric and add up the groups, by the rules of Kayenta's NetflixACAJudge.

    config: see `read_kayenta`. values: by the metric's name its (canary, baseline), points in any order; a metric of
    the config without them has no data.
    A group without data scores 100, as there: hold it against a judgement here, which says NO DATA.
    Raises InvalidInput for values of a metric that the config does not name.
    Source: the rules of github.com/spinnaker/kayenta (Mann-Whitney interval of 98%, bounds of a quarter of the
    Hodges-Lehmann shift, effect sizes, weighted sum of groups), written anew.
    """
    if unknown := sorted(set(values) - {metric.name for metric in config.metrics}):
        raise InvalidInput(
            f"kayenta_scores: found values of {listing(unknown)}, which the canary config does not name; expected "
            f"{listing([metric.name for metric in config.metrics])}. Give the metric's name as it is there."
        )
    sides = {metric.name: _sides(metric, *values.get(metric.name, ((), ()))) for metric in config.metrics}
    judged = {metric.name: _classified(metric, *sides[metric.name]) for metric in config.metrics}
    classes = {name: found for name, (found, _) in judged.items()}
    critically = tuple(metric.name for metric in config.metrics if _fails_all(metric, *judged[metric.name]))
    groups = {
        group: _score([(metric, classes[metric.name]) for metric in config.metrics if group in metric.groups])
        for group in sorted({group for metric in config.metrics for group in metric.groups})
    }
    return KayentaScores(
        classes=classes,
        groups=groups,
        score=0.0 if critically else _summary(groups, config.weights),
        failed_critically=critically,
        few=tuple(name for name, (one, other) in sides.items() if 0 < min(len(one), len(other)) < few),
    )


def _sides(metric: KayentaMetric, canary: ArrayLike, baseline: ArrayLike) -> tuple[Floats, Floats]:
    sides = []
    for values in (canary, baseline):
        side = np.asarray(values, dtype=np.float64).ravel()
        side = np.where(np.isnan(side), 0.0, side) if metric.missing_are_zero else side[~np.isnan(side)]
        sides.append(_without_outliers(side, metric.outlier_factor) if metric.outlier_factor else side)
    return sides[0], sides[1]


def _without_outliers(side: Floats, factor: float) -> Floats:
    """Without what is so many quartile ranges away from the quartiles, and outside of the 5th and 95th percentile."""
    if not len(side):
        return side
    low, first, third, high = np.quantile(side, [0.05, 0.25, 0.75, 0.95])
    reach = factor * (third - first)
    kept = (side >= min(low, first - reach)) & (side <= max(high, third + reach))
    return np.asarray(side[kept], dtype=np.float64)


def _classified(metric: KayentaMetric, canary: Floats, baseline: Floats) -> tuple[Class, float]:
    """The class, and the effect by which it is held critical."""
    if not len(canary) or not len(baseline):
        return "Nodata", math.nan
    alike = len(np.unique(np.concatenate([canary, baseline]))) == 1
    if alike or np.array_equal(np.sort(canary), np.sort(baseline)):
        return "Pass", 1.0
    shift = rank_interval(canary, baseline, LEVEL)
    bound = TOLERANCE * abs(shift.value)
    effect = metric.effect(canary, baseline)
    if metric.direction != "decrease" and shift.low > bound and effect >= metric.allowed_increase:
        return "High", effect
    if metric.direction != "increase" and shift.high < -bound and effect <= metric.allowed_decrease:
        return "Low", effect
    return "Pass", effect


def _fails_all(metric: KayentaMetric, found: Class, effect: float) -> bool:
    beyond = (found == "High" and metric.critical_increase is not None and effect >= metric.critical_increase) or (
        found == "Low" and metric.critical_decrease is not None and effect <= metric.critical_decrease
    )
    missing = found == "Nodata" and metric.must_have_data
    return beyond or (metric.critical and (found in ("High", "Low") or missing))


def _score(metrics: Sequence[tuple[KayentaMetric, Class]]) -> float:
    """The share of metrics that pass, of those with data or that must have it."""
    counted = [found for metric, found in metrics if found != "Nodata" or metric.must_have_data]
    return WHOLE * sum(found == "Pass" for found in counted) / len(counted) if counted else WHOLE


def _summary(groups: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Weighted sum; groups without a weight share what is left of 100."""
    others = [group for group in groups if group not in weights]
    left = (WHOLE - sum(weights.values())) / len(others) if others else 0.0
    return sum(score * weights.get(group, left) / WHOLE for group, score in groups.items())
