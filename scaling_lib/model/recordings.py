"""Recordings: traces that lie together in time, with silence before and after."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SILENCE_NS = 5 * 10**9
TIMES_USUAL = 100  # so much more than the median gap is a silence, where requests come seldom


def recordings(start_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """By trace the number of its recording, in order of time from 0 on.

    start_ns: by trace, in any order. A new one begins after five seconds without a trace, or a hundred times the usual
    gap where that is longer.
    """
    order = np.argsort(start_ns, kind="stable")
    gaps = np.diff(start_ns[order])
    silence = max(SILENCE_NS, TIMES_USUAL * float(np.median(gaps))) if len(gaps) else SILENCE_NS
    found = np.zeros(len(start_ns), dtype=np.int64)
    found[order[1:]] = np.cumsum(gaps > silence)
    return found
