"""Erlang's formulas and M/M/c: published figures, exact fractions, large numbers, limits."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaling_lib.errors import InvalidInput
from scaling_lib.model import queueing


def textbook(load, servers):
    """B and C from the sums of the textbook, in fractions."""
    terms = [Fraction(load) ** k / math.factorial(k) for k in range(servers + 1)]
    waiting = terms[-1] / (1 - Fraction(load) / servers) if load < servers else None
    return terms[-1] / sum(terms), waiting / (sum(terms[:-1]) + waiting) if waiting is not None else None


@pytest.mark.parametrize(
    ("load", "servers", "chance"),
    [(1.8, 2, 0.85263158), (1.8, 4, 0.12853365), (10, 11, 0.68211820), (10, 14, 0.17413193)],
)
def test_published_waiting(load, servers, chance):
    assert queueing.erlang_c(load, servers) == pytest.approx(chance, abs=5e-9)


@given(st.floats(0, 60), st.integers(1, 40))
def test_are_the_sums_of_the_textbook(load, servers):
    blocked, waiting = textbook(load, servers)
    assert queueing.erlang_b(load, servers) == pytest.approx(float(blocked), rel=1e-12, abs=1e-300)
    if load < servers:
        # close to saturation servers - load keeps few digits, here as in any formula of floats
        assert queueing.erlang_c(load, servers) == pytest.approx(float(waiting), rel=1e-11, abs=1e-300)


@given(st.floats(0, 0.999), st.integers(1, 3000))
def test_waiting_is_a_probability_and_more_servers_wait_less(share, servers):
    load = share * servers
    here, more = queueing.erlang_c(load, servers), queueing.erlang_c(load, servers + 1)
    assert 0 <= more <= here <= 1
    assert queueing.erlang_b(load, servers) <= here


@pytest.mark.parametrize("load", [1e-310, 1.0, 900.0, 999.0, 1000.0, 1001.0, 5000.0, 1e9])
def test_a_thousand_servers_against_the_recursion(load):
    """1/B by the recursion over the servers, in fractions where the numbers stay small enough."""
    blocked = 1.0
    for servers in range(1, 1001):
        blocked = load * blocked / (servers + load * blocked)
    assert queueing.erlang_b(load, 1000) == pytest.approx(blocked, rel=1e-11, abs=1e-305)


def test_a_million_servers_neither_overflow_nor_take_long():
    servers = 10**6
    # square-root staffing (Halfin and Whitt 1981): with beta = 1 the wait is 1 / (1 + beta Phi(beta) / phi(beta))
    phi, below = math.exp(-0.5) / math.sqrt(2 * math.pi), 0.5 * (1 + math.erf(math.sqrt(0.5)))
    limit = 1 / (1 + below / phi)
    assert queueing.erlang_c(servers - 1000, servers) == pytest.approx(limit, rel=1e-3)
    assert queueing.erlang_c(0.5 * servers, servers) == 0
    assert queueing.erlang_b(10.0 * servers, servers) == pytest.approx(0.9, rel=1e-6)


def test_published_two_servers():
    found = queueing.mmc(9, 5, 2)
    assert found.response == pytest.approx(1.052632, abs=5e-7)
    assert found.waiting == pytest.approx(7.673684, abs=5e-7)
    assert found.utilization == pytest.approx(0.9)
    assert queueing.mmc(9, 10, 1).response == pytest.approx(1.0)
    assert queueing.mmc(4.5, 5, 1).response == pytest.approx(2.0)


@given(st.floats(0.01, 0.99), st.floats(0.001, 1000), st.floats(0, 0.9999))
def test_one_server_is_the_textbook(share, service_rate, q):
    arrivals = share * service_rate
    drain = service_rate - arrivals
    found = queueing.mmc(arrivals, service_rate, 1)
    assert found.wait_probability == pytest.approx(share, rel=1e-9)
    assert found.response == pytest.approx(1 / drain, rel=1e-9)
    assert found.customers == pytest.approx(share / (1 - share), rel=1e-9)
    assert found.response_quantile(q) == pytest.approx(-math.log(1 - q) / drain, rel=1e-7, abs=1e-12)
    wait = max(0.0, math.log(share / (1 - q)) / drain)
    assert found.wait_quantile(q) == pytest.approx(wait, rel=1e-6, abs=1e-9 / drain)


@given(st.floats(0.05, 0.98), st.integers(1, 50))
def test_laws_of_every_queue(share, servers):
    found = queueing.mmc(share * servers * 3, 3, servers)
    assert found.customers == pytest.approx(found.arrival_rate * found.response, rel=1e-12)
    assert found.waiting == pytest.approx(found.arrival_rate * found.wait, rel=1e-12)
    quantiles = [found.response_quantile(q) for q in (0.1, 0.5, 0.9, 0.99, 0.9999)]
    assert quantiles == sorted(quantiles)
    for q, seconds in zip((0.1, 0.5, 0.9, 0.99, 0.9999), quantiles, strict=True):
        assert found.response_exceeds(seconds) == pytest.approx(1 - q, rel=1e-9)
        if found.wait_quantile(q) > 0:
            assert found.wait_exceeds(found.wait_quantile(q)) == pytest.approx(1 - q, rel=1e-9)


@pytest.mark.parametrize(("arrivals", "servers"), [(0, 3), (1.0, 2), (1.9, 2), (2.5, 4), (45, 50)])
def test_mean_of_the_distribution_is_the_mean(arrivals, servers):
    """The mean is the integral of what exceeds each time (midpoints); at 1.0 on 2 servers both its rates are equal."""
    found = queueing.mmc(arrivals, 1, servers)
    step = 0.005
    times = [(place + 0.5) * step for place in range(60_000)]
    assert sum(map(found.response_exceeds, times)) * step == pytest.approx(found.response, rel=1e-5)
    assert sum(map(found.wait_exceeds, times)) * step == pytest.approx(found.wait, rel=5e-5, abs=1e-12)


def test_an_empty_system():
    found = queueing.mmc(0, 4, 2)
    assert (found.utilization, found.wait, found.response, found.customers) == (0, 0, 0.25, 0)
    assert found.wait_quantile(0.999) == 0
    assert found.response_quantile(0) == 0
    assert found.response_quantile(0.5) == pytest.approx(math.log(2) / 4)
    assert queueing.erlang_b(0, 1) == queueing.erlang_c(0, 1) == 0


@pytest.mark.parametrize(
    ("load", "servers"), [(2, 2), (2.5, 2), (-1, 2), (math.nan, 2), (math.inf, 2), (1, 0), (1, 1.5)]
)
def test_impossible_waiting(load, servers):
    with pytest.raises(InvalidInput, match=r"erlang_c: found"):
        queueing.erlang_c(load, servers)


def test_saturation_says_where():
    with pytest.raises(InvalidInput, match=r"fewer than 10/s, where the servers saturate"):
        queueing.mmc(10, 5, 2)
    with pytest.raises(InvalidInput, match=r"less than 2, where they saturate"):
        queueing.erlang_c(2, 2)


@pytest.mark.parametrize(("arrivals", "service", "servers"), [(1, 0, 1), (-1, 1, 1), (1, math.nan, 1), (1, 2, 0)])
def test_impossible_rates(arrivals, service, servers):
    with pytest.raises(InvalidInput, match="mmc: found"):
        queueing.mmc(arrivals, service, servers)


@pytest.mark.parametrize("q", [-0.1, 1, 99, math.nan])
def test_impossible_quantiles(q):
    found = queueing.mmc(1, 2, 1)
    for function in (found.wait_quantile, found.response_quantile):
        with pytest.raises(InvalidInput, match="found q"):
            function(q)
