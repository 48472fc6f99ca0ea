"""When the alerts of each SLO fire and fall quiet, from the policy alone."""

from __future__ import annotations

import math

import pandas as pd

from scaling_lib.slo.alerts import Tier, detection_time, reset_time, threshold
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.result import Assessed, SLOResult
from scaling_lib.words import percent

COLUMNS = [
    "slo",
    "target",
    "tier",
    "factor",
    "fires above",
    "outage: alert after_s",
    "outage: quiet after_s",
    "10x burn: alert after_s",
    "10x burn: quiet after_s",
]


def policy_table(assessed: Assessed) -> pd.DataFrame:
    """One row an SLO and alert tier: its factor and error rate, detection and reset (s) of an outage and of a 10x burn.

    Times are for steady traffic and an incident that lasts. A tier that does not fire alerts after an infinite time,
    which reads "never", and has no time to fall quiet.
    """
    rows = [
        {
            "slo": each.slo.name,
            "target": f"{percent(each.slo.target)}, {each.slo.window}",
            "tier": f"{tier.severity} {tier.name}",
            "factor": tier.factor,
            "fires above": min(1.0, threshold(tier, each.slo.target)),
            "outage: alert after_s": detection_time(tier, each.slo.target, 1.0),
            "outage: quiet after_s": _quiet_s(tier, each.slo.target, 1.0),
            "10x burn: alert after_s": detection_time(tier, each.slo.target, _tenfold(each)),
            "10x burn: quiet after_s": _quiet_s(tier, each.slo.target, _tenfold(each)),
        }
        for each in assessed.results
        for tier in each.policy
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _tenfold(each: SLOResult) -> float:
    return min(1.0, 10 * float(allowed_share(each.slo.target)))


def _quiet_s(tier: Tier, target: float, rate: float) -> float:
    return reset_time(tier, target, rate) if math.isfinite(detection_time(tier, target, rate)) else math.nan
