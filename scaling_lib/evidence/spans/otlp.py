"""Spans of OTLP JSON: a block of lines is parsed and taken apart by Arrow; what it refuses is mended line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from scaling_lib.evidence.spans.part import (
    KINDS,
    PEER_KEYS,
    ROWS,
    Attribute,
    Counted,
    Part,
    labels,
    shown,
    summed,
    text,
    whole,
)
from scaling_lib.evidence.spans.text import Block, parsed

TEXT = pa.string()
ATTRIBUTES = pa.list_(pa.struct([("key", TEXT), ("value", pa.struct([("stringValue", TEXT)]))]))
SPAN = pa.struct(
    [
        ("traceId", TEXT),
        ("spanId", TEXT),
        ("parentSpanId", TEXT),
        ("traceState", TEXT),
        ("name", TEXT),
        ("kind", pa.int32()),
        ("startTimeUnixNano", TEXT),
        ("endTimeUnixNano", TEXT),
        ("attributes", ATTRIBUTES),
        ("status", pa.struct([("code", pa.int32())])),
        ("links", pa.list_(pa.struct([("traceId", TEXT), ("spanId", TEXT)]))),
    ]
)
RESOURCE = pa.struct(
    [
        ("resource", pa.struct([("attributes", ATTRIBUTES)])),
        ("scopeSpans", pa.list_(pa.struct([("spans", pa.list_(SPAN))]))),
        ("instrumentationLibrarySpans", pa.null()),  # the older name: Arrow refuses it
    ]
)
LINES = pa.schema([("resourceSpans", pa.list_(RESOURCE))])
FAILED = 2  # the code of a status
CODES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": FAILED}
KIND_CODES = {f"SPAN_KIND_{kind.upper()}": code for code, kind in enumerate(KINDS)}
NO_SPANS = "a line without spans (logs, metrics or another format)"
NO_SPAN = "something else where a span should be"
LINKS_ELSEWHERE = "spans without a parent but with a link into another trace, roots of their own"


class Unsound(Exception):
    """The block is not as Arrow needs it."""


def read_block(block: Block) -> Part:
    """The spans of a block of lines, a TracesData each."""
    try:
        return _taken_apart(block.data, block.lines)
    except (Unsound, pa.ArrowException, UnicodeDecodeError):
        values, bad, problem = parsed(block)
        mended = read_values(values)
        return Part(
            rows=mended.rows,
            attributes=mended.attributes,
            rejected=summed([*bad, *mended.rejected]),
            remarks=mended.remarks,
            problem=problem,
        )


def read_values(values: Iterable[Any]) -> Part:
    """The spans of parsed values, a TracesData each, whatever else they hold."""
    rejected: list[Counted] = []
    lines = [orjson.dumps({"resourceSpans": list(_mended(value, rejected))}) for value in values]
    part = _taken_apart(b"\n".join(lines), len(lines))
    return Part(rows=part.rows, attributes=part.attributes, rejected=summed(rejected), remarks=part.remarks)


def _taken_apart(data: bytes, lines: int) -> Part:
    """The spans of JSON lines that are as they should be; Unsound, or Arrow's own error, for any others."""
    if not lines:
        return Part(rows=ROWS.empty_table())
    if not data.isascii():
        data.decode("utf-8")
    table = pj.read_json(
        pa.BufferReader(data),
        pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        pj.ParseOptions(explicit_schema=LINES, unexpected_field_behavior="ignore"),
    )
    if table.num_rows != lines:  # two values on a line, a value over two lines, or empty lines
        raise Unsound
    resources, _ = _elements(table.column(0).combine_chunks())
    scopes, of_resource = _elements(resources.field("scopeSpans"))
    spans, of_scope = _elements(scopes.field("spans"))
    owner = of_resource[of_scope]
    service = labels(_values(resources.field("resource").field("attributes"), ("service.name",), len(resources)))
    remarks: list[Counted] = []
    parent, follows = _parents(spans, remarks)
    kind = spans.field("kind").fill_null(0).to_numpy(zero_copy_only=False)
    attributes = spans.field("attributes")
    peer = labels(_values(attributes, PEER_KEYS, len(spans)))
    rows = pa.table(
        {
            "trace_id": spans.field("traceId").dictionary_encode(),
            "span_id": spans.field("spanId"),
            "parent_id": parent,
            "service": service.take(pa.array(owner)),
            "operation": spans.field("name").dictionary_encode(),
            "kind": pa.DictionaryArray.from_arrays(np.where((kind < 0) | (kind >= len(KINDS)), 0, kind), KINDS),
            "start": spans.field("startTimeUnixNano").cast(pa.int64()),
            "end": spans.field("endTimeUnixNano").cast(pa.int64()),
            "error": pc.equal(spans.field("status").field("code"), FAILED).fill_null(False),
            "peer": peer,
            "follows": follows,
            "state": spans.field("traceState").dictionary_encode(),
        },
        schema=ROWS,
    )
    size = np.bincount(owner, minlength=len(resources))
    return Part(
        rows=rows,
        attributes={
            **_resource_attributes(resources.field("resource").field("attributes"), service, size),
            **_span_attributes(attributes, service, owner),
        },
        remarks=tuple(remarks),
    )


