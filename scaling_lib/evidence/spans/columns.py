"""Rows of the formats that are read span by span: Jaeger and Zipkin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from scaling_lib.evidence.spans.part import (
    KINDS,
    LARGEST,
    PEER_KEYS,
    ROWS,
    Attribute,
    Counted,
    Part,
    summed,
    text,
    whole,
)


class Columns:
    """Spans, gathered one by one."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._attributes: Counter[Attribute] = Counter()
        self._rejected: list[Counted] = []
        self._remarks: list[Counted] = []

    def add(
        self,
        *,
        trace: Any,
        span: Any,
        parent: Any,
        service: str,
        operation: Any,
        kind: Any,
        start: Any,
        duration: Any,
        error: bool,
        peer: str,
        follows: bool = False,
        state: Any = None,
        tags: Iterable[str] = (),
    ) -> None:
        """Add a span, times and duration in the file's unit; the end is unknown where the duration is."""
        begin, length = whole(start), whole(duration)
        end = None if begin is None or length is None or abs(begin + length) > LARGEST else begin + length
        named = str(kind).lower() if isinstance(kind, str) else ""
        self._rows.append(
            (
                text(trace),
                text(span),
                text(parent) or "",
                service,
                text(operation),
                named if named in KINDS else KINDS[0],
                begin,
                end,
                error,
                peer,
                follows,
                text(state),
            )
        )
        for key in tags:
            self._attributes[service, "span", key, ""] += 1

    def have(self, service: str, key: str, value: str) -> None:
        """Count a span of a resource with an attribute."""
        self._attributes[service, "resource", key, value] += 1

    def reject(self, what: str, example: str) -> None:
        """Count what is no span."""
        self._rejected.append(Counted(what=what, rows=1, examples=(example,)))

    def remark(self, what: str) -> None:
        """Count a span to be told of."""
        self._remarks.append(Counted(what=what, rows=1))

    def part(self) -> Part:
        """All that was gathered."""
        columns = list(zip(*self._rows, strict=True)) or [()] * len(ROWS)
        arrays = [
            pa.array(column, pa.string()).dictionary_encode()
            if pa.types.is_dictionary(field.type)
            else pa.array(column, field.type)
            for column, field in zip(columns, ROWS, strict=True)
        ]
        return Part(
            rows=pa.table(arrays, schema=ROWS),
            attributes=self._attributes,
            rejected=summed(self._rejected),
            remarks=summed(self._remarks),
        )


def peer_of(tags: Mapping[str, Any]) -> str:
    """Who is called, as the caller's tags say."""
    return next((text(tags[key]) or "" for key in PEER_KEYS if tags.get(key)), "")
