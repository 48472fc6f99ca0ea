"""Locust's users and the steps of load, from LAB_LEVELS: [[users, seconds], ...].

LAB_SEED seeds what each user chooses and how long it thinks; when a request is sent also depends on the answers.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import time
from pathlib import Path

from locust import FastHttpUser, LoadTestShape, events, task
from prometheus_client import start_http_server

PRODUCTS = 2000
WORDS = ("amber", "brass", "cedar", "dune", "ember", "fern", "granite", "hazel", "indigo", "jade")


@events.init.add_listener
def serve_metrics(**_: object) -> None:
    """The generator's own CPU and memory, for Prometheus: is it the generator that saturates?"""
    start_http_server(json.loads(os.environ["LAB_PORTS"])["generator"], addr="127.0.0.1")


class Shopper(FastHttpUser):
    """Looks around, puts things into a cart, and now and then buys them."""

    numbers = itertools.count()

    def wait_time(self) -> float:
        """Seconds between two requests."""
        return self.dice.uniform(0.4, 1.2)

    def on_start(self) -> None:
        """Each shopper has a cart and dice of their own."""
        self.dice = random.Random(f"{os.environ['LAB_SEED']}-{next(self.numbers)}")
        self.cart = f"cart-{self.dice.getrandbits(40):010x}"
        self.products = [1]

    @task(4)
    def list_products(self) -> None:
        """A page of the list."""
        self.client.get(f"/products?page={self.dice.randrange(20)}", name="GET /products")

    @task(8)
    def look(self) -> None:
        """One product; now and then one that is no longer there."""
        number = min(int(self.dice.paretovariate(0.7)), PRODUCTS)
        self.client.get(f"/products/{number}", name="GET /products/{id}")

    @task(3)
    def search(self) -> None:
        """A word."""
        self.client.get(f"/search?q={self.dice.choice(WORDS)}", name="GET /search")

    @task(3)
    def add(self) -> None:
        """A product into the cart."""
        number = self.dice.randrange(PRODUCTS)
        self.products = [*self.products[-3:], number]
        item = {"cart": self.cart, "product": number, "amount": 1}
        self.client.post("/cart/items", json=item, name="POST /cart/items")

    @task(4)
    def buy(self) -> None:
        """The order."""
        order = {"cart": self.cart, "products": sorted(set(self.products))}
        self.client.post("/checkout", json=order, name="POST /checkout")


class Reader(FastHttpUser):
    """Looks at products only, one after the other; the n-th most popular is asked for in proportion to n ** -0.8."""

    numbers = itertools.count()
    popularity = tuple(itertools.accumulate((rank + 1) ** -0.8 for rank in range(PRODUCTS)))

    def wait_time(self) -> float:
        """Seconds between two requests."""
        return self.dice.uniform(0.05, 0.15)

    def on_start(self) -> None:
        """Each reader has dice of their own."""
        self.dice = random.Random(f"{os.environ['LAB_SEED']}-{next(self.numbers)}")

    @task
    def look(self) -> None:
        """One product; which ones are popular has nothing to do with their numbers."""
        rank = self.dice.choices(range(PRODUCTS), cum_weights=self.popularity)[0]
        self.client.get(f"/products/{rank * 1103 % PRODUCTS}", name="GET /products/{id}")


class Buyer(Shopper):
    """A shopper who orders more often than not."""

    @task(22)
    def buy_again(self) -> None:
        """The order."""
        self.buy()


class Steps(LoadTestShape):
    """So many users for so long, one level after the other, then the end."""

    began = Path(os.environ["LAB_BEGAN"])
    levels = tuple((int(users), float(seconds)) for users, seconds in json.loads(os.environ["LAB_LEVELS"]))

    def tick(self) -> tuple[int, float] | None:
        """Users wanted now, and how many of them start in a second."""
        passed = self.get_run_time()
        if not self.began.exists():
            self.began.write_text(str(time.time() - passed))
        for users, seconds in self.levels:
            if passed < seconds:
                return users, 20
            passed -= seconds
        return None
