"""Traces drawn by hand, as a canonical frame."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from scaling_lib.evidence.spans import Spans, SpanSource, read_spans

MS = 1_000_000
SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
# id, parent, service, operation, kind, start and end in ms, peer, error, follows
Row = tuple[str, str, str, str, str, float, float, str, bool, bool]


def span(
    name: str,
    parent: str,
    service: str,
    kind: str,
    start: float,
    end: float,
    *,
    operation: str = "",
    peer: str = "",
    error: bool = False,
    follows: bool = False,
) -> Row:
    """One span; its operation is its id where none is given."""
    return (name, parent, service, operation or name, kind, start, end, peer, error, follows)


def frame(*traces: list[Row], count: int = 1, weights: tuple[float, ...] = ()) -> pd.DataFrame:
    """Each trace `count` times, a second apart; weights: of each trace, 1 where not given."""
    rows = [
        (f"{kind}-{k}", *row[:5], 1000 * MS * k + int(row[5] * MS), 1000 * MS * k + int(row[6] * MS), *row[7:],
         weights[kind] if weights else 1.0)
        for kind, spans in enumerate(traces)
        for k in range(count)
        for row in spans
    ]  # fmt: skip
    names = "trace_id span_id parent_id service operation kind start_ns end_ns peer error follows weight"
    return pd.DataFrame(rows, columns=names.split())


# gateway asks checkout, which asks the database twice and catalogue once, and sends a mail nobody waits for.
ORDER = [
    span("r", "", "gateway", "server", 0, 100, operation="POST /checkout"),
    span("c", "r", "gateway", "client", 10, 90, peer="checkout"),
    span("s", "c", "checkout", "server", 15, 85),
    span("d", "s", "checkout", "client", 20, 40, peer="postgresql"),
    span("e", "s", "checkout", "client", 40, 45, peer="postgresql", error=True),
    span("g", "s", "checkout", "client", 50, 60, peer="catalogue"),
    span("h", "g", "catalogue", "server", 52, 58),
    span("p", "s", "checkout", "producer", 80, 84, peer="kafka"),
    span("m", "p", "mailer", "consumer", 84, 184, follows=True),
    span("q", "m", "mailer", "client", 100, 110, peer="smtp"),
]
BROWSE = [
    span("r", "", "gateway", "server", 0, 20, operation="GET /"),
    span("c", "r", "gateway", "client", 5, 15, peer="catalogue"),
    span("h", "c", "catalogue", "server", 6, 14),
]


def recorded(name: str) -> Spans:
    """The shop's spans of an experiment, such as "journeys/light"."""
    return read_spans([SpanSource(path=str(SHOP / "recorded" / name / "spans.jsonl.gz"))])
