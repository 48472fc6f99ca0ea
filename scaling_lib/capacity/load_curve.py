"""The load curve: what a load test says of the highest throughput, the knee, and what saturates, and whether it may."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from scaling_lib.capacity.knee import Knee, Plateau, highest_seen, knee, plateau
from scaling_lib.capacity.load_checks import FEWEST_LEVELS, Check, load_checks, loads_of
from scaling_lib.capacity.reasons import reason_sentence
from scaling_lib.capacity.utilization import (
    COLUMNS,
    LimitingResource,
    generator_processors,
    limiting_resource,
    utilization_by_level,
)
from scaling_lib.config_resources import Resource
from scaling_lib.errors import InvalidInput, NotEnoughData, NotMeasured
from scaling_lib.evidence.load_tests import ALL, LoadTest, LoadTests
from scaling_lib.evidence.load_tests.levels import levels as levels_of
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.model import usl
from scaling_lib.model.calibration import from_load_test
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_finite
from scaling_lib.stats.proportions import check_level, normal_quantile
from scaling_lib.words import listing, plural, quantity

Axis = Literal["requests in flight", "users", ""]

WAITING = 0.95  # of the users: where so many wait under light load, they do not pause between requests


@dataclass(frozen=True, kw_only=True)
class LoadCurve:
    """What one load test says.

    test: its facts; levels: as `evidence.load_tests.levels` gives them for all requests together, with in_flight
        (throughput x mean duration, by Little's law) and used (whether the figures below rest on it).
    checks: what has to hold before the rest is believed, see `load_checks`.
    axis: what the scalability law is fitted against, "" where it is not; axis_sentence: why.
    fit: the law, None where it could not be fitted; peak: its peak on that axis; peak_users: the same in users, for a
        closed test whose peak lies within the measured range.
    plateau, knee: None where they could not be told. utilization: a row a resource and level (resource, level,
        utilization, low, high); unmeasured: by resource, why it is not in it; limiting: what is full at the plateau.
    refused: by figure ("fit", "plateau", "knee"), why there is none, a sentence each.
    """

    test: LoadTest
    levels: pd.DataFrame
    checks: tuple[Check, ...]
    axis: Axis
    axis_sentence: str
    fit: usl.Fit | None
    peak: usl.Peak | None
    peak_users: Estimate | None
    plateau: Plateau | None
    knee: Knee | None
    utilization: pd.DataFrame
    unmeasured: dict[str, str]
    limiting: LimitingResource
    refused: dict[str, str]

    @property
    def used_levels(self) -> pd.DataFrame:
        """The levels that figures rest on."""
        return self.levels[self.levels["used"]]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed: with any, the figures are to be shown with its sentence or not at all."""
        return tuple(check for check in self.checks if check.status == "failed")


def load_curve(
    tests: LoadTests,
    name: str,
    *,
    metrics: Metrics | None = None,
    resources: Sequence[Resource] = (),
    generator: str = "",
    generator_limit: float | None = None,
    level: float = 0.95,
) -> LoadCurve:
    """The load curve of one load test.

    name: the test's, as in `tests.tests`. metrics: recorded beside the test; resources: what of them to look at.
    generator: a selector of counters of the generator's CPU seconds in the metrics, "" to recognise it.
    generator_limit: processors that one of its processes can use. level: of all intervals.

    Levels that had not settled are left out where enough others remain. The Universal Scalability Law is fitted against
    the requests in flight: users who pause between requests load the system only while they wait. Where users never
    pause, they are the requests in flight, and are taken themselves. What cannot be told is said in `refused`.
    Raises InvalidInput for a name that is not there, a limit that is not above 0, and a level outside of (0, 1).
    """
    check_level("load_curve", level)
    if generator_limit is not None and not (is_finite(generator_limit) and generator_limit > 0):
        raise InvalidInput(
            f"load_curve: found generator_limit {generator_limit!r}; expected processors above 0, such as 1."
        )
    names = [each.test for each in tests.tests]
    if name not in names:
        raise InvalidInput(f"load_curve: found the test {name!r}; expected one of {listing(names)}.")
    test = tests.test(name)
    found = levels_of(replace(tests, tests=(test,)), level=level)
    found = found[found["name"] == ALL].reset_index(drop=True)
    found = found.assign(in_flight=found["throughput"] * found["mean_s"], used=_used(found))
    utilization, processors = pd.DataFrame(columns=COLUMNS), None
    unmeasured: dict[str, str] = {}
    if metrics is not None:
        utilization, unmeasured = utilization_by_level(metrics, resources, found, level=level)
        try:
            processors = generator_processors(metrics, found, generator)
        except NotMeasured:
            processors = None
    checks = load_checks(tests, test, found, generator=processors, generator_limit=generator_limit)
    return curve_of_levels(
        found,
        test,
        checks=checks,
        utilization=utilization,
        unmeasured=unmeasured,
        level=level,
    )


def curve_of_levels(
    levels: pd.DataFrame,
    test: LoadTest,
    *,
    checks: tuple[Check, ...],
    utilization: pd.DataFrame,
    unmeasured: dict[str, str],
    level: float = 0.95,
) -> LoadCurve:
    """The load curve of levels that are known; arguments as the attributes of `LoadCurve`."""
    used = levels[levels["used"]]
    refused: dict[str, str] = {}
    axis, axis_sentence = _axis(used, test)
    fit = _fit(used, axis, axis_sentence, level, refused)
    high, bend = _plateau_and_knee(used, test, level, refused)
    peak = fit.peak(level) if fit is not None else None
    if peak is not None and high is not None:
        by_users = bool(used["users"].notna().all())
        if contradiction := _contradiction(peak, high, by_users=by_users):
            fit = peak = None
            refused["fit"] = contradiction
    return LoadCurve(
        test=test,
        levels=levels,
        checks=checks,
        axis=axis if fit is not None else "",
        axis_sentence=axis_sentence,
        fit=fit,
        peak=peak,
        peak_users=_in_users(peak, bend, axis, level),
        plateau=high,
        knee=bend,
        utilization=utilization,
        unmeasured=unmeasured,
        limiting=limiting_resource(utilization, levels, high.levels if high else (), level=level),
        refused=refused,
    )


def _used(levels: pd.DataFrame) -> pd.Series[bool]:
    """Those that had settled, where enough of them are there; else all."""
    settled = levels["steady"].fillna(True).astype(bool)
    if loads_of(levels[settled]).nunique() < FEWEST_LEVELS:
        return pd.Series(True, index=levels.index)
    return settled


def _axis(levels: pd.DataFrame, test: LoadTest) -> tuple[Axis, str]:
    users, timed = bool(levels["users"].notna().all()), bool(levels["mean_s"].notna().all())
    if levels.empty or not (users or timed):
        return "", "Neither users nor durations are known, so how many requests were in flight is not."
    if not timed:
        return "users", (
            "How long requests took is not known, so users stand for the requests in flight: where they pause between "
            "requests, the law does not hold."
        )
    if users and test.load == "closed":
        lightest = levels.iloc[int(levels["users"].to_numpy().argmin())]
        if float(lightest["in_flight"]) >= WAITING * float(lightest["users"]):
            return "users", "Users do not pause between requests: each is a request in flight, and the load is users."
        return "requests in flight", (
            "Users pause between requests, so the load is the requests in flight (throughput x mean duration, by "
            "Little's law), and not the users."
        )
    return "requests in flight", "The load is the requests in flight: throughput x mean duration, by Little's law."


def _fit(levels: pd.DataFrame, axis: Axis, why: str, level: float, refused: dict[str, str]) -> usl.Fit | None:
    loads = loads_of(levels)
    different = loads.nunique()
    if not axis:
        refused["fit"] = why
    elif different < FEWEST_LEVELS:
        refused["fit"] = (
            f"No scalability law is fitted to {plural(int(different), 'load')} that differ: it has three parameters. "
            f"Measure at least {FEWEST_LEVELS}, from a light one to past where throughput stops rising."
        )
    else:
        load = levels["users" if axis == "users" else "in_flight"]
        try:
            return usl.fit(
                load,
                levels["throughput"],
                measured_errors=_measured_errors(levels, level),
                load_unit=axis,
                throughput_unit="requests/s",
            )
        except (NotEnoughData, InvalidInput) as error:
            refused["fit"] = reason_sentence(error)
    return None


def _measured_errors(levels: pd.DataFrame, level: float) -> pd.Series[float] | None:
    """The standard error of each level's throughput by its own interval; None where one is not known."""
    if "throughput_high" not in levels:
        return None
    errors = (levels["throughput_high"] - levels["throughput_low"]) / (2 * normal_quantile(level))
    return errors if bool((errors > 0).all()) else None


def _plateau_and_knee(
    levels: pd.DataFrame, test: LoadTest, level: float, refused: dict[str, str]
) -> tuple[Plateau | None, Knee | None]:
    if levels.empty:
        refused["plateau"] = refused["knee"] = f"{test.test} has no level of constant load."
        return None, None
    if not bool(levels["users"].notna().all()):
        refused["knee"] = f"The users of {test.test} are not known, and the knee is in users."
        return highest_seen(levels, level=level), None
    try:
        high = plateau(levels, level=level)
    except (NotEnoughData, InvalidInput) as error:
        refused["plateau"] = refused["knee"] = reason_sentence(error)
        return None, None
    if test.load == "open":
        refused["knee"] = "The knee in users is of closed load; under open load users do not wait for answers."
    else:
        try:
            timed = bool(levels["mean_s"].notna().all())
            demands = from_load_test(levels, level=level) if timed else None
            return high, knee(high, demands, levels, level=level)
        except (NotEnoughData, InvalidInput, NotMeasured) as error:
            refused["knee"] = reason_sentence(error)
    return high, None


def _contradiction(peak: usl.Peak, high: Plateau, *, by_users: bool) -> str:
    """A sentence where the law's peak cannot be that of the levels, "" where it can.

    by_users: whether users are known, without which levels do not tell that throughput still rises.
    """
    ends = high.throughput.value if math.isnan(high.throughput.high) else high.throughput.high
    if high.reached and peak.throughput.low > ends:
        there = f"ends at {quantity(peak.throughput.low, 'requests/s')} at the least"
    elif not high.reached and by_users and peak.state == "within the measured range":
        there = f"has its peak at {peak.value:.3g} {peak.unit}, within the measured range"
    else:
        return ""
    return (
        f"No scalability law is given: the one that fits best {there}, which the levels contradict. {high.sentence} "
        "Measure more levels."
    )


def _in_users(peak: usl.Peak | None, bend: Knee | None, axis: Axis, level: float) -> Estimate | None:
    """The users who keep the peak's requests in flight: these, and those who think meanwhile."""
    if peak is None or peak.state != "within the measured range":
        return None
    if axis == "users":
        return Estimate(peak.value, peak.low, peak.high, level, "users")
    if bend is None or math.isnan(bend.think_time.value):
        return None
    think, served = bend.think_time, peak.throughput
    shortest, longest = (think.value if math.isnan(end) else end for end in (think.low, think.high))
    return Estimate(
        peak.value + served.value * think.value,
        peak.low + served.low * shortest,
        peak.high + served.high * longest,
        level,
        "users",
    )
