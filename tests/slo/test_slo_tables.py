"""The tables of step 01: what stands in them equals the result, and empty ones stay calm."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_system import HOSTILE, csv_of, make, minute, query_range, spell

import scaling_lib
from scaling_lib import figures, slo

TABLES = (slo.spell_table, slo.alert_table, slo.certainty_table, slo.method_table, slo.exclusion_table,
          slo.policy_table)  # fmt: skip
EVIDENCE = "evidence: {requests: [requests.csv]}\n"


def opened(folder, journeys: str, minutes=(), more: str = EVIDENCE, **files: str):
    return scaling_lib.open(make(folder, journeys + more, requests__csv=csv_of(minutes), **files))


@pytest.fixture(scope="module")
def outage(tmp_path_factory):
    system = opened(
        tmp_path_factory.mktemp("outage"),
        "journeys:\n"
        "  - {name: pay, route: /pay, slos: [{target: 99%, total_query: 'sum(rate(r[{{.window}}]))',"
        " bad_query: 'sum(rate(e[{{.window}}]))'}, {target: 99.9%, name: week, window: 7d,"
        " total_query: 'sum(rate(r[{{.window}}]))', bad_query: 'sum(rate(e[{{.window}}]))'}]}\n"
        "  - {name: cart, route: /cart, slos: [{target: 99%}]}\n"
        "  - {name: buy, steps: [cart, pay]}\n"
        "  - {name: gift, steps: [pay, wrap]}\n"
        "  - {name: wrap, route: /wrap}\n",
        [[*one, *minute("GET /cart", 50)] for one in spell("GET /pay", errors=100, length=10)],
    )
    return system, slo.assess(system)


def test_the_spell_stands_in_its_table(outage):
    row = slo.spell_table(outage[1]).iloc[0]
    assert (row["slo"], row["failed"], row["error rate"], row["page after_s"]) == ("pay availability", 1000, 1.0, 120)
    assert row["early"] == "yes"  # an hour of history, and the page looks at six
    assert row["evidence's budget spent"] == pytest.approx(1000 / 60)
    assert row["window's budget spent"] == pytest.approx(1000 / (0.01 * 100 * 28 * 1440))
    assert row["spent before the page"] == pytest.approx(200 / (0.01 * 100 * 28 * 1440))


def test_one_row_an_slo(outage):
    names = [each.slo.name for each in outage[1].results]
    assert names == ["pay availability", "week", "cart availability"]
    for table in (slo.alert_table, slo.certainty_table, slo.method_table):
        assert table(outage[1])["slo"].tolist() == names
    methods = slo.method_table(outage[1]).set_index("slo")
    assert methods.loc["pay availability", "occurrences"] == pytest.approx(1000 / 60)
    assert methods.loc["pay availability", "timeslices"] == pytest.approx(10 / 0.6)


def test_a_journey_of_steps_lies_between_its_bounds(outage):
    table = slo.journey_table(*outage)
    promised = table[(table["journey"] == "buy") & (table["what"] == "promised")].iloc[0]
    assert promised["weakest step"] in ("pay", "cart")
    gift = table[table["journey"] == "gift"]
    assert gift["weakest step"].tolist() == ["not measured: wrap"]


def test_a_journey_of_journeys_comes_down_to_its_steps(tmp_path):
    system = opened(
        tmp_path,
        "journeys:\n"
        "  - {name: pay, route: /pay, slos: [{target: 99%}, {target: 99.9%, name: strict}, {target: 98%, name: lax}]}\n"
        "  - {name: cart, route: /cart, slos: [{target: 99.5%}]}\n"
        "  - {name: buy, steps: [cart, pay]}\n"
        "  - {name: shop, steps: [buy, pay]}\n",
        [[*one, *minute("GET /cart", 50)] for one in spell("GET /pay")],
    )
    table = slo.journey_table(system, slo.assess(system))
    promised = table[table["what"] == "promised"].set_index("journey")
    assert promised["product"].tolist() == ["99.4%", "99.4%"]  # 0.999 x 0.995, pay once and by its strictest SLO
    assert promised["weakest step"].tolist() == ["cart", "cart"]


def test_the_policy_says_when_it_fires_and_when_it_is_quiet_again(outage):
    table = slo.policy_table(outage[1]).set_index(["slo", "tier"])
    fastest = table.loc[("week", "page 1h/5m")]  # 7 days at 99.9%: a factor of 3.36, so above 0.336%
    assert fastest["factor"] == pytest.approx(3.36) and fastest["fires above"] == pytest.approx(0.00336)
    assert fastest["outage: alert after_s"] == pytest.approx(0.00336 * 3600)
    assert fastest["outage: quiet after_s"] == pytest.approx((1 - 0.00336) * 300)
    assert fastest["10x burn: alert after_s"] == pytest.approx(0.336 * 3600)
    assert fastest["10x burn: quiet after_s"] == pytest.approx(0.664 * 300)
    blind = table.loc[("pay availability", "page 1h/5m")]  # a factor of 13.44 is not reached by 10
    assert blind["10x burn: alert after_s"] == float("inf") and pd.isna(blind["10x burn: quiet after_s"])
    row = figures.table(slo.alert_times_table(outage[1]), "t", units=slo.UNITS).bundle["text/html"].split("<tr>")[2]
    assert row.count(">never</td>") == 1 and row.count(">–</td>") == 1  # written, not left empty


def test_whether_an_slo_can_be_measured_is_said(outage, tmp_path):
    assert not slo.certainty_table(outage[1])["remarks"].str.contains("Not measurable").any()
    few = opened(
        tmp_path, "journeys: [{name: pay, route: /pay, slos: [{target: 99.99%, window: 1h}]}]\n", spell("GET /pay")
    )
    (told,) = slo.certainty_table(slo.assess(few))["remarks"]
    assert "Not measurable: it takes 38,411 requests a window." in told  # 1.96^2 x 0.9999 / 0.0001, rounded up


OWN = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: theirs}
spec:
  service: shop
  indicator:
    metadata: {name: ratio}
    spec:
      ratioMetric:
        counter: true
        good: {metricSource: {type: Prometheus, spec: {query: "g_total"}}}
        total: {metricSource: {type: Prometheus, spec: {query: "r_total"}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


def test_the_row_says_what_was_counted_as_bad(tmp_path):
    system = opened(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [theirs, {target: 99%},"
        " {kind: latency, threshold: 300 ms, target: 99%}]}]\n",
        [[*minute("GET /pay", 40, errors=1), *[("GET /pay", code, 5) for code in (404, 429, 499, 503)]]],
        "evidence: {requests: [requests.csv], slos: [slo.yaml]}\n",
        slo__yaml=OWN,
    )
    table = slo.assess(system).table().set_index("slo")
    assert table.loc["theirs", "bad is"] == "5xx of the journey; own query not asked"
    assert table.loc["pay availability", "bad is"] == "5xx" and table.loc["pay latency", "bad is"] == "over 300 ms"
    assert table.loc["pay availability", ["events", "bad"]].tolist() == [44, 2]  # 4xx are good


RAW = """
version: prometheus/v1
service: shop
slos:
  - {name: raw, objective: 99, sli: {raw: {error_ratio_query: "bad:{{.window}}"}}}
