"""The load within an SLO from a service's own histogram: the shop's by hand, edges, other traffic, what cannot be used."""

import csv
import gzip
import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from measured import START, measured, values

import scaling_lib
from scaling_lib.capacity import load_within_slo
from scaling_lib.capacity.slo_histogram import histogram_by_level
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.load_tests import LoadTest, LoadTests
from scaling_lib.evidence.load_tests.levels import levels as levels_of
from scaling_lib.evidence.load_tests.parts import as_samples, no_bins
from scaling_lib.evidence.slos import SLO

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
STEP = 5  # seconds between the samples of the shop's load test
ROUTES = {
    "browse": "GET /products", "product": "GET /products/{id:int}", "cart": "POST /cart/items",
    "checkout": "POST /checkout",
}  # fmt: skip
MINUTES = 4  # of a level that a test makes up


@cache
def raw_buckets():
    """The file as it is: (route, le) to {unix second: count}, of the gateway."""
    file = SHOP / "recorded" / "load" / "prometheus" / "http_request_duration_seconds_bucket.json.gz"
    result = json.loads(gzip.decompress(file.read_bytes()))["data"]["result"]
    return {
        (each["metric"]["route"], each["metric"]["le"]): {int(at): int(count) for at, count in each["values"]}
        for each in result
        if each["metric"]["service"] == "gateway"
    }


@cache
def constant_users():
    """From Locust's file as it is: users to the first and last second but one with so many, less one at either edge."""
    seconds = {}
    with (SHOP / "recorded" / "load" / "locust_stats_history.csv").open() as file:
        for row in csv.DictReader(file):
            if row["Name"] == "Aggregated":
                seconds.setdefault(int(row["User Count"]), []).append(int(row["Timestamp"]))
    levels = [level["users"] for level in truth()]
    return {users: (seconds[users][0], seconds[users][-2]) for users in levels}


@cache
def truth():
    return yaml.safe_load((SHOP / "truth.yaml").read_text())["load"]["levels"]


def by_hand(route):
    """For each level the requests and those over 300 ms of each five seconds, the first left out: it may be of before."""
    found = {}
    every, within_limit = raw_buckets()[route, "+Inf"], raw_buckets()[route, "0.3"]
    for users, (start, end) in constant_users().items():
        steps = [at for at in sorted(every) if start + STEP <= at and at + STEP <= end]
        rises = [(every[at + STEP] - every[at], within_limit[at + STEP] - within_limit[at]) for at in steps]
        found[users] = [(total, total - good) for total, good in rises]
    return found


@cache
def shop():
    system = scaling_lib.open(SHOP)
    return system, system.load_tests(), levels_of(system.load_tests())


@cache
def within(journey, test="load/locust"):
    system, tests, every = shop()
    made = next(each for each in system.journeys if each.name == journey)
    slo = next(each for each in system.slos() if each.name == f"{journey} latency")
    return load_within_slo(
        tests, tests.test(test), every, slo, route=made.route, metrics=system.load_metrics(),
        buckets=made.metrics.buckets,
    )  # fmt: skip


@pytest.mark.parametrize("journey", list(ROUTES))
def test_the_shops_shares_are_those_of_the_file(journey):
    found = within(journey)
    assert (found.evidence, found.figure, found.quantile) == ("histogram", "share within 300 ms", "p99")
    counted = by_hand(ROUTES[journey])
    assert found.levels["load"].tolist() == list(counted)
    totals = [sum(total for total, _ in steps) for steps in counted.values()]
    slow = [sum(slow for _, slow in steps) for steps in counted.values()]
    assert found.levels["requests"].tolist() == totals
    assert found.levels["beyond"].tolist() == pytest.approx([k / n for k, n in zip(slow, totals, strict=True)])


def chance_of_at_most(slow, of, share):
    """Of the binomial distribution."""
    return math.fsum(math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(slow + 1))


def test_where_clustering_cannot_be_seen_the_ends_are_the_exact_ones():
    # Three of 1,113 orders at 250 users were slow, in one of four stretches: fewer than stretches.
    row = within("checkout").levels.set_index("load").loc[250]
    assert (row["requests"], row["beyond"] * row["requests"]) == (1113, pytest.approx(3))
    assert chance_of_at_most(3, 1113, row["beyond_high"]) == pytest.approx(0.025, rel=1e-6)
    assert 1 - chance_of_at_most(2, 1113, row["beyond_low"]) == pytest.approx(0.025, rel=1e-6)


