"""Good and bad events per minute for one SLO, from request logs or from metrics."""

from __future__ import annotations

import math

import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.config import Journey
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.cells import UNTIMED, good_column
from scaling_lib.evidence.metrics import Metrics
from scaling_lib.evidence.selector import labels_of, with_edge
from scaling_lib.evidence.slos import SLO
from scaling_lib.slo.bucket_spellings import with_one_spelling
from scaling_lib.slo.counts import summed_by_minute
from scaling_lib.slo.origins import Rows, rows_of
from scaling_lib.words import duration


def minute_counts(system: Assessment, slo: SLO) -> tuple[pd.DataFrame, Rows]:
    """Events per minute: columns `total` and `bad`, indexed by `minute` (UTC); and the rows they come from.

    Availability counts all requests, of which errors are bad. Latency counts the requests that were no errors, of
    which those beyond the threshold are bad: an error is neither fast nor slow, nor is what carries no duration.
    Requests are preferred to metrics, whose histograms hold errors too: there a latency SLO counts all requests. Where
    no bucket ends at its threshold, `bad` is interpolated, and lies between the columns `bad_least` and `bad_most`. The
    source's rows are the requests, or the samples of all metrics that were read.
    Raises NotMeasured where no evidence speaks of the SLO, saying what to supply.
    """
    journey = next((journey for journey in system.journeys if journey.name == slo.journey), None)
    if journey is None:
        raise NotMeasured(
            f"The SLO {slo.name} belongs to no journey of assessment.yaml: name it under the `slos` of a journey "
            "that has a route or metrics.",
            supply=f"Name the SLO {slo.name} under the `slos` of a journey that has a route or metrics.",
        )
    if slo.kind == "threshold":
        raise NotMeasured(
            f"The SLO {slo.name} counts moments at which a metric keeps a threshold, which is not computed here: "
            "write it as availability or latency of requests.",
            supply="Write it as availability or latency of requests.",
        )
    if journey.route and system.config.evidence.requests:
        return _from_requests(system, slo, journey)
    if journey.metrics and system.config.evidence.metrics:
        return _from_metrics(system, slo, journey)
    raise NotMeasured(
        f"The journey {journey.name} is seen by no evidence: give it a `route` and requests, or `metrics` selectors "
        "and metrics.",
        supply=f"Give the journey {journey.name} a `route` and requests, or `metrics` selectors and metrics.",
    )


def _from_requests(system: Assessment, slo: SLO, journey: Journey) -> tuple[pd.DataFrame, Rows]:
    requests = system.requests()
    selected = requests.select(journey.route, journey.service)
    chosen = selected.counts
    if chosen.empty:
        raise NotMeasured(
            f"The journey {journey.name} has no traffic: no request matches {journey.route!r}. Compare it with the "
            "routes in step 00; ids in paths are read as {id}.",
            supply=f"Compare the journey's route {journey.route!r} with those in step 00, and mend assessment.yaml.",
        )
    if slo.kind == "latency":
        if not selected.duration_known:
            raise NotMeasured(
                f"The latency of {journey.name} is not measured: its requests, or some of them, carry no duration.",
                supply="Supply a log with a duration for each request, or spans.",
            )
        untimed = chosen.get(UNTIMED, 0)
        chosen = chosen.assign(total=chosen["n"] - chosen["errors"] - untimed)
        if not chosen["total"].any() and (chosen["n"] > chosen["errors"]).any():
            raise NotMeasured(
                f"The latency of {journey.name} is not measured: no request that was answered carries a duration.",
                supply="Supply a log with a duration for each request, or spans.",
            )
        chosen["bad"] = chosen["total"] - _good(chosen, slo)
    elif not selected.status_known:
        raise NotMeasured(
            f"The availability of {journey.name} is not measured: its requests, or some of them, carry no status. "
            "Supply a log with one, or spans with an error flag.",
            supply="Supply a log with a status for each request, or spans with an error flag.",
        )
    else:
        chosen = chosen.assign(total=chosen["n"], bad=chosen["errors"])
    table = summed_by_minute(chosen[["minute", "n", "total", "bad"]])
    return table[["total", "bad"]], rows_of("requests", table["n"], requests.quality)


def _good(cells: pd.DataFrame, slo: SLO) -> pd.Series[int]:
    """The requests of each cell within the SLO's threshold.

    Raises NotMeasured where some of them were counted elsewhere, by other thresholds.
    """
    threshold_s = slo.threshold_s or 0.0
    name = good_column(round(threshold_s * 1e6))
    good = cells[name] if name in cells else pd.Series(pd.NA, index=cells.index, dtype="Int64")
    if good.hasnans:
        route = cells.loc[good.isna(), "route"].iloc[0]
        raise NotMeasured(
            f"{slo.name}: the cells of {route} do not count the requests within {duration(threshold_s)}; the remarks "
            "of their source in step 00 say which thresholds they have. Use one of those, or supply the requests "
            "themselves.",
            supply=f"Use a threshold by which the cells of {route} are counted, or supply the requests themselves.",
        )
    return good.astype("int64")


