"""The four keys of delivery, with intervals: how often, how fast, how safely, and how soon it is mended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.rollout.recovery import Recovery, recovery_time
from scaling_lib.rollout.shipped import shipped_after_s
from scaling_lib.stats import Estimate, proportion_interval, quantile_interval
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing, percent, plural

NEEDED = ("id", "service", "sha", "production", "task", "finished", "state")
MENDING = ("rollback", "roll back", "revert", "hotfix")
BLAMED_WITHIN_S, PERHAPS_WITHIN_S = 3600.0, 86_400.0  # of an incident after a deployment of its service
WEEK_S = 604_800.0
FEWEST_WEEKS = 4
FEWEST_FOR_MEDIAN = 6  # a distribution-free 95% interval of a median takes six


@dataclass(frozen=True, kw_only=True, eq=False)
class Dora:
    """Delivery in a stretch of time.

    a_week: successful deployments to production, without those that only take one back; by weeks, as they come in
        bursts. lead_time_s: median from a commit to its users (None: no history, or no commit of it was deployed).
    failed: the share of those deployments after which something had to be mended. recovery: see `Recovery`; None where
        no incident is given. matched: a row a deployment that failed: id, service, finished, by ("rollback" or
        "incident"), and which. commits: that the lead time rests on. deployments, start, end: what was counted.
    halved: how many deployments it takes until half of the failure rate could be told from the present one, with four
        chances in five; notes: what to know.
    """

    a_week: Estimate
    lead_time_s: Estimate | None
    failed: Estimate
    recovery: Recovery | None
    matched: pd.DataFrame
    commits: int
    deployments: int
    start: pd.Timestamp
    end: pd.Timestamp
    halved: int | None
    notes: tuple[str, ...]


def dora(
    deployments: pd.DataFrame,
    incidents: pd.DataFrame | None = None,
    changes: pd.DataFrame | None = None,
    *,
    end: pd.Timestamp | None = None,
    level: float = 0.95,
) -> Dora:
    """The four keys of the deployments to production.

    deployments, incidents, changes: the frames of `evidence.deployments`, `.incidents` and `.changes`; None: not given.
    end: until when was counted, by default the last that any of them says; open incidents last until then at least.

    A deployment failed where a rollback of its service follows it before the next one, or where an incident of its
    service begins within an hour of it; those within a day are noted, as they may be its doing. A rollback is
    no deployment of its own. Lead time: each commit counts once, with the first successful deployment to production of
    it or a later commit; commits before the first deployment are left out, as it shipped them together.
    Raises NotMeasured without a successful deployment to production, InvalidInput without a column.
    Source: Forsgren, Humble and Kim, Accelerate (2018); dora.dev, "DORA's software delivery metrics: the four keys".
    """
    if missing := [name for name in NEEDED if name not in deployments]:
        raise InvalidInput(f"dora: found no column {listing(missing)}; expected the frame of evidence.deployments.")
    check_level("dora", level)
    own = deployments[deployments["production"].astype(bool) & (deployments["state"] == "success")]
    own = own.assign(finished=own["finished"].fillna(own["created"])).sort_values("finished", kind="stable")
    mending = own["task"].str.lower().str.startswith(MENDING)
    shipped = own[~mending].reset_index(drop=True)
    if shipped.empty:
        raise NotMeasured(
            f"dora: no success among {len(deployments):,} deployments to production; delivery is not measured.",
            supply="Supply deployments to production with their states.",
        )
    last = max(time for time in _last_times(own, incidents, end) if not pd.isna(time))
    matched = _matched(shipped, own[mending], incidents, BLAMED_WITHIN_S)
    perhaps = len(_matched(shipped, own[mending], incidents, PERHAPS_WITHIN_S)) - len(matched)
    leads = shipped_after_s(shipped, changes) if changes is not None else np.array([])
    failed = proportion_interval(len(matched), len(shipped), level, "exact")
    return Dora(
        a_week=_a_week(shipped["finished"], last, level),
        lead_time_s=quantile_interval(leads, 0.5, level, unit="s") if len(leads) >= FEWEST_FOR_MEDIAN else None,
        failed=failed,
        recovery=recovery_time(incidents, end=last, level=level) if incidents is not None and len(incidents) else None,
        matched=matched,
        commits=len(leads),
        deployments=len(shipped),
        start=shipped["finished"].iloc[0],
        end=last,
        halved=_to_tell_half(failed.value, level),
        notes=tuple(_notes(own, mending, matched, perhaps, len(leads) if changes is not None else None)),
    )


def _last_times(own: pd.DataFrame, incidents: pd.DataFrame | None, end: pd.Timestamp | None) -> list[Any]:
    if end is not None:
        return [end]
    known = [own["finished"].max()]
    return known if incidents is None else [*known, incidents["detected"].max(), incidents["resolved"].max()]


def _a_week(times: pd.Series[Any], end: pd.Timestamp, level: float) -> Estimate:
    """Deployments a week: over whole weeks back from the end, by Student's t, as weeks differ more than by chance."""
    from scipy import stats

    age = (end - times).dt.total_seconds().to_numpy() / WEEK_S
    weeks = math.floor(age.max()) if len(age) else 0
    if weeks < FEWEST_WEEKS:
        span = max(age.max(), 1 / 7)
        low, high = stats.chi2.ppf([(1 - level) / 2, (1 + level) / 2], [2 * len(age), 2 * len(age) + 2]) / 2 / span
        return Estimate(len(age) / span, float(low), float(high), level, "a week")
    counts = np.bincount(np.floor(age[(age >= 0) & (age < weeks)]).astype(int), minlength=weeks)
    mean, error = float(counts.mean()), float(counts.std(ddof=1)) / math.sqrt(weeks)
    half = float(stats.t.isf((1 - level) / 2, weeks - 1)) * error
    return Estimate(mean, max(mean - half, 0.0), mean + half, level, "a week")


