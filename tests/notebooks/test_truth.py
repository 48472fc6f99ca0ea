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

import pandas as pd
import pytest
import yaml

import scaling_lib
from scaling_lib import slo
from scaling_lib.report import run

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "data" / "shop"
SHARED = Path(os.environ.get("SCALING_SHARED", ROOT.parent / "shared"))
MINUTE = timedelta(minutes=1)
EDGE = timedelta(minutes=3)
SLOWEST = timedelta(seconds=10)  # no recorded answer took longer
LAST = datetime.max.replace(tzinfo=UTC)
KINDS = {"latency": "latency", "errors": "availability", "none": ""}  # the kind to the SLO that has to show it
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
    """A spell of `truth.yaml`: provoked in the recording, or planted in the simulation."""

    slo: str
    start: datetime
    end: datetime
    recorded: bool


def journey_of(method: str, path: str) -> str:
    matching = (name for name, (verb, form) in ROUTES.items() if verb == method and re.fullmatch(form, path))
    return next(matching, "")


def spells() -> list[Spell]:
    """Of every SLO, in the order of time."""
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))
    journeys = {each["route"]: each["journey"] for each in truth["simulated"]["traffic"]["routes"]}
    told = [(each, [each["journey"]], True) for each in truth["spells"]["spells"]]
    told += [(each, [journeys[route] for route in each["routes"]], False) for each in truth["simulated"]["incidents"]]
    found = [
        Spell(
            slo=f"{journey} {KINDS[each['kind']]}",
            start=datetime.fromisoformat(each["start"]),
            end=datetime.fromisoformat(each["end"]),
            recorded=recorded,
        )
        for each, hurt, recorded in told
        for journey in hurt
    ]
    return sorted(found, key=lambda each: (each.slo, each.start))


def shares() -> dict[datetime, float]:
    """The share of requests that a planted incident hurts, by its start."""
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["simulated"]
    return {datetime.fromisoformat(each["start"]): each["share_of_requests"] for each in truth["incidents"]}


SPELLS = spells()
SHARES = shares()
PROVOKED = [each for each in SPELLS if each.recorded]
SLOS = [f"{name} {kind}" for name in ROUTES for kind in ("availability", "latency")]


@dataclass
class Recount:
    """One SLO counted anew by minute, straight from the access log."""

    total: Counter[datetime] = field(default_factory=Counter)
    bad: Counter[datetime] = field(default_factory=Counter)

    def add(self, minute: datetime, total: int, bad: int) -> None:
        self.total[minute] += total
        self.bad[minute] += bad

    @staticmethod
    def between(counts: Counter[datetime], start: datetime, end: datetime = LAST) -> int:
        return sum(count for minute, count in counts.items() if start <= minute < end)


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
            found[f"{name} availability"].add(minute, 1, error)
            if not error:
                found[f"{name} latency"].add(minute, 1, took > promised[name])
    assert set(promised.values()) == {Decimal("0.3")}
    cells = pd.read_parquet(SHOP / "simulated" / "requests" / "counts.parquet")
    for row in cells.itertuples():
        method, path = row.route.split(" ")
        name = journey_of(method, path.replace("{id}", "1"))
        found[f"{name} availability"].add(row.minute.to_pydatetime(), row.n, row.errors)
        if row.n > row.errors:
            found[f"{name} latency"].add(
                row.minute.to_pydatetime(), row.n - row.errors, row.n - row.errors - row.good_300000
            )
    return found


def test_the_truth_names_both_kinds_in_both_parts():
    for part in (PROVOKED, [each for each in SPELLS if not each.recorded]):
        assert {each.slo.split(" ")[1] for each in part} == {"availability", "latency"}
    assert [each.slo for each in PROVOKED] == ["checkout availability", "checkout latency"]


@pytest.mark.parametrize("name", SLOS)
def test_every_spell_is_found_where_it_was_and_no_other(name, by_name):
    told = [each for each in SPELLS if each.slo == name]
    found = by_name[name].spells.to_dict("records")
    assert len(found) == len(told) and (by_name[name].found or not told)
    for row, spell in zip(found, told, strict=True):
        edge = MINUTE if spell.recorded else EDGE
        assert abs(row["start"] - spell.start) <= edge
        assert abs(row["end"] - spell.end) <= edge + SLOWEST * spell.recorded


