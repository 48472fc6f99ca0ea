"""What step 01 finds: verdicts, sentences with the result's numbers, and what to do."""

from __future__ import annotations

import pytest
import yaml
from small_system import HOSTILE, csv_of, make, minute, query_range, spell

import scaling_lib
from scaling_lib import slo
from scaling_lib.findings import VERDICTS, conclude
from scaling_lib.words import number


def found(folder, minutes, *objectives: dict, name: str = "pay", route: str = "/pay", more: str = ""):
    promised = list(objectives) or [{"target": "99%"}]
    journeys = yaml.safe_dump({"journeys": [{"name": name, "route": route, "slos": promised}]})
    text = journeys + "evidence: {requests: [requests.csv]}\n" + more
    assessed = slo.assess(scaling_lib.open(make(folder, text, requests__csv=csv_of(minutes))))
    return assessed, {each.name: each for each in slo.findings(assessed)}


def test_an_outage(tmp_path):
    assessed, by_name = found(tmp_path, spell("GET /pay", errors=100, length=10))
    attained, one = by_name["attainment"], by_name["spell"]
    assert (attained.verdict, attained.subject) == ("act", "pay availability")
    assert "1,670%" in attained.sentence and "1,000 of 6,000 requests failed; 60 were allowed" in attained.why
    assert (one.verdict, one.subject) == ("act", "pay availability, 2026-11-23 10:30")
    assert "1,000 requests failed from 2026-11-23 10:30 to 10:40 UTC" in one.sentence
    assert "paged after 2 min; by then 0.496% of the window's budget was spent on it." in one.why  # 200 of 40,320
    assert one.impact.value == pytest.approx(1000 / 40320) and one.impact.level == 1  # a count
    assert slo.headline(assessed).startswith("No. ") and "pay availability" in slo.headline(assessed)
    assert [source.rows for source in attained.evidence] == [6000]
    assert [(source.rows, source.start[11:16], source.end[11:16]) for source in one.evidence] == [
        (1000, "10:30", "10:40")
    ]


def test_a_target_that_is_kept(tmp_path):
    assessed, by_name = found(tmp_path, spell("GET /pay"))
    assert by_name["attainment"].verdict == "ok" and by_name["attainment"].action == ""
    assert "spell" not in by_name
    assert by_name["attainment"].sentence.startswith(
        "pay availability is met: 100% (no failure in 6,000 requests) against 99%"
    )
    assert (
        "0% of the budget of the requests seen" in by_name["attainment"].sentence
        and "no interval is shown" in by_name["attainment"].why
    )
    assert slo.headline(assessed) == "Yes: 1 of 1 SLO met so far."


def test_all_met_and_yet_costly_spells(tmp_path):
    """An hour of 40 requests a minute failing by half in two days: 1,200 of 115,200 is 1.04%, of 2% and of 28 days 3.7%."""
    minutes = spell("GET /pay", total=40, errors=20, length=60, first=1440, minutes=2880)
    assessed, by_name = found(tmp_path, minutes, {"target": "98%", "window": "2d"})
    assert by_name["attainment"].verdict == "ok" and by_name["spell"].verdict == "act"
    assert slo.headline(assessed) == "Yes: 1 of 1 SLO met, but 1 spell of failure took over 2% of a budget."


def test_costly_spells_that_no_alert_notices_are_in_the_headline(tmp_path):
    """Eight hours at four times what lasts are 4.8% of 28 days' budget; pages begin at 5.6 times."""
    minutes = spell("GET /pay", total=50, errors=2, length=480, first=600, minutes=1440)
    assessed, by_name = found(tmp_path, minutes)
    missed = by_name["missed-by-alerts"]
    assert missed.verdict == "act" and "would miss 1 of 1 costly spell." in missed.sentence and missed.impact.value == 0
    said = "; 1 spell of failure took over 2% of a budget and the alerts would miss 1 costly spell."
    assert slo.headline(assessed).endswith(said)


