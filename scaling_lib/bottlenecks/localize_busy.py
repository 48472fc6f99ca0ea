"""Whose processors were busy all through the faulty window, unlike before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.bottlenecks.localize_parts import Window
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.metrics import labels_of
from scaling_lib.words import listing

OF_A_SERVICE = ("service", "service_name", "app", "container", "job", "pod", "deployment", "instance")
MORE = 3.0  # times the highest of all other use: a spell, not a spike
FEW = 5  # values of the normal window from which it is enough to compare with
SPAN_NS = 60e9  # metrics are often a value a minute: one that tells of the window may be stamped after it


def busy_services(metrics: pd.DataFrame, normal: Window, faulty: Window, services: list[str]) -> dict[str, bool | None]:
    """By service whether it was; None of those without values in both windows.

    metrics: the canonical frame (time, metric, labels, value), of which the metrics with "cpu" in their name count
        (those that end in _total as their rate); or a row a service or pod and time, with a column service (or pod),
        one of the time (seconds since 1970 or timestamps), and one or more with "cpu" in their name but not "node".
    A service is found by its name, or by that of its pods, which begin with it and a hyphen.

    Busy is who in half of the faulty window's values, in every pod's mean, used more than three times as much as in
    nine of ten of the normal window's, or of all others before the fault where those are few.
    """
    use = _canonical(metrics) if {"metric", "labels", "value"} <= set(metrics) else _wide(metrics)
    use = use.assign(service=use["name"].map(_named(use["name"].unique().tolist(), services)))
    use = use.dropna(subset=["service", "use"]).groupby(["series", "service", "time"])["use"].mean().reset_index()
    found: dict[str, bool | None] = dict.fromkeys(services)
    for (_, service), rows in use.groupby(["series", "service"]):
        time, amount = rows["time"].to_numpy(), rows["use"].to_numpy()
        inside = (time >= faulty.start_ns) & (time <= faulty.end_ns + SPAN_NS)
        before = amount[(time >= normal.start_ns) & (time <= normal.end_ns + SPAN_NS) & ~inside]
        if len(before) < FEW:
            before = amount[(time < faulty.start_ns)] if bool((time < faulty.start_ns).any()) else before
        during = amount[inside]
        if len(during) and len(before):
            busy = float(np.median(during)) > MORE * float(np.quantile(before, 0.9)) > 0
            found[str(service)] = bool(found[str(service)]) or busy
    return found


def _named(names: list[str], services: list[str]) -> dict[str, str | None]:
    """The service of each name: itself, or the longest that it begins with."""
    longest = sorted(services, key=len, reverse=True)
    return {
        name: next((each for each in longest if name == each or name.startswith(f"{each}-")), None) for name in names
    }


def _canonical(metrics: pd.DataFrame) -> pd.DataFrame:
    kept = metrics[metrics["metric"].astype(str).str.contains("cpu", case=False)]
    labels = {text: labels_of(text) if isinstance(text, str) else dict(text) for text in kept["labels"].unique()}
    names = {text: next((found[each] for each in OF_A_SERVICE if each in found), "") for text, found in labels.items()}
    frame = pd.DataFrame(
        {
            "series": kept["metric"].astype(str),
            "labels": kept["labels"].astype(str),
            "name": kept["labels"].map(names).astype(str),
            "time": _ns(kept["time"]),
            "use": kept["value"].to_numpy(dtype=np.float64),
        }
    ).sort_values(["series", "labels", "time"])
    counters = frame["series"].str.endswith("_total").to_numpy()
    rises = frame.groupby(["series", "labels"])[["use", "time"]].diff()
    rate = (rises["use"] / (rises["time"] / 1e9)).where(rises["use"] >= 0)
    return frame.assign(use=np.where(counters, rate, frame["use"]))


def _wide(metrics: pd.DataFrame) -> pd.DataFrame:
    lower = {str(name).lower(): name for name in metrics.columns}
    time = next((lower[each] for each in ("time", "timestamp") if each in lower), None)
    name = next((lower[each] for each in (*OF_A_SERVICE, "podname") if each in lower), None)
    use = [column for low, column in lower.items() if "cpu" in low and "node" not in low]
    if time is None or name is None or not use:
        raise InvalidInput(
            f"localize, metrics: found the columns {listing([str(each) for each in metrics.columns])}; expected time, "
            "metric, labels and value; or a time, a service or pod, and a column with cpu in its name. Leave the "
            "metrics out where they say nothing of processors."
        )
    long = metrics.melt(id_vars=[name, time], value_vars=use, var_name="series", value_name="use")
    return pd.DataFrame(
        {
            "series": long["series"].astype(str),
            "name": long[name].astype(str),
            "time": _ns(long[time]),
            "use": pd.to_numeric(long["use"], errors="coerce"),
        }
    )


def _ns(times: pd.Series) -> pd.Series[int]:
    """Nanoseconds since 1970: of numbers, whatever unit gives a year from 1973 on."""
    if pd.api.types.is_numeric_dtype(times):
        size = float(times.abs().median())
        scale = next(each for each, least in ((1, 1e17), (10**3, 1e14), (10**6, 1e11), (10**9, 0.0)) if size >= least)
        return (times * scale).astype(np.int64)
    return pd.to_datetime(times, utc=True).dt.tz_localize(None).astype("datetime64[ns]").astype(np.int64)
