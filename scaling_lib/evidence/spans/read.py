"""Spans: OTLP, Jaeger, Zipkin and Parquet files in one canonical frame; what is wrong in them is counted and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.sources import ReadSource, read_sources
from scaling_lib.evidence.spans.cache import kept_spans
from scaling_lib.evidence.spans.doubles import CLASH, DOUBLE, SHARED, singles
from scaling_lib.evidence.spans.files import SpanFile, read_file
from scaling_lib.evidence.spans.ids import one_trace_id
from scaling_lib.evidence.spans.part import Attribute, rejects, summed
from scaling_lib.evidence.spans.rows import CANONICAL, counted
from scaling_lib.evidence.spans.source import SpanSource
from scaling_lib.evidence.spans.tree import Fact, grown, weight_facts
from scaling_lib.words import listing, plural

MOST_VALUES = 1_000  # of one resource attribute of a service; beyond, they are counted together
OTHER = "(other)"
SOURCE = "source"
OneSource = ReadSource[SpanSource, SpanFile]


@dataclass(frozen=True, kw_only=True, eq=False)
class Spans:
    """Spans of all sources, each once.

    frame: trace_id span_id parent_id ("" without a parent) service operation kind (unspecified, internal, server,
        client, producer or consumer) start_ns end_ns (int64, since 1970 where the files say so) error peer follows
        weight. peer: who is called, where the caller's span says so, else "". follows: the span does not block its
        parent; see `tree`. weight: how many spans of the system each stands for, 1/p of a sampling threshold in
        its tracestate, or of the older p-value there; 1 without either.
    attributes: service, level ("resource" or "span"), key, value (of a resource alone), spans that have it.
    quality: one entry a source.
    """

    frame: pd.DataFrame
    attributes: pd.DataFrame
    quality: tuple[Quality, ...]


def read_spans(sources: Sequence[SpanSource], *, cache: Path | None = None) -> Spans:
    """Read all files of all sources; a file that cannot be read, or not to its end, is said in its source's Quality.

    cache: a folder where the spans of each file are kept as Parquet until the file changes. A file reached twice, and
    files of the same content, are read once. A trace may be spread over files and sources.
    Raises BrokenEvidence where no source gives a single span, InvalidInput where a source is not well described.
    """
    read = read_sources(sources, lambda file, source: kept_spans(cache, file, source, partial(read_file, file, source)))
    tables = [
        each.part.rows.append_column(SOURCE, pa.array(np.full(len(each.part.rows), place, dtype=np.int32)))
        for place, one in enumerate(read)
        for each in one.read
    ]
    if not any(len(table) for table in tables):
        raise BrokenEvidence(_nothing(read))
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    whole, halves = one_trace_id(whole)
    once = singles(whole)
    table, facts = grown(once.table, once.keys)
    facts.insert(0, Fact(SHARED, once.shared))
    lost = [(DOUBLE, once.doubles), (CLASH, once.clashes)]
    quality = [_quality(place, one, whole, lost, table, facts) for place, one in enumerate(read)]
    if halves:
        note = f"{plural(halves, 'trace id')} of 64 bits stand for the lower half of one of 128 bits: the same traces"
        quality[-1] = replace(quality[-1], notes=(*quality[-1].notes, note))
    return Spans(
        frame=_frame(table),
        attributes=_attributes(each.part.attributes for one in read for each in one.read),
        quality=tuple(quality),
    )


def _quality(
    place: int,
    one: OneSource,
    whole: pa.Table,
    lost: Sequence[tuple[str, npt.NDArray[np.int64]]],
    table: pa.Table,
    facts: Sequence[Fact],
) -> Quality:
    """The ledger's line of a source: what its files gave, and what its spans are among those of all sources."""
    mine = table[SOURCE].to_numpy() == place
    rejected = [each for file in one.read for each in file.part.rejected]
    for what, rows in lost:
        own = rows[whole[SOURCE].to_numpy()[rows] == place]
        rejected += [counted(what, own, whole)] if len(own) else []
    remarks = list(summed(each for file in one.read for each in file.part.remarks))
    weights = table["weight"].to_numpy()
    for fact in [*facts, *weight_facts(np.where(mine, weights, 1))]:
        rows = np.flatnonzero(fact.rows & mine)
        if len(rows):
            remarks.append(counted(fact.what, rows, table))
    problems = [*one.problems, *(file.part.problem for file in one.read if file.part.problem)]
    return Quality(
        kind="spans",
        source=one.source.path,
        format=listing(sorted({file.format for file in one.read})),
        rows=int(mine.sum()),
        start=_utc(table["start_ns"].to_numpy()[mine], np.min),
        end=_utc(table["end_ns"].to_numpy()[mine], np.max),
        rejected=rejects(rejected),
        origin=one.source.origin,
        problem=" ".join(problems),
        notes=(
            *(each.note() for each in remarks),
            *dict.fromkeys(note for file in one.read for note in file.notes),
            *one.notes,
        ),
    )


def _utc(times: npt.NDArray[np.int64], chosen: Callable[[npt.NDArray[np.int64]], np.int64]) -> datetime | None:
    """None where no span has a time since 1970 that a calendar knows (at most the year 2262, by 64 bits)."""
    return datetime.fromtimestamp(int(chosen(times)) / 1e9, UTC) if len(times) else None


def _frame(table: pa.Table) -> pd.DataFrame:
    """As pandas has it; only labels that some span has are categories."""
    frame: pd.DataFrame = table.select(CANONICAL.names).to_pandas()
    labels = frame.select_dtypes("category")
    used = {str(name): _used(labels[name]) for name in labels}
    return frame.assign(weight=frame["weight"].fillna(1.0), **used)


def _used(labels: pd.Series) -> pd.Series:
    """Looked up before pandas sorts them all."""
    count = len(labels.cat.categories)
    idle = (np.bincount(labels.cat.codes, minlength=count) == 0).any()
    return labels.cat.remove_unused_categories() if idle else labels


def _attributes(parts: Iterable[Mapping[Attribute, int]]) -> pd.DataFrame:
    sums: Counter[Attribute] = Counter()
    for part in parts:
        sums.update(part)
    values = Counter(key[:3] for key in sums)
    capped: Counter[Attribute] = Counter()
    for (service, level, key, value), spans in sums.items():
        capped[service, level, key, OTHER if values[service, level, key] > MOST_VALUES else value] += spans
    frame = pd.DataFrame(
        [(*key, spans) for key, spans in sorted(capped.items())], columns=["service", "level", "key", "value", "spans"]
    )
    return frame.astype({"service": "category", "level": "category", "key": "category", "spans": "int64"})


def _nothing(read: Sequence[OneSource]) -> str:
    """Why not a single span was found."""
    problems = [problem for one in read for problem in one.problems]
    problems += [file.part.problem for one in read for file in one.read if file.part.problem]
    rejected = rejects(each for one in read for file in one.read for each in file.part.rejected)
    names = listing([one.source.path for one in read])
    if rejected:
        reasons = listing([f"{each.reason} ({each.rows:,})" for each in rejected])
        such = next((f", such as {each.examples[0]}" for each in rejected if each.examples), "")
        problems.append(f"{names}: found no usable span; rejected: {reasons}{such}. Export them again.")
    return " ".join(problems) or f"{names}: found no span at all; expected some. Export a stretch with traffic."
