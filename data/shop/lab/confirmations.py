"""The confirmations of orders: a queue in the checkout's memory, and the tasks that send them after the answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import psycopg
import telemetry
from opentelemetry import context, trace
from opentelemetry.trace import Link, SpanKind
from prometheus_client import Gauge

SENDERS = 4
MAIL_S = 0.02  # what a mail server takes; it stands for one, nothing is sent
waiting: asyncio.Queue[tuple[int, context.Context]] = asyncio.Queue()
WAITING = Gauge("confirmations_waiting", "Confirmations in the queue", ["service"])
WAITING.labels("checkout").set_function(waiting.qsize)


def publish(order: int) -> None:
    """Put the order's confirmation into the queue, with the trace's context."""
    with telemetry.span("publish confirmation", SpanKind.PRODUCER, messaging_destination_name="confirmations"):
        waiting.put_nowait((order, context.get_current()))


def start(pool: Any) -> list[asyncio.Task[None]]:
    """Begin to send; the tasks, to be cancelled at the end."""
    return [asyncio.create_task(_send_all(pool)) for _ in range(SENDERS)]


async def _send_all(pool: Any) -> None:
    while True:
        order, parent = await waiting.get()
        links = [Link(trace.get_current_span(parent).get_span_context())]
        queue = {"messaging_destination_name": "confirmations"}
        with (
            suppress(psycopg.Error),  # the span says so; the next one is tried
            telemetry.span("process confirmation", SpanKind.CONSUMER, parent=parent, links=links, **queue),
        ):
            await asyncio.sleep(MAIL_S)
            async with pool.connection() as connection:
                await telemetry.query(
                    connection, "insert confirmation", "INSERT INTO confirmation (shop_order) VALUES (%s)", (order,)
                )
