"""The gateway: the shop's one public door. It writes the access log."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path

import database
import httpx
import telemetry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def to_catalogue(request: Request) -> Response:
    """Hand the request on to the catalogue."""
    return await hand_on(request, "catalogue")


async def to_checkout(request: Request) -> Response:
    """Hand the request on to the checkout."""
    return await hand_on(request, "checkout")


async def hand_on(request: Request, service: str) -> Response:
    """The other service's answer, unchanged; 502 where there is none."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    route = next(route.path for route in routes if route.matches(request.scope)[0].name == "FULL")
    try:
        answer = await telemetry.call(
            clients[service], service, request.method, path, route, content=await request.body()
        )
    except httpx.HTTPError:
        return Response(status_code=502)
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


@asynccontextmanager
async def lifespan(_: Starlette):
    """Close the clients at the end."""
    telemetry.start("gateway")
    yield
    for client in clients.values():
        await client.aclose()


clients = {
    name: httpx.AsyncClient(base_url=database.address(name), timeout=10, limits=httpx.Limits(max_connections=200))
    for name in ("catalogue", "checkout")
}
routes = [
    Route("/products", to_catalogue),
    Route("/products/{id:int}", to_catalogue),
    Route("/search", to_catalogue),
    Route("/cart/items", to_checkout, methods=["POST"]),
    Route("/checkout", to_checkout, methods=["POST"]),
    Route("/metrics", telemetry.metrics),
    Route("/ready", telemetry.metrics),
]
log = Path(os.environ["LAB_ACCESS_LOG"])
app = telemetry.Recorded(Starlette(routes=routes, lifespan=lifespan), "gateway", routes, log)
