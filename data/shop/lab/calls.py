"""HTTP calls from one service of the shop to another."""

from __future__ import annotations

import asyncio
from typing import Any

import database
import httpx
import telemetry
from opentelemetry import propagate
from opentelemetry.trace import SpanKind, StatusCode

CONNECTIONS = 256


class Callee:
    """A process of another service, asked over so many connections at most; who finds none free waits in order.

    Each connection is a client of its own: one client for all looks through its connections and through all who wait
    at each answer, which under overload is most of what it does.
    """

    def __init__(self, service: str, process: str) -> None:
        self.service = service
        self.free: asyncio.LifoQueue[httpx.AsyncClient] = asyncio.LifoQueue()
        for _ in range(CONNECTIONS):  # there is no TLS to verify, and certificates are slow to load
            self.free.put_nowait(httpx.AsyncClient(base_url=database.address(process), timeout=30, verify=False))

    async def ask(self, method: str, path: str, route: str, **options: Any) -> httpx.Response:
        """Its answer, with a client span, and the trace's context in the headers."""
        with telemetry.span(
            f"{method} {route}", SpanKind.CLIENT, peer_service=self.service, http_route=route
        ) as current:
            headers: dict[str, str] = {}
            propagate.inject(headers)
            client = await self.free.get()
            try:
                answer = await client.request(method, path, headers=headers, **options)
            finally:
                self.free.put_nowait(client)
            current.set_attribute("http.response.status_code", answer.status_code)
            if answer.status_code >= 500:
                current.set_status(StatusCode.ERROR)
            return answer

    async def close(self) -> None:
        """Close the connections."""
        while not self.free.empty():
            await self.free.get_nowait().aclose()
