"""What the readers of all span formats hand on: rows in one form, and what was counted on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from scaling_lib.evidence.quality import Rejected

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")  # OTLP's numbers are their places
PEER_KEYS = (  # who is called, in this order
    "peer.service",
    "service.peer.name",
    "db.system.name",
    "db.system",
    "messaging.system",
    "server.address",
    "net.peer.name",
)
LABEL = pa.dictionary(pa.int32(), pa.string())
# Times are in the file's own unit; what is null was absent.
ROWS = pa.schema(
    [
        ("trace_id", LABEL),
        ("span_id", pa.string()),
        ("parent_id", pa.string()),
        ("service", LABEL),
        ("operation", LABEL),
        ("kind", LABEL),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("error", pa.bool_()),
        ("peer", LABEL),
        ("follows", pa.bool_()),
        ("state", LABEL),
    ]
)
LARGEST = 2**63 - 1
LONGEST_NUMBER = 40  # characters; longer ones would take their time
MOST_EXAMPLES = 3
SHOWN = 160  # characters of an example

Attribute = tuple[str, str, str, str]  # service, "resource" or "span", key, value (of a resource alone)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Something that was found in `rows` spans, traces or lines (`what` says in which), with a few examples."""

    what: str
    rows: int
    examples: tuple[str, ...] = ()

    def note(self) -> str:
        """As the ledger says it."""
        return f"{self.what}: {self.rows:,}{f', such as {self.examples[0]}' if self.examples else ''}"


@dataclass(frozen=True, kw_only=True)
class Part:
    """What some bytes, or a whole file, gave.

    rows: the table ROWS, or the clean one of `rows`; attributes: spans by Attribute; rejected, remarks: what could
    not be used, and what a reader should know; problem: why not all could be read.
    """

    rows: pa.Table
    attributes: Mapping[Attribute, int] = field(default_factory=dict)
    rejected: tuple[Counted, ...] = ()
    remarks: tuple[Counted, ...] = ()
    problem: str = ""


def together(parts: Sequence[Part], schema: pa.Schema = ROWS) -> Part:
    """Several parts as one."""
    attributes: Counter[Attribute] = Counter()
    for part in parts:
        attributes.update(part.attributes)
    tables = [part.rows for part in parts]
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks() if tables else schema.empty_table()
    return Part(
        rows=whole,
        attributes=attributes,
        rejected=summed(each for part in parts for each in part.rejected),
        remarks=summed(each for part in parts for each in part.remarks),
        problem=" ".join(part.problem for part in parts if part.problem),
    )


def summed(counted: Iterable[Counted]) -> tuple[Counted, ...]:
    """The same things counted together, with the first examples of each."""
    found: dict[str, Counted] = {}
    for each in counted:
        old = found.get(each.what, replace(each, rows=0, examples=()))
        found[each.what] = replace(
            old, rows=old.rows + each.rows, examples=(*old.examples, *each.examples)[:MOST_EXAMPLES]
        )
    return tuple(found.values())


def rejects(counted: Iterable[Counted]) -> tuple[Rejected, ...]:
    """As the ledger shows them, the same reasons together."""
    return tuple(Rejected(reason=each.what, rows=each.rows, examples=each.examples) for each in summed(counted))


def labels(values: Iterable[str]) -> pa.DictionaryArray:
    """Texts, each kept once."""
    return pa.array(values, pa.string()).dictionary_encode()


def text(value: Any) -> str | None:
    """A text, or a number written as one; None for anything else. What is no Unicode is replaced."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """A whole number, also one written as a text or a float, that 64 bits hold; None for anything else."""
    try:
        if isinstance(value, bool):
            return None
        number = int(value) if not isinstance(value, str) or len(value) < LONGEST_NUMBER else LARGEST + 1
    except (ValueError, TypeError, OverflowError):
        return None
    return number if -LARGEST <= number <= LARGEST else None


def shown(value: object) -> str:
    """An example as it stands in the file, cut to a length; control characters are written out."""
    try:
        cut = (value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))[:SHOWN]
    except RecursionError:
        cut = "something nested very deeply"
    return cut if cut.isprintable() else cut.encode("unicode_escape").decode()[:SHOWN]
