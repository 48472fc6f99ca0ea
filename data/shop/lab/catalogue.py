"""The catalogue: products, their prices and their stock. Single products are cached."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path

import database
import telemetry
from cache import Cache
from opentelemetry import trace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PAGE = 20


async def products(request: Request) -> Response:
    """A page of products."""
    page = int(request.query_params.get("page", 0))
    async with pool.connection() as connection:
        rows = await telemetry.query(
            connection,
            "list products",
            "SELECT id, name, price FROM product ORDER BY id LIMIT %s OFFSET %s",
            (PAGE, page * PAGE),
        )
    return JSONResponse([{"id": row[0], "name": row[1], "price": float(row[2])} for row in rows])


async def product(request: Request) -> Response:
    """One product with its stock."""
    found, hit = await cache.get(int(request.path_params["id"]), _fetch)
    trace.get_current_span().set_attribute("cache.hit", hit)
    return JSONResponse(found) if found else JSONResponse({"error": "no such product"}, status_code=404)


async def _fetch(number: int) -> dict[str, object] | None:
    async with pool.connection() as connection:
        rows = await telemetry.query(
            connection, "get product", "SELECT id, name, price FROM product WHERE id = %s", (number,)
        )
        stock = await telemetry.query(connection, "get stock", "SELECT amount FROM stock WHERE product = %s", (number,))
    if not rows:
        return None
    return {"id": rows[0][0], "name": rows[0][1], "price": float(rows[0][2]), "stock": stock[0][0]}


async def search(request: Request) -> Response:
    """Products whose name holds the word."""
    word = request.query_params.get("q", "")
    async with pool.connection() as connection:
        rows = await telemetry.query(
            connection, "search products", "SELECT id, name FROM product WHERE name LIKE %s LIMIT 20", (f"%{word}%",)
        )
    return JSONResponse([{"id": row[0], "name": row[1]} for row in rows])


async def prices(request: Request) -> Response:
    """The prices of some products, for the checkout."""
    async with pool.connection() as connection:
        rows = await telemetry.query(
            connection, "get prices", "SELECT id, price FROM product WHERE id = ANY(%s)", (_numbers(request),)
        )
    return JSONResponse({str(row[0]): float(row[1]) for row in rows})


async def stock(request: Request) -> Response:
    """How many there are of some products, for the checkout."""
    async with pool.connection() as connection:
        rows = await telemetry.query(
            connection, "get stocks", "SELECT product, amount FROM stock WHERE product = ANY(%s)", (_numbers(request),)
        )
    return JSONResponse({str(row[0]): row[1] for row in rows})


def _numbers(request: Request) -> list[int]:
    return [int(text) for text in request.query_params["ids"].split(",")]


@asynccontextmanager
async def lifespan(_: Starlette):
    """Open and close the pool."""
    telemetry.start("catalogue")
    await pool.open()
    yield
    await pool.close()


pool = database.pool("catalogue")
written = os.environ.get("LAB_CACHE_TRACE")
cache = Cache("catalogue", "product", int(os.environ.get("LAB_CACHE", "200")), Path(written) if written else None)
routes = [
    Route("/products", products),
    Route("/products/{id:int}", product),
    Route("/search", search),
    Route("/prices", prices),
    Route("/stock", stock),
    Route("/metrics", telemetry.metrics),
    Route("/ready", telemetry.metrics),
]
app = telemetry.Recorded(Starlette(routes=routes, lifespan=lifespan), "catalogue", routes)
