"""Step 08 held to the truth of the example: what is planted in its code, people, runbooks and debt, and no more."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib import levers
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
TRUTH = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["simulated"]
CODE = TRUTH["code"]


@pytest.fixture(scope="module")
def result():
    return levers.assess(scaling_lib.open(SHOP))


@pytest.fixture(scope="module")
def findings(result):
    return {(each.name, each.subject): each for each in levers.findings(result)}


def test_the_planted_hotspot(result, findings):
    first = result.hotspots.iloc[0]
    assert (first["path"], first["revisions"]) == (CODE["hotspot"]["path"], CODE["hotspot"]["revisions"])
    assert result.hotspots.iloc[1]["score"] < 0.1
    finding = findings[("hotspot", CODE["hotspot"]["path"])]
    assert finding.verdict == "watch" and TRUTH["debt"]["at_the_hotspot"] in finding.why


def test_the_planted_coupling_across_teams(result):
    planted = CODE["coupled_across_teams"]
    (pair,) = result.coordination.congruence.across.to_dict("records")
    assert {pair["one"], pair["other"]} == set(planted["paths"])
    assert {pair["team_one"], pair["team_other"]} == set(planted["teams"])
    sweeps = 2  # the first commit and the one that touches everything, of more than 30 files each, couple nothing
    assert CODE["touches_everything"]["files"] > 30
    assert pair["shared"] == planted["shared_commits"] - sweeps
    assert pair["degree"] == int(100 * pair["shared"] / (sum(planted["revisions"]) / 2))


def test_the_planted_island_and_no_other(result):
    planted = CODE["knowledge_island"]
    (island,) = result.ownership[result.ownership["island"]].to_dict("records")
    assert (island["path"], island["main"], island["revisions"]) == (
        planted["path"], planted["author"], planted["revisions"],
    )  # fmt: skip
    assert island["main_share"] == (planted["revisions"] - 2) / planted["revisions"]  # two are of the platform's first


def test_one_person_with_two_addresses_and_a_bot(result):
    name = CODE["one_person_two_addresses"]
    merged, with_bots, written, _ = result.truck_factors.values()
    assert name in merged.people and merged.without_bots == written.without_bots == 1 and with_bots.without_bots == 0
    assert not any("bot" in person for person in merged.people)
    assert with_bots.files >= merged.files
    assert (
        result.coordination.lines == 12 * 11 // 2 and result.coordination.inside_lines == 4 * 3
    )  # four teams of three


def test_files_without_an_owner(result, findings):
    assert sorted(result.coordination.unowned) == TRUTH["codeowners"]["without_owner"]
    assert findings[("files-without-owner", "")].verdict == "watch"


def test_the_runbook_that_is_missing_where_incidents_are(result, findings):
    planted = TRUTH["runbooks"]
    assert list(result.readiness.without) == planted["incidents_without_one"]
    real = [each for each in TRUTH["incidents"] if each["routes"]]
    assert len(result.readiness.real) == len(real)
    assert result.readiness.covered.value == (len(real) - len(planted["incidents_without_one"])) / len(real)
    books = result.readiness.runbooks.set_index("name")
    assert books.index[books["old"].astype(bool)].tolist() == planted["old"]
    assert books.index[books["tried"].isna()].tolist() == planted["never_tried"]
    missing = [subject for name, subject in findings if name == "runbook-missing"]
    assert missing == planted["incidents_without_one"]
    assert findings[("runbook-missing", missing[0])].verdict == "act"


def test_the_false_alarms(result):
    false = [each["name"] for each in TRUTH["incidents"] if each["cause"] == "false alarm"]
    pages = result.readiness.pages
    assert pages.loc[pages["false_alarm"], "title"].tolist() == false
    assert result.readiness.alarms.value == len(false) / len(TRUTH["incidents"])


def test_times_are_from_the_page_on(result):
    lasted = sorted(
        (pd.Timestamp(each["end"]) - pd.Timestamp(each["paged"])).total_seconds()
        for each in TRUTH["incidents"]
        if each["routes"]
    )
    assert result.readiness.recovery.median_s.value == lasted[1]  # of four, half are over after the second
    assert result.readiness.detect_s is None  # the export begins with the page


def test_the_debt(result, findings):
    planted = TRUTH["debt"]
    items = result.items
    assert list(items.gone) == planted["files_gone"] and not items.unscored
    assert len(items.frame) == planted["open"] - len(planted["files_gone"])
    assert set(planted["repaid"]).isdisjoint(items.frame["id"])
    gone_principal, gone_interest = 5, 1  # of what is gone, in the register
    middle = {name: items.frame[name].map(lambda points: points[1]).sum() for name in ("principal", "interest")}
    assert middle["principal"] == planted["open_principal_h_p50"] - gone_principal
    assert middle["interest"] == planted["open_interest_h_qtr_p50"] - gone_interest
    assert not items.frame["assumed"].any()
    assert findings[("debt-of-files-gone", "")].verdict == "watch"


def test_the_queue_keeps_within_the_hours(result):
    line = result.queue
    assert line.allocation.proven and all(left >= 0 for left in line.allocation.left_h.values())
    rates = [each.value for each in line.frame["per_hour"]]
    assert rates == sorted(rates, reverse=True)
    chosen = line.frame[line.frame["chosen"].eq(True)]
    for team, own in chosen.groupby("team"):
        assert sum(each.value for each in own["hours"]) <= result.hours[team]
    assert set(line.frame["kind"]) == {"debt", "feature"}


def test_the_page_of_the_report(tmp_path):
    done = run(SHOP, out=tmp_path / "report", steps=["08"], deadline_s=180)
    assert not done.failed
    page = (tmp_path / "report" / "08_levers.html").read_text(encoding="utf-8")
    for words in (CODE["hotspot"]["path"], CODE["knowledge_island"]["author"], "asked for nothing", "cost of delay"):
        assert words in page
