"""The checkout: carts and orders. It can be made slow or faulty, for real: see `chaos`."""

from __future__ import annotations

import random
from contextlib import asynccontextmanager

import database
import httpx
import telemetry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

dice = random.Random(20_261_124)
fault = {"share": 0.0, "statement": ""}


async def chaos(request: Request) -> Response:
    """Set the fault: in a `share` of the orders `statement` runs inside the order's transaction."""
    fault.update(await request.json())
    return JSONResponse(fault)


async def add_item(request: Request) -> Response:
    """Put a product into a cart."""
    item = await request.json()
    async with pool.connection() as connection:
        await telemetry.query(
            connection,
            "add cart item",
            "INSERT INTO cart_item (cart, product, amount) VALUES (%s, %s, %s)",
            (item["cart"], item["product"], item["amount"]),
        )
    return JSONResponse({"cart": item["cart"]}, status_code=201)


async def place_order(request: Request) -> Response:
    """Turn the lines into an order: prices from the catalogue, order and lines in one transaction."""
    order = await request.json()
    numbers = ",".join(str(number) for number in order["products"])
    answer = await telemetry.call(client, "catalogue", "GET", f"/prices?ids={numbers}", "/prices")
    prices = answer.json()
    async with pool.connection() as connection, connection.transaction():
        if dice.random() < fault["share"]:
            await telemetry.query(connection, "insert order", fault["statement"])
        rows = await telemetry.query(
            connection,
            "insert order",
            "INSERT INTO shop_order (cart, total) VALUES (%s, %s) RETURNING id",
            (order["cart"], sum(prices.values())),
        )
        for number in order["products"]:
            await telemetry.query(
                connection,
                "insert order line",
                "INSERT INTO order_line (shop_order, product, price) VALUES (%s, %s, %s)",
                (rows[0][0], number, prices[str(number)]),
            )
        await telemetry.query(connection, "empty cart", "DELETE FROM cart_item WHERE cart = %s", (order["cart"],))
    return JSONResponse({"order": rows[0][0]}, status_code=201)


@asynccontextmanager
async def lifespan(_: Starlette):
    """Open and close the pool."""
    telemetry.start("checkout")
    await pool.open()
    yield
    await pool.close()
    await client.aclose()


pool = database.pool("checkout")
client = httpx.AsyncClient(base_url=database.address("catalogue"), timeout=10)
routes = [
    Route("/cart/items", add_item, methods=["POST"]),
    Route("/checkout", place_order, methods=["POST"]),
    Route("/chaos", chaos, methods=["POST"]),
    Route("/metrics", telemetry.metrics),
    Route("/ready", telemetry.metrics),
]
app = telemetry.Recorded(Starlette(routes=routes, lifespan=lifespan), "checkout", routes)
