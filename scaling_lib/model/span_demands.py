"""Demands from spans: how long each service, and whom it calls without spans of their own, works on a journey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import NotEnoughData, NotMeasured
from scaling_lib.model.self_time import self_times
from scaling_lib.model.uncertainty import DRAWS, Floats, generator, interval
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import check_level
from scaling_lib.words import listing, percent, plural

FEWEST_TRACES = 20  # of a journey: with fewer the resampled means say little about the mean
MOST_GROUPS = 100  # neighbouring traces are resampled together, as they are slow together


@dataclass(frozen=True, kw_only=True)
class SpanDemands:
    """Self times of the spans that a journey waits for: mean seconds of a request.

    demands: by resource (a service, or a peer without spans of its own) and journey. edges: by (caller, callee) and
        journey what a call takes beyond its callee's span: network, and waiting to be taken on. asynchronous: as
        demands, of the spans that the journey does not wait for; they take of the resources too.
    traces: by journey; mix: by journey, its share of the roots.
    draws: by resource (DRAWS, journeys), together over resources. notes: what to know, sentences.
    """

    demands: Mapping[str, Mapping[str, Estimate]]
    edges: Mapping[tuple[str, str], Mapping[str, Estimate]]
    asynchronous: Mapping[str, Mapping[str, Estimate]]
    traces: Mapping[str, int]
    mix: Mapping[str, float]
    draws: Mapping[str, Floats]
    notes: tuple[str, ...]


def from_spans(spans: pd.DataFrame, *, journeys: Mapping[str, str] | None = None, level: float = 0.95) -> SpanDemands:
    """Mean self time by resource and journey.

    spans: the canonical frame, see `evidence.spans`; peer, follows and weight may be absent. journeys: the journey's
        name by its root operation; None: every root operation is one. level: of the intervals.

    Self time is a span's duration without what its children cover, once each where they overlap. A caller's span with
    its callee's below belongs to the edge between them; one without, to its peer where it names one. It is no pure
    demand: it holds waiting (for a processor, a lock, a thread), the more the busier the system was, and lacks what a
    process does outside of its spans. Take spans of light load, and the size of CPU demands from metrics.
    A journey's mean is over its roots, each as often as its sampling weight says; sampling alike scales nothing.
    Intervals are a bootstrap of traces, in groups of neighbours in time where there are more than 100; a journey that
    came in fewer than 20 of these groups has groups of its own.
    Traces without their root, and orphans, are left out; journeys with fewer than 20 traces too.

    Raises NotEnoughData where no journey has 20, InvalidInput for a frame without the columns that are needed.
    Measured coverage of the nominal 95% (tests/benchmarks/bench_system.py), of self times of wide spread (lognormal,
    sigma 1, and whole traces slow by sigma 0.5): 30 traces 0.87, 100 traces 0.87, 400 traces 0.93; 2,000 traces whose
    slowness is correlated by 0.8 from trace to trace 0.92. Single slow traces that did not come are missed.
    Sources: Sigelman and others, Dapper (2010) for spans; Field and Welsh, Bootstrapping clustered data, JRSS B 69
    (2007).
    """
    check_level("from_spans", level)
    times = self_times(spans, "from_spans")
    if times.empty:
        raise NotMeasured(
            "from_spans: no spans are given; demands by journey are not measured.",
            supply="Supply spans of a stretch with light load, of all services of the main request flow.",
        )
    named = times.assign(journey=times["root_operation"].map(journeys) if journeys else times["root_operation"])
    roots = named[named["is_root"] & named["journey"].notna()]
    counts = roots.groupby("journey")["trace"].nunique()
    enough = [str(name) for name, count in counts.items() if count >= FEWEST_TRACES]
    if not enough:
        most = f"at most {plural(int(counts.max()), 'trace')} of a journey" if len(counts) else "no root of a journey"
        raise NotEnoughData(
            f"from_spans: found {most} in {plural(len(spans), 'span')}; expected {FEWEST_TRACES} or more of one. "
            "Supply more traces" + (", or name the journeys as their root operations are." if journeys else ".")
        )
    own = named[named["journey"].isin(enough)]
    sample = _Sample(own, enough, level)
    waited = own[~own["asynchronous"]]
    here = {str(name): sample.means(rows) for name, rows in waited[waited["callee"] == ""].groupby("resource")}
    calls = waited[waited["callee"] != ""]
    return SpanDemands(
        demands={name: found for name, (found, _) in here.items()},
        edges={
            (str(caller), str(callee)): sample.means(rows)[0]
            for (caller, callee), rows in calls.groupby(["resource", "callee"])
        },
        asynchronous={str(name): sample.means(rows)[0] for name, rows in own[own["asynchronous"]].groupby("resource")},
        traces={name: int(counts[name]) for name in enough},
        mix=sample.mix(),
        draws={name: drawn for name, (_, drawn) in here.items()},
        notes=tuple(_notes(times, named, counts, enough)),
    )


class _Sample:
    """Means over the roots of each journey, with what they may be when traces are drawn anew."""

    def __init__(self, rows: pd.DataFrame, journeys: list[str], level: float) -> None:
        self._journeys, self._level = journeys, level
        roots = rows[rows["is_root"]]
        together = _Groups(roots, "spans")
        self._groups = {name: together.of(roots[roots["journey"] == name], name) for name in journeys}
        self._roots = {name: self._sums(roots[roots["journey"] == name], None, name) for name in journeys}

    def means(self, rows: pd.DataFrame) -> tuple[dict[str, Estimate], Floats]:
        """Mean seconds of self time a root, by journey, and its draws (DRAWS, journeys)."""
        found, drawn = {}, []
        for name in self._journeys:
            sums, roots = self._sums(rows[rows["journey"] == name], "self_s", name), self._roots[name]
            value, below = float(sums.sum() / roots.sum()), self._groups[name].taken @ roots
            above = self._groups[name].taken @ sums
            drawn.append(np.divide(above, below, out=np.full(DRAWS, value), where=below > 0))
            found[name] = interval(value, drawn[-1], self._level, "s")
        return found, np.column_stack(drawn)

    def mix(self) -> dict[str, float]:
        """By journey, its share of the roots."""
        totals = {name: float(roots.sum()) for name, roots in self._roots.items()}
        return {name: total / sum(totals.values()) for name, total in totals.items()}

    def _sums(self, rows: pd.DataFrame, amount: str | None, journey: str) -> Floats:
        """Weighted sums by group: of an amount, or of the rows."""
        own = self._groups[journey]
        weights = rows["weight"].to_numpy() * (rows[amount].to_numpy() if amount else 1.0)
        found = np.bincount(own.group.loc[rows["trace"]].to_numpy(), weights=weights, minlength=own.count)
        return found.astype(np.float64)


class _Groups:
    """Traces in groups of neighbours in time, and how often each draw takes each group (DRAWS, count)."""

    def __init__(self, roots: pd.DataFrame, *names: str) -> None:
        first = roots.groupby("trace")["start_ns"].min().sort_values()
        self.count = min(len(first), MOST_GROUPS)
        self.group = pd.Series(np.arange(len(first)) * self.count // len(first), index=first.index)
        self.taken = generator(*names).multinomial(self.count, np.full(self.count, 1 / self.count), DRAWS).astype(float)

    def of(self, roots: pd.DataFrame, journey: str) -> _Groups:
        """These, or a journey's own where it came in so few of them that drawing these would hardly change its mean."""
        if self.group.loc[roots["trace"]].nunique() >= FEWEST_TRACES:
            return self
        return _Groups(roots, "spans", journey)


def _notes(times: pd.DataFrame, named: pd.DataFrame, counts: pd.Series[int], enough: list[str]) -> Iterator[str]:
    yield "Self time holds waiting as well as work: under load it is an upper bound of what the spans' work takes."
    if orphans := int(times["root_operation"].isna().sum()):
        yield f"Left out: {plural(orphans, 'span')} below an orphan, whose journey is not known."
    if others := int((named["journey"].isna() & times["root_operation"].notna()).sum()):
        yield f"Left out: {plural(others, 'span')} of operations that no journey names."
    if few := [str(name) for name in counts.index if str(name) not in enough]:
        yield f"Left out: {listing(few)}, with fewer than {FEWEST_TRACES} traces each."
    if bool(named["asynchronous"].any()):
        share = float(named.loc[named["asynchronous"], "self_s"].sum() / named["self_s"].sum())
        yield (
            f"{percent(share, 2)} of the self time is of spans that no journey waits for; it is apart, as "
            "`asynchronous`."
        )
