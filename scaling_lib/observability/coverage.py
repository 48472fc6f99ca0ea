"""How much of each journey's time the spans explain, and how much passes where nobody looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.model.self_time import self_times
from scaling_lib.observability.fragments import fragments
from scaling_lib.observability.gaps import gaps
from scaling_lib.observability.propagation import propagation
from scaling_lib.observability.recorded import FEWEST_TRACES, Recorded, by_recording, outside
from scaling_lib.observability.shares import Floats, neighbours, share
from scaling_lib.observability.tree import Integers, Mask, Texts, Tree, grow, rows_by
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent, plural

LONG = 0.1  # of the journey's duration
MANY_OUTSIDE = 0.01  # of the spans with a parent
KINDS = ("explained", "unexplained", "unseen", "between")
EXPLAINED, UNEXPLAINED, UNSEEN, BETWEEN = range(4)


@dataclass(frozen=True, kw_only=True)
class JourneyCoverage:
    """Where the time of a journey passes that it waits for; the four shares make 1.

    traces: whole ones; requests: that they stand for; seconds: of one request on average, of the time that is divided
        (see `flow_coverage`).
    explained: in spans that say what is done: the ends of the tree.
    unexplained: in a span's own time of which no span below says what it is: of one that has spans below, or of a
        service's only span where that is long.
    unseen: in calls whose callee left no span, mostly databases: seen from the caller only.
    between: in calls beyond their callee's span: network, and waiting to be taken on.
    blind: unexplained and between together: no span says what is done in it.
    services: that are seen with spans of their own.
    """

    journey: str
    traces: int
    requests: float
    seconds: float
    explained: Estimate
    unexplained: Estimate
    unseen: Estimate
    between: Estimate
    blind: Estimate
    services: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class FlowCoverage:
    """What can be seen of the request flow.

    whole: all journeys together, without a name. journeys: the longest total time first. gaps: where the unexplained
    time is, see `gaps`; propagation: by service, where traces break, see `propagation`; lost: calls that lose their
    context, so that the callee starts traces of its own, see `fragments`. by_service: journey, service,
    kind of time (as JourneyCoverage names them), share of the journey (Estimate).
    outside: the fraction of the spans with a parent that begin before it, or end after it: by clocks that disagree, or
    as work that goes on behind it. recordings: each by itself, where there are several. notes: what to know, sentences.
    """

    whole: JourneyCoverage
    journeys: tuple[JourneyCoverage, ...]
    by_service: pd.DataFrame
    gaps: pd.DataFrame
    propagation: pd.DataFrame
    lost: pd.DataFrame
    outside: float
    recordings: tuple[Recorded, ...]
    notes: tuple[str, ...]

    @property
    def doubtful(self) -> bool:
        """Whether so many spans lie beyond their parents that the shares are no facts."""
        return self.outside > MANY_OUTSIDE

    @property
    def mixed(self) -> bool:
        """Whether recordings differ beyond their intervals, so that one share for all describes none."""
        return any(one.blind.low > other.blind.high for one in self.recordings for other in self.recordings)


def flow_coverage(
    spans: pd.DataFrame,
    *,
    journeys: Mapping[str, str] | None = None,
    exclusive: pd.Series[float] | None = None,
    slowest: float = 1.0,
    long: float = LONG,
    level: float = 0.95,
) -> FlowCoverage:
    """How much of each journey's time is explained by spans, with the gaps and the breaks.

    spans: the canonical frame, see `evidence.spans`. journeys: the journey's name by its root operation, others are
        left out; None: every root operation is one, but those of traces that continue others (see `fragments`).
    exclusive: seconds on the critical path of each span, of `critical_path(spans).spans` the `exclusive_ns` / 1e9, with
        the index of `spans`; without it, self times of the spans that the journey waits for, in which parallel spans
        all count.
    slowest: the share of each journey's requests, by duration, that is looked at: 0.01 for the p99's time.
    long: from which share of its request's duration the only span of a service has to be explained.
    level: of the intervals, which allow for traces that are slow together (see `shares`).

    Raises NotEnoughData where no journey has 20 whole traces, InvalidInput for options that cannot be, or a frame
    without the columns that are needed.
    """
    _check(spans, exclusive, slowest, long)
    tree = grow(spans, "flow_coverage")
    own = self_times(spans)["self_s"].to_numpy()
    seconds = own if exclusive is None else exclusive.to_numpy(dtype=np.float64)
    journey = _journeys(tree, journeys)
    inside = (journey != "") & _slow(tree, journey, slowest)
    group = neighbours(tree, spans["start_ns"].to_numpy())
    divided = _Divided(
        tree=tree,
        weighted=np.where(inside & tree.waited, seconds * tree.weight[tree.top], 0.0),
        kind=_kinds(tree, own, long),
        group=group,
        level=level,
    )
    roots = np.flatnonzero(inside & tree.root)
    requests = {name: tree.weight[roots[places]] for name, places in rows_by(journey[roots]).items()}
    traces = {name: len(each) for name, each in requests.items()}
    enough = [name for name, count in traces.items() if count >= FEWEST_TRACES]
    if not enough:
        raise NotEnoughData(
            f"flow_coverage: found at most {plural(max(traces.values(), default=0), 'whole trace')} of a "
            f"journey{_slowest_words(slowest)}; expected {FEWEST_TRACES} or more. Supply more traces, or name the "
            "journeys as their root operations are."
        )
    waited = np.flatnonzero(inside & tree.waited)
    rows = {name: waited[places] for name, places in rows_by(journey[waited]).items() if name in enough}
    found = [divided.journey(name, own, requests[name]) for name, own in rows.items()]
    looked_at = np.zeros(len(spans), dtype=bool)
    looked_at[np.concatenate(list(rows.values()))] = True
    return FlowCoverage(
        whole=divided.journey(
            "", np.concatenate(list(rows.values())), np.concatenate([requests[name] for name in rows])
        ),
        journeys=tuple(sorted(found, key=lambda each: -each.seconds * each.requests)),
        by_service=pd.concat([divided.by_service(name, own) for name, own in rows.items()], ignore_index=True),
        gaps=gaps(spans, tree, np.where(inside, journey, ""), looked_at & (divided.kind == UNEXPLAINED), group, level),
        propagation=propagation(tree, group, level),
        lost=fragments(tree).edges,
        outside=outside(spans, tree),
        recordings=by_recording(tree, np.concatenate(list(rows.values())), spans["start_ns"].to_numpy(), divided.blind),
        notes=tuple(_notes(tree, journey, len(traces) - len(enough), exclusive is not None)),
    )


def _slowest_words(slowest: float) -> str:
    return f" among the slowest {percent(slowest)} of its requests" if slowest < 1 else ""


def _check(spans: pd.DataFrame, exclusive: pd.Series[float] | None, slowest: float, long: float) -> None:
    if not (0 < slowest <= 1 and 0 <= long <= 1):
        raise InvalidInput(
            f"flow_coverage: found slowest {slowest} and long {long}; expected fractions, such as 0.01 for the p99."
        )
    if exclusive is not None and not exclusive.index.equals(spans.index):
        raise InvalidInput(
            f"flow_coverage: found {len(exclusive):,} exclusive times for {len(spans):,} spans, or another index; "
            "expected seconds for each row of the spans, with their index."
        )


def _journeys(tree: Tree, journeys: Mapping[str, str] | None) -> Texts:
    """By row its journey, "" below an orphan, where none is named, or in a trace that continues another."""
    roots = tree.operation[tree.top]
    if journeys is None:
        roots = np.where(fragments(tree).root[tree.top], "", roots)
    if journeys is not None:
        roots = np.array([journeys.get(name, "") for name in roots.tolist()], dtype=object)
    return np.asarray(np.where(tree.whole, roots, ""), dtype=object)


def _slow(tree: Tree, journey: Texts, slowest: float) -> Mask:
    """Whether the row's request is among the slowest of its journey."""
    if slowest == 1:
        return np.ones(len(journey), dtype=bool)
    chosen = np.zeros(len(journey), dtype=bool)
    roots = np.flatnonzero(tree.root)
    for places in rows_by(journey[roots]).values():
        own = roots[places]
        order = own[np.argsort(-tree.seconds[own], kind="stable")]
        before = np.cumsum(tree.weight[order]) - tree.weight[order]
        chosen[order] = before < slowest * tree.weight[own].sum() * (1 - 1e-12)
    return np.asarray(chosen[tree.top])