def test_requests_that_are_slow_together_make_the_shops_share_less_certain():
    # At 350 users 0, 30, 16 and 4 of some 370 were slow: taken by themselves, 50 of 1,479 are 2.5% to 4.4%.
    row = within("checkout").levels.set_index("load").loc[350]
    steps = by_hand(ROUTES["checkout"])[350]
    assert [slow for _, slow in steps] == [0, 30, 16, 4]
    assert chance_of_at_most(50, 1479, 0.0443) < 0.0255 and row["beyond_high"] > 0.10
    assert 1 - chance_of_at_most(49, 1479, 0.0252) < 0.0255 and row["beyond_low"] < 0.01


def crossing_by_hand(counted, allowed=0.01):
    """On the logarithms of the shares (half a request added, where that breaks no promise), never falling, joined by lines: the users at 1%."""
    users = list(counted)
    sums = [tuple(map(sum, zip(*steps, strict=True))) for steps in counted.values()]
    blocks = []  # pool adjacent violators
    for total, slow in sums:
        share, moved = slow / total, (slow + 0.5) / (total + 1)
        blocks.append([math.log(max(share, allowed / 2) if share <= allowed < moved else moved), 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, n), (b, m) = blocks[-2], blocks.pop()
            blocks[-1] = [(a * n + b * m) / (n + m), n + m]
    figure = [value for value, count in blocks for _ in range(count)]
    first = next(place for place, value in enumerate(figure) if value > math.log(allowed))
    part = (math.log(allowed) - figure[first - 1]) / (figure[first] - figure[first - 1])
    return users[first - 1] + part * (users[first] - users[first - 1])


@pytest.mark.parametrize("journey", list(ROUTES))
def test_the_shops_users_and_requests_within_the_slo(journey):
    found = within(journey)
    by_users = crossing_by_hand(by_hand(ROUTES[journey]))
    assert found.capacity.value == pytest.approx(by_users)
    rates = {each["users"]: each["requests_per_s"] for each in truth()}
    assert found.requests.value == pytest.approx(np.interp(by_users, list(rates), list(rates.values())), rel=0.01)
    # Up to 300 users hardly any request was slow, at 480 a third or more.
    assert found.capacity.low >= 300 and found.capacity.high <= 480
    assert found.requests.low > 0.97 * rates[300] and found.requests.high < 1.06 * max(rates.values())


def test_the_first_limit_of_the_shop_is_no_longer_a_matter_of_three_windows():
    # Of Locust's percentiles: 373 requests/s, 242 to 415.
    found = within("checkout").requests
    assert found.value == pytest.approx(380, abs=2)
    assert (found.low, found.high) == (pytest.approx(353, abs=1), pytest.approx(415, abs=1))


def counters(seconds, rates, edges):
    """Cumulative counts each `seconds`: rates(at) gives requests a second and the shares within each edge."""
    at = np.arange(0, 4 * MINUTES * 60 + seconds, seconds)
    per = [rates(each) for each in at[:-1]]
    total = np.concatenate([[0], np.cumsum([rate * seconds for rate, _ in per])])
    series = {"+Inf": total}
    for place, edge in enumerate(edges):
        series[edge] = np.concatenate([[0], np.cumsum([rate * seconds * shares[place] for rate, shares in per])])
    return [
        ("h_bucket", {"le": edge, "job": "a", "instance": "1"}, values(counts, step=f"{seconds}s"))
        for edge, counts in series.items()
    ]


SHARES = ((1.0, 1.0), (1.0, 1.0), (0.90, 0.97), (0.30, 0.50))  # within 200 and 300 ms, by level


def levels(rate=10.0, **more):
    """Four levels one after the other, of 10 to 80 users."""
    start = [START + pd.Timedelta(minutes=MINUTES * place) for place in range(4)]
    frame = pd.DataFrame(
        {
            "test": "t", "name": "GET /a", "level": range(1, 5), "users": [10.0, 20.0, 40.0, 80.0], "start": start,
            "end": [each + pd.Timedelta(minutes=MINUTES) for each in start], "seconds": 60.0 * MINUTES,
            "requests": 60.0 * MINUTES * rate, "throughput": rate, "throughput_low": rate - 1,
            "throughput_high": rate + 1, "p99_s": [0.1, 0.1, 0.4, 2.0], "p99_s_low": math.nan, "p99_s_high": math.nan,
        }
        | more
    )  # fmt: skip
    return pd.concat([frame, frame.assign(name="")], ignore_index=True)


def made(folder, threshold_s, *, seconds=15, rate=10.0, edges=("0.2", "0.3"), buckets="h_bucket", of=None):
    def at(second):
        return rate, SHARES[int(second // (60 * MINUTES))]

    metrics = measured(folder, *counters(seconds, at, edges))
    test = LoadTest(
        test="t", file="t", generator="locust", load="closed", why="", percentiles="windows", interval_s=1.0
    )
    tests = LoadTests(samples=as_samples({"test": []}), bins=no_bins(), tests=(test,), quality=())
    slo = SLO(name="s", kind="latency", threshold_s=threshold_s, target=0.95)
    return load_within_slo(
        tests, test, levels() if of is None else of, slo, route="GET /a", metrics=metrics, buckets=buckets
    )


def test_a_threshold_at_an_edge_counts_every_request(tmp_path):
    found = made(tmp_path, 0.3)
    # The first of 16 stretches of 15 s may hold requests of before: 15 x 150 requests are left.
    assert found.levels["requests"].tolist() == [2250] * 4
    assert found.levels["beyond"].tolist() == pytest.approx([0, 0, 0.03, 0.5])
    # From 3% at 40 to 50% at 80 users, on the logarithms: 5% is reached after ln(5/3) / ln(50/3) of the way.
    low, high, limit = (math.log((share * 2250 + 0.5) / 2251) for share in (0.03, 0.5, 0.05))
    assert found.capacity.value == pytest.approx(40 + 40 * (math.log(0.05) - low) / (high - low))
    assert limit == pytest.approx(math.log(0.05), abs=0.01)
    assert (found.capacity.low, found.capacity.high) == (40, 80)
    assert found.notes == ()


def test_between_two_edges_the_interval_holds_what_both_leave_open(tmp_path):
    # At 250 ms: 3% to 10% are beyond at 40 users, 6.5% half way between.
    found = made(tmp_path, 0.25)
    assert found.levels["beyond"].tolist() == pytest.approx([0, 0, 0.065, 0.6])
    assert (found.capacity.low, found.capacity.high) == (20, 80)
    row = found.levels.iloc[2]
    assert row["beyond_low"] < 0.03 and row["beyond_high"] > 0.10
    assert "between those at 200 ms and 300 ms" in found.notes[0]


def test_a_threshold_beyond_the_last_edge_is_open(tmp_path):
    found = made(tmp_path, 1.0)
    assert found.levels["beyond"].tolist() == pytest.approx([0, 0, 0.03, 0.5])  # what is over 300 ms, at the most
    assert found.levels["beyond_low"].tolist() == [0.0] * 4
    assert math.isinf(found.capacity.high)


def test_the_quantile_lies_between_edges_that_are_certain(tmp_path):
    # p95 at 40 users: 90% within 200 ms and 97% within 300 ms, so 5/7 of the way between.
    row = made(tmp_path, 0.3).levels.iloc[2]
    assert row["latency_s"] == pytest.approx(0.2 + 0.1 * 5 / 7)
    assert (row["latency_low_s"], row["latency_high_s"]) == (0.2, 0.3)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"buckets": "other_bucket"}, "not among the metrics"),
        ({"buckets": 'h_bucket{le!="+Inf"}'}, "without its bucket"),
        ({"seconds": 240}, "too far for the levels"),
        ({"rate": 20.0}, "counts 2 times the requests"),
        ({"rate": 5.0}, "counts 0.5 times the requests"),
    ],
)
def test_a_histogram_that_cannot_be_used_leaves_the_generators_percentiles(tmp_path, more, says):
    of = levels().rename(columns=lambda name: name.replace("p99", "p95"))
    found = made(tmp_path, 0.3, of=of, **more)
    assert (found.evidence, found.figure) == ("percentiles", "p95")
    assert says in found.notes[0] and "percentiles are used" in found.notes[0]
    assert found.capacity.between == (20, 40)
    assert found.levels["beyond"].isna().all()


