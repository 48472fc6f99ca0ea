"""The gateway: the shop's one public door. It writes the access log."""

from __future__ import annotations

import json
import os
import random
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import telemetry
from calls import Callee
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
    process = dice.choices(*processes[service])[0]
    try:
        answer = await callees[process].ask(request.method, path, route, content=await request.body())
    except httpx.HTTPError:
        return Response(status_code=502)
    headers = {name: answer.headers[name] for name in ("content-type", "x-version") if name in answer.headers}
    return Response(answer.content, answer.status_code, headers)


@asynccontextmanager
async def lifespan(_: Starlette):
    """Close the connections at the end."""
    telemetry.start("gateway")
    yield
    for callee in callees.values():
        await callee.close()


dice = random.Random(20_261_124)
# Of which processes a service consists, and their weights: two checkouts where two versions stand side by side.
shares = {"catalogue": {"catalogue": 1.0}, "checkout": json.loads(os.environ["LAB_SHARES"])}
processes = {service: (list(weights), list(weights.values())) for service, weights in shares.items()}
callees = {process: Callee(service, process) for service, weights in shares.items() for process in weights}
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
