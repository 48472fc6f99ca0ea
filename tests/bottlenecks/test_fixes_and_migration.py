"""Work by operation, what a fix leaves of a system, and where the bottleneck goes: by hand."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from traces_by_hand import order, trace

from scaling_lib.bottlenecks import critical_path, judged, migration, rank
from scaling_lib.bottlenecks.measured import Measured
from scaling_lib.bottlenecks.work import eased, work_by_operation
from scaling_lib.config_evidence import Fix
from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.model import System
from scaling_lib.stats import Estimate


def two(number, *, waited=0.0):
    """A root that reads for 10 ms and writes for 30 ms at the database, each `waited` ms longer."""
    return trace(
        number,
        ("a", "", "shop", "POST /order", "server", "", 0, 100 + 2 * waited),
        ("b", "a", "shop", "read", "client", "db", 20, 30 + waited),
        ("c", "a", "shop", "write", "client", "db", 40 + waited, 70 + 2 * waited),
    )


def works():
    """Every second request waits another 500 ms at either query."""
    spans = pd.concat([two(number, waited=500.0 * (number % 2)) for number in range(40)])
    return spans, work_by_operation(spans, {"POST /order": "order"})


def of_two():
    """The database takes 8 ms a request, the processor 5 ms: 125 and 200 requests/s."""
    return System({"disk": {"order": 0.008}, "cpu": {"order": 0.005}}, {}, {"order": 10.0})


RUNS_ON = {"disk": ("db",), "cpu": ("shop",)}


def test_waiting_is_no_work():
    found = works()[1].set_index("operation")["work_s"]
    assert found["read"] == pytest.approx(40 * 0.010) and found["write"] == pytest.approx(40 * 0.030)


def test_a_fix_takes_the_share_that_its_operations_are_of_the_work():
    """Writing is three quarters of the disk's work; 4 times less of it leaves 1/4 + 3/16 of the 8 ms."""
    then = eased(of_two(), Fix(name="f", operations=["write"], factor=4.0), works()[1], RUNS_ON)
    assert then.demands["disk"]["order"].value == pytest.approx(0.008 * (0.25 + 0.75 / 4))
    assert then.demands["cpu"]["order"].value == pytest.approx(0.005)


def test_of_a_journey_without_spans_a_fix_takes_the_mean_share_of_the_others():
    """Three quarters of all work at the disk, and none at the processor; what has spans, but none there, loses none."""
    demands = {"disk": {"order": 0.008, "look": 0.004}, "cpu": {"order": 0.005, "look": 0.002}}
    system, (_, work) = System(demands, {}, {"order": 10.0, "look": 5.0}), works()
    fix = Fix(name="f", operations=["write"], factor=4.0)
    then = eased(system, fix, work, RUNS_ON)
    assert then.demands["disk"]["look"].value == pytest.approx(0.004 * (0.25 + 0.75 / 4))
    assert then.demands["cpu"]["look"].value == pytest.approx(0.002)
    seen = pd.concat([work, work.iloc[:1].assign(service="shop", operation="GET /", journey="look")])
    assert eased(system, fix, seen, RUNS_ON).demands["disk"]["look"].value == 0.004


def test_a_fix_without_a_factor_takes_all_of_it():
    then = eased(of_two(), Fix(name="f", services=["db"]), works()[1], RUNS_ON)
    assert then.demands["disk"]["order"].value == pytest.approx(0, abs=1e-9)
    assert then.bottleneck() == "cpu"


def test_a_fix_of_a_resource_adds_to_it():
    then = eased(of_two(), Fix(name="f", resource="disk", factor=2.0), works()[1], RUNS_ON)
    assert then.servers["disk"] == 2 and then.demands["disk"]["order"].value == 0.008
    halves = eased(of_two(), Fix(name="f", resource="disk", factor=1.5), works()[1], RUNS_ON)
    assert halves.limits()["disk"].value == pytest.approx(125 * 1.5)


@pytest.mark.parametrize(
    ("fix", "words"),
    [
        (Fix(name="f", operations=["delete"], factor=2.0), "no span is of the operation 'delete'.*read"),
        (Fix(name="f", resource="network", factor=2.0), "network: its demand is not measured"),
    ],
)
def test_a_fix_of_what_was_not_seen_is_said(fix, words):
    with pytest.raises(NotMeasured, match=words):
        eased(of_two(), fix, works()[1], RUNS_ON)


def test_the_bottleneck_moves_and_the_next_relief_is_of_the_next():
    first, second = migration(of_two(), 2.0, steps=2)
    assert (first.bottleneck, first.next_bottleneck, first.moved) == ("disk", "cpu", True)
    assert (first.before.value, first.after.value) == pytest.approx((125, 200))
    assert first.gain.value == pytest.approx(1.6)
    assert (second.name, second.after.value, second.next_bottleneck) == ("cpu", pytest.approx(250), "disk")


