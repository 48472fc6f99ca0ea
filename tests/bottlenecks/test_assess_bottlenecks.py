"""Step 04 on small assessments, and on evidence that is absent, foreign, broken or too little."""

import pandas as pd
import pytest
from small_system import make
from traces_by_hand import MS, order, orders, zipkin

import scaling_lib
from scaling_lib import bottlenecks
from scaling_lib.bottlenecks.changes_given import changes_given
from scaling_lib.errors import InvalidInput

JOURNEY = """journeys:
  - name: order
    route: POST /order
    slos: [{kind: latency, threshold: 300 ms, target: 99%}]
"""
SPANS = "evidence: {spans: [spans.json]}\n"


@pytest.fixture
def small(tmp_path):
    """An assessment of spans, and what `assess` makes of it."""

    def assessed(spans, yaml=JOURNEY + SPANS, **files):
        folder = make(tmp_path / "a", yaml, **files)
        if spans is not None:
            zipkin(spans, folder / "spans.json")
        return bottlenecks.assess(scaling_lib.open(folder))

    return assessed


def sentences(result):
    conclusion = [*bottlenecks.findings(result), *bottlenecks.headline(result).split(". ")]
    return " ".join(str(each) for each in conclusion)


def shows_all(result):
    for name in bottlenecks.TABLES:
        assert bottlenecks.table(result, name).text
    for place in (0, 1):
        bottlenecks.trace_figure(result, place)
    for draw in (bottlenecks.rank_figure, bottlenecks.path_figure, bottlenecks.migration_figure,
                 bottlenecks.throughput_figure, bottlenecks.response_figure):  # fmt: skip
        draw(result)


def test_spans_alone_tell_what_is_waited_for_and_what_a_budget_gets_back(small):
    result = small(orders([960.0 if number % 20 == 7 else 60.0 for number in range(400)]))
    (first, *_) = bottlenecks.findings(result)
    assert first.subject == "db: write" and first.verdict == "act"
    assert result.budgets[0].found.spent.value == pytest.approx(5.0) and result.budgets[0].share is None
    assert "Without it 100% of the requests that are too slow" in first.sentence
    assert "as many as it allows, in these traces" in first.sentence
    shows_all(result)


def test_a_limit_of_spans_alone_is_assumed_and_none_below_what_the_traces_carry(small):
    """1 order/s: 60 ms at the database would allow 16.7, 4 s none of what was seen."""
    result = small(orders([60.0] * 400))
    found = {each.name: each for each in bottlenecks.findings(result)}["next-limit"]
    assert result.assumed and not result.disproved and found.verdict == "watch"
    assert "If each service had one server, db would limit first, at 16.7 requests/s" in found.sentence
    assert "probability" not in sentences(result) and bottlenecks.migration_table(result)["certainty"].isna().all()
    shows_all(result)
    beyond = small(orders([4000.0] * 400))
    found = {each.name: each for each in bottlenecks.findings(beyond)}["next-limit"]
    assert beyond.disproved and found.verdict == "unknown" and "these traces carry 1 requests/s" in found.sentence
    assert "What limits the throughput is not known" in bottlenecks.headline(beyond)
    shows_all(beyond)


def test_spans_beyond_their_parents_are_said(small):
    """The database's call begins within the order and ends 30 ms after it: one of two spans."""
    spans = pd.concat([order(number) for number in range(60)])
    late = spans.assign(end_ns=spans["end_ns"] + 50 * MS * (spans["parent_id"] != ""))
    found = {each.name: each for each in bottlenecks.findings(small(late))}["spans-outside-parents"]
    assert found.verdict == "watch" and found.impact.value == pytest.approx(0.5)
    assert "spans-outside-parents" not in {each.name for each in bottlenecks.findings(small(spans))}


def test_without_any_evidence_it_says_what_to_supply(small):
    result = small(None, JOURNEY)
    assert {each.verdict for each in bottlenecks.findings(result)} == {"unknown"}
    assert "supply traces" in sentences(result).lower()
    shows_all(result)


