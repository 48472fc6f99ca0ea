"""M/M/c: one queue before c equal servers, Poisson arrivals, exponential service, first come first served."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scaling_lib.errors import InvalidInput
from scaling_lib.model.demands import above_zero, at_least_zero, whole
from scaling_lib.model.erlang import erlang_c
from scaling_lib.stats.arguments import is_real
from scaling_lib.words import number


@dataclass(frozen=True, kw_only=True)
class OpenQueue:
    """A stable M/M/c queue.

    arrival_rate, service_rate: per second, the latter of one server; servers: a count.
    load: Erlang; utilization: of each server, a fraction below 1.
    wait_probability: that a customer waits at all (Erlang C).
    wait, response: mean seconds before service, and with it; waiting, customers: mean numbers, likewise.
    """

    arrival_rate: float
    service_rate: float
    servers: int
    load: float
    utilization: float
    wait_probability: float
    wait: float
    response: float
    waiting: float
    customers: float

    def wait_exceeds(self, seconds: float) -> float:
        """The probability that a customer waits longer than so many seconds."""
        seconds = at_least_zero("wait_exceeds", "time", seconds, "s")
        return self.wait_probability * math.exp(-self._drain * seconds)

    def response_exceeds(self, seconds: float) -> float:
        """The probability that wait and service take longer than so many seconds."""
        seconds = at_least_zero("response_exceeds", "time", seconds, "s")
        slower = min(self.service_rate, self._drain)
        apart = abs(self._drain - self.service_rate) * seconds
        # near 0 the two exponentials are one, and their difference would be lost in rounding
        between = -math.expm1(-apart) / apart if apart > 0 else 1.0
        both = self.service_rate * seconds * math.exp(-slower * seconds) * between
        return min(1.0, math.exp(-self.service_rate * seconds) + self.wait_probability * both)

    def wait_quantile(self, q: float) -> float:
        """The wait in seconds that a share q in [0, 1) of the customers does not exceed: 0 where they do not wait."""
        rest = _rest("wait_quantile", q)
        return math.log(self.wait_probability / rest) / self._drain if self.wait_probability > rest else 0.0

    def response_quantile(self, q: float) -> float:
        """The response time in seconds that a share q in [0, 1) of the customers does not exceed."""
        rest = _rest("response_quantile", q)
        if rest == 1:
            return 0.0
        low = max(self.wait_quantile(q), -math.log(rest) / self.service_rate)
        half = (1 + q) / 2  # wait and service are each below their part in all but half of the rest
        high = self.wait_quantile(half) - math.log1p(-half) / self.service_rate
        while low < (middle := (low + high) / 2) < high:
            low, high = (middle, high) if self.response_exceeds(middle) > rest else (low, middle)
        return high

    @property
    def _drain(self) -> float:
        """The rate at which the queue drains while all servers are busy."""
        return self.servers * self.service_rate - self.arrival_rate


def mmc(arrival_rate: float, service_rate: float, servers: int) -> OpenQueue:
    """Waiting and response of an M/M/c queue, with exact quantiles.

    arrival_rate: customers/s, 0 or more; service_rate: customers/s of one server, above 0; servers: 1 or more.
    Raises InvalidInput for what cannot be, and where the arrivals reach the capacity of the servers: the message says
    at which rate they saturate.
    Source: Kleinrock, Queueing Systems, volume 1 (1975), section 3.5; the response is the sum of the wait (0, or
    exponential at the rate at which the queue drains) and an independent service.
    """
    arrival_rate = at_least_zero("mmc", "arrival_rate", arrival_rate, "customers/s")
    service_rate = above_zero("mmc", "service_rate", service_rate, "customers/s of one server")
    servers = whole("mmc", "servers", servers, least=1)
    load, capacity = arrival_rate / service_rate, servers * service_rate
    if load >= servers or arrival_rate >= capacity:
        raise InvalidInput(
            f"mmc: found {number(arrival_rate, 6)} arrivals/s at {servers} x {number(service_rate, 6)}/s; expected "
            f"fewer than {number(capacity, 6)}/s, where the servers saturate: beyond, the queue grows without end. "
            "Take more servers or fewer arrivals."
        )
    busy = erlang_c(load, servers)
    wait = busy / (capacity - arrival_rate)
    return OpenQueue(
        arrival_rate=arrival_rate,
        service_rate=service_rate,
        servers=servers,
        load=load,
        utilization=load / servers,
        wait_probability=busy,
        wait=wait,
        response=wait + 1 / service_rate,
        waiting=wait * arrival_rate,
        customers=wait * arrival_rate + load,
    )


def _rest(where: str, q: float) -> float:
    if not (is_real(q) and 0 <= q < 1):
        raise InvalidInput(f"{where}: found q {q!r}; expected a share from 0 to below 1, such as 0.99.")
    return 1 - q