def test_fixes_in_the_order_that_is_given():
    """Relieving what does not limit gains nothing, and is said to."""
    first, second = migration(of_two(), [("cpu", 4.0), ("disk", 4.0)])
    assert (first.gain.value, first.useless, first.moved) == (pytest.approx(1), True, False)
    assert (second.after.value, second.useless) == (pytest.approx(500), False)


def test_a_gain_has_no_ends_where_a_demand_has_none():
    unknown = System({"disk": Estimate(0.008, math.nan, math.nan), "cpu": 0.005}, {}, 10.0)
    for path in (migration(unknown, 2.0, steps=1), migration(unknown, [("disk", 2.0)])):
        assert path[0].gain.value == pytest.approx(1.6) and math.isnan(path[0].gain.low) and not path[0].useless


def test_relief_by_resource():
    (first, *_) = migration(of_two(), {"disk": 1.25}, steps=1)
    assert first.after.value == pytest.approx(125 * 1.25) and first.next_bottleneck == "disk"
    with pytest.raises(InvalidInput, match="network"):
        migration(of_two(), {"network": 2.0})
    with pytest.raises(InvalidInput, match="network"):
        migration(of_two(), [("network", 2.0)])


class OneModel:
    """A model that was calibrated elsewhere."""

    @staticmethod
    def system(rate):
        return System({"disk": {"order": 0.008}, "cpu": {"order": 0.005}}, {}, {"order": rate})


class SlowProcessor:
    """The processor limits, at 100 requests/s."""

    @staticmethod
    def system(rate):
        return System({"disk": {"order": 0.008}, "cpu": {"order": 0.010}}, {}, {"order": rate})


class OneDisk:
    """Nothing but the disk."""

    @staticmethod
    def system(rate):
        return System({"disk": {"order": 0.008}}, {}, {"order": rate})


def found(spans, work, model=OneModel):
    path = critical_path(spans)
    return Measured(
        spans=spans, path=path, named={"POST /order": "order"}, ranking=rank(path), work=work, curve=None, model=model,
        runs_on=RUNS_ON, peak=None, absent={}, sources={},
    )  # fmt: skip


def plain():
    spans = pd.concat([two(number) for number in range(40)])
    return spans, work_by_operation(spans, {"POST /order": "order"})


def test_a_fix_is_judged_by_latency_and_throughput():
    """Of 100 ms writing is 30; of the 125 requests/s the disk limits, 200 are left to the processor."""
    each = judged(Fix(name="index", operations=["write"]), found(*plain()))
    assert each.faster.value == pytest.approx(0.3) and each.worth == "gains"
    assert each.relief.after.value == pytest.approx(200) and each.relief.next_bottleneck == "cpu"


def test_what_gains_next_to_nothing_is_named_as_such():
    """Reading a tenth less saves 1 ms of 100; that gains little only where the database's disk does not limit."""
    tuning = Fix(name="tuning", operations=["read"], factor=10 / 9)
    each = judged(tuning, found(*plain(), SlowProcessor))
    assert each.worth == "gains little" and "would gain little: it takes 1%" in each.sentence
    assert each.faster.value == pytest.approx(0.01)
    assert judged(tuning, found(*plain())).worth == "may gain"
    assert judged(tuning, found(*plain(), None)).worth == "may gain"


def test_the_response_at_the_load_is_the_models():
    """Alone at the disk: 8 ms of work at 100 requests/s take 8 / (1 - 0.8) = 40 ms, halved 4 / (1 - 0.4)."""
    loaded = replace(found(*plain(), OneDisk), peak=Estimate(100.0, 100.0, 100.0))
    now, then = judged(Fix(name="f", services=["db"], factor=2.0), loaded).responses
    assert (now.value, then.value) == pytest.approx((0.040, 0.004 / 0.6))


def test_more_of_what_does_not_limit_gains_little():
    beside_it = judged(Fix(name="more processors", resource="cpu", factor=2.0), found(*plain()))
    assert beside_it.worth == "gains little" and "leaves the highest throughput to disk" in beside_it.sentence


def test_without_a_model_or_the_operation_nothing_is_made_up():
    spans, work = plain()
    assert judged(Fix(name="index", operations=["write"]), found(spans, work, None)).relief is None
    unknown = judged(Fix(name="index", operations=["delete"]), found(spans, work))
    assert unknown.worth == "not measured" and "'delete'" in unknown.why
    assert judged(Fix(name="host", resource="cpu", factor=2.0), found(spans, work, None)).worth == "not measured"


def test_an_order_that_waits_is_not_worked_on():
    spans = pd.concat([order(number, query=600.0 if number % 2 else 6.0) for number in range(60)])
    found_work = work_by_operation(spans, {"POST /order": "order"}).set_index("operation")["work_s"]
    assert found_work["write"] == pytest.approx(60 * 0.006) and not math.isnan(found_work["POST /order"])