def test_levels_between_which_nothing_was_sampled_are_absent(tmp_path):
    gap = [
        (
            name,
            labels,
            counts[(counts.index < START + pd.Timedelta(minutes=4)) | (counts.index > START + pd.Timedelta(minutes=8))],
        )
        for name, labels, counts in counters(15, lambda second: (10.0, SHARES[int(second // 240)]), ("0.2", "0.3"))
    ]
    every = levels()
    found = histogram_by_level(measured(tmp_path, *gap), "h_bucket", every[every["name"] == "GET /a"])
    assert set(found) == {1, 3, 4}


def test_without_metrics_the_percentiles_are_taken():
    system, tests, every = shop()
    slo = next(each for each in system.slos() if each.name == "checkout latency")
    found = load_within_slo(tests, tests.test("load/locust"), every, slo, route="POST /checkout")
    assert (found.evidence, found.figure) == ("percentiles", "p99")
    assert found.levels["beyond"].isna().all()


def test_a_histogram_without_a_level_says_so(tmp_path):
    metrics = measured(tmp_path, *counters(15, lambda second: (10.0, (1.0, 1.0)), ("0.2", "0.3")))
    early = levels().assign(
        start=lambda rows: rows["start"] - pd.Timedelta(days=1), end=lambda rows: rows["end"] - pd.Timedelta(days=1)
    )
    with pytest.raises(NotMeasured, match="too far for the levels"):
        histogram_by_level(metrics, "h_bucket", early[early["name"] == ""])