def _from_metrics(system: Assessment, slo: SLO, journey: Journey) -> tuple[pd.DataFrame, Rows]:
    metrics, selectors = system.metrics(), journey.metrics
    ends: dict[str, pd.Series] = {}
    assert selectors is not None  # noqa: S101 - the caller has looked
    total = metrics.increase(selectors.total)
    if slo.kind == "latency":
        if not selectors.buckets:
            raise NotMeasured(
                f"The latency of {journey.name} is not measured: give `metrics.buckets`, its histogram's selector.",
                supply=f"Give the journey {journey.name} `metrics.buckets`, its histogram's selector.",
            )
        good, total, open_ = _within(system, selectors.buckets, slo)
        bad = total - good
        ends = {name: total - one for name, one in zip(("bad_most", "bad_least"), open_, strict=False)}
    elif selectors.errors:
        bad = metrics.increase(selectors.errors, among=selectors.total)
    else:
        raise NotMeasured(
            f"The availability of {journey.name} is not measured: give `metrics.errors`, its selector.",
            supply=f"Give the journey {journey.name} `metrics.errors`, the selector of its errors.",
        )
    measured = pd.DataFrame({"total": total, "bad": bad, **ends}).dropna().rename_axis("minute")
    if measured.empty:
        step = pd.Timedelta(total.index.freq)  # type: ignore[attr-defined]  # of times, which have one
        raise _too_short(journey.name, selectors.total, metrics, step.total_seconds())
    table = _whole(measured)
    for name in ends:
        table[name] = _whole(measured.assign(bad=measured[name]))["bad"].clip(upper=table["total"])
    table = table[table["total"] > 0]
    if table.empty:
        raise NotMeasured(
            f"The journey {journey.name} has no traffic: {selectors.total} never rose.",
            supply=f"Compare {selectors.total} with the metrics of step 00; if it is right, collect a longer history.",
        )
    samples = metrics.frame.groupby(metrics.frame["time"].dt.floor("min")).size()
    return table, rows_of("metrics", samples, metrics.quality)


def _too_short(journey: str, selector: str, metrics: Metrics, step_s: float) -> NotMeasured:
    """What is said where no step of `step_s` lies wholly between samples; any two steps hold a whole one."""
    times = metrics.select(selector)["time"]
    span = duration((times.max() - times.min()).total_seconds()) if len(times) else "0 s"
    needed = f"at least {duration(2 * step_s)} of samples without a gap"
    return NotMeasured(
        f"The journey {journey} has too short a history: the samples of {selector} span {span} and hold no whole "
        f"{'minute' if step_s == 60 else duration(step_s)} without a gap; {needed} are needed.",
        supply=f"Collect {needed} of {selector}; the longer the history, the more an SLO can say.",
    )


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Whole events a minute that add up: the running sums of bad and of good ones are rounded, and differences taken.

    A sample between two minutes splits an event over both, and rounding each part by itself would lose it.
    """
    bad = table["bad"].clip(lower=0).clip(upper=table["total"])
    running = pd.DataFrame({"bad": bad, "good": table["total"] - bad}).cumsum()
    rounded = (running + 0.5 + 1e-9) // 1
    whole = rounded.diff().fillna(rounded.iloc[:1])
    return pd.DataFrame({"total": whole["bad"] + whole["good"], "bad": whole["bad"]})


def _within(system: Assessment, buckets: str, slo: SLO) -> tuple[pd.Series, pd.Series, list[pd.Series]]:
    """Requests a minute up to the threshold, and all; where no edge lies there, those at the edges around it too.

    Between the edges the number is interpolated as in `latency.latency_sli`.
    """
    metrics = with_one_spelling(system.metrics(), buckets)
    edges = {float(labels_of(text)["le"]) for text in metrics.select(buckets)["labels"].unique()}

    def up_to(edge: float) -> pd.Series:
        return metrics.increase(with_edge(buckets, edge))

    if not any(math.isfinite(edge) for edge in edges):
        raise NotMeasured(
            f"The histogram {buckets} has no bucket edge but +Inf, so it tells nothing of how long requests took.",
            supply=f"Give the histogram behind {buckets} a bucket edge at {duration(slo.threshold_s or 0.0)}.",
        )
    if math.inf not in edges:
        raise NotMeasured(
            f'The histogram {buckets} has no bucket le="+Inf", which holds the number of all requests.',
            supply=f"Select the histogram of {buckets} without a filter on `le`, or export its bucket +Inf.",
        )
    total, threshold = up_to(math.inf), slo.threshold_s or 0.0
    if threshold in edges:
        return up_to(threshold), total, []
    below, above = (
        max((edge for edge in edges if edge < threshold), default=0.0),
        min(e for e in edges if e > threshold),
    )
    least, most = up_to(below) if below in edges else total * 0.0, up_to(above)
    share = (threshold - below) / (above - below) if math.isfinite(above) else 0.0
    return least + share * (most - least), total, [least, most]