@pytest.mark.parametrize("name", SLOS)
def test_every_slo_counts_what_the_files_say(name, by_name, recounts):
    told, each = recounts[name], by_name[name]
    assert each.counts["total"].sum() == sum(told.total.values())
    assert each.counts["bad"].sum() == sum(told.bad.values())
    after = max(told.total) - timedelta(days=28)
    total, bad = (told.between(counts, after + MINUTE) for counts in (told.total, told.bad))
    allowed = (1 - Decimal(str(each.slo.target))) * total
    assert each.slo.window == "28d"
    assert each.budget.spent_fraction == pytest.approx(float(bad / allowed), rel=1e-12)
    assert each.attainment.counted == ("met" if bad <= allowed else "missed")


@pytest.mark.parametrize("spell", SPELLS, ids=lambda spell: f"{spell.slo}, {spell.start:%m-%d}")
def test_the_budget_spent_by_a_spell_is_what_the_files_say(spell, assessed, by_name, recounts):
    told, each = recounts[spell.slo], by_name[spell.slo]
    rows = slo.spell_table(assessed).query("slo == @spell.slo").to_dict("records")
    (row,) = (row for row in rows if abs(row["start"] - spell.start) <= EDGE)
    bad = told.between(told.bad, row["start"], row["end"])
    assert row["failed"] == bad > 0
    share = 1 - Decimal(str(each.slo.target))
    window = timedelta(days=28)
    start = max(told.total) - window + MINUTE
    if row["end"] > start:
        inside = told.between(told.bad, max(start, row["start"]), row["end"])
        spent = inside / (share * told.between(told.total, start))
        assert row["evidence's budget spent"] == pytest.approx(float(spent), rel=1e-12)
        # What four weeks allow at the last ones' mean traffic: hardly more, as they were seen but for two hours.
        assert row["window's budget spent"] == pytest.approx(float(spent), rel=0.01)
        return
    # An earlier one is held against the four weeks that end with it, at the traffic seen in them.
    assert pd.isna(row["evidence's budget spent"])
    first = max(min(told.total), row["end"].to_pydatetime() - window)
    seen = (row["end"] - first) / window
    events = told.between(told.total, first, row["end"])
    assert row["window's budget spent"] == pytest.approx(float(bad / (share * events)) * seen, rel=0.01)


@pytest.mark.parametrize("name", SLOS)
def test_pages_fall_on_spells_alone(name, by_name):
    """By the shares that were planted: a page's hour (2% of 28 days' budget) has to hold more than 13.44 times
    the target's share."""
    replay, target = by_name[name].replay, by_name[name].slo.target
    assert replay.false_pages == 0
    told = [each for each in SPELLS if each.slo == name]
    for start in replay.pages["start"]:
        assert any(each.start < start < each.end + EDGE for each in told)
    for row, spell in zip(replay.incidents.to_dict("records"), told, strict=True):
        if spell.recorded:  # a minute or two of an hour, most of which was not recorded
            assert not row["detected"] or row["early"]
        elif (spell.end - spell.start) * SHARES[spell.start] > 1.1 * timedelta(hours=13.44 * (1 - target)):
            assert row["detected"] and not row["early"]


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


def test_the_report_says_what_was_provoked_and_planted_in_the_window(report, by_name):
    """A finding a stretch of time, named after the SLO it cost most; the provoked ones each have their own."""
    told = [each for each in report.findings if each["step"] == "01" and each["name"] == "spell"]
    start = by_name["checkout latency"].window.index[0]
    times = sorted({each.start for each in SPELLS if each.end > start})
    named = sorted(datetime.fromisoformat(each["subject"].rsplit(", ", 1)[1] + "Z") for each in told)
    assert len(named) == len(times) == 4
    assert all(abs(one - other) <= EDGE for one, other in zip(named, times, strict=True))
    assert not [each for each in report.findings if each["step"] == "01" and each["name"] == "false-pages"]
    page = (report.out / "01_slo.html").read_text(encoding="utf-8")
    for each in PROVOKED:
        row = by_name[each.slo].replay.incidents.iloc[-1]
        assert f"{row['start']:%Y-%m-%d %H:%M}" in page and f"{row['bad']:,.0f}" in page
    evidence = [source for each in told for source in each["evidence"]]
    assert evidence and all(source["origin"] for source in evidence)


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
