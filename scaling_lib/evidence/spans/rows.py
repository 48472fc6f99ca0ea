"""Rows of spans made canonical: what cannot be used is rejected; ids, kinds, times, weights are brought to one form."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from scaling_lib.evidence.spans.ids import tidy_ids, tidy_label
from scaling_lib.evidence.spans.part import KINDS, LABEL, MOST_EXAMPLES, Counted, Part, shown, summed
from scaling_lib.evidence.spans.times import nanoseconds

CANONICAL = pa.schema(
    [
        ("trace_id", LABEL),
        ("span_id", pa.string()),
        ("parent_id", pa.string()),
        ("service", LABEL),
        ("operation", LABEL),
        ("kind", LABEL),
        ("start_ns", pa.int64()),
        ("end_ns", pa.int64()),
        ("error", pa.bool_()),
        ("peer", LABEL),
        ("follows", pa.bool_()),
        ("weight", pa.float64()),  # null of a span that does not say it
    ]
)
NO_ID = "no trace id or span id (missing, or zeros only)"
NO_SERVICE = "spans that name no service"
BAD_THRESHOLD = "spans with a sampling threshold that cannot be read, or a probability of 0, weight 1"
SAMPLING = {key: re.compile(rf"(?:^|,)\s*ot=(?:[^,]*;)?{key}:([^,;]*)") for key in ("th", "p")}
NEVER = 63  # the p of spans that were not chosen by probability
WEIGHT = re.compile(r"weight=([0-9]+(?:[.][0-9]*)?(?:e[+]?[0-9]+)?)")  # of a Parquet column
KIND_CODES = {
    **{name: name for name in KINDS},
    **{f"span_kind_{name}": name for name in KINDS},
    **{str(code): name for code, name in enumerate(KINDS)},
}


def canonical(part: Part, *, unit: str, time_unit: str, service: str) -> Part:
    """The rows that can be used, in the columns CANONICAL.

    unit: the times' unit by the format; time_unit: as the user named it, or ""; service: of spans that name none.
    """
    rows, remarks = part.rows, list(part.remarks)
    traces = tidy_label(rows["trace_id"], remarks)
    spans = tidy_ids(rows["span_id"], remarks)
    parents = tidy_ids(rows["parent_id"], []).fill_null("")
    unidentified = pc.or_(pc.is_null(traces), pc.is_null(spans)).to_numpy(zero_copy_only=False)
    times = nanoseconds(rows["start"], rows["end"], unit, time_unit)
    services = _label(rows["service"], lambda name: name or service)
    weights, unread = _weights(rows["state"])

    faults = [(NO_ID, unidentified), *times.faults]
    usable = ~np.logical_or.reduce([mask for _, mask in faults])
    telling = [
        *times.remarks,
        (NO_SERVICE, np.asarray(pc.equal(services, "").to_numpy(zero_copy_only=False))),
        (BAD_THRESHOLD, unread),
    ]
    table = pa.table(
        {
            "trace_id": traces,
            "span_id": spans,
            "parent_id": parents,
            "service": services,
            "operation": _label(rows["operation"], str),
            "kind": _label(rows["kind"], lambda name: KIND_CODES.get(name.lower(), KINDS[0])),
            "start_ns": times.start_ns,
            "end_ns": times.end_ns,
            "error": rows["error"],
            "peer": _peers(rows),
            "follows": rows["follows"],
            "weight": weights,
        },
        schema=CANONICAL,
    )
    rejected, left = list(part.rejected), np.ones(len(usable), dtype=bool)
    for what, mask in faults:  # by the first fault of each
        rejected += _counted(what, mask & left, table)
        left &= ~mask
    remarks += [each for what, mask in telling for each in _counted(what, mask & usable, table)]
    attributes = {(each[0] or service, *each[1:]): count for each, count in part.attributes.items()}
    return Part(
        rows=table if usable.all() else table.filter(pa.array(usable)),
        attributes=attributes,
        rejected=summed(rejected),
        remarks=summed([*remarks, *times.whole_file]),
        problem=part.problem,
    )


def counted(what: str, places: npt.NDArray[np.int64], table: pa.Table) -> Counted:
    """What was found in these rows of a table."""
    return Counted(
        what=what, rows=len(places), examples=tuple(_example(table, int(each)) for each in places[:MOST_EXAMPLES])
    )


def _example(table: pa.Table, place: int) -> str:
    """A span, as a person finds it."""
    row = {name: table[name][place].as_py() for name in ("operation", "service", "trace_id", "span_id")}
    return shown(
        f"{str(row['operation'])[:40]!r} of {str(row['service'])[:30]!r} (trace {str(row['trace_id'])[:32]}, "
        f"span {str(row['span_id'])[:32]})"
    )


def _counted(what: str, mask: npt.NDArray[np.bool_], table: pa.Table) -> Sequence[Counted]:
    found = counted(what, np.flatnonzero(mask), table)
    return [found] if found.rows else []


def _array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _label(column: pa.ChunkedArray, named: Callable[[str], str]) -> pa.DictionaryArray:
    """The labels renamed; null is renamed as ""."""
    column = _array(column)
    old = [*column.dictionary.to_pylist(), ""]
    new = pa.array([named(each or "") for each in old], pa.string()).dictionary_encode()
    places = column.indices.fill_null(len(old) - 1)
    return pa.DictionaryArray.from_arrays(new.indices.take(places), new.dictionary)


def _peers(rows: pa.Table) -> pa.DictionaryArray:
    """Who is called; of a server the other side is its caller, not whom it calls."""
    serves = pc.equal(_label(rows["kind"], lambda name: KIND_CODES.get(name.lower(), "")), "server")
    peers = _label(rows["peer"], str)
    if not pc.any(serves).as_py():
        return peers
    texts = pa.array(["", *peers.dictionary.to_pylist()], pa.string()).dictionary_encode()
    places = pc.if_else(_array(serves), 0, pc.add(peers.indices, 1)).cast(pa.int32())
    return pa.DictionaryArray.from_arrays(texts.indices.take(places), texts.dictionary)


def _weights(column: pa.ChunkedArray) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """1/p by the tracestate, null where it does not say it; and where what it says cannot be read.

    Of `ot=th:`, a threshold T: 1/p = 2^56 / (2^56 - T). Of the older `ot=p:`: 1/p = 2^p, for p up to 62.
    Source: OpenTelemetry, "TraceState: probability sampling", and the experimental one before it (OTEP 168 and 170).
    """
    states = _array(column)
    said = [_weight(each or "") for each in states.dictionary.to_pylist()]
    unread = np.array([each is not None and math.isnan(each) for each in [*said, None]])
    known = pa.array([None if each is None or math.isnan(each) else each for each in said], pa.float64())
    return known.take(states.indices), unread[states.indices.fill_null(len(said)).to_numpy()]


def _weight(state: str) -> float | None:
    """None where the state says nothing of it, NaN where it cannot be read."""
    if state.startswith("weight="):
        own = WEIGHT.fullmatch(state)
        weight = float(own[1]) if own else math.nan
        return weight if 1 <= weight < 1e18 else math.nan
    if match := SAMPLING["th"].search(state):
        digits = match[1]
        if not re.fullmatch("[0-9a-f]{1,14}", digits):
            return math.nan
        return float(2**56 / (2**56 - int(digits.ljust(14, "0"), 16)))
    if match := SAMPLING["p"].search(state):
        return float(2 ** int(match[1])) if re.fullmatch("[0-9]{1,2}", match[1]) and int(match[1]) < NEVER else math.nan
    return None