"""


def test_every_query_that_was_not_asked_is_said(tmp_path):
    """Also a raw one, and one written in assessment.yaml; but not what the journey's selectors say themselves."""
    system = opened(
        tmp_path,
        "journeys:\n"
        "  - {name: pay, route: /pay, metrics: {total: r, errors: e, buckets: b}, slos: [shop-raw, {target: 99%},"
        " {kind: latency, threshold: 300 ms, target: 99%},"
        " {target: 98%, name: written, total_query: 'sum(rate(r[{{.window}}]))',"
        " bad_query: 'sum(rate(e[{{.window}}]))'}]}\n",
        [minute("GET /pay", 40, errors=1)] * 3,
        "evidence: {requests: [requests.csv], slos: [slo.yaml]}\n",
        slo__yaml=RAW,
    )
    assessed = slo.assess(system)
    told = {each.slo.name: each.own_query for each in assessed.results}
    assert told == {"shop-raw": True, "pay availability": False, "pay latency": False, "written": True}
    for finding in slo.findings(assessed):
        if finding.name == "attainment":
            said = "Counted by the journey's requests, not by its own query." in finding.sentence
            assert said == told[finding.subject] == ("own query was not asked" in finding.why)
    bad_is = assessed.table().set_index("slo")["bad is"]
    assert {name: "own query not asked" in text for name, text in bad_is.items()} == told


