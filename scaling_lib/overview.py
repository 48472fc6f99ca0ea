"""Step 00: what evidence there is, how good it is, and what it can answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from scaling_lib import figures
from scaling_lib.assessment import Assessment
from scaling_lib.errors import ScalingError
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.routes import is_of
from scaling_lib.findings import Finding, Source
from scaling_lib.ledger import QUESTIONS, Ledger
from scaling_lib.stats import Estimate
from scaling_lib.words import duration, listing, percent, plural

REJECTED_WATCH = 0.001  # a share of rejected rows above this may move a figure with three digits
MOST_ROUTES = len(figures.PALETTE)  # as many series as the palette tells apart
MOST_POINTS = 1500
EVIDENCE_CAPTION = (
    "Each source, what was read and what was not. Origin: recorded or simulated, as assessment.yaml says; not said "
    "where it does not. Below a source: its gaps and remarks."
)
EVIDENCE_BELOW = ("gaps", "remarks")

_finding = partial(Finding, step="00", command="scaling check")


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The evidence of one system.

    ledger: every source; traffic: requests and errors by route (service, route, requests, errors, share, journey);
    minutes: requests a minute, a column for each of the busiest routes (with its service where several share one),
        indexed by minute in UTC, or by as many minutes as keep it light; 0 where none came, NaN in the sources' gaps.
    """

    system: str
    ledger: Ledger
    traffic: pd.DataFrame
    minutes: pd.DataFrame


def overview(system: Assessment) -> Overview:
    """Read all evidence of an assessment; what is absent or broken is part of the result, not an error."""
    ledger = system.evidence()
    try:
        counts = system.requests().counts
    except ScalingError:
        counts = pd.DataFrame({"service": [], "route": [], "minute": [], "n": [], "errors": []})
    traffic = _traffic(system, counts)
    minutes = _minutes(counts, traffic, ledger)
    return Overview(system=system.name, ledger=ledger, traffic=traffic, minutes=minutes)


def evidence_table(result: Overview) -> pd.DataFrame:
    """The ledger's table with the origin beside each source: recorded, simulated or not said."""
    table = result.ledger.table()
    first = ["evidence", "origin", "source"]
    return table[[*first, *(name for name in table.columns if name not in first)]]


def range_figure(result: Overview) -> go.Figure:
    """The time range of each source as a bar, its gaps left open."""
    timed = [quality for quality in result.ledger.sources if quality.start and quality.end]
    if not timed:
        return figures.nothing("No evidence carries a time: supply requests or metrics.")
    bars = pd.DataFrame([row for quality in timed for row in _stretches(quality)])
    figure = figures.figure(_range_title(result.ledger), x="time, UTC", y="")
    for kind, rows in bars.groupby("kind", sort=False):
        figure.add_bar(
            base=rows["start"],
            x=(rows["end"] - rows["start"]).dt.total_seconds() * 1000,
            y=rows["source"].map(figures.escape),
            orientation="h",
            marker_color=figures.colour(str(kind)),
            name=str(kind),
            customdata=rows[["label"]],
            hovertemplate="%{y}<br>%{customdata[0]}<extra></extra>",
        )
    figure.update_layout(xaxis_type="date", height=120 + 34 * bars["source"].nunique(), barmode="overlay")
    return figure


def traffic_figure(result: Overview) -> go.Figure:
    """Requests a minute by route."""
    if result.minutes.empty:
        return figures.nothing("Requests are not measured: supply access logs or tables of requests.")
    busiest = result.traffic.iloc[0]
    everything = plural(int(result.traffic["requests"].sum()), "request")
    title = f"{_labels(result.traffic)[0]} carries {percent(busiest['share'])} of {everything}"
    figure = figures.figure(title, x="time, UTC", y="requests a minute")
    for route in result.minutes.columns:
        figure.add_scatter(
            x=figures.utc(result.minutes.index),
            y=result.minutes[route],
            name=figures.escape(str(route)),
            mode="lines",
            line={"color": figures.colour(str(route)), "width": 2},
            hovertemplate="%{y:,.0f} a minute<extra>" + figures.escape(str(route)) + "</extra>",
        )
    return figures.time_axis(figure).update_layout(yaxis_rangemode="tozero")