def _kinds(tree: Tree, own: Floats, long: float) -> Integers:
    """By row the place in KINDS of its own time."""
    has_spans = np.zeros(len(own), dtype=bool)
    has_spans[tree.parent[(tree.parent >= 0) & ~tree.follows]] = True
    child = tree.parent >= 0
    enters = ~child | tree.crosses | np.isin(tree.kind, ("server", "consumer"))
    alone = enters & ~has_spans & (own > 0) & (own >= long * tree.seconds[tree.top])
    unexplained = has_spans | alone
    called = np.where(tree.answered, BETWEEN, np.where(has_spans, UNEXPLAINED, UNSEEN))
    return np.asarray(np.where(tree.calls, called, np.where(unexplained, UNEXPLAINED, EXPLAINED)))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Divided:
    """The time of all spans (weighted seconds, by row) and the place in KINDS of each."""

    tree: Tree
    weighted: Floats
    kind: Integers
    group: Integers
    level: float

    def journey(self, name: str, rows: Integers, requests: Floats) -> JourneyCoverage:
        """The coverage of a journey: the rows of its spans, the weights of its requests."""
        shares = {title: self._share(rows, self.kind[rows] == place) for place, title in enumerate(KINDS)}
        return JourneyCoverage(
            journey=name,
            traces=len(requests),
            requests=float(requests.sum()),
            seconds=float(self.weighted[rows].sum() / requests.sum()),
            services=tuple(sorted(set(self.tree.service[rows]))),
            blind=self.blind(rows),
            **shares,
        )

    def blind(self, rows: Integers) -> Estimate:
        """The share of these rows' time of which no span says what is done."""
        return self._share(rows, np.isin(self.kind[rows], (UNEXPLAINED, BETWEEN)))

    def by_service(self, name: str, rows: Integers) -> pd.DataFrame:
        """The shares of a journey by service and kind."""
        found = []
        for service, places in rows_by(self.tree.service[rows]).items():
            for kind in np.unique(self.kind[rows[places]]):
                chosen = np.zeros(len(rows), dtype=bool)
                chosen[places] = self.kind[rows[places]] == kind
                found.append((name, service, KINDS[kind], self._share(rows, chosen)))
        return pd.DataFrame(found, columns=["journey", "service", "kind", "share"])

    def _share(self, rows: Integers, chosen: Mask) -> Estimate:
        whole = self.weighted[rows]
        return share(np.where(chosen, whole, 0.0), whole, self.tree.trace[rows], self.group, self.level)


def _notes(tree: Tree, journey: Texts, few: int, on_path: bool) -> list[str]:
    notes = [
        "Times are those on the critical path."
        if on_path
        else "Times are self times: spans that run in parallel all count, whether or not the request waits for each."
    ]
    if kindless := int(((tree.kind == "unspecified") & ~tree.calls).sum()):
        notes.append(
            f"{percent(kindless / len(tree.kind))} of the spans say neither a kind nor whom they call: what of a call "
            "its callee's span does not cover counts as the caller's own time."
        )
    if below := int((~tree.whole).sum()):
        share_below = percent(below / len(tree.whole))
        notes.append(f"{share_below} of the spans are below an orphan: their journey is not known.")
    others = tree.root & (journey == "")
    if others.any():
        names = listing(sorted(set(tree.operation[others].tolist())), 3)
        notes.append(f"Of no journey, and left out: {plural(int(others.sum()), 'trace')} of {names}.")
    if few:
        notes.append(f"Left out: {plural(few, 'journey')} with fewer than {FEWEST_TRACES} whole traces each.")
    return notes
