"""Sizes of instance and autoscalers over a demand that is worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from small_capacity import DEMAND_S, LEVEL_MINUTES, USERS, served, system
from small_system import query_range

import scaling_lib
from scaling_lib import capacity

PRICED = ", price_per_hour: 0.1, autoscaler: {least: 1, most: 20, target: 50%}"


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    """20 requests/s each minute without noise, of 10 ms each; ten times that is asked for."""
    folder = system(tmp_path_factory.mktemp("priced"), rate=20.0, noise=False, resources=PRICED)
    return capacity.assess(scaling_lib.open(folder))


def test_more_of_the_same_that_carries_what_is_asked(priced):
    """200 requests/s x 10 ms are 2 servers, and 2.22 at 90%: three of them; no size is made up beside it."""
    (row,) = capacity.options_table(priced).to_dict("records")
    assert (row["size"], row["instances"].value, row["direction"]) == ("1 server", 3, "horizontal")
    assert row["price"].value == pytest.approx(0.3) and row["utilization"] == pytest.approx(2 / 3, rel=1e-6)
    assert not row["remarks"]
    assert "one server" in capacity.table(priced, "options").bundle["text/html"]
    assert "A replica is one server" in capacity.table(priced, "autoscaler").bundle["text/html"]


def test_options_and_headroom_agree(priced):
    """No server is used more than today's one would be at the load that may be used."""
    usable = priced.usable
    assert usable is not None
    from_options = min(0.9, usable.value * 0.010)
    (row,) = priced.options
    assert row.utilization <= from_options + 1e-9
    assert row.instances.value == np.ceil(200 * 0.010 / from_options - 1e-9)


def test_sizes_that_can_be_had_stand_side_by_side(tmp_path):
    """At their own prices one of four servers is cheaper than three of one; made-up prices are said to be assumed."""
    sizes = ", sizes: [{name: large, servers: 4, price_per_hour: 0.25}], prices: assumed"
    folder = system(tmp_path, rate=20.0, noise=False, resources=PRICED + sizes, more="currency: EUR\n")
    result = capacity.assess(scaling_lib.open(folder))
    assert [(each.size.name, each.instances.value, each.direction) for each in result.options] == [
        ("large", 1, "vertical"),
        ("1 server", 3, "horizontal"),
    ]
    table = capacity.options_table(result)
    assert [str(price) for price in table["price"]] == ["0.25, assumed", "0.3, assumed"]
    html = capacity.table(result, "autoscaler").bundle["text/html"]
    assert "cost (EUR" in html and "fixed cost (EUR" in html
    (scaled,) = [each for each in capacity.findings(result) if each.name == "autoscaler"]
    assert "EUR over the 35 days of the record" in scaled.why and "at prices that are assumed" in scaled.why


def test_the_autoscaler_is_a_finding(priced, tmp_path):
    """Four replicas for 200/s, 840 hours at 0.1 each; two all the time would do."""
    (told,) = [each for each in capacity.findings(priced) if each.name == "autoscaler"]
    assert (told.subject, told.verdict, told.action) == ("cpu", "ok", "")
    assert told.sentence == (
        "The autoscaler of cpu serves all of 10 times the recorded demand; it asks for 4 replicas at most."
    )
    assert "It costs 336 (currency not given) over the 35 days of the record; 2 replicas all the time would serve the "\
        "peak, for 168 (currency not given)." in told.why  # fmt: skip
    scarce = PRICED.replace("most: 20", "most: 2")
    folder = system(tmp_path, rate=20.0, noise=False, resources=scarce)
    short = capacity.assess(scaling_lib.open(folder), demand_factor=15)
    (told,) = [each for each in capacity.findings(short) if each.name == "autoscaler"]
    assert told.verdict == "watch" and told.impact.value == pytest.approx(1 / 3, rel=0.01)
    assert "does not serve 33.3% of 15 times the recorded demand: for 35 days in all" in told.sentence
    assert told.action == "Let the autoscaler of cpu go beyond 2 replicas (`most`)."


