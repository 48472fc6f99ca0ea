"""HdrHistogram's interval logs (.hlog): a line an interval, its histogram packed; tags are names."""

from __future__ import annotations

import base64
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.cells import GAMMA
from scaling_lib.evidence.files import RESCUE
from scaling_lib.evidence.load_tests.parts import ALL, LoadTest, Part, as_bins, as_samples, joined, test_names
from scaling_lib.evidence.load_tests.signs import silent_intervals
from scaling_lib.evidence.load_tests.source import UNITS_US, LoadSource
from scaling_lib.evidence.load_tests.text import EXAMPLES, LONGEST_US
from scaling_lib.evidence.quality import Rejected
from scaling_lib.words import listing, plural

NUMBER = r"[0-9]{1,12}(?:[.][0-9]*)?(?:[Ee][0-9]{1,2})?"
LINE = re.compile(rf"(?:Tag=([^,]*),)?({NUMBER}),({NUMBER}),({NUMBER}),([A-Za-z0-9+/=]+)")
MARK = re.compile(rf"#\[(StartTime|BaseTime): *({NUMBER})")
LONGEST_LINE = 8_000_000
LARGEST = 64_000_000  # bytes of one histogram unpacked: more than one of 5 digits over all of 64 bits takes
MOST = 10**12  # of one value in one interval
YEAR_S = 365 * 86400.0
RATIO_NS = 1e6  # HdrHistogram shows the maximum of nanoseconds in milliseconds
LINES_TOGETHER = {"interval_s": "max", "requests": "sum", "sum_us": "sum"}
DAYS_1990, DAYS_2100 = 631_152_000.0, 4_102_444_800.0


@dataclass
class _Log:
    """What the lines of a log gave."""

    rows: list[tuple[str, float, float]] = field(default_factory=list)  # name, start in seconds since 1970, length
    cells: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = field(default_factory=list)
    largest: list[tuple[float, float]] = field(default_factory=list)  # the maximum as shown, and in the histogram
    lost: dict[str, list[str]] = field(default_factory=dict)
    start: float = 0.0
    base: float | None = None


def read_hlog(file: Path, source: LoadSource, packed: bool) -> Part:
    """A log of histograms, a line an interval; its values are nanoseconds unless the source says otherwise."""
    log = _read(file, packed)
    rejected = tuple(
        Rejected(reason=reason, rows=len(lines), examples=tuple(lines[:EXAMPLES])) for reason, lines in log.lost.items()
    )
    if not any(len(counts) for _, counts in log.cells):
        raise BrokenEvidence(
            f"{file}: found no histogram with a value; expected lines of HdrHistogram's interval log. "
            f"{'; '.join(f'{each.reason} ({each.rows:,})' for each in rejected)}"
        )
    unit, notes = _unit(log, source)
    title = test_names(file, 1)[0]
    samples, bins, over = _tables(log, UNITS_US[unit], title)
    if bins.empty:
        raise BrokenEvidence(
            f"{file}: all values are over a day, read as {unit}; expected latencies. Set `duration_unit` beside the "
            "path in assessment.yaml."
        )
    if over:
        rejected = (*rejected, Rejected(reason="duration is over a day", rows=over))
    rows = samples[samples["name"] == ALL]
    end = rows["time"].iloc[-1] + pd.Timedelta(seconds=float(rows["interval_s"].iloc[-1]))
    test = LoadTest(
        test=title,
        file=str(file),
        generator="hdrhistogram",
        load=source.load or "unknown",
        why="as assessment.yaml says" if source.load else "a log of histograms does not say how its load was made",
        percentiles="bins",
        interval_s=float(rows["interval_s"].median()),
        expected_interval_s=source.expected_interval_s,
        start=rows["time"].iloc[0].to_pydatetime(),
        end=end.to_pydatetime(),
        signs=tuple(silent_intervals(samples)) if source.load != "open" else (),
        origin=source.origin,
    )
    return Part(
        format="hlog",
        samples=samples,
        bins=bins,
        tests=(test,),
        rejected=rejected,
        notes=(*notes, *_again(log), *_overlaps(rows)),
    )


def _read(file: Path, packed: bool) -> _Log:
    log = _Log()
    for number, line in enumerate(_lines(file, packed), 1):
        if mark := MARK.match(line):
            if mark[1] == "StartTime":
                log.start = float(mark[2])
            else:
                log.base = float(mark[2])
        elif line and not line.startswith(("#", '"StartTimestamp"')):
            _take(log, line, f"line {number}: {line[:80]}")
    return log


def _lines(file: Path, packed: bool) -> Iterator[str]:
    """The lines; of a gzip that is cut short, the message says what to do."""
    try:
        with gzip.open(file) if packed else file.open("rb") as raw:
            while line := raw.readline(LONGEST_LINE):
                yield line.decode("utf-8", "replace").strip()
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenEvidence(
            f"{file}: cannot be read or unpacked ({error}); expected a whole file. None of it is used: {RESCUE}"
        ) from error


def _take(log: _Log, line: str, shown: str) -> None:
    found = LINE.fullmatch(line)
    if not found:
        log.lost.setdefault("not a line of an interval log", []).append(shown)
        return
    start, length = float(found[2]), float(found[3])
    if log.base is None:  # as HdrHistogram's own reader: times a year before the start are counted from it
        log.base = log.start if start < log.start - YEAR_S else 0.0
    start += log.base
    if not length > 0:
        log.lost.setdefault("the interval has no length", []).append(shown)
    elif not DAYS_1990 < start < DAYS_2100:
        log.lost.setdefault("time is before 1990 or after 2100: no StartTime is given", []).append(shown)
    else:
        try:
            values, counts, largest = _unpacked(found[5])
        except _damages() as error:
            log.lost.setdefault(f"the histogram is damaged ({type(error).__name__})", []).append(shown)
            return
        log.rows.append((found[1] or "(no tag)", start, length))
        log.cells.append((values, counts))
        log.largest.append((float(found[4]), largest))


