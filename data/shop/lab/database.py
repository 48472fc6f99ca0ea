"""The shop's database: where it is, its tables and its first rows."""

from __future__ import annotations

import json
import os

import psycopg
from prometheus_client import Gauge
from psycopg_pool import AsyncConnectionPool

SCHEMA = """
CREATE TABLE product (id integer PRIMARY KEY, name text NOT NULL, price numeric(8, 2) NOT NULL);
CREATE TABLE stock (product integer PRIMARY KEY REFERENCES product, amount integer NOT NULL);
CREATE TABLE cart_item (cart text NOT NULL, product integer NOT NULL REFERENCES product, amount integer NOT NULL);
CREATE INDEX ON cart_item (cart);
CREATE TABLE shop_order (id bigserial PRIMARY KEY, cart text NOT NULL, total numeric(10, 2) NOT NULL,
                         placed timestamptz NOT NULL DEFAULT now());
CREATE TABLE order_line (shop_order bigint NOT NULL REFERENCES shop_order, product integer NOT NULL REFERENCES product,
                         price numeric(8, 2) NOT NULL);
CREATE INDEX ON order_line (shop_order);
CREATE TABLE confirmation (shop_order bigint NOT NULL REFERENCES shop_order, sent timestamptz NOT NULL DEFAULT now());
"""
PRODUCTS = 2000
POOL = Gauge("database_pool", "Connections of the pool, and requests that wait for one", ["service", "part"])
WORDS = ("amber", "brass", "cedar", "dune", "ember", "fern", "granite", "hazel", "indigo", "jade")


def connection_text() -> str:
    """libpq's connection string, from LAB_DATABASE."""
    return os.environ["LAB_DATABASE"]


def address(process: str) -> str:
    """The base URL of a process of the shop, from LAB_PORTS."""
    return f"http://127.0.0.1:{json.loads(os.environ['LAB_PORTS'])[process]}"


def pool(service: str) -> AsyncConnectionPool:
    """A service's pool, not yet open."""
    process, size = os.environ["LAB_PROCESS"], int(os.environ.get("LAB_POOL", "20"))
    made = AsyncConnectionPool(
        connection_text(), min_size=size, open=False, timeout=60, kwargs={"application_name": process}
    )
    POOL.labels(service, "pool_max").set(size)
    for part in ("pool_size", "pool_available", "requests_waiting"):
        POOL.labels(service, part).set_function(lambda part=part: made.get_stats().get(part, 0))
    return made


def fill(connection: psycopg.Connection) -> None:
    """Create the tables and their first rows, the same every time."""
    connection.execute(SCHEMA)
    with connection.cursor() as cursor:
        with cursor.copy("COPY product FROM STDIN") as copy:
            for number in range(PRODUCTS):
                name = f"{WORDS[number % 10]} {WORDS[number // 10 % 10]} {number}"
                copy.write_row((number, name, 5 + number % 97))
        with cursor.copy("COPY stock FROM STDIN") as copy:
            for number in range(PRODUCTS):
                copy.write_row((number, 100 + number % 50))
    connection.commit()
    connection.autocommit = True
    connection.execute("ANALYZE")