def test_the_autoscaler_over_the_recorded_demand_and_over_what_is_asked(priced):
    """A replica serves 100/s and is to be half used: one for 20/s, four for 200/s, over 35 days."""
    now, asked = capacity.autoscaler_table(priced).to_dict("records")
    hours = 35 * 24
    assert (now["most replicas"], now["fixed size"], now["too little_s"], now["turns"]) == (1, 1, 0, 0)
    assert (asked["most replicas"], asked["fixed size"], asked["turns"]) == (4, 2, 0)
    assert now["replica hours"] == pytest.approx(hours, rel=1e-6)
    assert asked["replica hours"] == pytest.approx(4 * hours, rel=1e-6)
    assert (now["cost"], asked["cost"]) == pytest.approx((0.1 * hours, 0.4 * hours), rel=1e-6)
    assert asked["fixed cost"] == pytest.approx(0.2 * hours, rel=1e-6)
    assert (now["load"], asked["load"]) == ("1x the recorded demand", "10x the recorded demand")


def test_today_alone_is_run_once(tmp_path):
    folder = system(tmp_path, rate=20.0, noise=False, resources=PRICED)
    result = capacity.assess(scaling_lib.open(folder), demand_factor=1)
    assert [each.factor for each in result.replays] == [1.0]


def test_a_ceiling_of_the_autoscaler_leaves_requests_unserved(tmp_path):
    """Two replicas at most serve 200/s; 300/s are asked for: a third is not served, all the time."""
    scarce = PRICED.replace("most: 20", "most: 2")
    folder = system(tmp_path, rate=20.0, noise=False, resources=scarce)
    result = capacity.assess(scaling_lib.open(folder), demand_factor=15)
    asked = capacity.autoscaler_table(result).iloc[-1]
    assert asked["not served"] == pytest.approx(1 / 3, rel=0.01)
    assert asked["too little_s"] == pytest.approx(35 * 86_400, rel=1e-6)


def test_what_the_rest_of_the_system_lets_pass_no_replica_helps(tmp_path):
    """The database takes 4 ms a request, so 250/s at most; of 300/s a sixth is not served, with any number of replicas."""
    rates = [0.0, *(served(count) for count in USERS for _ in range(LEVEL_MINUTES))]
    counts = np.cumsum(rates) * 60
    metrics = {"busy": DEMAND_S * counts, "db_busy": 0.004 * counts, "total": counts}
    two = PRICED + "}, {name: database, busy: db_busy, limit: 1, scales: vertically"
    m_json = query_range({(name, ()): values.tolist() for name, values in metrics.items()})
    folder = system(tmp_path, rate=20.0, noise=False, resources=two, m__json=m_json, more="currency: EUR\n")
    now, asked = capacity.assess(scaling_lib.open(folder), demand_factor=15).replays
    assert asked.replay.downstream_passes == pytest.approx(250, rel=1e-3)
    assert asked.replay.unserved_share == pytest.approx(1 / 6, rel=1e-3)
    assert asked.replay.unserved_by_downstream == pytest.approx(asked.replay.unserved, rel=1e-6)
    assert now.replay.unserved == 0
    assert asked.replay.cost_a_week.unit == "EUR a week"


@pytest.mark.parametrize(
    ("resources", "name", "told"),
    [
        ("", "options", "cpu has no price"),
        ("", "autoscaler", "No autoscaler is described"),
        (None, "options", "Describe `resources`"),
        (None, "autoscaler", "Describe `resources`"),
    ],
)
def test_what_is_not_described_says_what_to_supply(tmp_path, resources, name, told):
    result = capacity.assess(scaling_lib.open(system(tmp_path, resources=resources)))
    shown = capacity.table(result, name)
    assert told in shown.text and shown.text.endswith(".") and "assessment.yaml" in shown.text
    assert not [each for each in capacity.findings(result) if "price" in each.sentence]