def findings(result: Overview) -> list[Finding]:
    """What is broken or thin in the evidence, or absent and missed by a question."""
    found = _broken(result.ledger)
    found += [finding for quality in result.ledger.sources for finding in _doubts(quality)]
    found += [
        _finding(
            name="journey-without-traffic",
            subject=name,
            verdict="act",
            sentence=f"The journey {name} has no request in the evidence.",
            why="Its route matches none that was seen; ids in paths are read as {id}.",
            action="Compare the journey's route with the routes in the traffic table, and mend assessment.yaml.",
        )
        for name in result.ledger.silent
    ]
    found += [
        _finding(
            name="not-measured",
            subject=kind,
            verdict="unknown",
            sentence=f"{kind.capitalize()} are not measured: none are given.",
            why="; ".join(f"without them: {text}" for text in unanswered),
            action=f"Supply {KINDS[kind].supply}.",
        )
        for kind in result.ledger.absent
        if (unanswered := _unanswered(result.ledger, kind))
    ]
    return [*found, _sum(result.ledger)]


def _traffic(system: Assessment, counts: pd.DataFrame) -> pd.DataFrame:
    sums = counts.groupby(["service", "route"], as_index=False, observed=True)[["n", "errors"]].sum()
    sums = sums.astype({"service": "str", "route": "str"})
    sums = sums.sort_values("n", ascending=False, ignore_index=True).rename(columns={"n": "requests"})
    sums["share"] = sums["requests"] / max(1, sums["requests"].sum())
    journeys = [
        ", ".join(each.name for each in system.journeys if is_of(place, each.route, each.service))
        for place in _keys(sums)
    ]
    sums["journey"] = pd.Series(journeys, dtype="str")
    return sums


def _keys(traffic: pd.DataFrame) -> Iterator[tuple[str, str]]:
    return zip(traffic["service"].astype(str), traffic["route"].astype(str), strict=True)


