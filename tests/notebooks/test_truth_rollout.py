"""Step 05 held to the truth of the example: the planted canary fails, the same version passes, the flags are found."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib import rollout
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
TRUTH = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def result():
    return rollout.assess(scaling_lib.open(SHOP))


@pytest.fixture(scope="module")
def findings(result):
    return {(each.name, each.subject): each for each in rollout.findings(result)}


@pytest.mark.parametrize(("place", "name"), [(0, "canary"), (1, "a_a")])
def test_each_version_is_counted_as_the_recording_did(result, place, name):
    truth, found = TRUTH["canary"][name], result.canaries[place]
    for side, version in ((found.sides.canary, truth["candidate"]), (found.sides.baseline, truth["baseline"])):
        measured = truth["measured"][version]
        assert side.failures == (measured["errors"], measured["orders"])
        if not measured["errors"]:  # the recording's median is of all orders, ours of those that did not fail
            assert 1000 * np.median(side.latencies) == pytest.approx(measured["median_ms"], abs=0.06)
    share = truth["weights"][truth["candidate"]]
    assert found.canary.share == share and not found.judgement.ratio.mismatch
    assert found.tolerated.failures == pytest.approx(1 - 0.995)


def test_the_planted_canary_fails_in_what_was_planted(result, findings):
    planted = TRUTH["canary"]["canary"]["planted"]
    found = result.canaries[0].judgement
    assert found.verdict == "FAIL" and found.failed == ("failures", "latency")
    by_name = {each.name: each.judgement for each in found.guardrails}
    assert by_name["failures"].rise.low <= planted["share_of_errors"] <= by_name["failures"].rise.high
    # 15 ms wait in the transaction, and what waking up from it takes
    assert planted["slower_s"] <= by_name["latency"].shift.value <= planted["slower_s"] + 0.002
    assert findings["canary", "checkout 1.1.0"].verdict == "act"


def test_the_same_version_twice_passes(result, findings):
    assert result.canaries[1].judgement.verdict == "PASS"
    assert findings["canary", "the same version twice"].verdict == "ok"
    assert result.canaries[1].kayenta.score == 100


def test_kayenta_passes_the_failures_that_were_planted(result, findings):
    """Of 60 stretches most have no failure: the Hodges-Lehmann shift of their shares is 0."""
    assert result.canaries[0].kayenta.classes == {"failures": "Pass", "latency": "High"}
    assert result.canaries[0].kayenta.score == 60  # the weight of the group that passes
    assert ("kayenta-differs", "checkout 1.1.0") in findings


def test_the_four_keys(result):
    truth, found = TRUTH["simulated"]["deployments"], result.delivery
    assert found.deployments == truth["to_production_that_succeeded"]
    assert found.failed.value == pytest.approx(truth["change_failure_rate"], abs=1e-6)
    assert found.matched["id"].tolist() == [str(each) for each in truth["broke_something"]]
    assert found.matched["which"].tolist() == [str(each) for each in truth["rollbacks"]]
    assert found.commits == truth["lead_time_s"]["commits"]
    assert found.lead_time_s.value == pytest.approx(truth["lead_time_s"]["median"])
    assert found.a_week.low <= truth["a_week"] <= found.a_week.high
    bands = {each.name: each.band for each in result.keys}
    assert bands == {"deployments": "high", "lead time": "high", "change failure rate": "", "recovery": "elite"}


def test_the_price_of_a_rollout(result):
    """At once for all, by hand: found when the alerts fire, and failing until it is rolled back."""
    plans = result.plans
    incidents = [each for each in TRUTH["simulated"]["incidents"] if each["cause"] == "deployment"]
    stamps = [{key: pd.Timestamp(each[key]) for key in ("start", "end", "paged")} for each in incidents]
    back = np.array([(each["end"] - each["paged"]).total_seconds() for each in stamps])
    rollback = next(each for each in plans.inputs if each.name.startswith("rollback"))
    assert not plans.assumed and "2 incidents" in rollback.source
    assert plans.slo.slo.target == 0.999 and 0 < plans.left < 1
    least = TRUTH["canary"]["canary"]["measured"]["1.1.0"]
    shares = np.log([least["errors"] / least["orders"], 0.8])  # up to the partner that did not answer
    severe = math.exp(shares[0] + 0.95 * (shares[1] - shares[0]))  # 95 of 100 fail less
    seen = 3600 * 14.4 * 28 / 30 * 0.001 / severe  # until an hour's share of failures is over the page's
    by_hand = severe * (seen + np.median(back)) / (0.001 * 28 * 86_400)
    bang = plans.plans[0].alerts
    assert bang.if_defect_high == pytest.approx(by_hand, rel=0.03)
    assert bang.if_defect_high > plans.left > plans.risk(plans.chosen).if_defect_high
    assert plans.within and plans.chosen.name == "5% for 30 min first"
    cheaper = [plan.versions.if_defect_high <= plan.alerts.if_defect_high for plan in plans.plans]
    assert all(cheaper)
    expected = plans.risk(plans.chosen).expected
    n = result.delivery.a_week.value * 4
    assert plans.a_window.value == pytest.approx(n * expected.value)
    assert math.isclose(expected.value, 2 / 38 * plans.risk(plans.chosen).if_defect, rel_tol=1e-9)


def test_the_planted_flags(result, findings):
    truth, flags = TRUTH["simulated"]["flags"], result.flags
    assert sorted(flags.names("stale")) == sorted(truth["stale"]["flagd"] + truth["stale"]["unleash"])
    assert set(truth["at_everyone_and_stale"]) <= set(flags.names("finished"))
    assert list(flags.names("unused")) == truth["no_code_asks_for"]
    assert list(flags.unknown) == truth["asked_for_but_unknown"]
    assert list(flags.names("no_owner")) == truth["without_owner"]
    assert list(flags.untested) == truth["kill_switches_never_tested"]
    assert flags.archived == len(truth["archived"])
    assert findings["untried-kill-switches", ""].verdict == "act"
    assert not result.absent


def test_the_page_of_the_step(tmp_path):
    done = run(SHOP, steps=["05"], out=tmp_path / "report", deadline_s=180)
    assert not done.failed
    found = json.loads((tmp_path / "report" / "findings.json").read_text(encoding="utf-8"))
    text = json.dumps(found)
    assert "In rings, yes: with 5% for 30 min first" in text and "The canary checkout 1.1.0 fails." in text
    page = (tmp_path / "report" / "05_rollout.html").read_text(encoding="utf-8")
    for words in ("What may a rollout cost?", "5% for 30 min first (chosen)", "old-tax-table", "7023"):
        assert words in page