def test_two_incidents_of_one_name(tmp_path):
    told = [f"{{name: fire, start: 2026-11-23T10:{at}:00Z, end: 2026-11-23T10:{at + 5}:00Z}}" for at in (30, 40)]
    assessed, _ = found(tmp_path, spell("GET /pay", errors=50, length=20), more=f"incidents: [{', '.join(told)}]\n")
    assert assessed.results[0].replay.incidents["found"].tolist() == [False, False]
    assert [each.why[:20] for each in slo.findings(assessed) if each.name == "spell"] == ["The spell was given."] * 2


def test_slow_requests_are_not_said_to_fail(tmp_path):
    promise = {"kind": "latency", "threshold": "200ms", "target": "99%"}
    _, by_name = found(tmp_path, spell("GET /pay", slow=100, length=10), promise)
    assert "1,000 requests were too slow from 2026-11-23 10:30 to 10:40 UTC" in by_name["spell"].sentence
    assert "1,000 of 6,000 requests were too slow; 60 were allowed." in by_name["attainment"].why


def test_failures_that_come_together_are_told_in_plain_words(tmp_path):
    assessed, by_name = found(tmp_path, spell("GET /pay", errors=100, length=10))
    effect = number(assessed.results[0].attainment.design_effect)
    assert f"it is as wide as if only one in {effect} requests had been seen" in by_name["attainment"].why
    assert "blocks of time" not in by_name["attainment"].why


def test_too_little_to_tell(tmp_path):
    assessed, by_name = found(tmp_path, [minute("GET /pay", 20)])
    assert by_name["attainment"].verdict == "unknown"
    assert (
        "cannot be told yet" in by_name["attainment"].sentence and "not enough data" in by_name["attainment"].sentence
    )
    assert "1 with too few requests to tell" in slo.headline(assessed)


def test_a_budget_that_is_nearly_spent(tmp_path):
    minutes = [minute("GET /pay", 200, errors=3) for _ in range(600)]  # 1.5% of 1.8%, evenly
    _, by_name = found(tmp_path, minutes, {"target": "98.2%"})
    assert by_name["attainment"].verdict == "watch" and by_name["attainment"].action


def test_time_slices_are_named_as_such(tmp_path):
    _, by_name = found(
        tmp_path,
        spell("GET /pay", errors=100, length=10),
        {"target": "95%", "budgeting": "timeslices", "slice_target": "90%"},
    )
    assert "10 of 60 slices of 60 s failed it; 3 were allowed" in by_name["attainment"].why


def test_what_is_not_measured_says_what_to_supply(tmp_path):
    assessed, by_name = found(tmp_path, spell("GET /pay"), route="POST /Pay")
    told = by_name["not-measured"]
    assert (told.verdict, told.sentence) == ("unknown", "pay availability is not measured.")
    assert "no request matches 'POST /Pay'" in told.why and "'POST /Pay'" in told.action  # as it is written
    assert told.action.startswith("Compare the journey's route") and told.action.endswith(".")
    assert slo.headline(assessed) == "Not measured: no SLO has evidence."


def test_an_action_is_never_a_part_of_the_reason(tmp_path):
    text = "journeys: [{name: pay, route: /pay, slos: [{kind: latency, threshold: 1 s, target: 99%}]}]\n"
    text += "evidence: {requests: [requests.csv]}\n"
    folder = make(tmp_path, text, requests__csv="time,path,status\n2026-11-23T10:00:00Z,/pay,200\n")
    (told,) = slo.findings(slo.assess(scaling_lib.open(folder)))
    assert told.why.endswith("carry no duration.")
    assert told.action == "Supply a log with a duration for each request, or spans."


