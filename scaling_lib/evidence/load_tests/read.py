"""Load tests of Locust, k6, JMeter, Vegeta, HdrHistogram and plain tables, in one form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.cells import bin_quantile
from scaling_lib.evidence.engine import connect
from scaling_lib.evidence.files import RESCUE, head_of
from scaling_lib.evidence.load_tests.cache import kept_part
from scaling_lib.evidence.load_tests.curve import read_curve
from scaling_lib.evidence.load_tests.hlog import read_hlog
from scaling_lib.evidence.load_tests.jmeter import read_jmeter
from scaling_lib.evidence.load_tests.k6 import read_k6_csv, read_k6_json
from scaling_lib.evidence.load_tests.locust import read_locust
from scaling_lib.evidence.load_tests.parts import ALL, LoadTest, Part, as_bins, as_samples, joined
from scaling_lib.evidence.load_tests.recognise import recognise
from scaling_lib.evidence.load_tests.source import LoadSource
from scaling_lib.evidence.load_tests.vegeta import read_vegeta
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.sources import ReadSource, read_sources
from scaling_lib.stats import Estimate
from scaling_lib.words import listing

READERS = {
    "locust": read_locust,
    "k6-csv": read_k6_csv,
    "k6-json": read_k6_json,
    "jmeter": read_jmeter,
    "vegeta": read_vegeta,
    "curve": read_curve,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadTests:
    """Load tests.

    samples: a row a test, name and interval. test; name: the request's, "" (ALL) for all together; time: when the
        interval begins, UTC (NaT in a plain table without times); interval_s; users: of the whole test, NaN where the
        format does not tell; throughput: answers a second; requests, errors: answers in the interval; sum_us: of their
        durations; p50_s, p95_s, p99_s: where the file has its own of an interval, see `LoadTest.percentiles`. What is
        not known is NaN. All together have a row in each interval; a name without a row had no answer.
    bins: test, name (never ""), time, error, bin, n, sum_us: latency bins by interval, as in `cells`; none of formats
        without single durations. Where a format does not know errors, `error` is false.
    tests: the facts of each test; quality: one entry a source.
    """

    samples: pd.DataFrame
    bins: pd.DataFrame
    tests: tuple[LoadTest, ...]
    quality: tuple[Quality, ...]

    def test(self, name: str) -> LoadTest:
        """The facts of a test; KeyError for a name that is not there."""
        found = next((test for test in self.tests if test.test == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def bins_of(self, test: str, name: str = ALL) -> pd.DataFrame:
        """The bins of a test's requests of one name, or of all together (without JMeter's transactions)."""
        own = self.bins[self.bins["test"] == test]
        if name == ALL:
            return own[~own["name"].isin(self.test(test).apart)]
        return own[own["name"] == name]

    def quantile(self, q: float, test: str, name: str = ALL) -> Estimate:
        """A latency quantile in seconds over a whole test without its errors; low and high are its bin.

        NaN where the format has no single durations.
        """
        chosen = self.bins_of(test, name)
        chosen = chosen[~chosen["error"]]
        if chosen.empty:
            return Estimate(float("nan"), float("nan"), float("nan"), 1.0, "s")
        value, low, high = bin_quantile(chosen, q)
        return Estimate(value, low, high, 1.0, "s")


def read_load_tests(sources: Sequence[LoadSource], *, cache: Path | None = None) -> LoadTests:
    """Read all files of all sources; a file that cannot be read is said in its source's Quality.

    cache: a folder where what was read of each file is kept until the file changes. A file reached twice, and files of
    the same content, are read once.
    Raises BrokenEvidence where no source gives a single test.
    """
    found = read_sources(sources, lambda file, source: kept_part(cache, file, source, partial(read_file, file, source)))
    quality = tuple(_quality(one) for one in found)
    whole = [part for one in found for part in one.read]
    if not whole:
        raise BrokenEvidence(" ".join(entry.problem for entry in quality) or "No load test is given; expected one.")
    named = _named_apart(whole)
    return LoadTests(
        samples=as_samples(joined([part.samples for part in named])),
        bins=as_bins(joined([part.bins for part in named])),
        tests=tuple(test for part in named for test in part.tests),
        quality=quality,
    )


def read_file(file: Path, source: LoadSource) -> Part:
    """One file of load tests; BrokenEvidence where it cannot be read, with what was found and expected."""
    start, packed = head_of(file)
    found = recognise(file, start, source)
    if found == "hlog":
        return read_hlog(file, source, packed)
    with connect() as engine:
        try:
            return READERS[found](engine, file, source, start, packed)
        except duckdb.Error as error:
            words = re.sub(r"\s+", " ", str(error)).split(" LINE ")[0][:300]
            if "GZIP" in words:
                raise BrokenEvidence(
                    f"{file}: its gzip is cut short or damaged; expected a whole file. None of it is used: {RESCUE}"
                ) from error
            raise BrokenEvidence(
                f"{file}: cannot be read as {found}: {words}; expected a whole file of one form. Export it again."
            ) from error


def _quality(one: ReadSource[LoadSource, Part]) -> Quality:
    parts = one.read
    tests = [test for part in parts for test in part.tests]
    starts, ends = [t.start for t in tests if t.start], [t.end for t in tests if t.end]
    return Quality(
        kind="load tests",
        source=one.source.path,
        format=listing(sorted({part.format for part in parts})),
        rows=sum(part.requests or len(part.samples) for part in parts),
        start=min(starts, default=None),
        end=max(ends, default=None),
        rejected=tuple(entry for part in parts for entry in part.rejected),
        origin=one.source.origin,
        problem=" ".join(one.problems),
        notes=(*dict.fromkeys(note for part in parts for note in part.notes), *_signs(tests), *one.notes),
    )


def _signs(tests: Sequence[LoadTest]) -> list[str]:
    """A note for each sign that a test's figures do not mean what they seem to."""
    return [
        f"{f'{test.test}: ' if len(tests) > 1 else ''}{sign.kind}: {sign.evidence}"
        for test in tests
        for sign in test.signs
    ]


def _named_apart(parts: Sequence[Part]) -> list[Part]:
    """Tests of the same name, from files of the same name, get their folder's name too, or a number."""
    times = Counter(test.test for part in parts for test in part.tests)
    taken: set[str] = set()
    named = []
    for part in parts:
        to: dict[str, str] = {}
        for test in part.tests:
            name = test.test if times[test.test] == 1 else f"{Path(test.file).parent.name}/{test.test}"
            number, free = 2, name
            while free in taken:
                free, number = f"{name} ({number})", number + 1
            taken.add(free)
            to[test.test] = free
        named.append(
            replace(
                part,
                samples=part.samples.assign(test=part.samples["test"].astype("object").map(to)),
                bins=part.bins.assign(test=part.bins["test"].astype("object").map(to)),
                tests=tuple(replace(test, test=to[test.test]) for test in part.tests),
            )
        )
    return named