def _matched(
    shipped: pd.DataFrame, mending: pd.DataFrame, incidents: pd.DataFrame | None, within_s: float
) -> pd.DataFrame:
    """The deployments that failed, each once."""
    found: dict[int, tuple[str, str]] = {}
    for row in mending.to_dict("records"):
        before = shipped[(shipped["service"] == row["service"]) & (shipped["finished"] < row["finished"])]
        if len(before):
            found[int(before.index[-1])] = ("rollback", str(row["id"]))
    for row in incidents.to_dict("records") if incidents is not None else ():
        began = row["detected"] if row["started"] is pd.NaT else row["started"]
        same = shipped["service"] == row["service"] if row["service"] else shipped["service"].notna()
        before = shipped[same & (shipped["finished"] <= began)]
        if len(before) and (began - before["finished"].iloc[-1]).total_seconds() <= within_s:
            found.setdefault(int(before.index[-1]), ("incident", str(row["id"])))
    rows = [
        {**shipped.loc[place, ["id", "service", "finished"]].to_dict(), "by": by, "which": which}
        for place, (by, which) in sorted(found.items())
    ]
    return pd.DataFrame(rows, columns=["id", "service", "finished", "by", "which"])


def _to_tell_half(rate: float, level: float) -> int | None:
    """Deployments on either side until a halved rate is told from this one, with a power of 0.8 (normal limit)."""
    from statistics import NormalDist

    if not 0 < rate < 1:
        return None
    z = NormalDist().inv_cdf(0.5 + level / 2) + NormalDist().inv_cdf(0.8)
    variance = rate * (1 - rate) + rate / 2 * (1 - rate / 2)
    return math.ceil(z * z * variance / (rate / 2) ** 2)


def _notes(
    own: pd.DataFrame, mending: pd.Series[bool], matched: pd.DataFrame, perhaps: int, commits: int | None
) -> list[str]:
    notes = []
    if taken_back := int(mending.sum()):
        notes.append(f"{taken_back} of {len(own)} deployments only took one back, and are not counted as changes.")
    if count := int((matched["by"] == "incident").sum()):
        notes.append(f"{count} held to have failed as an incident of the same service began within an hour of it.")
    if perhaps:
        rate = percent((len(matched) + perhaps) / (len(own) - taken_back))
        notes.append(
            f"{plural(perhaps, 'more deployment')} had an incident of the same service within a day: if it was their "
            f"doing, {rate} failed."
        )
    if commits == 0:
        notes.append("No commit of the history is one that was deployed: the lead time is not measured.")
    return notes
