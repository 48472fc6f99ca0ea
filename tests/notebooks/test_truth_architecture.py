"""Step 06 held to the truth of the example: the planted bottleneck is relieved by its index, and by no split."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import scaling_lib
from scaling_lib import architecture
from scaling_lib.report import run

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
TRUTH = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))
INDEX = "index on the lines of carts"
RESOURCE = {"host of services": "processor of the services", "host of database": "processor of the database"}


@pytest.fixture(scope="module")
def system():
    return scaling_lib.open(SHOP)


@pytest.fixture(scope="module")
def result(system):
    return architecture.assess(system)


@pytest.fixture(scope="module")
def before(result):
    """The options of the time before the index, by name."""
    (decided,) = result.decided
    assert decided.option == INDEX
    return SimpleNamespace(decided=decided, options={each.pattern.name: each for each in decided.evaluation.options})


def highest(side):
    return max(each["requests_per_s"] for each in TRUTH["bottleneck"][side])


def test_the_planted_bottleneck_is_relieved_by_the_index(before):
    """By what was recorded before it alone; the model errs on the careful side of what was recorded after."""
    bottleneck = TRUTH["bottleneck"]["bottleneck"]
    assert before.decided.evaluation.bottleneck == RESOURCE[bottleneck["before"]["host"]]
    index = before.options[INDEX]
    assert before.decided.evaluation.chosen is index
    assert index.bottleneck == before.decided.changed.limits_now == RESOURCE[bottleneck["after"]["host"]]
    assert before.options["do nothing"].capacity.value == pytest.approx(highest("before"), rel=0.05)
    assert 1.5 < index.gain.low < index.gain.high < highest("after") / highest("before")
    assert index.monthly_cost.value == 0


def test_neither_a_split_nor_more_of_the_services_would_have_relieved_it(before):
    services = [each for name, each in before.options.items() if "processor of the services" in name]
    assert len(services) >= 5
    assert {each.verdict for each in services} == {"NOT JUSTIFIED"}
    split = before.options["split of processor of the services into two services"]
    assert split.gain.value == pytest.approx(1) and split.met < 0.05


def test_today_more_of_the_same_carries_ten_times_the_load(result):
    """What limits today is the services' host, of which two carry 2 x its capacity, less what they lose to each other."""
    limits = TRUTH["load"]["limited_by"]
    found = result.evaluation
    assert found.bottleneck == RESOURCE[limits["host"]]
    assert found.chosen.pattern.name == "a second host for the services" and found.chosen.verdict == "PROVISIONAL"
    recorded = max(each["requests_per_s"] for each in TRUTH["load"]["levels"])
    assert found.chosen.capacity.value == pytest.approx(2 * recorded / 1.02, rel=0.08)
    assert not architecture.is_new_architecture(found.chosen.pattern)


def test_the_hit_ratio_is_the_recorded_one(result):
    (cache,) = [each for each in result.evaluation.options if each.pattern.name == "products kept by the catalogue"]
    (hits,) = [each for each in cache.pattern.assumptions if each.name == "hit ratio"]
    assert hits.figure.value == pytest.approx(TRUTH["cache"]["hits"] / TRUTH["cache"]["lookups"], abs=0.01)
    assert hits.measured and cache.verdict == "NOT JUSTIFIED"


def test_the_gate_says_stay_with_its_conditions(result):
    assert [cut.gate.verdict for cut in result.cuts] == ["STAY"] * 4
    split = {each.name: each.holds for each in result.cuts[0].gate.conditions}
    assert split["no cheaper option carries the load"] is False
    assert split["changes wait for each other's deployments"] is False
    pairs = {cut.services for cut in result.cuts[1:]}
    assert pairs == {("gateway", "catalogue"), ("gateway", "checkout"), ("checkout", "catalogue")}


def test_the_growth_is_not_told_where_all_folders_are_there_from_the_first_commit_on(result):
    assert result.growth is None and "expected a growth of 1.5x" in result.absent["growth"].why
    assert (result.complexity.services, result.complexity.edges) == (4, 5)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    out = tmp_path_factory.mktemp("architecture") / "shop"
    done = run(SHOP, steps=["06"], out=out, deadline_s=240)
    document = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    page = (out / "06_architecture.html").read_text(encoding="utf-8")
    return SimpleNamespace(done=done, out=out, findings=document["findings"], steps=document["steps"], page=page)


def test_the_page_answers(report):
    assert report.done.failed == () and [each["step"] for each in report.steps] == ["06"]
    said = report.steps[0]["sentence"]
    assert said.startswith("No: processor of the services limits, and a second host for the services carries 10x")
    assert "a split into services would have left it as it was" in said
    assert "No service has to be split or merged." in said
    names = {each["name"] for each in report.findings}
    assert {"option", "not-justified", "decided", "gate", "not-measured"} <= names
    assert all(each["evidence"] for each in report.findings if each["name"] != "not-measured")


def test_the_record_lies_beside_the_page_and_holds(report, system):
    file = report.out / "tables" / "06_architecture" / "decision-record.md"
    found = architecture.recheck(file, system)
    assert found.holds and len(found.lines) > 20
    assert INDEX[1:] in file.read_text(encoding="utf-8").split("## More Information")[1]
