"""Step 01 held to the truth of the example: what was provoked is found, and nothing else."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import scaling_lib
from scaling_lib import slo
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
SHARED = Path(os.environ.get("SCALING_SHARED", ROOT.parent / "shared"))
MINUTE = timedelta(minutes=1)
KINDS = {"latency": "latency", "errors": "availability"}  # the provoked kind to the SLO that has to show it
SLOWEST_PAGE = timedelta(minutes=3)
LINE = re.compile(
    r'\[(?P<time>[^]]+)] "(?P<method>[A-Z]+) (?P<path>[^ ?"]+)[^"]*" (?P<status>\d{3}) .* (?P<took>[\d.]+)$'
)
ROUTES = {  # read off the shop's own code, not by the library
    "browse": ("GET", r"/products"),
    "product": ("GET", r"/products/\d+"),
    "cart": ("POST", r"/cart/items"),
    "checkout": ("POST", r"/checkout"),
}


@dataclass
class Spell:
    """A provoked spell of `truth.yaml`."""

    journey: str
    kind: str
    start: datetime
    end: datetime

    @property
    def slo(self) -> str:
        return f"{self.journey} {self.kind}"


def journey_of(method: str, path: str) -> str:
    matching = (name for name, (verb, form) in ROUTES.items() if verb == method and re.fullmatch(form, path))
    return next(matching, "")


def spells() -> list[Spell]:
    told = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["spells"]["spells"]
    return [
        Spell(
            journey=each["journey"],
            kind=KINDS[each["kind"]],
            start=datetime.fromisoformat(each["start"]),
            end=datetime.fromisoformat(each["end"]),
        )
        for each in told
    ]


SPELLS = spells()


@dataclass
class Recount:
    """One SLO counted anew by minute, straight from the access log."""

    total: Counter[datetime] = field(default_factory=Counter)
    bad: Counter[datetime] = field(default_factory=Counter)
    slowest: timedelta = timedelta(0)

    def add(self, minute: datetime, bad: bool, took: Decimal) -> None:
        self.total[minute] += 1
        self.bad[minute] += bad
        self.slowest = max(self.slowest, timedelta(seconds=float(took)))

    def bad_between(self, start: datetime, end: datetime) -> int:
        return sum(count for minute, count in self.bad.items() if start <= minute < end)


@pytest.fixture(scope="module")
def assessed():
    return slo.assess(scaling_lib.open(SHOP))


@pytest.fixture(scope="module")
def by_name(assessed):
    return {each.slo.name: each for each in assessed.results}


@pytest.fixture(scope="module")
def recounts() -> dict[str, Recount]:
    """Line by line, in plain Python: availability of all requests, latency of those that are no errors."""
    journeys = yaml.safe_load((SHOP / "assessment.yaml").read_text(encoding="utf-8"))["journeys"]
    thresholds = {
        journey["name"]: next(each["threshold"] for each in journey["slos"] if each["kind"] == "latency")
        for journey in journeys
        if "route" in journey
    }
    assert all(text.endswith(" ms") for text in thresholds.values())
    promised = {name: Decimal(text.removesuffix(" ms")) / 1000 for name, text in thresholds.items()}
    found = {f"{name} {kind}": Recount() for name in ROUTES for kind in ("availability", "latency")}
    with gzip.open(SHOP / "recorded" / "spells" / "access.log.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            request = LINE.search(line.rstrip("\n"))
            assert request, line
            name = journey_of(request["method"], request["path"])
            if not name:
                continue
            minute = datetime.strptime(request["time"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC).replace(second=0)
            error, took = request["status"].startswith("5"), Decimal(request["took"])
            found[f"{name} availability"].add(minute, error, took)
            if not error:
                found[f"{name} latency"].add(minute, took > promised[name], took)
    return found


def test_the_truth_names_both_kinds():
    assert sorted(each.kind for each in SPELLS) == ["availability", "latency"]
    assert {each.journey for each in SPELLS} == {"checkout"}


@pytest.mark.parametrize("spell", SPELLS, ids=lambda spell: spell.slo)
def test_a_provoked_spell_is_found_where_it_was(spell, by_name, recounts):
    found = by_name[spell.slo].spells
    assert by_name[spell.slo].found and len(found) == 1
    (row,) = found.to_dict("records")
    assert abs(row["start"] - spell.start) <= MINUTE
    assert abs(row["end"] - spell.end) <= MINUTE + recounts[spell.slo].slowest


def test_nothing_is_found_that_was_not_provoked(by_name):
    found = {name: len(each.spells) for name, each in by_name.items() if len(each.spells)}
    assert found == {spell.slo: 1 for spell in SPELLS}


def test_the_provoked_spells_break_their_slos_and_no_other(by_name):
    missed = {name for name, each in by_name.items() if each.attainment.counted == "missed"}
    assert missed == {spell.slo for spell in SPELLS}


def test_every_slo_counts_what_the_log_says(by_name, recounts):
    assert set(by_name) == set(recounts)
    for name, each in by_name.items():
        told = recounts[name]
        assert each.counts["total"].sum() == sum(told.total.values())
        assert each.counts["bad"].sum() == sum(told.bad.values())
        allowed = (1 - Decimal(str(each.slo.target))) * sum(told.total.values())
        assert each.budget.spent_fraction == pytest.approx(float(sum(told.bad.values()) / allowed), rel=1e-12)


@pytest.mark.parametrize("spell", SPELLS, ids=lambda spell: spell.slo)
def test_the_budget_spent_by_a_spell_is_what_the_log_says(spell, assessed, by_name, recounts):
    told, each = recounts[spell.slo], by_name[spell.slo]
    (row,) = slo.spell_table(assessed).query("slo == @spell.slo").to_dict("records")
    bad, events = told.bad_between(row["start"], row["end"]), sum(told.total.values())
    assert row["failed"] == bad > 0
    allowed = (1 - Decimal(str(each.slo.target))) * events
    assert row["evidence's budget spent"] == pytest.approx(float(bad / allowed), rel=1e-12)
    first, last = min(told.total), max(told.total)  # seen in part only
    inner = sum(count for minute, count in told.total.items() if first < minute < last)
    assert each.slo.window == "28d"
    mean = Decimal(inner) / ((last - first) // MINUTE - 1)
    whole = (1 - Decimal(str(each.slo.target))) * mean * 28 * 24 * 60  # what four weeks of the same traffic would allow
    assert row["window's budget spent"] == pytest.approx(float(bad / whole), rel=1e-9)
    everything = sum(told.bad.values())
    assert bad > 0.9 * everything  # what failed, failed in the spell


@pytest.mark.parametrize("spell", SPELLS, ids=lambda spell: spell.slo)
def test_the_alerts_page_on_the_spell(spell, by_name):
    replay = by_name[spell.slo].replay
    (row,) = replay.incidents.to_dict("records")
    assert row["detected"] and timedelta(seconds=row["delay_s"]) < SLOWEST_PAGE
    assert spell.start < replay.pages["start"].iloc[0] < spell.start + SLOWEST_PAGE


def test_no_page_falls_on_anything_else(by_name):
    paged = {name for name, each in by_name.items() if len(each.replay.pages)}
    assert paged == {spell.slo for spell in SPELLS}
    assert all(each.replay.false_pages == 0 for each in by_name.values())


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> SimpleNamespace:
    out = tmp_path_factory.mktemp("report") / "shop"
    result = run(SHOP, out=out, deadline_s=240)
    document = json.loads((out / "findings.json").read_text(encoding="utf-8"))
    return SimpleNamespace(out=out, result=result, findings=document["findings"])


def test_the_report_runs_whole(report):
    assert report.result.failed == ()
    states = {step.step: step.state for step in report.result.summary.steps}
    assert states["01"] == "act" and "no conclusion" not in states.values()


def test_the_report_says_what_was_provoked(report, by_name):
    acts = [each for each in report.findings if each["step"] == "01" and each["verdict"] == "act"]
    assert {each["subject"] for each in acts if each["name"] == "attainment"} == {spell.slo for spell in SPELLS}
    told = sorted(each["subject"] for each in acts if each["name"] == "spell")
    assert told == sorted(f"{s.slo}, {by_name[s.slo].spells['start'].iloc[0]:%Y-%m-%d %H:%M}" for s in SPELLS)
    index = (report.out / "index.html").read_text(encoding="utf-8")
    assert all(spell.slo in index for spell in SPELLS)
    page = (report.out / "01_slo.html").read_text(encoding="utf-8")
    assert all(f"{by_name[spell.slo].spent.value:.0%}" in page.replace(",", "") for spell in SPELLS)


@pytest.fixture(scope="module")
def train_ticket(tmp_path_factory):
    spans = SHARED / "data" / "train-ticket" / "spans.parquet"
    if not spans.is_file():
        pytest.skip(f"{spans} is not there: the public traces of the train-ticket system are needed")
    folder = tmp_path_factory.mktemp("train-ticket")
    (folder / "assessment.yaml").write_text(
        f"""