def _damages() -> tuple[type[Exception], ...]:
    """What unpacking a damaged histogram may raise."""
    from hdrh.codec import HdrCookieException, HdrHistogramSettingsException, HdrLengthException

    own = (HdrCookieException, HdrHistogramSettingsException, HdrLengthException)
    return (ValueError, TypeError, ArithmeticError, LookupError, MemoryError, zlib.error, *own)


def _unpacked(text: str) -> tuple[NDArray[np.float64], NDArray[np.int64], float]:
    """The values of a histogram (the middle of what it counts as equal), how often each was seen, and the largest."""
    from hdrh.histogram import HdrHistogram

    payload = base64.b64decode(text, validate=True)[8:]
    if zlib.decompressobj().decompress(payload, LARGEST)[LARGEST - 1 :]:
        raise ValueError("too large")
    histogram = HdrHistogram.decode(text.encode())
    if histogram is None:
        raise ValueError("empty")
    counts = np.frombuffer(histogram.counts, dtype=np.uint64).astype(np.int64)
    place = np.flatnonzero(counts)
    if bool(((counts[place] < 0) | (counts[place] > MOST)).any()):
        raise ValueError("counts")
    half = histogram.sub_bucket_half_count
    bucket = np.maximum((place >> histogram.sub_bucket_half_count_magnitude) - 1, 0)
    within = np.where(place < half, place, (place & (half - 1)) + half * (place >= half))
    width = 2.0 ** (bucket + histogram.unit_magnitude)
    values = within * width + np.where(width > 1, width / 2, 0.0)
    return values, counts[place], float(values.max(initial=0.0))


def _unit(log: _Log, source: LoadSource) -> tuple[str, list[str]]:
    if source.duration_unit:
        return source.duration_unit, []
    ratios = [largest / shown for shown, largest in log.largest if shown >= 1 and largest > 0]
    usual = float(np.median(ratios)) if ratios else RATIO_NS
    if 0.5 < usual / RATIO_NS < 2:
        return "ns", ["values are read as nanoseconds, as HdrHistogram writes them; `duration_unit` says otherwise"]
    raise BrokenEvidence(
        f"{source.path}: the log shows maxima {usual:.3g} times smaller than its values; expected 1e6, as for "
        "nanoseconds shown in milliseconds, so the unit is not known. Set `duration_unit` (s, ms, us or ns) beside the "
        "path in assessment.yaml."
    )


def _tables(log: _Log, unit_us: float, title: str) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Samples, bins, and how many durations were over a day."""
    lengths = [len(counts) for _, counts in log.cells]
    row = np.repeat(np.arange(len(log.rows)), lengths)
    took = np.concatenate([values for values, _ in log.cells]) * unit_us
    n = np.concatenate([counts for _, counts in log.cells])
    fine = took <= LONGEST_US
    cells = pd.DataFrame({"row": row[fine], "n": n[fine], "sum_us": np.round(took[fine] * n[fine]).astype(np.int64)})
    cells["bin"] = np.floor(np.log(np.maximum(took[fine], 1)) / np.log(GAMMA)).astype(np.int16)
    places = pd.DataFrame(log.rows, columns=["name", "start", "interval_s"])
    places["time"] = pd.to_datetime((places["start"] * 1e6).round().astype("int64"), unit="us", utc=True)
    sums = cells.groupby("row")[["n", "sum_us"]].sum().reindex(range(len(places)), fill_value=0)
    # Lines of one tag and time, of logs put together, are one interval.
    by_name = places.assign(requests=sums["n"], sum_us=sums["sum_us"]).groupby(["name", "time"], as_index=False)
    rows = by_name.agg(LINES_TOGETHER)
    together = rows.groupby("time", as_index=False).agg(LINES_TOGETHER)
    whole = joined([together.assign(name=ALL), rows]).sort_values(["name", "time"], kind="stable")
    samples = as_samples(whole.assign(test=title, throughput=whole["requests"] / whole["interval_s"]))
    summed = cells.groupby(["row", "bin"], as_index=False).sum()
    bins = as_bins(
        {
            "test": np.full(len(summed), title),
            "name": places["name"].to_numpy()[summed["row"]],
            "time": pd.DatetimeIndex(places["time"])[summed["row"]],
            "error": False,
            **{column: summed[column] for column in ("bin", "n", "sum_us")},
        }
    )
    return samples, bins, int(n[~fine].sum())


def _again(log: _Log) -> list[str]:
    again = len(log.rows) - len({(name, start) for name, start, _ in log.rows})
    return [f"{plural(again, 'line')} of the same tag and time as another: counted together"] if again else []


def _overlaps(rows: pd.DataFrame) -> list[str]:
    ends = rows["time"] + pd.to_timedelta(rows["interval_s"], unit="s")
    gap = (rows["time"] - ends.shift()).dt.total_seconds()
    found = []
    if bool((gap < -0.01 * rows["interval_s"].median()).any()):
        found.append("intervals overlap: logs of several runs or sources, or tags of unequal intervals")
    if bool((gap > 60).any()):
        found.append(f"a pause of {listing([f'{gap.max():.0f} s'])} between intervals")
    return found
