"""A latency SLO whose threshold lies between two edges of its histogram: what the buckets leave open."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.slos import SLO
from scaling_lib.slo.attainment import Attainment, attainment
from scaling_lib.slo.budgeting import own_counts
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, percent


def between_edges(slo: SLO, held: Attainment, window: pd.DataFrame) -> Attainment:
    """The attainment of interpolated counts, with the interval and the state that both ends of the buckets leave.

    held: of the interpolated counts; window: by minute, columns total, bad_least and bad_most (`sli.minute_counts`).
    Raises NotMeasured where the budget is kept at one end and not at the other.
    """
    level = held.sli.level
    best, worst = (_attained(slo, window, column, level) for column in ("bad_least", "bad_most"))
    share = f"between {percent(worst.sli.value)} and {percent(best.sli.value)}"
    edge = f"The histogram has no bucket edge at {duration(slo.threshold_s or 0.0)}"
    if best.counted != worst.counted:
        raise NotMeasured(
            f"{slo.name}: {edge[0].lower()}{edge[1:]}. By the edges around it the share lies {share}: whether "
            f"{percent(slo.target)} is kept depends on the interpolation. Use an edge of the histogram as the "
            "threshold, or supply requests.",
            supply=f"Use an edge of the histogram as the threshold of {slo.name}, or supply requests.",
        )
    low, high = min(worst.sli.low, held.sli.low), max(best.sli.high, held.sli.high)
    needed = [each.events_needed for each in (best, worst)]
    agree = best.state == worst.state == held.state
    return replace(
        held,
        state=held.state if agree else "insufficient data",
        sli=Estimate(held.sli.value, low, high, level, held.sli.unit),
        assumes_independence=worst.assumes_independence,
        events_needed=None if None in needed else max(each for each in needed if each is not None),
        caveat=f"{edge}: by the edges around it the share lies {share}, and the verdict is the same at both. "
        f"{held.caveat}".strip(),
    )


def _attained(slo: SLO, window: pd.DataFrame, column: str, level: float) -> Attainment:
    counted = own_counts(slo, window.assign(bad=window[column]))
    return attainment(counted["total"] - counted["bad"], counted["total"], slo.target, level)
