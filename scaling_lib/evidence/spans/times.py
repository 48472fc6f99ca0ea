"""Times of spans in nanoseconds: which unit they are in, and what about them is hard to believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from scaling_lib.evidence.spans.part import LARGEST, Counted

NANOSECONDS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
FIRST_S, LAST_S = 946_684_800, 4_102_444_800  # 2000 to 2100: no time of one unit is in this range in another unit
DAY_NS = 86_400 * 10**9
TELLING = 20  # spans from which on a habit of all of them says something
NO_START = "no start time that can be read"
OUT_OF_RANGE = "a time before 1970 or beyond what 64 bits of nanoseconds hold"
NO_END = "spans without end or duration, taken to last 0"
ENDS_BEFORE = "spans that end before they start, taken to last 0"
LONG = "spans that last more than a day"
OTHER_TIMES = "spans that start outside of the years 2000 to 2100, unlike the others"
NO_EPOCH = "spans that start outside of the years 2000 to 2100 in any unit, so that the unit is not checked"
COARSE = "spans with whole milliseconds as times, exact to 1 ms only"
MOSTLY_ZERO = "spans that last 0, more than half of all: the times are too coarse to tell where time goes"

Mask = npt.NDArray[np.bool_]
Nanoseconds = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Times:
    """Start and end in nanoseconds; faults make a row useless, remarks do not; whole_file says what all have."""

    start_ns: Nanoseconds
    end_ns: Nanoseconds
    faults: Sequence[tuple[str, Mask]]
    remarks: Sequence[tuple[str, Mask]]
    whole_file: Sequence[Counted]


def nanoseconds(start: pa.ChunkedArray, end: pa.ChunkedArray, unit: str, time_unit: str) -> Times:
    """Times of a file in nanoseconds.

    unit: of the format. Where most times are plainly in the range of another unit, since 1970, that one is taken, and
    the same for a few that differ from the rest; time_unit: named by the user, is never doubted.
    """
    no_start, no_end = (column.is_null().to_numpy() for column in (start, end))
    begin, finish = (column.fill_null(0).to_numpy() for column in (start, end))
    factor, found, epoch = _factors(begin, no_start, unit, time_unit)
    if epoch:
        no_start = no_start | (begin == 0)
    limit = LARGEST // factor
    beyond = (begin < 0) | (begin > limit) | (finish < -limit) | (finish > limit)
    safe = ~(no_start | beyond)
    start_ns = np.where(safe, begin, 0) * factor
    end_ns = np.where(safe, finish, 0) * factor
    no_end = (no_end | (epoch & (finish == 0))) & safe
    backwards = safe & ~no_end & (end_ns < start_ns)
    end_ns = np.where(no_end | backwards, start_ns, end_ns)
    in_range = (start_ns >= FIRST_S * 10**9) & (start_ns < LAST_S * 10**9)
    remarks = [
        *(
            (f"spans with times in {name}, not in {unit} as the format has it, converted", mask & safe)
            for name, mask in found
        ),
        (NO_END, no_end),
        (ENDS_BEFORE, backwards),
        (LONG, safe & (end_ns - start_ns > DAY_NS)),
        (OTHER_TIMES if epoch else NO_EPOCH, safe & ~in_range),
    ]
    return Times(
        start_ns=start_ns,
        end_ns=end_ns,
        faults=((NO_START, no_start), (OUT_OF_RANGE, beyond & ~no_start)),
        remarks=remarks,
        whole_file=list(_habits(start_ns[safe], end_ns[safe], epoch)),
    )


def _factors(
    begin: Nanoseconds, no_start: Mask, unit: str, time_unit: str
) -> tuple[Nanoseconds | np.int64, list[tuple[str, Mask]], bool]:
    """The factor to nanoseconds (of each, where they differ), spans of other units, whether times are since 1970."""
    own = time_unit or unit
    classes = {
        name: (begin >= FIRST_S * 10**9 // size) & (begin < LAST_S * 10**9 // size)
        for name, size in NANOSECONDS.items()
    }
    dated = ~no_start & (begin != 0)
    sizes = {name: int((mask & dated).sum()) for name, mask in classes.items()}
    main = max(sizes, key=lambda name: (sizes[name], name == own))
    epoch = sizes[main] * 2 > int(dated.sum())
    if time_unit or not epoch:
        return np.int64(NANOSECONDS[own]), [], sizes[own] * 2 > int(dated.sum())
    others = [(name, mask & dated) for name, mask in classes.items() if name != own and (mask & dated).any()]
    if not others:
        return np.int64(NANOSECONDS[own]), [], epoch
    factor = np.full(len(begin), NANOSECONDS[main], dtype=np.int64)
    for name, mask in classes.items():
        factor[mask] = NANOSECONDS[name]
    return factor, others, epoch


def _habits(start_ns: Nanoseconds, end_ns: Nanoseconds, epoch: bool) -> Sequence[Counted]:
    if len(start_ns) < TELLING:
        return []
    found = []
    if epoch and not (start_ns % 10**6).any() and not (end_ns % 10**6).any():
        found.append(Counted(what=COARSE, rows=len(start_ns)))
    zero = int((start_ns == end_ns).sum())
    if zero * 2 > len(start_ns):
        found.append(Counted(what=MOSTLY_ZERO, rows=zero))
    return found