def test_a_latency_from_a_histogram_owns_up_to_its_errors(tmp_path):
    edges = {"1": [0, 90, 180], "+Inf": [0, 100, 200]}
    series = {("b", (("instance", "a"), ("le", edge))): values for edge, values in edges.items()}
    series["r", (("instance", "a"),)] = edges["+Inf"]
    text = (
        "journeys: [{name: pay, metrics: {total: r, buckets: b}, slos: [{kind: latency, threshold: 1 s, target: 99%}]}]"
    )
    folder = make(tmp_path, text + "\nevidence: {metrics: [m.json]}\n", m__json=query_range(series))
    attained = slo.findings(slo.assess(scaling_lib.open(folder)))[0]
    assert "Its histogram holds errors too" in attained.why and attained.evidence[0].rows == 9  # samples


def test_an_incident_outside_the_evidence_is_unknown(tmp_path):
    incident = "incidents: [{name: fire, start: 2025-01-01T10:30:00Z, end: 2025-01-01T10:33:00Z}]\n"
    two = ({"target": "99%"}, {"target": "99.9%", "name": "strict"})
    assessed, by_name = found(tmp_path, spell("GET /pay", errors=100, length=10), *two, more=incident)
    told = by_name["outside-the-evidence"]
    assert (told.verdict, told.subject) == ("unknown", "fire, 2025-01-01 10:30")
    assert "pay availability and strict" in told.why and "missed-by-alerts" not in by_name
    assert len([each for each in slo.findings(assessed) if each.name == told.name]) == 1


def test_no_slo(tmp_path):
    assessed = slo.assess(scaling_lib.open(make(tmp_path, "")))
    (only,) = slo.findings(assessed)
    assert (only.name, only.verdict) == ("no-slo", "unknown") and only.action
    assert slo.headline(assessed) == "Not measured: no SLO has evidence."


def test_alerts_that_miss_a_spell_given(tmp_path):
    incident = "incidents: [{name: fire, start: 2026-11-23T10:30:00Z, end: 2026-11-23T10:33:00Z}]\n"
    _, by_name = found(tmp_path, spell("GET /pay", errors=3), more=incident)
    assert "The spell was given. The alerts would not have paged." in by_name["spell"].why
    assert by_name["spell"].verdict == "watch" and "missed-by-alerts" not in by_name  # 0.02% of a budget is no miss


def test_a_page_for_nothing(tmp_path):
    """A request each half hour, one of which fails: that pages, and is no spell."""
    requests = [
        minute("GET /pay", 1, **({"errors": 1} if at == 390 else {})) if at % 30 == 0 else [] for at in range(420)
    ]
    _, by_name = found(tmp_path, requests, {"target": "99.9%"})
    assert "spell" not in by_name
    assert "For nothing: 2026-11-23 16:31" in by_name["false-pages"].why
    assert "1 time for nothing" in by_name["false-pages"].sentence and by_name["false-pages"].verdict == "watch"


def test_alerts_on_little_traffic(tmp_path):
    _, by_name = found(
        tmp_path, [minute("GET /pay", 1) if at % 30 == 0 else [] for at in range(300)], {"target": "99.9%"}
    )
    assert by_name["alert-lint"].verdict == "watch" and by_name["alert-lint"].sentence.startswith("Alerts on pay")


def test_five_nines(tmp_path):
    _, by_name = found(tmp_path, spell("GET /pay", errors=1, length=1), {"target": "99.999%"})
    assert "1 of 6,000 requests failed; 0 were allowed" in by_name["attainment"].why
    assert "99.999%" in by_name["attainment"].sentence and by_name["attainment"].verdict == "act"


def test_exclusions_are_owned_up_to(tmp_path):
    more = "exclusions: [{start: 2026-11-23T10:30:00Z, end: 2026-11-23T10:40:00Z, reason: announced}]\n"
    _, by_name = found(tmp_path, spell("GET /pay", errors=100, length=10), more=more)
    assert (
        by_name["attainment"].verdict == "ok"
        and "1 stretch left out; with everything counted" in by_name["attainment"].why
    )