def _minutes(counts: pd.DataFrame, traffic: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    if counts.empty:
        return pd.DataFrame()
    first = counts["minute"].min()
    place = _places(counts["minute"], first)
    step = max(1, -(-int(place.max() + 1) // MOST_POINTS))
    bins = int(place.max()) // step + 1
    seen = _seen(ledger, first, place, bins * step).reshape(bins, step).sum(axis=1)
    columns = {}
    for label, (service, route) in list(zip(_labels(traffic), _keys(traffic), strict=True))[:MOST_ROUTES]:
        own = ((counts["service"] == service) & (counts["route"] == route)).to_numpy()
        sums = np.bincount(place[own] // step, weights=counts["n"].to_numpy(dtype=np.float64)[own], minlength=bins)
        columns[label] = np.divide(sums, seen, out=np.full(bins, np.nan), where=seen > 0)
    return pd.DataFrame(columns, index=pd.date_range(first, periods=bins, freq=f"{step}min", name="minute"))


def _seen(ledger: Ledger, first: pd.Timestamp, place: NDArray[np.int64], minutes: int) -> NDArray[np.bool_]:
    """The minutes for which the requests speak: those with one, and those within a source and outside its gaps."""
    seen = np.zeros(minutes, dtype=bool)
    for quality in ledger.sources:
        for stretch in _stretches(quality) if quality.kind == "requests" else []:
            start, end = _places(pd.Series([stretch["start"], stretch["end"]]), first)
            seen[max(0, int(start)) : max(0, int(end))] = True  # the end is that of the last minute
    seen[int(place.max()) + 1 :] = False
    seen[place] = True
    return seen


def _places(times: pd.Series[pd.Timestamp], first: pd.Timestamp) -> NDArray[np.int64]:
    """Whole minutes since the first."""
    return np.asarray((times - first) // pd.Timedelta(minutes=1), dtype=np.int64)


def _labels(traffic: pd.DataFrame) -> list[str]:
    """The routes, with their service where several services share a route."""
    shared = traffic["route"].duplicated(keep=False)
    return [
        f"{service} {route}" if both and service else route
        for (service, route), both in zip(_keys(traffic), shared, strict=True)
    ]


def _stretches(quality: Quality) -> list[dict[str, object]]:
    """The stretches between a source's gaps."""
    if quality.start is None or quality.end is None:
        return []
    starts = [quality.start, *(gap.end for gap in quality.gaps)]
    ends = [*(gap.start for gap in quality.gaps), quality.end]
    return [
        {
            "kind": quality.kind,
            "source": quality.source,
            "start": pd.Timestamp(start),
            "end": pd.Timestamp(end),
            "label": f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}",
        }
        for start, end in zip(starts, ends, strict=True)
    ]


def _range_title(ledger: Ledger) -> str:
    starts = [quality.start for quality in ledger.sources if quality.start]
    ends = [quality.end for quality in ledger.sources if quality.end]
    shared = (min(ends) - max(starts)).total_seconds()
    if shared <= 0 and len(ends) > 1:
        return "The sources share no stretch of time, so they cannot be compared"
    return f"The evidence shares {duration(shared)}, from {max(starts):%Y-%m-%d %H:%M} UTC"


def _broken(ledger: Ledger) -> list[Finding]:
    """One finding a problem, about its source, or its kind where no source is to blame."""
    about: dict[str, str] = {}
    for quality in ledger.sources:
        about.setdefault(quality.problem, quality.source)
    for kind, problem in ledger.problems.items():
        about.setdefault(problem, kind)
    return [
        _finding(
            name="broken-evidence",
            subject=about[problem],
            verdict="act",
            sentence=f"Evidence cannot be read as it stands: {problem}",
            why="What cannot be read is left out of every figure.",
            action="Mend or replace the source, then run again.",
        )
        for problem in ledger.broken
    ]


def _doubts(quality: Quality) -> list[Finding]:
    source = _source(quality)
    found = []
    share = quality.rejected_rows / max(1, quality.rows + quality.rejected_rows)
    if share > REJECTED_WATCH:
        reasons = listing([f"{reject.reason} ({reject.rows:,})" for reject in quality.rejected])
        found.append(
            _finding(
                name="rejected-rows",
                subject=quality.source,
                verdict="watch",
                sentence=f"{percent(share)} of the rows of {quality.source} were rejected: {reasons}.",
                impact=Estimate(share, share, share, unit="fraction"),
                why="Rejected rows count in no figure; if they are not a random part, the figures lean.",
                evidence=(source,),
                action="Look at the examples in the table of rejected rows, and mend the export.",
            )
        )
    if quality.gaps:
        longest = max((gap.end - gap.start).total_seconds() for gap in quality.gaps)
        found.append(
            _finding(
                name="gaps",
                subject=quality.source,
                verdict="watch",
                sentence=f"{quality.source} has {plural(len(quality.gaps), 'gap')}, the longest {duration(longest)}.",
                impact=Estimate(longest, longest, longest, unit="s"),
                why="A gap is neither good nor bad: it is not counted. It may hide an outage, unless a remark of its "
                "source explains it.",
                evidence=(source,),
                action="Find out whether the system or its log was silent.",
            )
        )
    return found


def _unanswered(ledger: Ledger, kind: str) -> list[str]:
    """The questions without an answer that this kind would help to answer."""
    answers = ledger.answers()
    open_ = set(answers.loc[answers["answered"] == "no", "question"])
    return [each.text for each in QUESTIONS if each.text in open_ and any(kind in needs for needs in each.needs)]


def _sum(ledger: Ledger) -> Finding:
    answers = ledger.answers()
    count = int((answers["answered"] == "yes").sum())
    return _finding(
        name="answerable",
        verdict="ok" if count == len(answers) else "unknown",
        sentence=f"The evidence can answer {count} of {len(answers)} questions.",
        evidence=tuple(_source(quality) for quality in ledger.sources),
    )


def _source(quality: Quality) -> Source:
    return Source(
        table=quality.kind,
        rows=quality.rows,
        start=f"{quality.start:%Y-%m-%dT%H:%M:%SZ}" if quality.start else "",
        end=f"{quality.end:%Y-%m-%dT%H:%M:%SZ}" if quality.end else "",
        origin="simulated" if quality.origin == "simulated" else "measured",
    )
