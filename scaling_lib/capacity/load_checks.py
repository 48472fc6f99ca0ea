"""What has to hold before anything is fitted to a load test: each a check with its verdict and a sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from scaling_lib.evidence.cells import bin_quantile
from scaling_lib.evidence.load_tests import LoadTests
from scaling_lib.evidence.load_tests.omission import corrected_bins
from scaling_lib.evidence.load_tests.parts import OMISSION, SATURATED, LoadTest
from scaling_lib.words import duration, listing, number, percent, plural

Status = Literal["passed", "failed", "not known"]

FEWEST_LEVELS = 4  # three parameters pass exactly through three
ENOUGH_LEVELS = 6
MOST_ERRORS = 0.01  # of the answers: failures are often faster, and lift the throughput
BUSY = 0.9  # of its processors: a generator this busy sends late
LATE = 0.1  # by so much longer than under light load may users stay away before they count as late
LIGHT = 0.8  # of the highest throughput
ONE_PROCESSOR = ("locust",)  # a process of these computes on one processor


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that has to hold before the figures of a load test are used.

    name: of "workload", "coordinated omission", "dropped iterations", "load generator", "levels", "steady" and
    "errors"; status; sentence: what was found and what it means.
    """

    name: str
    status: Status
    sentence: str


def load_checks(
    tests: LoadTests,
    test: LoadTest,
    levels: pd.DataFrame,
    *,
    generator: pd.Series[float] | None = None,
    generator_limit: float | None = None,
) -> tuple[Check, ...]:
    """The checks of one test, in the order in which they should be read.

    levels: of this test and all its requests together, as `evidence.load_tests.levels` gives them.
    generator: by level, the processors that its busiest process used, see `generator_processors`; generator_limit: how
        many that process can use, 1 where the generator is known to compute on one.
    """
    if generator_limit is None and test.generator in ONE_PROCESSOR:
        generator_limit = 1.0
    return (
        _workload(test),
        _omission(tests, test, levels),
        _dropped(test),
        _generator(test, levels, generator, generator_limit),
        _levels(levels),
        _steady(levels),
        _errors(levels),
    )


def loads_of(levels: pd.DataFrame) -> pd.Series[float]:
    """What tells the levels apart: users where they are known, else the rate of answers."""
    return levels["users"] if levels["users"].notna().all() else levels["throughput"]


def _workload(test: LoadTest) -> Check:
    if test.load == "unknown":
        words = (
            f"Whether users wait for answers (closed) or requests come regardless (open) is not known: {test.why}. Set "
            "`load` beside the path in assessment.yaml."
        )
        return Check(name="workload", status="not known", sentence=words)
    meaning = {
        "closed": "slow answers hold back the load, as real users who wait do",
        "open": "requests come whether or not earlier ones were answered",
    }[test.load]
    return Check(name="workload", status="passed", sentence=f"The load is {test.load} ({test.why}): {meaning}.")


def _omission(tests: LoadTests, test: LoadTest, levels: pd.DataFrame) -> Check:
    name = "coordinated omission"
    signs = [sign for sign in test.signs if sign.kind == OMISSION]
    correction = _correction(tests, test, levels)
    if signs:
        sentence = f"{signs[0].evidence[0].upper()}{signs[0].evidence[1:]}. {correction}"
        return Check(name=name, status="failed", sentence=sentence.strip())
    if test.load == "open":
        return Check(name=name, status="passed", sentence="Open load goes on while answers are waited for.")
    if bool(levels["mean_s"].isna().all()):
        words = "Nothing is recorded of how long requests took, so stalls that kept users from sending cannot be seen."
        return Check(name=name, status="not known", sentence=words)
    words = f"No stall was seen that kept users from sending. {correction}".strip()
    return Check(name=name, status="passed", sentence=words)


def _correction(tests: LoadTests, test: LoadTest, levels: pd.DataFrame) -> str:
    """By how much the p99 changes where the requests that were left out are put back; or what that would need."""
    bins = tests.bins_of(test.test)
    bins = bins[~bins["error"]]
    signs = any(sign.kind == OMISSION for sign in test.signs)
    if test.load != "closed" or levels.empty:
        return ""
    if bins.empty:
        return "Its file holds no single durations, so they cannot be put back; use open load." if signs else ""
    if test.expected_interval_s is None:
        needed = "Set `expected_interval_s` beside the path in assessment.yaml to put them back; or use open load."
        return needed if signs else ""
    before = bin_quantile(bins, 0.99)[0]
    after = bin_quantile(corrected_bins(bins, expected_interval_s=test.expected_interval_s), 0.99)[0]
    return (
        f"With the missing ones put back (a request of each user every {duration(test.expected_interval_s)}) the p99 "
        f"of the whole test is {duration(after)} instead of {duration(before)}."
    )


def _dropped(test: LoadTest) -> Check:
    name = "dropped iterations"
    if test.dropped_iterations:
        words = (
            f"{plural(test.dropped_iterations, 'iteration')} were dropped for want of a free virtual user: less load "
            "was sent than planned. Allow more virtual users."
        )
        return Check(name=name, status="failed", sentence=words)
    if test.dropped_iterations == 0:
        return Check(name=name, status="passed", sentence="No iteration was dropped.")
    if test.load == "closed":
        return Check(name=name, status="passed", sentence="Closed load has no schedule that it could fall behind.")
    words = "Whether requests that were due were dropped is not told by this format."
    return Check(name=name, status="not known", sentence=words)