def test_hostile_names_stay_text(tmp_path):
    _, by_name = found(tmp_path, spell("GET /pay", errors=100, length=10), name=HOSTILE)
    conclusion = conclude("01", "Q?", list(by_name.values()))
    shown = conclusion._repr_mimebundle_()["text/html"]
    assert "<script" not in shown and "&lt;script&gt;" in shown


def test_findings_identify_themselves(tmp_path):
    assessed, _ = found(
        tmp_path,
        spell("GET /pay", errors=100, length=10),
        {"target": "99%"},
        {"target": "99.9%", "name": "pay strictly"},
    )
    findings = slo.findings(assessed)
    keys = [(each.step, each.name, each.subject) for each in findings]
    assert len(set(keys)) == len(keys)
    assert all(each.verdict in VERDICTS and each.sentence.endswith((".", "budget.")) for each in findings)


def test_spells_of_several_slos_at_the_same_time_are_one_finding(tmp_path):
    both = spell("GET /pay", errors=40, slow=50)
    assessed, _ = found(tmp_path, both, {"target": "99%"}, {"kind": "latency", "threshold": "200ms", "target": "95%"})
    spells = [finding for finding in slo.findings(assessed) if finding.name == "spell"]
    assert [len(each.spells) for each in assessed.results] == [1, 1]
    assert len(spells) == 1 and "At the same time: pay " in spells[0].sentence


def test_a_spell_never_names_its_own_slo_beside_itself(tmp_path):
    told = [f"{{name: fire {at}, start: 2026-11-23T10:3{at}:00Z, end: 2026-11-23T10:4{at}:00Z}}" for at in (0, 5)]
    assessed, by_name = found(
        tmp_path, spell("GET /pay", errors=100, length=20), more=f"incidents: [{', '.join(told)}]\n"
    )
    assert len(assessed.results[0].spells) == 2 and "At the same time" not in by_name["spell"].sentence


def test_three_minutes_of_failures_are_no_long_run(tmp_path):
    assessed, by_name = found(tmp_path, [minute("GET /pay", 1000, errors=93)] * 3)
    told = by_name["attainment"]
    assert assessed.table()["long run"].tolist() == ["insufficient data"] and told.verdict == "act"
    assert told.sentence.startswith("pay availability was missed in this evidence: 90.7% against 99%")
    assert "So short a history says nothing of outages that are rarer than it is long." in told.why


def test_failures_without_a_spell_are_a_steady_share(tmp_path):
    even = [minute("GET /pay", 100, errors=2) for _ in range(60)]
    _, by_name = found(tmp_path / "a", even)
    assert "spell" not in by_name and by_name["attainment"].verdict == "act"
    assert "No spell stands out: its failures are a steady share" in by_name["attainment"].action
    assert "caused the spells" not in by_name["attainment"].action
    _, by_name = found(tmp_path / "b", spell("GET /pay", errors=100, length=10))
    assert "Find what caused the spells of pay availability." in by_name["attainment"].action
    slow = [minute("GET /pay", 100, slow=2) for _ in range(60)]
    _, by_name = found(tmp_path / "c", slow, {"kind": "latency", "threshold": "200ms", "target": "99%"})
    assert "its slow requests are a steady share" in by_name["attainment"].action


def test_a_rate_at_its_target_is_told_by_no_history_of_a_usable_length(tmp_path):
    """1 of 100 failing is exactly a target of 99%."""
    even = [minute("GET /pay", 100, errors=1) for _ in range(60)]
    assessed, by_name = found(tmp_path, even)
    told = by_name["attainment"]
    assert told.verdict == "unknown" and "no history of a usable length would decide" in told.sentence
    assert "longer history" not in told.action and told.action.startswith("Set a target clearly below")
    assert slo.headline(assessed) == "0 of 1 SLO met so far; 1 too near the target to tell."


