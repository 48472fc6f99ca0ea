"""The checkout: carts and orders, and the confirmations. It can be made slow or faulty, for real: see `chaos`."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import confirmations
import database
import telemetry
from calls import Callee
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

dice = random.Random(20_261_124)
faults: list[tuple[float, str]] = []


async def chaos(request: Request) -> Response:
    """Set the faults: in a share of the orders a statement runs inside the order's transaction."""
    faults[:] = [(share, statement) for share, statement in await request.json()]
    return JSONResponse(faults)


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
        rows = await telemetry.query(
            connection, "count cart items", "SELECT count(*) FROM cart_item WHERE cart = %s", (item["cart"],)
        )
    return JSONResponse({"cart": item["cart"], "items": rows[0][0]}, status_code=201)


async def place_order(request: Request) -> Response:
    """Turn the lines into an order: prices and stock from the catalogue, order and lines in one transaction."""
    order = await request.json()
    numbers = ",".join(str(number) for number in order["products"])
    answers = await asyncio.gather(
        catalogue.ask("GET", f"/prices?ids={numbers}", "/prices"),
        catalogue.ask("GET", f"/stock?ids={numbers}", "/stock"),
    )
    prices, stock = (answer.json() for answer in answers)
    if not all(stock.values()):
        return JSONResponse({"error": "not in stock"}, status_code=409)
    async with pool.connection() as connection, connection.transaction():
        for share, statement in faults:
            if dice.random() < share:
                await telemetry.query(connection, "insert order", statement)
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
    confirmations.publish(rows[0][0])
    return JSONResponse({"order": rows[0][0]}, status_code=201)


@asynccontextmanager
async def lifespan(_: Starlette):
    """Open and close the pool."""
    telemetry.start("checkout")
    await pool.open()
    senders = confirmations.start(pool)
    yield
    for sender in senders:
        sender.cancel()
    await pool.close()
    await catalogue.close()


pool = database.pool("checkout")
catalogue = Callee("catalogue", "catalogue")
routes = [
    Route("/cart/items", add_item, methods=["POST"]),
    Route("/checkout", place_order, methods=["POST"]),
    Route("/chaos", chaos, methods=["POST"]),
    Route("/metrics", telemetry.metrics),
    Route("/ready", telemetry.metrics),
]
app = telemetry.Recorded(Starlette(routes=routes, lifespan=lifespan), "checkout", routes)