def _elements(lists: pa.ListArray) -> tuple[pa.StructArray, npt.NDArray[np.int64]]:
    """The elements of all lists, and the list that each is of."""
    elements = lists.flatten()
    if lists.null_count or elements.null_count:
        raise Unsound
    return elements, pc.list_parent_indices(lists).to_numpy()


def _parents(spans: pa.StructArray, remarks: list[Counted]) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """The parents; of a span that has none, what its first link into the same trace names: that one is not blocked."""
    parent = spans.field("parentSpanId").fill_null("")
    follows = np.zeros(len(spans), dtype=bool)
    links = spans.field("links")
    linked = pc.and_(pc.equal(parent, ""), pc.greater(pc.list_value_length(links), 0)).fill_null(False)
    places = np.flatnonzero(linked.to_numpy(zero_copy_only=False))
    if not len(places):
        return parent, follows
    named = parent.to_pylist()
    elsewhere = 0
    traces = spans.field("traceId")
    for place, found in zip(places, links.take(pa.array(places)).to_pylist(), strict=True):
        trace = traces[int(place)].as_py()
        near = [link["spanId"] for link in found if link and link["traceId"] == trace and link["spanId"]]
        if near:
            named[place], follows[place] = near[0], True
        else:
            elsewhere += any(link and link["traceId"] not in (None, trace) for link in found)
    if elsewhere:
        remarks.append(Counted(what=LINKS_ELSEWHERE, rows=elsewhere))
    return pa.array(named, TEXT), follows


def _values(attributes: pa.ListArray, names: Sequence[str], size: int) -> pa.Array:
    """For each list of attributes the text of the first of `names` that it holds, else ""."""
    flat = attributes.flatten()
    owner = pc.list_parent_indices(attributes).to_numpy()
    texts = flat.field("value").field("stringValue")
    keys = flat.field("key").dictionary_encode()
    codes = keys.indices.fill_null(-1).to_numpy()
    present = pc.not_equal(texts, "").fill_null(False).to_numpy(zero_copy_only=False)
    chosen = np.full(size, -1, dtype=np.int64)
    for name in reversed(names):
        code = keys.dictionary.index(name).as_py()
        if code >= 0:
            places = np.flatnonzero((codes == code) & present)[::-1]  # of two of a name the first stays
            chosen[owner[places]] = places
    return texts.take(pa.array(chosen, mask=chosen < 0)).fill_null("")


def _resource_attributes(
    attributes: pa.ListArray, service: pa.DictionaryArray, size: npt.NDArray[np.int64]
) -> Mapping[Attribute, int]:
    """How many spans are of a resource with an attribute, by its value."""
    flat = attributes.flatten()
    owner = pc.list_parent_indices(attributes)
    keys, values = flat.field("key"), flat.field("value").field("stringValue").fill_null("")
    table = pa.table(
        {"service": service.cast(TEXT).take(owner), "key": keys, "value": values, "n": pa.array(size).take(owner)}
    )
    sums = table.filter(pc.is_valid(keys)).group_by(["service", "key", "value"]).aggregate([("n", "sum")])
    return {
        (row["service"], "resource", row["key"], row["value"]): row["n_sum"] for row in sums.to_pylist() if row["n_sum"]
    }


