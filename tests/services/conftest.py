"""Fixtures of the tests that need a real program."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from programs import Backfill, counter, running_prometheus


@pytest.fixture(scope="session")
def shop_data() -> Backfill:
    """A day of two servers: a counter that resets, one with a gap, errors that appear late, a histogram, a gauge."""
    start = int(time.time()) // 86400 * 86400 - 3 * 86400
    minutes = [start + 60 * minute for minute in range(1440)]
    # Server a: 60 requests a minute, restarted after minute 600 (its counter begins again at 0).
    a = [(moment, 60.0 * (i if i < 600 else i - 599)) for i, moment in enumerate(minutes)]
    # Server b: 30 requests a minute; not scraped in minutes 100 to 129.
    b = [(moment, 30.0 * i) for i, moment in enumerate(minutes) if not 100 <= i < 130]
    # Server a's errors appear at minute 700, with 6 at once, then 1 a minute until minute 720.
    errors = [(moment, 6.0 + min(i - 700, 20)) for i, moment in enumerate(minutes) if i >= 700]
    text = counter(
        "http_requests",
        [
            ('job="shop",instance="a",code="200"', a),
            ('job="shop",instance="a",code="500"', errors),
            ('job="shop",instance="b",code="200"', b),
        ],
    )
    text += "# TYPE latency_seconds histogram\n"
    for bound, share in (("0.1", 0.5), ("1.0", 0.9), ("+Inf", 1.0)):
        for moment, value in a:
            text += f'latency_seconds_bucket{{job="shop",instance="a",le="{bound}"}} {value * share:g} {moment}\n'
    for moment, value in a:
        text += f'latency_seconds_count{{job="shop",instance="a"}} {value:g} {moment}\n'
        text += f'latency_seconds_sum{{job="shop",instance="a"}} {value * 0.3:g} {moment}\n'
    text += "# TYPE pool gauge\n" + "".join(
        f'pool{{instance="a"}} {"NaN" if i == 5 else "+Inf" if i == 6 else i} {moment}\n'
        for i, moment in enumerate(minutes[:30])
    )
    return Backfill(text, start)


@pytest.fixture(scope="session")
def prometheus(shop_data: Backfill, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Prometheus with `shop_data`."""
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), shop_data.text) as url:
        yield url