def test_every_unit_is_that_of_a_column(outage):
    frames = [table(outage[1]) for table in TABLES] + [outage[1].table(), slo.histogram_table(outage[0])]
    frames += [slo.journey_table(*outage), slo.starter_table(outage[0]), slo.alert_times_table(outage[1])]
    assert set(slo.UNITS) <= {column for frame in frames for column in frame.columns}


def test_the_end_of_the_window_is_told_with_what_it_rests_on(outage):
    table = slo.certainty_table(outage[1]).set_index("slo")
    assert table.loc["pay availability", "overspent at the end"] > 0.5  # 1,000 of 6,000 failed, 1 of 100 may
    said = "At the end: 4,030,000 requests, the rest of the window as the mean traffic of 60 minutes."
    assert said in table.loc["pay availability", "remarks"]  # 100 a minute for 28 days


def test_where_nothing_failed_no_interval_is_shown(outage):
    table = slo.certainty_table(outage[1]).set_index("slo")
    clean, hurt = table.loc["cart availability"], table.loc["pay availability"]
    assert str(clean["measured"]) == "100%" and clean["if independent"].low == pytest.approx(
        3000 / (3000 + 1.959964**2)
    )
    assert hurt["measured"].low < 5 / 6 < hurt["measured"].high
    assert str(outage[1].table().set_index("slo").loc["cart availability", "budget spent"]) == "0%"
    bought = slo.journey_table(*outage).set_index(["journey", "what"]).loc[("buy", "measured")]
    assert bought[["lowest", "product", "highest"]].tolist() == ["83.3%"] * 3  # pay's 5 of 6, cart without a failure
    figure = slo.budget_figure(outage[1])
    assert "cart availability" in figure.data[0].y


def test_when_the_methods_disagree_is_said(tmp_path):
    """Half of one minute's requests fail: 50 of 6,000 are within 1%, 1 of 60 slices is not; from minute 49 on, 50 are."""
    system = opened(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n",
        spell("GET /pay", errors=50, length=1),
    )
    (row,) = slo.method_table(slo.assess(system)).to_dict("records")
    assert row["verdicts differ"] and row["disagreed for"] == pytest.approx(11 / 60)
    assert row["remarks"].startswith("They disagreed between 2026-11-23 10:50 and 2026-11-23 11:00 UTC.")


def test_the_page_states_what_counts_as_an_error():
    notebook = Path(__file__).resolve().parents[2] / "notebooks" / "01_slo.ipynb"
    assert "404 and all other 4xx count as good" in notebook.read_text(encoding="utf-8")


def test_slos_of_one_target_share_the_rows_of_their_alerts(outage):
    table = slo.alert_times_table(outage[1])
    assert table["target"].tolist() == ["99%, 28d"] * 4 + ["99.9%, 7d"] * 4
    assert table["slos"].tolist() == [2] * 4 + [1] * 4


def test_starters_for_every_journey_with_a_route(outage):
    table = slo.starter_table(outage[0])
    assert table[["journey", "kind"]].values.tolist() == [
        [name, kind] for name in ("pay", "cart", "wrap") for kind in ("availability", "latency")
    ]
    assert table["proposal"].str.len().gt(0).all() and "a first draft, not a promise" in table["rests on"][2]
    assert table["proposal"][1].startswith("none: latency is kept by the hour, and 1 hour has traffic")


def test_rules_alert_by_each_slos_own_window(outage):
    text = slo.rules_file(outage[0]).text
    groups = {group["rules"][0]["labels"]["slo"]: str(group) for group in yaml.safe_load(text)["groups"]}
    assert set(groups) == {"pay availability", "week"}
    assert "13.44" in groups["pay availability"] and "3.36" in groups["week"]  # 2% of 28 days and of 7 in an hour
    assert "13.44" not in groups["week"]