def _span_attributes(
    attributes: pa.ListArray, service: pa.DictionaryArray, owner: npt.NDArray[np.int64]
) -> Mapping[Attribute, int]:
    """How many spans of a service have an attribute; the values are too many to keep."""
    keys = attributes.flatten().field("key").dictionary_encode()
    codes = keys.indices.fill_null(len(keys.dictionary)).to_numpy().astype(np.int64)
    width = len(keys.dictionary) + 1
    services = service.indices.to_numpy()[owner[pc.list_parent_indices(attributes).to_numpy()]]
    pairs = services * width + codes
    if len(service.dictionary) * width <= len(pairs):  # as usual: faster than to sort them
        counts = np.bincount(pairs)
        places = np.flatnonzero(counts)
        counts = counts[places]
    else:
        places, counts = np.unique(pairs, return_counts=True)
    names, texts = service.dictionary.to_pylist(), keys.dictionary.to_pylist()
    return {
        (names[place // width], "span", texts[place % width], ""): int(count)
        for place, count in zip(places.tolist(), counts, strict=True)
        if place % width < len(texts)
    }


def _mended(value: Any, rejected: list[Counted]) -> Iterator[dict[str, Any]]:
    """The resourceSpans of a value as Arrow needs them; what is none is rejected."""
    resources = value.get("resourceSpans") if isinstance(value, dict) else None
    if not isinstance(resources, list):
        rejected.append(Counted(what=NO_SPANS, rows=1, examples=(shown(value),)))
        return
    for each in resources:
        # The older name counts where the newer is absent or empty, as opentelemetry-proto 0.15 has it.
        scopes = (each.get("scopeSpans") or each.get("instrumentationLibrarySpans")) if isinstance(each, dict) else None
        if not isinstance(each, dict) or not isinstance(scopes, list | None):
            rejected.append(Counted(what=NO_SPAN, rows=1, examples=(shown(each),)))
            continue
        resource = each.get("resource")
        yield {
            "resource": {"attributes": _attributes(resource.get("attributes") if isinstance(resource, dict) else None)},
            "scopeSpans": [{"spans": list(_spans(scope, rejected))} for scope in scopes or ()],
        }


def _spans(scope: Any, rejected: list[Counted]) -> Iterator[dict[str, Any]]:
    spans = scope.get("spans") if isinstance(scope, dict) else scope
    for span in spans if isinstance(spans, list) else [spans] if spans is not None else ():
        if isinstance(span, dict):
            yield _span(span)
        else:
            rejected.append(Counted(what=NO_SPAN, rows=1, examples=(shown(span),)))


def _span(span: dict[str, Any]) -> dict[str, Any]:
    status, links = span.get("status"), span.get("links")
    kind, code = span.get("kind"), status.get("code") if isinstance(status, dict) else status
    start, end = whole(span.get("startTimeUnixNano")), whole(span.get("endTimeUnixNano"))
    return {
        **{name: text(span.get(name)) for name in ("traceId", "spanId", "parentSpanId", "traceState", "name")},
        "kind": _code(kind, KIND_CODES),
        "startTimeUnixNano": None if start is None else str(start),
        "endTimeUnixNano": None if end is None else str(end),
        "attributes": _attributes(span.get("attributes")),
        "status": {"code": _code(code, CODES)},
        "links": [
            {"traceId": text(link.get("traceId")), "spanId": text(link.get("spanId"))}
            for link in (links if isinstance(links, list) else ())
            if isinstance(link, dict)
        ],
    }


def _code(value: Any, names: Mapping[str, int]) -> int:
    """A small number, or its name."""
    number = names.get(value) if isinstance(value, str) else None
    number = whole(value) if number is None else number
    return number if number is not None and 0 <= number < len(KINDS) else 0


def _attributes(value: Any) -> list[dict[str, Any]]:
    """Attributes with a key; the values of those that are texts."""
    found = []
    for each in value if isinstance(value, list) else ():
        key = text(each.get("key")) if isinstance(each, dict) else None
        if key is not None:
            own = each.get("value")
            found.append(
                {"key": key, "value": {"stringValue": text(own.get("stringValue") if isinstance(own, dict) else None)}}
            )
    return found
