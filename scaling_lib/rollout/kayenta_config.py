"""Canary configurations of Kayenta: which metrics, in which groups, how each is held."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from scaling_lib.errors import InvalidInput

Direction = Literal["increase", "decrease", "either"]
Measure = Literal["meanRatio", "cles"]
SIZES = ("allowedIncrease", "allowedDecrease", "criticalIncrease", "criticalDecrease")
OUTLIER_FACTOR = 3.0


@dataclass(frozen=True, kw_only=True)
class KayentaMetric:
    """One metric and how it is held; what the config leaves out is Kayenta's default.

    allowed_increase, allowed_decrease, critical_increase, critical_decrease: effects from which on a shift counts, and
    fails everything (None: never), in `measure`: the ratio of the means, or the chance that the canary's value is the
    larger. outlier_factor: quartile ranges beyond which values are left out; None: none is.
    """

    name: str
    groups: tuple[str, ...]
    direction: Direction = "either"
    missing_are_zero: bool = False
    critical: bool = False
    must_have_data: bool = False
    measure: Measure = "meanRatio"
    allowed_increase: float = -math.inf
    allowed_decrease: float = math.inf
    critical_increase: float | None = None
    critical_decrease: float | None = None
    outlier_factor: float | None = None

    def effect(self, canary: NDArray[np.float64], baseline: NDArray[np.float64]) -> float:
        """The effect of the canary over the baseline, in `measure`; infinite over a baseline of mean 0."""
        if self.measure == "cles":
            ordered = np.sort(baseline)
            places = np.searchsorted(ordered, canary, "left") + np.searchsorted(ordered, canary, "right")
            return float(places.mean() / (2 * len(baseline)))
        one, other = float(canary.mean()), float(baseline.mean())
        return one / other if other else math.copysign(math.inf, one)


@dataclass(frozen=True, kw_only=True)
class KayentaConfig:
    """The metrics, and the weights of groups in percent."""

    metrics: tuple[KayentaMetric, ...]
    weights: Mapping[str, float]


def read_kayenta(file: Path) -> KayentaConfig:
    """Read a canary config (JSON). Raises InvalidInput that names the field that cannot be used."""
    try:
        content = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise InvalidInput(f"{file}: cannot be read as JSON ({error}); expected a canary config of Kayenta.") from error
    if not isinstance(content, dict) or not isinstance(content.get("metrics"), list) or not content["metrics"]:
        raise InvalidInput(f"{file}: found no list `metrics`; expected a canary config of Kayenta with at least one.")
    metrics = tuple(_metric(f"{file}: metrics[{place}]", each) for place, each in enumerate(content["metrics"]))
    names = [metric.name for metric in metrics]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidInput(f"{file}: found the metric {sorted(twice)[0]!r} twice; expected each name once.")
    weights = _mapping(f"{file}: classifier", content.get("classifier", {}), "groupWeights")
    numbers = {str(name): _number(f"{file}: classifier.groupWeights.{name}", each) for name, each in weights.items()}
    if sum(numbers.values()) > 100 or min(numbers.values(), default=0.0) < 0:
        raise InvalidInput(
            f"{file}: classifier.groupWeights: found {weights}; expected percent of at least 0, 100 together at most."
        )
    return KayentaConfig(metrics=metrics, weights=numbers)


def _metric(where: str, content: object) -> KayentaMetric:
    if not isinstance(content, dict) or not isinstance(content.get("name"), str):
        raise InvalidInput(f"{where}: found no `name`; expected a metric with a name and its groups.")
    groups = content.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(each, str) for each in groups):
        raise InvalidInput(f"{where}.groups: found {groups!r}; expected a list of names.")
    held = _mapping(f"{where}.analysisConfigurations", content.get("analysisConfigurations") or {}, "canary")
    effect = _mapping(f"{where}.analysisConfigurations.canary", held, "effectSize")
    outliers = _mapping(f"{where}.analysisConfigurations.canary", held, "outliers")
    place = f"{where}.analysisConfigurations.canary.effectSize"
    sizes = {name: _number(f"{place}.{name}", effect[name]) for name in SIZES if name in effect}
    removed = outliers.get("strategy") == "remove"
    return KayentaMetric(
        name=content["name"],
        groups=tuple(groups),
        direction=cast(
            Direction, _one_of(f"{where}: direction", held, "direction", ("either", "increase", "decrease"))
        ),
        missing_are_zero=_one_of(f"{where}: nanStrategy", held, "nanStrategy", ("remove", "replace")) == "replace",
        critical=bool(held.get("critical", False)),
        must_have_data=bool(held.get("mustHaveData", False)),
        measure=cast(Measure, _one_of(f"{place}: measure", effect, "measure", ("meanRatio", "cles"))),
        allowed_increase=sizes.get("allowedIncrease", -math.inf),
        allowed_decrease=sizes.get("allowedDecrease", math.inf),
        critical_increase=sizes.get("criticalIncrease"),
        critical_decrease=sizes.get("criticalDecrease"),
        outlier_factor=_number(f"{where}: outlierFactor", outliers.get("outlierFactor", OUTLIER_FACTOR))
        if removed
        else None,
    )


def _mapping(where: str, content: Any, name: str) -> dict[str, Any]:
    found = content.get(name) if isinstance(content, dict) else content
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidInput(f"{where}.{name}: found {found!r}; expected fields with names.")
    return found


def _one_of(where: str, content: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    found = content.get(name, allowed[0])
    if found not in allowed:
        raise InvalidInput(f"{where}: found {found!r}; expected one of {', '.join(allowed)}.")
    return str(found)


def _number(where: str, found: object) -> float:
    try:
        number = float(cast(Any, found))
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(found, bool) or not math.isfinite(number):
        raise InvalidInput(f"{where}: found {found!r}; expected a number.")
    return number
