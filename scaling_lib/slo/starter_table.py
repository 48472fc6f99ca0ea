"""The SLOs that the history of each journey would carry, as a table."""

from __future__ import annotations

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.config import Journey
from scaling_lib.errors import NotEnoughData, NotMeasured, ScalingError
from scaling_lib.evidence.cells import upper_edges_s
from scaling_lib.slo.counts import summed_by_minute
from scaling_lib.slo.exclusions import applying, is_excluded
from scaling_lib.slo.latency_table import answered, grain_words, requests_of, resolution_s
from scaling_lib.slo.starter import FEWEST_PERIODS, WHOLE_DAYS, StarterSLO, starter_availability, starter_latency
from scaling_lib.words import listing, percent, plural

STARTER_TARGET = 0.99  # of the latency SLOs that are proposed
COLUMNS = ["journey", "kind", "proposal", "history gave", "rests on"]
STARTER_CAPTION = (
    "The strictest target over 28 days, and the shortest threshold, that the whole history kept with certainty (the "
    "low end of its interval), and nine of ten of its days, hours or minutes with a quarter to spare. Exclusions are "
    "left out. Without an interval: nothing shows whether failures come together, each was taken by itself. A "
    "first draft lasts until two weeks with enough traffic are measured."
)


def starter_table(system: Assessment, level: float = 0.95) -> pd.DataFrame:
    """One row a journey and kind: an SLO its history kept, what that rests on, or what is missing to propose one."""
    rows: list[dict[str, object]] = []
    for made in (each for each in system.journeys if each.route):
        for kind in ("availability", "latency"):
            row: dict[str, object] = {"journey": made.name, "kind": kind}
            try:
                proposal, remarks = _starter(system, made, kind, level)
            except NotEnoughData as reason:
                rows.append(row | {"proposal": f"none: {str(reason).removeprefix('Starter SLO: ')}"})
                continue
            except ScalingError as reason:
                rows.append(row | {"proposal": f"none: not measured, {reason}"})
                continue
            failed = [
                f"{each['start']:%Y-%m-%d %H:%M} ({percent(each['sli'])})"
                for each in proposal.failed.head(3).to_dict("records")
            ]
            told = [f"not kept on {listing(failed)}"] if failed else []
            rows.append(
                row
                | {
                    "proposal": proposal.proposal,
                    "history gave": proposal.sli,
                    "rests on": "; ".join([proposal.rests_on, *told, *remarks]),
                }
            )
    return pd.DataFrame(rows, columns=COLUMNS)


def _starter(system: Assessment, made: Journey, kind: str, level: float) -> tuple[StarterSLO, list[str]]:
    chosen = requests_of(system, made)
    exclusions = applying(system.exclusions, made.name)
    if kind == "availability":
        if not chosen.status_known:
            raise NotMeasured("the requests carry no status")
        counts = summed_by_minute(chosen.counts[["minute", "n", "errors"]])
        counts = counts.rename(columns={"n": "total", "errors": "bad"})
        return starter_availability(counts[~is_excluded(pd.DatetimeIndex(counts.index), exclusions)], level=level), []
    cells, remarks = answered(chosen, exclusions)
    hours = cells["hour"].nunique()
    if hours < FEWEST_PERIODS:
        raise NotEnoughData(
            f"latency is kept by the hour, and {plural(hours, 'hour')} {'has' if hours == 1 else 'have'} traffic; "
            f"expected at least {FEWEST_PERIODS} hours for a first draft, {WHOLE_DAYS} days for a target to agree on."
        )
    grain = resolution_s(cells)
    if grain:
        remarks.append(grain_words(grain))
    latency = pd.DataFrame({"time": cells["hour"], "latency_s": upper_edges_s(cells["bin"]), "n": cells["n"]})
    return starter_latency(latency, STARTER_TARGET, resolution_s=grain, level=level), remarks