def test_the_headline_says_where_failures_came_in_too_few_stretches(tmp_path):
    """200 failures of 72,000 in one stretch: met if each came by itself, unknown where they are one."""
    minutes = [minute("GET /pay", 1200, **({"errors": 100} if at in (20, 21) else {})) for at in range(60)]
    assessed, _ = found(tmp_path, minutes, {"target": "99.5%"})  # 0.28% of 0.5%
    (each,) = assessed.results
    assert (each.independent.state, each.attainment.state) == ("met", "insufficient data")
    assert "1 with too few separate stretches of failure to tell" in slo.headline(assessed)


def test_small_spells_are_in_neither_part_of_the_share_of_spells_missed(tmp_path):
    """Two minutes of outage are 0.5% of a budget, eight hours at four times what lasts 4.8%, and no page is on either."""
    minutes = spell("GET /pay", total=50, errors=2, length=480, first=900, minutes=1440)
    minutes[400] = minute("GET /pay", 50, errors=50)
    assessed, by_name = found(tmp_path, minutes)
    (each,) = assessed.results
    assert len(each.spells) == 2 and not each.replay.incidents["detected"].any()
    missed = by_name["missed-by-alerts"]
    assert "would miss 1 of 1 costly spell." in missed.sentence and missed.impact.value == 0
    assert "is 0% (0% to" in missed.why


def test_a_spell_of_days_says_when_it_ended(tmp_path):
    _, by_name = found(tmp_path, spell("GET /pay", errors=50, first=600, length=1440, minutes=2600))
    assert "from 2026-11-23 20:00 to 2026-11-24 20:00 UTC" in by_name["spell"].sentence


def test_what_is_interpolated_is_said_with_its_range(tmp_path):
    """Half of 100 a minute are within 0.2 s, 90 within 0.4 s; of the threshold between, 70 by interpolation."""
    count = 40
    edges = {"0.2": 50, "0.4": 90, "+Inf": 100}
    series = {("b", (("instance", "a"), ("le", edge))): [size * place for place in range(count + 1)]
              for edge, size in edges.items()}  # fmt: skip
    series["r", (("instance", "a"),)] = [100 * place for place in range(count + 1)]
    text = "journeys: [{name: pay, metrics: {total: r, buckets: b},"
    text += " slos: [{kind: latency, threshold: 300 ms, target: 99%}]}]\nevidence: {metrics: [m.json]}\n"
    assessed = slo.assess(scaling_lib.open(make(tmp_path, text, m__json=query_range(series))))
    spells = [each for each in slo.findings(assessed) if each.name == "spell"]
    assert len(spells) == 1 and "about 1,200 (400 to 2,000) requests were too slow" in spells[0].sentence
    (row,) = assessed.table().to_dict("records")
    assert row["bad is"] == "over 300 ms, about: 400 to 2,000 by its buckets" and row["bad"] == 1200


def test_one_request_and_one_slice_are_no_plural(tmp_path):
    _, by_name = found(tmp_path / "a", [minute("GET /pay", 1, errors=1)] * 1)
    assert "1 of 1 request failed" in by_name["attainment"].why
    slices = {"target": "95%", "budgeting": "timeslices", "slice_target": "90%"}
    assessed, _ = found(tmp_path / "b", spell("GET /pay", errors=100, length=1), slices)
    assert [each.unit_of(1) for each in assessed.results] == ["slice of 60 s"]


def test_just_over_a_budget_is_not_said_to_be_all_of_it(tmp_path):
    """502 of 50,000 where 500 may fail."""
    minutes = [minute("GET /pay", 200, errors=3 if at in (50, 150) else 2) for at in range(250)]
    assessed, by_name = found(tmp_path, minutes, {"target": "99%", "window": "4h"})
    (each,) = assessed.results
    assert each.budget.spent - each.budget.allowed in (1, 2) and by_name["attainment"].verdict != "ok"
    assert "(0.4" in by_name["attainment"].sentence and "more than all)" in by_name["attainment"].sentence
    assert "By occurrences 100% (0.4" in slo.method_table(assessed)["remarks"][0]
