"""HTTP calls from one service of the shop to another."""

from __future__ import annotations

import asyncio
from typing import Any

import database
import httpx
import telemetry
from opentelemetry import propagate
from opentelemetry.trace import SpanKind, StatusCode

CONNECTIONS = 16


class Callee:
    """A process of another service, asked over so many connections at most; who finds none free waits in order.

    httpx has a queue of its own, but looks through all of it at each answer, which under overload is all it does.
    """

    def __init__(self, service: str, process: str) -> None:
        self.service, self.free = service, asyncio.Semaphore(CONNECTIONS)
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        self.client = httpx.AsyncClient(base_url=database.address(process), timeout=30, limits=limits)

    async def ask(self, method: str, path: str, route: str, **options: Any) -> httpx.Response:
        """Its answer, with a client span, and the trace's context in the headers."""
        with telemetry.span(
            f"{method} {route}", SpanKind.CLIENT, peer_service=self.service, http_route=route
        ) as current:
            headers: dict[str, str] = {}
            propagate.inject(headers)
            async with self.free:
                answer = await self.client.request(method, path, headers=headers, **options)
            current.set_attribute("http.response.status_code", answer.status_code)
            if answer.status_code >= 500:
                current.set_status(StatusCode.ERROR)
            return answer

    async def close(self) -> None:
        """Close the connections."""
        await self.client.aclose()
