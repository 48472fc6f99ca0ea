"""The correction for coordinated omission: requests that were not sent while others were waited for, put back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.cells import BIN_NUMBERS, GAMMA


def corrected_bins(bins: pd.DataFrame, *, expected_interval_s: float) -> pd.DataFrame:
    """Latency bins (columns bin, n, sum_us) with the requests that closed load left out: bin, n, sum_us, one row a bin.

    expected_interval_s: seconds from one request of a user to the next, as the test was planned.

    A request that took longer than that kept its user from sending the next ones: these would have waited v - e,
    v - 2e, ... down to e, where v is what it took. Each request counts as the mean of its bin, which is within 1%.
    Source: Tene, HdrHistogram, recordValueWithExpectedInterval; missing values below e are not put back, as there.
    Raises InvalidInput for an interval that is not above 0.
    """
    if not 0 < expected_interval_s < math.inf:
        raise InvalidInput(
            f"corrected_bins: found an expected interval of {expected_interval_s} s; expected seconds above 0, from "
            "one request of a user to the next. Set `expected_interval_s` beside the path in assessment.yaml."
        )
    summed = bins.groupby("bin")[["n", "sum_us"]].sum()
    summed = summed[summed["n"] > 0]
    took = (summed["sum_us"] / summed["n"]).to_numpy()
    edges = GAMMA ** np.arange(BIN_NUMBERS, dtype=np.float64)
    edges[0] = 0.0  # what took less than a microsecond is in the first bin
    added, added_us = missing_requests(took, summed["n"].to_numpy(), expected_interval_s * 1e6, edges)
    n, sum_us = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    n[summed.index], sum_us[summed.index] = summed["n"], summed["sum_us"]
    whole = pd.DataFrame({"bin": np.arange(len(n), dtype="int16"), "n": n + added, "sum_us": sum_us + added_us})
    return whole[whole["n"] > 0].round().astype({"n": "int64", "sum_us": "int64"}).reset_index(drop=True)


def missing_requests(
    took: ArrayLike, counts: ArrayLike, expected: float, edges: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many missing requests fall between each two of the ascending edges, and the sum of what they had taken.

    took, counts: what requests took, and how many took that; expected, edges: in the same unit. The requests that would
    have taken took - k expected, for k = 1, 2, ... while that is at least `expected`, are counted without making them.
    """
    v = np.asarray(took, dtype=np.float64)[:, None]
    n = np.asarray(counts, dtype=np.float64)[:, None]
    limits = np.asarray(edges, dtype=np.float64)
    slack = 1e-9  # of rounding, where v is a multiple of the expected interval
    most = np.maximum(np.floor(v / expected + slack) - 1, 0)  # missing requests of each
    # v - k e >= edge, so k <= (v - edge) / e: how many lie at or above each edge
    above = np.clip(np.floor((v - limits[None, :]) / expected + slack), 0, most)
    inside = above[:, :-1] - above[:, 1:]
    # The ks of a bin run from above[1:] + 1 to above[:-1]; their sum is that of a row of numbers.
    sum_of_k = inside * (above[:, :-1] + above[:, 1:] + 1) / 2
    return (n * inside).sum(axis=0), (n * (v * inside - expected * sum_of_k)).sum(axis=0)
