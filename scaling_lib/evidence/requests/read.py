"""Requests: logs and tables of any size, reduced to COUNTS a minute and BINS an hour, by service and route."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from scaling_lib.errors import BrokenEvidence, NotMeasured
from scaling_lib.evidence.cells import BIN_KEYS, COUNT_KEYS, bin_quantile, folded, merged
from scaling_lib.evidence.quality import Gap, Quality, Rejected
from scaling_lib.evidence.requests.cache import kept_cells, kept_parts
from scaling_lib.evidence.requests.cell_files import coverage_notes, is_cells
from scaling_lib.evidence.requests.kept_whole import kept_whole
from scaling_lib.evidence.requests.overlaps import overlap_notes
from scaling_lib.evidence.requests.reduce import Reduced, reduce_file
from scaling_lib.evidence.requests.source import RequestSource, Threshold
from scaling_lib.evidence.requests.times import FORMS, UNREAD_TIME
from scaling_lib.evidence.routes import MOST_ROUTES, OTHER, capped, is_of, named_among
from scaling_lib.evidence.silence import LEAST_GAP_S, silence_limit_s
from scaling_lib.evidence.sources import ReadSource, read_sources
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, percent, plural

MINUTE = pd.Timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Requests:
    """Requests as cells.

    counts: service, route, minute (UTC), n, errors, sum_us, and good_<limit in us> for each latency threshold: no error
        and within it; NULL where a file of cells does not count by it. Where some requests carry no duration: untimed,
        those of them that were no error.
    bins: service, route, hour (UTC), error, bin, n, sum_us; see `cells`.
    quality: one entry a source; without_status, without_duration: the (service, route) of which some file has none.
    """

    counts: pd.DataFrame
    bins: pd.DataFrame
    quality: tuple[Quality, ...]
    without_status: frozenset[tuple[str, str]] = frozenset()
    without_duration: frozenset[tuple[str, str]] = frozenset()

    @property
    def status_known(self) -> bool:
        """Whether all requests here carry a status."""
        return not self.without_status & self._places[0]

    @property
    def duration_known(self) -> bool:
        """Whether all files of requests here have durations; single requests without one are counted as untimed."""
        return not self.without_duration & self._places[0]

    def select(self, route: str, service: str = "") -> Requests:
        """The requests of a route ("POST /orders", "/orders" of any method, `*` for anything), and service if given.

        The tables of the same route are the same whenever they are asked for: change none of them.
        """
        if (route, service) not in self._selected:
            parts = []
            for table, places in zip((self.counts, self.bins), self._places, strict=True):
                hits = [place for place in places if is_of(place, route, service)]
                services, routes = {each for each, _ in hits}, {each for _, each in hits}
                chosen = table["service"].isin(services) & table["route"].isin(routes)
                parts.append(table[chosen].reset_index(drop=True))
            self._selected[route, service] = replace(self, counts=parts[0], bins=parts[1])
        return self._selected[route, service]

    @cached_property
    def _places(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        return _places(self.counts), _places(self.bins)

    @cached_property
    def _selected(self) -> dict[tuple[str, str], Requests]:
        return {}

    def quantile(self, q: float, *, errors: bool = False) -> Estimate:
        """A latency quantile in seconds over all requests here, without errors unless asked; low and high are its bin.

        Raises NotMeasured where there is no request with a duration.
        """
        chosen = self.bins if errors else self.bins[~self.bins["error"].astype(bool)]
        if chosen.empty:
            raise NotMeasured("No request here carries a duration; supply a log with response times.")
        value, low, high = bin_quantile(chosen, q)
        return Estimate(value, low, high, 1.0, "s")


def read_requests(
    sources: Sequence[RequestSource],
    thresholds: Sequence[Threshold] = (),
    *,
    named: Sequence[str] = (),
    cache: Path | None = None,
) -> Requests:
    """Reduce all files of all sources; a file that cannot be read is said in its source's Quality.

    named: routes that journeys name: of a service with very many routes, these are kept, and the busiest of the others;
    the rare ones are counted together as "(other)". cache: a folder where the cells of each file are kept until the
    file changes, and all of them together. A file reached twice, and files of the same content, are counted once.
    Raises BrokenEvidence where no source gives a single request.
    """
    asked = [[asdict(each) for each in thresholds], list(named)]
    read = partial(_read, sources, thresholds, [*named, *(each.route for each in thresholds)], cache)
    return kept_whole(cache, sources, asked, read=read, make=Requests)


def _read(
    sources: Sequence[RequestSource], thresholds: Sequence[Threshold], named: Sequence[str], cache: Path | None
) -> Requests:
    limits_us = sorted({each.limit_us for each in thresholds})

    def read(file: Path, source: RequestSource) -> Sequence[Reduced]:
        if is_cells(file, source):
            parts: Sequence[Reduced] = kept_parts(cache, file, source, thresholds)
        else:
            reduce = partial(reduce_file, file, source, limits_us, named)
            parts = [kept_cells(cache, file, source, limits_us, named, reduce)]
        return [replace(part, file=str(file)) for part in parts]

    found = read_sources(sources, read)
    reduced = [[part for parts in one.read for part in parts] for one in found]
    quality = [_quality(one, parts) for one, parts in zip(found, reduced, strict=True)]
    quality = [_with_nothing_left(entry) for entry in quality]
    whole = [part for parts in reduced for part in parts]
    if not any(len(part.counts) for part in whole):
        raise BrokenEvidence(" ".join(entry.problem for entry in quality) or _nothing_left(quality))
    counts = merged([part.counts for part in whole], COUNT_KEYS)
    bins = merged([part.bins for part in whole], BIN_KEYS)
    kept = _kept(counts, named)
    if rare := {key for key, route in kept.items() if route != key[1]}:
        counts, bins = folded(counts, COUNT_KEYS, kept), folded(bins, BIN_KEYS, kept)
        quality = [_with_rare(entry, parts, rare) for entry, parts in zip(quality, reduced, strict=True)]
    without: dict[str, set[tuple[str, str]]] = {
        "status": set().union(*(_places(part.counts) for part in whole if not part.status_known)),
        "duration": set().union(*(_places(part.counts) for part in whole if not part.duration_known)),
    }
    return Requests(
        counts=counts,
        bins=bins,
        quality=tuple(quality),
        without_status=_renamed(without["status"], kept),
        without_duration=_renamed(without["duration"], kept),
    )


def _places(cells: pd.DataFrame) -> set[tuple[str, str]]:
    """The (service, route) that cells are of."""
    text = cells[["service", "route"]].astype("category")
    services, routes = text["service"].cat, text["route"].cat
    names, to_names = list(map(str, services.categories)), list(map(str, routes.categories))
    count = len(to_names)
    of, to = services.codes.to_numpy(dtype=np.int64), routes.codes.to_numpy(dtype=np.int64)
    found = np.flatnonzero(np.bincount((of * count + to)[(of >= 0) & (to >= 0)]))
    return {(names[code // count], to_names[code % count]) for code in found}


def _kept(counts: pd.DataFrame, patterns: Sequence[str]) -> dict[tuple[str, str], str]:
    """Each service and route to the route it is counted as."""
    sums: dict[str, dict[str, int]] = {}
    table = counts.groupby(["service", "route"], observed=True, as_index=False)["n"].sum()
    for service, route, n in zip(table["service"], table["route"], table["n"], strict=True):
        sums.setdefault(str(service), {})[str(route)] = int(n)
    return {
        (service, route): to
        for service, routes in sums.items()
        for route, to in capped(
            routes, named_among(routes, patterns) if len(routes) > MOST_ROUTES else (), MOST_ROUTES
        ).items()
    }


def _with_rare(entry: Quality, parts: Sequence[Reduced], rare: set[tuple[str, str]]) -> Quality:
    here = {key for part in parts for key in part.counts.groupby(["service", "route"], observed=True).groups} & rare
    note = f"{len(here):,} rare routes are counted together as {OTHER}"
    return replace(entry, notes=(*entry.notes, note)) if here else entry


def merge(a: Requests, b: Requests, named: Sequence[str] = ()) -> Requests:
    """Requests of two reductions as one, by addition; `named`: see `read_requests`.

    Of more routes of a service than are kept apart, the rare ones are counted together, as there.
    """
    counts, bins = merged([a.counts, b.counts], COUNT_KEYS), merged([a.bins, b.bins], BIN_KEYS)
    kept = _kept(counts, named)
    if any(route != key[1] for key, route in kept.items()):
        counts, bins = folded(counts, COUNT_KEYS, kept), folded(bins, BIN_KEYS, kept)
    return Requests(
        counts=counts,
        bins=bins,
        quality=a.quality + b.quality,
        without_status=_renamed(a.without_status | b.without_status, kept),
        without_duration=_renamed(a.without_duration | b.without_duration, kept),
    )


def _renamed(places: Iterable[tuple[str, str]], kept: Mapping[tuple[str, str], str]) -> frozenset[tuple[str, str]]:
    return frozenset((service, kept[service, route]) for service, route in places)


def _quality(one: ReadSource[RequestSource, Sequence[Reduced]], parts: Sequence[Reduced]) -> Quality:
    counts = (
        pd.concat([part.counts[["minute", "n"]] for part in parts]) if parts else pd.DataFrame({"minute": [], "n": []})
    )
    minutes = pd.DatetimeIndex(counts["minute"].drop_duplicates().sort_values())
    rejected: dict[str, Rejected] = {}
    for reject in (each for part in parts for each in part.rejected):
        old = rejected.get(reject.reason, Rejected(reason=reject.reason, rows=0))
        rejected[reject.reason] = replace(
            old, rows=old.rows + reject.rows, examples=(*old.examples, *reject.examples)[:3]
        )
    return Quality(
        kind="requests",
        source=one.source.path,
        format=listing(sorted({part.format for part in parts})),
        rows=int(counts["n"].sum()),
        start=minutes[0].to_pydatetime() if len(minutes) else None,
        end=(minutes[-1] + MINUTE).to_pydatetime() if len(minutes) else None,
        rejected=tuple(rejected.values()),
        gaps=_gaps(minutes),
        origin=one.source.origin,
        problem=" ".join(one.problems),
        notes=(
            *dict.fromkeys(note for part in parts for note in part.notes),
            *_untimed(parts),
            *overlap_notes(parts),
            *one.notes,
            *coverage_notes(parts),
        ),
    )


def _untimed(parts: Sequence[Reduced]) -> list[str]:
    """A note on requests without a duration among those of files that have them."""
    of = [part for part in parts if part.duration_known]
    count, whole = sum(part.untimed for part in of), sum(int(part.counts["n"].sum()) for part in of)
    if not count:
        return []
    instead = max(of, key=lambda part: part.untimed).untimed_as
    return [
        f"{count:,} of {plural(whole, 'request')} ({percent(count / whole)}) have no duration"
        f"{f' but {instead!r}' if instead else ''}: they count for availability, and are left out of latency"
    ]


def _gaps(minutes: pd.DatetimeIndex) -> tuple[Gap, ...]:
    """Silences of more than five minutes that are longer than the traffic's own rhythm explains."""
    if len(minutes) < 3:
        return ()
    steps = (minutes[1:] - minutes[:-1]).total_seconds().to_numpy()
    long = steps > silence_limit_s(steps, LEAST_GAP_S)
    return tuple(
        Gap(start=(before + MINUTE).to_pydatetime(), end=after.to_pydatetime())
        for before, after in zip(minutes[:-1][long], minutes[1:][long], strict=True)
    )


def _with_nothing_left(entry: Quality) -> Quality:
    """A source of which every row is rejected could not be read."""
    lost = entry.rejected and not entry.rows and not entry.problem
    return replace(entry, problem=_nothing_left([entry])) if lost else entry


def _nothing_left(quality: Sequence[Quality]) -> str:
    rejected = [reject for entry in quality for reject in entry.rejected]
    names = listing([entry.source for entry in quality])
    if not rejected:
        return f"{names}: found no request at all; expected some. Export a stretch with traffic."
    reasons = listing([f"{reject.reason} ({reject.rows:,})" for reject in rejected])
    example = next((f", such as {reject.examples[0]!r}" for reject in rejected if reject.examples), "")
    advice = "Name the right columns under `columns` beside the path in assessment.yaml, or export it again."
    if max(rejected, key=lambda reject: reject.rows).reason == UNREAD_TIME:
        advice = f"Times are read as {FORMS}: export them so, or name another column under `columns`."
    return f"{names}: found no usable request; rejected: {reasons}{example}. {advice}"