system: train-ticket
journeys:
  - name: booking
    route: /*
    service: ts-gateway-service
    slos:
      - {{kind: latency, threshold: 1 s, target: 95%}}
      - {{kind: availability, target: 99%}}
evidence:
  requests:
    - {{path: {spans}, format: spans, origin: recorded}}
""",
        encoding="utf-8",
    )
    return folder, spans


def test_spans_of_another_system_are_assessed_end_to_end(train_ticket, tmp_path):
    import duckdb

    folder, spans = train_ticket
    ((roots, slow),) = duckdb.sql(
        f"SELECT count(*), count(*) FILTER (end_ns - start_ns > 1e9) FROM '{spans}' WHERE coalesce(parent_id, '') = ''"
    ).fetchall()
    assessed = slo.assess(scaling_lib.open(folder))
    (latency,) = assessed.results
    assert (latency.slo.name, latency.slo.kind) == ("booking latency", "latency")
    assert latency.counts["total"].sum() == roots
    assert latency.counts["bad"].sum() == pytest.approx(slow, abs=1)  # kept in whole microseconds
    (availability,) = assessed.unmeasured
    assert availability.slo.name == "booking availability" and "carry no status" in availability.reason

    result = run(folder, out=tmp_path / "report", deadline_s=240)
    assert result.failed == ()
    found = {each.subject: each for each in result.summary.findings if each.step == "01"}
    assert found["booking availability"].verdict == "unknown"
    assert found["booking latency"].name == "attainment"