def test_nothing_at_all(tmp_path):
    system = scaling_lib.open(make(tmp_path, ""))
    assessed = slo.assess(system)
    for table in TABLES:
        frame = table(assessed)
        assert frame.empty and "slo" in frame.columns
        assert "<td" not in figures.table(frame, "t", units=slo.UNITS).bundle["text/html"]
    for frame in (slo.histogram_table(system), slo.journey_table(system, assessed), slo.starter_table(system)):
        assert frame.empty and len(frame.columns) >= 5
    assert slo.openslo_file(system).text == "No SLO is given, so none can be written in OpenSLO's form."
    assert "No rules can be written: there is no SLO." in slo.rules_file(system).text


def test_an_exclusion_says_what_it_changes(tmp_path):
    system = opened(
        tmp_path,
        "journeys: [{name: pay, route: /pay, slos: [{target: 99%}]}]\n"
        "exclusions: [{start: 2026-11-23T10:30:00Z, end: 2026-11-23T10:40:00Z, reason: announced maintenance}]\n",
        spell("GET /pay", errors=100, length=10),
    )
    (row,) = slo.exclusion_table(slo.assess(system)).to_dict("records")
    assert (row["events"], row["failed"], row["verdict flips"]) == (1000, 1000, True)
    assert row["with it counted"] == pytest.approx(5 / 6) and row["without it"] == 1


def histogram(edges):
    return query_range({("b", (("instance", "a"), ("le", edge))): [0, count] for edge, count in edges.items()})


@pytest.mark.parametrize(
    ("threshold", "low", "high", "depends"),
    [("300 ms", 0.95, 0.95, False), ("200 ms", 0.5, 0.95, True), ("5 s", 1.0, 1.0, False)],
)
def test_a_histogram_knows_a_latency_between_its_edges(tmp_path, threshold, low, high, depends):
    system = opened(
        tmp_path,
        "journeys: [{name: pay, route: /pay, metrics: {total: r, buckets: b},"
        f" slos: [{{kind: latency, threshold: {threshold}, target: 70%}}]}}]\n",
        spell("GET /pay"),
        "evidence: {requests: [requests.csv], metrics: [m.json]}\n",
        m__json=histogram({"0.1": 50, "0.3": 95, "5": 100, "+Inf": 100}),
    )
    (row,) = slo.histogram_table(system).to_dict("records")
    assert (row["share within"].low, row["share within"].high) == pytest.approx((low, high))
    assert row["here"] == ("cannot be told" if depends else "met")
    assert (row["from"], row["to"]) == (pd.Timestamp("2026-11-23T10:00Z"), pd.Timestamp("2026-11-23T10:01Z"))
    assert bool(row["remarks"]) == depends


def test_metrics_that_cannot_be_read_are_a_remark_beside_what_requests_tell(tmp_path):
    system = opened(
        tmp_path,
        "journeys: [{name: pay, route: /pay, metrics: {total: r, buckets: b},"
        " slos: [{kind: latency, threshold: 1 s, target: 99%}]}]\n",
        spell("GET /pay"),
        "evidence: {requests: [requests.csv], metrics: [m.json]}\n",
        m__json="{ broken",
    )
    assert len(slo.assess(system).results) == 1
    (row,) = slo.histogram_table(system).to_dict("records")
    assert row["remarks"].startswith("not measured: ") and "m.json" in row["remarks"]


def test_hostile_names_stay_text(tmp_path):
    system = opened(
        tmp_path,
        yaml.safe_dump({"journeys": [{"name": HOSTILE, "route": "/pay", "slos": [{"target": "99%"}]}]}),
        spell("GET /pay", errors=100, length=10),
    )
    assessed = slo.assess(system)
    frames = [table(assessed) for table in TABLES] + [assessed.table(), slo.starter_table(system)]
    for frame in frames:
        shown = figures.table(frame, "t", units=slo.UNITS).bundle["text/html"]
        assert "<script" not in shown and (frame.empty or "&lt;script&gt;" in shown)
    assert "<script" not in slo.openslo_file(system).bundle["text/html"]
    assert pd.notna(assessed.table()["budget spent"].iloc[0].value)
