"""The one model from all of an assessment's evidence: the recorded shop's limit, and what is said where parts fail."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml
from small_system import make

import scaling_lib
from scaling_lib.capacity import assess, findings
from scaling_lib.capacity.calibrated import OTHER, calibrated
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.load_tests.levels import levels

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
TRUTH = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def shop():
    return scaling_lib.open(SHOP)


@pytest.fixture(scope="module")
def found(shop):
    every = levels(shop.load_tests())
    return {
        name: calibrated(shop, every[(every["test"] == f"{name}/locust") & (every["name"] == "")], test=name)
        for name in ("load", "before", "after")
    }


def test_the_limit_is_the_plateau_that_was_measured(found):
    """Of the truth's levels, those that hardly gained on the one before."""
    rates = [each["requests_per_s"] for each in TRUTH["load"]["levels"]]
    plateau = [rate for before, rate in itertools.pairwise(rates) if rate < 1.05 * before]
    limit = found["load"].system(1.0).bounds().saturation
    assert limit.low <= sum(plateau) / len(plateau) <= limit.high


@pytest.mark.parametrize(
    ("test", "resource"),
    [
        ("load", "processor of the services"),
        ("before", "processor of the database"),
        ("after", "processor of the services"),
    ],
)
def test_the_bottleneck_is_the_one_that_was_planted(found, test, resource):
    system = found[test].system(1.0)
    assert system.bottleneck() == resource and system.bottleneck_certainty()[resource] > 0.95


def test_each_journey_has_its_own_demand(found):
    """An order goes through two services and writes; a page of the list is read."""
    demands = found["load"].calibration.demands["processor of the services"]
    assert set(demands) == {"browse", "product", "cart", "checkout", OTHER}
    assert demands["checkout"].low > demands["browse"].high
    assert found["load"].calibration.mix["checkout"] == pytest.approx(4 / 22, abs=0.02)  # of the shoppers' tasks
    assert found["load"].absent == ()


def test_the_check_holds_every_levels_throughput(found):
    for each in found.values():
        assert each.check.throughput_error < 0.05
        assert each.check.throughput_within_10 == each.check.table["load"].max()


def test_the_check_says_up_to_where_responses_are_trusted(found):
    """Beyond some 200 users the measured responses are more than 20% from what queues of product form make of them."""
    own = found["load"]
    table = own.check.table
    off = table[table["response_s_error"].abs() > 0.2]["load"].min()
    assert not own.check.holds and own.check.response_within_20 < off
    assert "Trust mean response up to" in own.check.verdict
    system = own.system(1.0)
    assert system.trust == own.check.trust and own.check.trust.throughput == 1.0 > own.check.trust.response
    at = table.loc[table["load"] == own.check.response_within_20, "throughput"].iloc[0]
    assert own.system(at * 0.9).solve().response_trusted is True
    assert own.system(at * 1.2).solve().response_trusted is False


def test_without_a_load_test_the_systems_own_metrics_are_used(shop):
    own = calibrated(shop)
    assert own.check is None and own.test == ""
    assert set(own.laws) == {"processor of the services", "processor of the database"}
    told = TRUTH["simulated"]["metrics"]["processors"]["of"]
    for name, planted in zip(("services", "database"), told, strict=True):
        assert planted["runs"] == name
        demand = own.system(1.0).mean_demand(f"processor of the {name}")
        assert min(planted["demand_ms"].values()) < 1000 * demand.value < max(planted["demand_ms"].values())


def test_the_level_is_that_of_all_intervals(shop):
    system = calibrated(shop, level=0.5).system(1.0)
    demands = [each for by in system.demands.values() for each in by.values()]
    assert {each.level for each in [*demands, system.bounds().saturation, *system.limits().values()]} == {0.5}


def test_nothing_to_calibrate_from_is_said(tmp_path):
    with pytest.raises(NotMeasured, match="No demand is measured: .*spans") as reason:
        calibrated(scaling_lib.open(make(tmp_path, "")))
    assert "resources" in reason.value.supply


def test_a_resource_without_metrics_leaves_the_others(tmp_path, shop):
    text = (SHOP / "assessment.yaml").read_text(encoding="utf-8").replace("recorded/", f"{SHOP}/recorded/")
    text = text.replace("simulated/", f"{SHOP}/simulated/").replace('{runs="database"}', '{runs="nothing"}')
    (tmp_path / "assessment.yaml").write_text(text, encoding="utf-8")
    system = scaling_lib.open(tmp_path)
    every = levels(system.load_tests())
    own = calibrated(system, every[(every["test"] == "load/locust") & (every["name"] == "")])
    assert set(own.laws) == {"processor of the services"}
    assert len(own.absent) == 1 and own.absent[0].startswith("processor of the database: ")


def test_the_verdict_on_the_model_rests_on_its_responses_too(shop):
    own = next(each for each in findings(assess(shop)) if each.name == "model")
    assert own.verdict == "watch" and "mean response is within 20% up to" in own.sentence
    table = calibrated_errors(shop)
    assert own.impact.value == pytest.approx(table.max())


def calibrated_errors(shop):
    """Of all levels of the longest test, throughputs and responses, without sign."""
    every = levels(shop.load_tests())
    rows = every[(every["test"] == "load/locust") & (every["name"] == "")]
    table = calibrated(shop, rows).check.table
    return table[["throughput_error", "response_s_error"]].abs().stack()
