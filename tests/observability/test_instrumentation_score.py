"""The score by the specification's own example, and each rule on spans drawn by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_spans import BROWSE, ORDER, frame, recorded, span

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.observability import instrumentation_score, weighted_score
from scaling_lib.observability.instrumentation import category

# Of the specification's rules of April 2026: one critical, twelve important, five normal and a low one.
WHOLE = 40 + 12 * 30 + 5 * 20 + 10


def attributes(*rows: tuple[str, str, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["service", "level", "key", "value", "spans"])


def named(service: str, spans: int, *more: tuple[str, str, str, int]) -> list:
    return [
        (service, "resource", "service.name", service, spans),
        (service, "resource", "service.instance.id", f"{service}-1", spans),
        *((service, *row) for row in more),
    ]


def told(score) -> dict[str, bool]:
    return {each.rule: each.passed for each in score.rules if each.passed is not None}


def test_the_example_of_the_specification():
    passed = {"Critical": 4, "Important": 8, "Normal": 6, "Low": 1}
    total = {"Critical": 8, "Important": 10, "Normal": 8, "Low": 5}
    assert weighted_score(passed, total) == pytest.approx(100 * 530 / 830)
    assert weighted_score(passed | {"Critical": 8}, total) == pytest.approx(100 * (530 + 160) / 830)
    assert math.isnan(weighted_score({}, {}))
    with pytest.raises(InvalidInput, match="'Urgent'"):
        weighted_score({"Urgent": 1}, total)


@pytest.mark.parametrize(
    ("score", "words"),
    [(100, "excellent"), (90, "excellent"), (89.99, "good"), (75, "good"), (74.99, "needs improvement"),
     (50, "needs improvement"), (49.99, "poor"), (0, "poor"), (math.nan, "not measured")],
)  # fmt: skip
def test_bands(score, words):
    assert category(score) == words


def test_a_service_by_its_spans_and_resources():
    one = [
        span("r", "", "a", "server", 0, 20),
        span("i", "r", "a", "client", 1, 9, peer="db"),
        span("x", "gone", "a", "server", 0, 20),
    ]
    score = instrumentation_score(frame(one), attributes=attributes(*named("a", 3, ("span", "http.route", "", 1))))
    assert told(score) == {
        "RES-005": True, "RES-001": True, "RES-004": True, "SPA-001": True, "SPA-002": False, "SPA-004": True,
        "SPA-005": True,
    }  # fmt: skip
    assert score.score == pytest.approx(100 * (40 + 20 + 30 + 20 + 30 + 30) / (40 + 20 + 30 + 20 + 20 + 30 + 30))
    assert score.lowest == pytest.approx(100 * 170 / WHOLE) and score.highest == pytest.approx(
        100 * (WHOLE - 20) / WHOLE
    )
    assert score.told == pytest.approx(190 / WHOLE)
    assert score.category == "good" and not score.capped
    assert score.notes == (
        f"The score is partial: {19_000 / WHOLE:.1f}% of the rules' weight can be told; 12 of the 19 rules cannot.",
    )
    orphan = score.rules[0]  # what failed stands first
    assert (orphan.rule, orphan.offending, orphan.of, orphan.seen) == ("SPA-002", 1, 3, "1 orphan of 3 spans")


def test_without_attributes_the_rules_on_resources_cannot_be_told():
    score = instrumentation_score(frame(BROWSE))
    assert set(told(score)) == {"RES-005", "SPA-001", "SPA-002", "SPA-004", "SPA-005"}
    kindless = instrumentation_score(frame(BROWSE).assign(kind="unspecified", peer=""))
    assert set(told(kindless)) == {"RES-005", "SPA-002", "SPA-005"}


def test_no_service_name_means_no_good_score_whatever_else_passes():
    nameless = [span("r", "", "", "server", 0, 20)]
    score = instrumentation_score(frame(nameless, BROWSE))
    own = {each.service: each for each in score.services}
    # by the rules 100 x (20 + 20 + 30 + 30) / 140 = 71.4; with all of BROWSE's services (280 + 100) / (280 + 140)
    assert own[""].score == own[""].by_rules == pytest.approx(100 * 100 / 140) and not own[""].capped
    assert own["gateway"].score == 100
    assert score.by_rules == pytest.approx(100 * 380 / 420) and score.by_rules > 90
    assert (score.score, score.capped, score.category) == (74, True, "needs improvement")
    assert score.notes[1] == (
        "Spans without service.name belong to nobody: the score cannot be good, and is held at 74 instead of 90.5."
    )


def test_what_sdks_write_instead_of_a_name_is_none():
    score = instrumentation_score(frame([span("r", "", "unknown_service:java", "server", 0, 20)]))
    assert told(score)["RES-005"] is True  # by the letter of the rule
    assert (score.by_rules, score.score, score.category) == (100, 74, "needs improvement")
    assert score.services[0].capped and "held at 74 instead of 100" in score.notes[1]


def test_a_name_that_the_reader_was_told_is_none_of_the_resources():
    told_by_us = attributes(("a", "resource", "host.name", "h", 1))
    score = instrumentation_score(frame([span("r", "", "a", "server", 0, 20)]), attributes=told_by_us)
    assert told(score)["RES-005"] is False


@pytest.mark.parametrize(("count", "passed"), [(10, True), (11, False)])
def test_internal_spans_of_a_service_in_a_trace(count, passed):
    spans = [span("r", "", "a", "server", 0, 20), *(span(f"i{k}", "r", "a", "internal", 0, 9) for k in range(count))]
    by_service = {each.service: told(each)["SPA-001"] for each in instrumentation_score(frame(spans, BROWSE)).services}
    assert by_service == {"a": passed, "gateway": True, "catalogue": True}


@pytest.mark.parametrize(("count", "ms", "passed"), [(20, 4.9, True), (21, 4.9, False), (21, 5, True)])
def test_short_spans_of_a_service_in_a_trace(count, ms, passed):
    spans = [span("r", "", "a", "server", 0, 20), *(span(f"i{k}", "r", "a", "client", 0, ms) for k in range(count))]
    assert told(instrumentation_score(frame(spans)))["SPA-005"] is passed


def test_a_client_as_root():
    score = instrumentation_score(frame([span("r", "", "a", "client", 0, 20, peer="b")], BROWSE))
    assert {each.service: told(each)["SPA-004"] for each in score.services} == {
        "a": False,
        "gateway": True,
        "catalogue": True,
    }


@pytest.mark.parametrize(
    ("more", "passed"),
    [
        ([("resource", "k8s.pod.name", "p1", 1)], True),
        ([("resource", "k8s.pod.name", "p1", 1), ("resource", "k8s.pod.name", "p2", 1)], False),  # two pods, one id
        ([("resource", "k8s.pod.name", "p1", 1), ("resource", "service.instance.id", "a-2", 1)], True),
        ([], None),
    ],
)
def test_instance_ids_of_several_pods(more, passed):
    spans = frame([span("r", "", "a", "server", 0, 20)])
    score = instrumentation_score(spans, attributes=attributes(*named("a", 1, *more)))
    assert told(score).get("RES-002") is passed


def test_pods_on_kubernetes():
    spans = frame([span("r", "", "a", "server", 0, 20)], count=3)
    for more, passed in (
        ([], None),
        ([("resource", "k8s.namespace.name", "shop", 3)], False),
        ([("resource", "k8s.pod.uid", "u", 2)], False),
        ([("resource", "k8s.pod.uid", "u", 2), ("resource", "k8s.pod.uid", "v", 1)], True),
    ):
        score = instrumentation_score(spans, attributes=attributes(*named("a", 3, *more)))
        assert told(score).get("RES-003") is passed


def test_attributes_at_the_wrong_level():
    spans = frame([span("r", "", "a", "server", 0, 20)])
    for row, seen in (
        (("span", "service.name", "", 1), "service.name on spans"),
        (("resource", "http.request.method", "GET", 1), "http.request.method on resources"),
    ):
        score = instrumentation_score(spans, attributes=attributes(*named("a", 1, row)))
        assert score.rules[0].rule == "RES-004" and score.rules[0].seen == seen and score.rules[0].offending == 1
    fine = attributes(*named("a", 1, ("span", "peer.service", "", 1), ("span", "service.peer.name", "", 1)))
    assert told(instrumentation_score(spans, attributes=fine))["RES-004"] is True


@given(passed=st.lists(st.booleans(), min_size=1, max_size=6), at=st.integers(0, 5))
def test_a_rule_more_that_passes_never_lowers_the_score(passed, at):
    impacts = ["Critical", "Important", "Normal", "Low", "Normal", "Important"][: len(passed)]

    def score(which: list[bool]) -> float:
        good = {name: sum(p for n, p in zip(impacts, which, strict=True) if n == name) for name in set(impacts)}
        return weighted_score(good, {name: impacts.count(name) for name in set(impacts)})

    better = [*passed]
    better[at % len(passed)] = True
    assert 0 <= score(passed) <= score(better) <= 100


def test_what_is_no_evidence_is_refused():
    with pytest.raises(InvalidInput, match="attributes without level"):
        instrumentation_score(frame(ORDER), attributes=pd.DataFrame({"service": ["a"]}))
    with pytest.raises(NotMeasured):
        instrumentation_score(frame(ORDER).iloc[:0])


def test_the_shop_passes_what_can_be_told_and_the_rest_is_said():
    spans = recorded("journeys/light")
    score = instrumentation_score(spans.frame, attributes=spans.attributes)
    assert [each.service for each in score.services] == ["catalogue", "checkout", "gateway"]
    assert score.score == 100 and score.told == pytest.approx(190 / WHOLE)
    assert score.lowest == pytest.approx(100 * 190 / WHOLE) and score.highest == 100
    frame_of_rules = score.services[0].frame()
    assert len(frame_of_rules) == 19 and frame_of_rules["weight"].sum() == WHOLE