def test_spans_of_another_system_are_named(small):
    result = small(pd.concat([order(number, operation="GET /other") for number in range(60)]))
    assert result.found.ranking is None
    (finding,) = [each for each in bottlenecks.findings(result) if each.subject == "ranking"]
    assert "GET /other" in finding.why and finding.verdict == "unknown"
    shows_all(result)


def test_one_trace_is_too_little(small):
    result = small(order(0))
    assert "Found 1 trace of the journeys; expected 20 or more" in result.absent["ranking"].why
    shows_all(result)


def test_traces_without_their_roots_are_too_little(small):
    result = small(pd.concat([order(number)[1:] for number in range(40)]))
    assert result.found.ranking is None and "lack their parent" in result.absent["ranking"].why
    shows_all(result)


def test_two_systems_in_one_file_are_told_apart_by_the_journeys_routes(small):
    mine = orders([60.0] * 40)
    other = mine.assign(
        trace_id="t9" + mine["trace_id"].str[2:],
        operation=mine["operation"].replace("POST /order", "GET /foreign"),
        start_ns=mine["start_ns"] + 500 * MS,
        end_ns=mine["end_ns"] + 5500 * MS,
    )
    result = small(pd.concat([mine, other]))
    assert result.found.ranking.journey == "" and result.found.ranking.times.journeys == ("order",)
    assert result.found.ranking.traces["all"] == 40
    shows_all(result)


def test_without_journeys_every_root_is_one(small):
    result = small(orders([60.0] * 40), "journeys: []\n" + SPANS)
    assert result.found.ranking.times.journeys == ("POST /order",)


@pytest.mark.parametrize(("by", "first"), [("service", "db"), ("edge", "shop -> db"), ("operation", "db: write")])
def test_services_and_edges_are_ranked_too(small, tmp_path, by, first):
    small(orders([60.0] * 40), JOURNEY + SPANS + "fixes: [{name: index, operations: [write]}]\n")
    result = bottlenecks.assess(scaling_lib.open(tmp_path / "a"), by=by)
    assert result.found.ranking.first == first
    assert result.fixes[0].faster.value == pytest.approx(0.6)
    shows_all(result)


def test_spans_that_cannot_be_read_are_to_be_acted_on(small):
    result = small(None, JOURNEY + SPANS, spans__json="{not json")
    assert "act" in {each.verdict for each in bottlenecks.findings(result)}
    shows_all(result)


def test_a_change_with_one_side_is_not_judged(small, tmp_path):
    yaml = JOURNEY + SPANS + (
        "changes:\n  - {name: index, operations: [write], before: {spans: [spans.json]}, after: {}}\n"
    )  # fmt: skip
    result = small(orders([60.0] * 40), yaml)
    found = {each.name: each for each in bottlenecks.findings(result) if each.subject == "index"}
    assert found["change"].verdict == "unknown"
    shows_all(result)
    lines, broken = changes_given(scaling_lib.open(tmp_path / "a"))
    assert not broken and "without load tests" in " ".join(lines)
    assert "after  nothing that can be used; without spans" in " ".join(lines)


def test_a_change_by_spans_alone(small, tmp_path):
    yaml = JOURNEY + SPANS + (
        "changes:\n  - {name: index, operations: [write], before: {spans: [spans.json]}, after: {spans: [then.json]}}\n"
    )  # fmt: skip
    (tmp_path / "a").mkdir()
    zipkin(orders([5.0 + number % 3 for number in range(600)]), tmp_path / "a" / "then.json")
    result = small(orders([60.0 + number % 7 for number in range(600)]), yaml)
    found = {each.name: each for each in bottlenecks.findings(result) if each.subject == "index"}
    assert found["change"].verdict == "ok" and "It worked" in found["change"].sentence
    shows_all(result)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "host"}, "operation"),
        ({"level": 1.0}, "level"),
        ({"window": "p42"}, "p50"),
        ({"journey": "pay"}, "order"),
    ],
)
def test_options_that_cannot_be(small, tmp_path, options, words):
    small(orders([60.0] * 40))
    system = scaling_lib.open(tmp_path / "a")
    with pytest.raises(InvalidInput, match=words):
        bottlenecks.assess(system, **options)