def _generator(test: LoadTest, levels: pd.DataFrame, processors: pd.Series[float] | None, limit: float | None) -> Check:
    """Its own signs first, then its processors, then how long users stay away (users = throughput x (R + Z))."""
    name = "load generator"
    dropped = test.dropped_iterations or 0
    signs = [each for each in test.signs if each.kind == SATURATED and not (dropped and each.count == dropped)]
    if signs:
        words = f"{signs[0].evidence[0].upper()}{signs[0].evidence[1:]}."
        return Check(name=name, status="failed", sentence=words)
    late = _late(test, levels)
    most = math.nan if processors is None else float(processors.max())
    if not math.isnan(most):
        words = f"Its busiest process used at most {number(most, 2)} processors"
        if most >= BUSY * (limit or 1.0):
            if limit is None:
                words += ", and how many it could use is not known: give `generator_limit`."
                return Check(name=name, status="not known", sentence=words)
            words += f" of {number(limit)}: it saturates itself, and what it measured is its own waiting too."
            return Check(name=name, status="failed", sentence=words)
        if not late:
            of = f" of {number(limit)}" if limit else ""
            return Check(name=name, status="passed", sentence=f"{words}{of}.")
    if late:
        return Check(name=name, status="failed", sentence=late)
    if late == "":
        words = "Its users stay away between requests as long under heavy load as under light load, so it sent in time."
        return Check(name=name, status="passed", sentence=words)
    words = (
        "Whether the generator kept up is not known. Record process_cpu_seconds_total of it beside the test, with a "
        "job such as `generator`."
    )
    return Check(name=name, status="not known", sentence=words)


def _late(test: LoadTest, levels: pd.DataFrame) -> str | None:
    """A sentence where users stay away longer under heavy load than under light load, "" where not; None: not known."""
    rows = levels.dropna(subset=["users", "throughput", "mean_s"])
    if test.load != "closed" or rows["users"].nunique() < FEWEST_LEVELS - 1:
        return None
    users, served = rows["users"].to_numpy(), rows["throughput"].to_numpy()
    away = users / served - rows["mean_s"].to_numpy()
    light = served <= LIGHT * served.max()
    light[int(np.argmin(users))] = True
    if light.all():
        return None
    usual = float((away * served)[light].sum() / served[light].sum())
    heavy = float(np.median(away[~light]))
    response = float(np.median(rows["mean_s"].to_numpy()[~light]))
    if heavy - usual > LATE * (usual + response):
        return (
            f"Users stay away {duration(heavy)} between requests under heavy load and {duration(usual)} under light "
            "load: the generator sends late, and throughput is limited by it."
        )
    return ""


def _levels(levels: pd.DataFrame) -> Check:
    loads = loads_of(levels).dropna()
    different = int(loads.nunique())
    found = f"{plural(different, 'different load')}" + (
        f", {number(loads.min())} to {number(loads.max())}" if different else ""
    )
    if different < FEWEST_LEVELS:
        words = f"Found {found}; expected at least {FEWEST_LEVELS}, best {ENOUGH_LEVELS} or more."
        return Check(name="levels", status="failed", sentence=words)
    few = "" if different >= ENOUGH_LEVELS else f"; with fewer than {ENOUGH_LEVELS}, intervals are wide"
    return Check(name="levels", status="passed", sentence=f"{found}{few}.")


def _steady(levels: pd.DataFrame) -> Check:
    steady = levels["steady"]
    if levels.empty:
        return Check(name="steady", status="not known", sentence="There is no level of constant load.")
    off = levels[~steady.fillna(True).astype(bool)]
    if len(off):
        first, which = off.iloc[0], listing([str(each) for each in off["level"]])
        words = (
            f"{plural(len(off), 'level')} of {len(levels)} had not settled: {which} ({first['remark']}). Their figures "
            "are no long-run means."
        )
        return Check(name="steady", status="failed", sentence=words)
    unknown = int(steady.isna().sum())
    if unknown:
        words = (
            f"Whether {unknown} of {plural(len(levels), 'level')} had settled cannot be told: {_first_remark(levels)}."
        )
        return Check(name="steady", status="not known", sentence=words)
    return Check(name="steady", status="passed", sentence="Neither throughput nor mean duration drifts in any level.")


def _first_remark(levels: pd.DataFrame) -> str:
    remarks = [str(each) for each in levels.loc[levels["steady"].isna(), "remark"] if each]
    return remarks[0] if remarks else "no reason is recorded"


def _errors(levels: pd.DataFrame) -> Check:
    known = levels.dropna(subset=["errors", "requests"])
    known = known[known["requests"] > 0]
    if known.empty:
        return Check(name="errors", status="not known", sentence="Whether requests failed is not recorded.")
    shares = known["errors"] / known["requests"]
    worst = int(shares.to_numpy().argmax())
    most, place = float(shares.iloc[worst]), known["level"].iloc[worst]
    if most > MOST_ERRORS:
        words = (
            f"At level {place} {percent(most, 2)} of the requests failed, more than {percent(MOST_ERRORS)}: failures "
            "are often faster than answers, and lift the throughput."
        )
        return Check(name="errors", status="failed", sentence=words)
    return Check(name="errors", status="passed", sentence=f"At most {percent(most, 2)} of a level's requests failed.")
