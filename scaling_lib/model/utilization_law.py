"""Demands from metrics: the utilisation law as a regression, with an intercept for work that no request asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.beyond import Beyond, beyond
from scaling_lib.model.clock_offset import moved
from scaling_lib.model.demands import above_zero
from scaling_lib.model.least_squares import bend, regress, variance_inflation
from scaling_lib.model.system_parts import ALL
from scaling_lib.model.uncertainty import Floats, interval
from scaling_lib.stats.arguments import floats
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing, number, percent, plural

FEWEST_LOADS = 5  # two parameters at least, and something left to see whether a line fits
APART = 0.05  # of the highest rate: loads nearer than this are one
NOTHING = 1e-9  # of the highest rate: no journey, but what rounding leaves of a difference of rates
MOST_INFLATION = 10.0  # of a variance, by the other journeys: beyond, they cannot be told apart (a usual limit)
TOP = 0.95
BENT = 0.25  # a smaller bend does not matter
JITTER = 1.05  # times the servers: so much a scrape that came a little late can show
BUSY = "\x00busy"  # no journey is called that


@dataclass(frozen=True, kw_only=True)
class UtilizationLaw:
    """busy = background + sum of rate x demand, of one resource.

    demands: seconds a request by journey; where the journeys cannot be told apart that of the mean request for each.
    separable: whether they can. inflation: by journey, how many times the other journeys inflate its variance.
    mean_demand: seconds of the mean request at the measured mix. background: servers taken without any request.
    mix: by journey, its share of the requests. servers: as given.
    ceiling: servers in use at the busiest 5% of the points; where it stays below `servers` at saturation, the rest
        cannot be had (a quota, a reserve of the system).
    offset: by how many steps the rates are taken later (below 0: earlier), see `clock_offset`.
    bend: how much less (below 0) or more one further request takes at the highest load than at the lowest, as a
        fraction of the mean; 0 where no bend is certain.
    points: used; left_out: how many others, by reason. block: the points that were taken together for the errors.
    fit: the share of the variation of `busy` that the law explains.
    draws: (DRAWS, 1 + journeys): what background and demands may be together. notes: what to know, sentences.
    beyond: how the use may run on beyond the measured loads, None where too few points tell.
    """

    demands: Mapping[str, Estimate]
    separable: bool
    inflation: Mapping[str, float]
    mean_demand: Estimate
    background: Estimate
    mix: Mapping[str, float]
    servers: int
    ceiling: float
    offset: float
    bend: float
    points: int
    left_out: Mapping[str, int]
    block: int
    fit: float
    draws: Floats
    notes: tuple[str, ...]
    beyond: Beyond | None = None


def from_utilization(
    busy: pd.Series[float], rates: pd.DataFrame | pd.Series[float], *, servers: int = 1, level: float = 0.95
) -> UtilizationLaw:
    """Demands by journey of a resource, from how busy it was while the journeys' rates changed.

    busy: servers in use by time, such as CPU seconds per second; rates: answered requests/s by the same times, a column
        a journey (a Series for all together). Points without one or the other are left out.
    servers: what there is; level: of the intervals.

    Least squares, nothing below 0. The errors are those of a jackknife that leaves out blocks of neighbouring points,
    of 1, 2, 4, ... points as long as there are six blocks, and the widest of these: residuals are alike from point
    to point and within a level of load. The draws are Student's t with as many degrees of freedom as there are
    blocks less the parameters. Journeys whose rates move together (variance inflation above 10) get the mean request's
    demand, and spans have to tell how it is split.

    Left out: points that were not measured, negative ones (a counter that restarted), ones more than 5% above
    `servers` (less is a scrape that came late, and to drop only what is too high would bias the rest), and ones without
    any use while requests were answered (a stale counter). Where a quota is no whole number of processors, give `busy`
    as a share of the quota, and the demands are in seconds of it.
    Raises NotEnoughData for fewer than 5 loads that differ by 5% of the highest, InvalidInput for input that cannot be.
    Sources: Denning and Buzen (1978) for the law; Bard and Shatzoff, Statistical methods in computer performance
    analysis (1978) and Pacifici, Segmuller, Spreitzer and Tantawi, CPU demand for web serving, Performance Evaluation
    65 (2008) for the regression; Wu, Jackknife, bootstrap and other resampling methods in regression analysis, Annals
    of Statistics 14 (1986).

    Measured coverage of the nominal 95% of the mean demand (tests/benchmarks/bench_system.py), with residuals that are
    correlated from point to point by 0, 0.5, 0.8 and 0.95: ten levels of eight points 0.98, 0.94, 0.92, 0.73; a day of
    288 points 0.99, 0.98, 0.97, 0.85; a load that wanders over 240 points 0.99, 0.96, 0.96, 0.92. Two journeys, told
    apart: nearly the same. Where residuals remember nearly as long as the series lasts, no method knows.
    """
    check_level("from_utilization", level)
    above_zero("from_utilization", "servers", servers, "servers")
    in_use, table, left_out = _usable(busy, rates, servers)
    _check_loads(table.sum(axis=1).to_numpy())
    came = table.max() > NOTHING * table.sum(axis=1).max()
    never = [str(name) for name in table if not came[name]]
    table = table.loc[:, came]
    fitting, offset = moved(table, in_use)
    in_use, by_journey = in_use[table.index.isin(fitting.index)], fitting.to_numpy()
    journeys = [str(name) for name in table]
    totals = by_journey.sum(axis=1)
    mix = by_journey.sum(axis=0) / totals.sum()
    inflation = variance_inflation(by_journey)
    bent = bend(totals, in_use)
    separable = max(inflation) <= MOST_INFLATION and len(in_use) > 3 * len(journeys)
    found = regress(by_journey if separable else totals[:, np.newaxis], in_use, mix if separable else np.ones(1))
    draws = found.draws if separable else np.column_stack([found.draws[:, 0], *[found.draws[:, 1]] * len(journeys)])
    values = found.values[1:] if separable else np.repeat(found.values[1], len(journeys))
    mean_demand = interval(float(values @ mix), draws[:, 1:] @ mix, level, "s")
    return UtilizationLaw(
        demands={
            name: interval(float(value), drawn, level, "s")
            for name, value, drawn in zip(journeys, values, draws[:, 1:].T, strict=True)
        },
        separable=separable,
        inflation=dict(zip(journeys, inflation, strict=True)),
        mean_demand=mean_demand,
        background=interval(float(found.values[0]), draws[:, 0], level, "servers"),
        mix=dict(zip(journeys, mix.tolist(), strict=True)),
        servers=servers,
        ceiling=float(np.quantile(in_use, TOP)),
        offset=offset,
        bend=bent,
        points=len(in_use),
        left_out=left_out,
        block=found.block,
        fit=found.fit,
        draws=draws,
        notes=tuple(_notes(journeys, separable, inflation, left_out, never, offset, bent)),
        beyond=beyond(totals, in_use, mean_demand.value, float(found.values[0])),
    )


def _apart(use: pd.Index, rates: pd.Index) -> str:
    """What to do where no time is in common: ranges that do not overlap are another fault than steps that differ."""
    timed = len(use) and len(rates) and isinstance(use, pd.DatetimeIndex) and isinstance(rates, pd.DatetimeIndex)
    if not timed or (use.min() <= rates.max() and rates.min() <= use.max()):
        return "Ask for both with the same step."
    return (
        f"The use is from {use.min()} to {use.max()}, the requests from {rates.min()} to {rates.max()}: export both of "
        "the same time, and look whether one of their clocks, or time zones, is off."
    )


def _usable(
    busy: pd.Series[float], rates: pd.DataFrame | pd.Series[float], servers: int
) -> tuple[Floats, pd.DataFrame, dict[str, int]]:
    """What can be used, in order of time, and what was left out."""
    table = rates.to_frame(ALL) if isinstance(rates, pd.Series) else rates
    for what, given in (("busy", busy), ("rates", table)):
        if not isinstance(given, pd.Series | pd.DataFrame) or given.index.has_duplicates:
            raise InvalidInput(
                f"from_utilization: {what} is no series by time in which each time is there once; expected servers in "
                "use and requests/s by time, such as `Metrics.increase` gives them, divided by its step."
            )
    times = busy.index.intersection(table.index)
    if not len(times) or not len(table.columns):
        raise InvalidInput(
            f"from_utilization: found {plural(len(busy), 'point')} of use and {plural(len(table), 'point')} of "
            f"{plural(len(table.columns), 'journey')}, and no time in common; expected both at the same times. "
            + _apart(busy.index, table.index)
        )
    both = table.loc[times].assign(**{BUSY: busy.loc[times]}).sort_index()
    columns = {name: floats("from_utilization", "values", both[name].to_numpy()) for name in both}
    both = pd.DataFrame(columns, index=both.index)
    values, use = both.to_numpy(), both[BUSY].to_numpy()
    reasons = {
        "not measured": ~np.isfinite(values).all(axis=1),
        "negative, as of a counter that restarted": (values < 0).any(axis=1),
        f"above the {plural(servers, 'server')} there are": use > JITTER * servers,
        "without use while requests were answered, as of a stale counter": (use == 0)
        & (values[:, :-1].sum(axis=1) > 0),
    }
    out = np.zeros(len(both), dtype=bool)
    left_out: dict[str, int] = {}
    for reason, rows in reasons.items():
        if count := int((rows & ~out).sum()):
            left_out[reason] = count
        out |= rows
    if int((use > JITTER * servers).sum()) * 2 > len(both):
        raise InvalidInput(
            f"from_utilization: found up to {number(float(np.nanmax(use)))} servers in use, in most points more than "
            f"the {servers} given; expected no more. Give the number of servers (processors) that there are."
        )
    kept = both[~out]
    return kept[BUSY].to_numpy(), kept.drop(columns=BUSY), left_out


def _check_loads(totals: Floats) -> None:
    """Raise NotEnoughData where the load hardly changed: no line can be told from its end."""
    apart = 0
    nearest = -math.inf
    for total in np.sort(totals):
        if total > 0 and total - nearest >= APART * totals.max():
            apart, nearest = apart + 1, total
    if apart < FEWEST_LOADS:
        found = f", from {number(totals.min())} to {number(totals.max())} requests/s" if len(totals) else ""
        raise NotEnoughData(
            f"from_utilization: found {plural(apart, 'load')} that differ by {APART:.0%} of the highest, in "
            f"{plural(len(totals), 'usable point')}{found}; expected at least {FEWEST_LOADS}. Supply metrics of a "
            "stretch in which the load changes, such as a day with its night, or a load test of several levels."
        )


def _notes(
    journeys: list[str],
    separable: bool,
    inflation: list[float],
    left_out: Mapping[str, int],
    never: list[str],
    offset: float,
    bent: float,
) -> Iterator[str]:
    if left_out:
        yield "Left out: " + listing([f"{plural(count, 'point')} {reason}" for reason, count in left_out.items()]) + "."
    if offset:
        yield (
            f"The rates fit the use best where they are taken {number(abs(offset))} of a step "
            f"{'later' if offset > 0 else 'earlier'}: they were sampled at other moments. That is allowed for."
        )
    if never:
        yield f"No request was answered of {listing(never)}: what one asks for is not known."
    if abs(bent) >= BENT:
        yield (
            f"The use rises {'less' if bent < 0 else 'more'} than in proportion to the load: what one further request "
            f"takes {_changes(bent)} from the lowest load to the highest. Far from the measured loads, or after a "
            "change, it may be another."
        )
    if not separable:
        yield (
            f"The rates of {listing(journeys)} move together (variance inflation {number(max(inflation))}): their "
            "demands cannot be told apart here, and each is given that of the mean request. Spans tell how it is split."
        )


def _changes(bent: float) -> str:
    """In words: a line through loads at which the resource is full may fall by more than all of its slope."""
    if bent <= -1:
        return "falls to next to nothing"
    return f"{'falls' if bent < 0 else 'grows'} by {percent(abs(bent), 2)} of its mean"
