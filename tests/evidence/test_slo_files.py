"""OpenSLO and sloth files: read as they are meant, refused where they could be meant in two ways, written back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.slos import SLO, read_slos
from scaling_lib.evidence.slos.promql import latency_threshold, unsummed, windowed
from scaling_lib.slo.openslo_out import openslo

V1 = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: checkout
  displayName: Checkout works
  labels: {team: pay, tier: 1, tags: [a, b]}
spec:
  description: Users can pay.
  service: shop
  indicatorRef: checkout-good
  timeWindow:
    - duration: 4w
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Normal Days
      target: 0.999
    - displayName: Sales
      targetPercent: 99.95
  alertPolicies:
    - alertPolicyRef: fast-burn
    - slow-burn
    - kind: AlertPolicy
      metadata: {name: inline-burn}
      spec: {}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: checkout-good}
spec:
  ratioMetric:
    counter: true
    good: {metricSource: {metricSourceRef: prod, spec: {query: 'sum(rate(r{code!~"5.."}[{{.window}}]))'}}}
    total: {metricSource: {metricSourceRef: prod, spec: {query: 'sum(rate(r[{{.window}}]))'}}}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prod}
spec: {type: Prometheus, connectionDetails: {url: http://localhost}}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: fast-burn}
spec: {}
"""

SIMPLE = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: one}
spec:
  service: shop
  indicator:
    metadata: {name: i}
    spec:
      ratioMetric:
        bad: {metricSource: {type: Prometheus, spec: {query: bad_total}}}
        total: {metricSource: {type: Prometheus, spec: {query: all_total}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""

ALPHA = """
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: web}
spec:
  service: web
  timeWindows:
    - {unit: Quarter, count: 1, isRolling: false, calendar: {startTime: 2022-01-01 12:00:00, timeZone: America/New_York}}
  budgetingMethod: Timeslices
  objectives:
    - displayName: Good
      target: 0.995
      timeSliceTarget: 0.95
      value: 1
      ratioMetrics:
        incremental: true
        good: {source: prometheus, queryType: promql, query: good_total}
        total: {source: prometheus, queryType: promql, query: all_total}
"""

SLOTH = """
version: "prometheus/v1"
service: "shop"
labels: {owner: pay, tier: "1"}
slos:
  - name: availability
    objective: 99.9
    description: It works.
    labels: {tier: "2"}
    sli:
      events:
        error_query: sum(rate(r{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(r[{{.window}}]))
    alerting: {name: A, page_alert: {disable: true}}
  - name: latency
    objective: 99
    sli:
      events:
        error_query: |
          (
            sum(rate(took_seconds_count[{{.window}}])) - sum(rate(took_seconds_bucket{le="0.25"}[{{.window}}]))
          )
        total_query: sum(rate(took_seconds_count[{{.window}}]))
    alerting: {}
  - name: raw
    objective: 95
    sli: {raw: {error_ratio_query: "ratio:{{.window}}"}}
"""


def read(tmp_path: Path, text: str) -> list[SLO]:
    (tmp_path / "slo.yaml").write_text(text, encoding="utf-8")
    return read_slos(str(tmp_path / "slo.yaml"))[0]


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert "slo.yaml" in message
    assert "\n" not in message
    return message


def test_openslo_with_references_and_two_objectives(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(V1)
    (normal, sales), (quality,) = read_slos(str(tmp_path / "*.yaml"))
    assert (normal.name, sales.name) == ("checkout-normal-days", "checkout-sales")
    assert (normal.target, sales.target) == (0.999, 0.9995)
    assert normal.window == "4w"
    assert normal.service == "shop"
    assert normal.good_query == 'sum(rate(r{code!~"5.."}[{{.window}}]))'
    assert normal.total_query == "sum(rate(r[{{.window}}]))"
    assert normal.labels == {"team": "pay", "tier": "1", "tags": "a,b"}
    assert normal.alert_policies == ("fast-burn", "slow-burn", "inline-burn")
    assert normal.description == "Users can pay."
    assert normal.source.startswith(f"{tmp_path / 'slo.yaml'}, document 1, line 2")
    assert (quality.rows, quality.format) == (2, "OpenSLO v1")
    assert "1 AlertPolicy: read past" in quality.notes


def test_an_indicator_in_another_file(tmp_path: Path) -> None:
    documents = V1.split("---")
    (tmp_path / "a.yaml").write_text(documents[0])
    (tmp_path / "b.yml").write_text("---".join(documents[1:]))
    slos, quality = read_slos(str(tmp_path / "*.y*ml"))
    assert len(slos) == 2
    assert [entry.rows for entry in quality] == [2, 0]
    with pytest.raises(InvalidInput, match="indicatorRef: found 'checkout-good'.*no file has an SLI"):
        read_slos(str(tmp_path / "a.yaml"))


def test_openslo_v1alpha(tmp_path: Path) -> None:
    (slo,) = read(tmp_path, ALPHA)
    assert (slo.name, slo.window, slo.time_zone) == ("web", "quarter", "America/New_York")
    assert (slo.budgeting, slo.slice_target, slo.slice_s, slo.target) == ("timeslices", 0.95, 60, 0.995)
    assert (slo.good_query, slo.total_query) == ("good_total", "all_total")
    (rolling,) = read(tmp_path, ALPHA.replace("isRolling: false, calendar: {startTime: 2022-01-01 12:00:00, timeZone: "
                                              "America/New_York}", "isRolling: true"))  # fmt: skip
    assert rolling.window == "90d"


def test_sloth(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(SLOTH)
    (availability, latency, raw), (quality,) = read_slos(str(tmp_path / "slo.yaml"))
    assert availability.name == "shop-availability"
    assert availability.target == 0.999  # not 1 - 0.0009999999999998899
    assert availability.bad_query == 'sum(rate(r{code=~"5.."}[{{.window}}]))'
    assert availability.labels == {"owner": "pay", "tier": "2"}
    assert (availability.kind, availability.window) == ("availability", "30d")
    assert (latency.kind, latency.threshold_s, latency.target) == ("latency", 0.25, 0.99)
    assert (raw.raw_query, raw.raw_type, raw.target) == ("ratio:{{.window}}", "failure", 0.95)
    assert quality.format == "sloth v1"
    assert any("30d" in note for note in quality.notes)
    assert any("page_alert.disable" in note for note in quality.notes)


def test_threshold_raw_and_composite(tmp_path: Path) -> None:
    threshold = SIMPLE.replace("ratioMetric:", "thresholdMetric: {metricSource: {type: Prometheus, spec: {query: q}}}")
    lines = [line for line in threshold.splitlines() if "_total" not in line]
    (slo,) = read(tmp_path, "\n".join(lines).replace("{target: 0.99}", "{op: lt, value: 0.5, target: 0.99}"))
    assert (slo.kind, slo.metric_query, slo.op, slo.value) == ("threshold", "q", "lt", 0.5)
    raw = SIMPLE.replace("bad: {", "rawType: success\n        raw: {")
    raw = "\n".join(line for line in raw.splitlines() if "all_total" not in line)
    (slo,) = read(tmp_path, raw)
    assert (slo.raw_query, slo.raw_type) == ("bad_total", "success")
    own = "indicator: {spec: {ratioMetric: {good: &m {metricSource: {spec: {query: a}}}, total: *m}}}"
    composite = SIMPLE.replace(
        "[{target: 0.99}]", f"[{{target: 0.99, compositeWeight: 3, {own}}}, {{target: 0.9, compositeWeight: 1.5}}]"
    )
    first, second = read(tmp_path, composite)
    assert [(slo.composite, slo.weight) for slo in (first, second)] == [("one", 3.0), ("one", 1.5)]
    assert (first.good_query, second.bad_query) == ("a", "bad_total")


def test_queries_of_other_sources_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(SIMPLE.replace("Prometheus", "Datadog"))
    (slo,), (quality,) = read_slos(str(tmp_path / "slo.yaml"))
    assert (slo.bad_query, slo.total_query) == ("", "")
    assert "Datadog" in quality.notes[0]


def test_minutes_are_not_months(tmp_path: Path) -> None:
    assert read(tmp_path, SIMPLE.replace("28d", "30m"))[0].window == "30m"
    assert read(tmp_path, SIMPLE.replace("28d", "1M"))[0].window == "30d"
    calendar = "{duration: 1M, isRolling: false, calendar: {startTime: 2020-01-21 12:30:00, timeZone: Europe/Berlin}}"
    (month,) = read(tmp_path, SIMPLE.replace("{duration: 28d, isRolling: true}", calendar))
    assert (month.window, month.time_zone) == ("month", "Europe/Berlin")
    assert "1w, 1M, 1Q and 1Y" in refusal(
        tmp_path, SIMPLE.replace("{duration: 28d, isRolling: true}", calendar.replace("1M", "1m"))
    )


@pytest.mark.parametrize(
    ("objective", "slice_s"), [("timeSliceWindow: 5m", 300), ("timeSliceWindow: 2", 120), ("", 60)]
)
def test_time_slices(tmp_path: Path, objective: str, slice_s: float) -> None:
    text = SIMPLE.replace("Occurrences", "RatioTimeslices").replace("0.99}", f"0.99, {objective}}}")
    (slo,) = read(tmp_path, text)
    assert (slo.budgeting, slo.slice_s, slo.slice_target) == ("ratio_timeslices", slice_s, None)
    assert "timeSliceTarget" in refusal(tmp_path, SIMPLE.replace("Occurrences", "Timeslices"))


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        ("1.5", "found 1.5; expected whole minutes"),
        ("0", "found 0; expected whole minutes"),
        ("-1", "expected whole minutes"),
        ("2d", "found 2d; expected a slice of at most a day"),
        ("90s", "m (minutes)"),
        ("1M", "a slice in m"),
    ],
)
def test_slices_that_minutes_cannot_fill_are_refused_where_they_are_written(
    tmp_path: Path, slices: str, expected: str
) -> None:
    text = SIMPLE.replace("Occurrences", "RatioTimeslices").replace("0.99}", f"0.99, timeSliceWindow: {slices}}}")
    said = refusal(tmp_path, text)
    assert expected in said and "line 15, spec.objectives[0].timeSliceWindow" in said


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("target: 0.99", "target: 99.9", "line 15, spec.objectives[0].target: found 99.9; expected a fraction. "
         "If it is percent, write target: 0.999 or targetPercent: 99.9"),
        ("target: 0.99", "targetPercent: 0.999", "expected percent. If it is a fraction, write targetPercent: 99.9"),
        ("target: 0.99", "target: 1.0", "leaves no error budget"),
        ("target: 0.99", "targetPercent: 100", "leaves no error budget"),
        ("target: 0.99", "target: 0", "above 0"),
        ("target: 0.99", "target: -0.5", "above 0"),
        ("target: 0.99", "target: .nan", "expected a number"),
        ("target: 0.99", "target: yes", "found true; expected a number"),
        ("target: 0.99", "target: 99.9%", "'99.9%'"),
        ("target: 0.99", "target: 0.99, targetPercent: 99", "target and targetPercent"),
        ("{target: 0.99}", "{displayName: x}", "no target"),
        ("[{target: 0.99}]", "[]", "at least one objective"),
        ("[{target: 0.99}]", "0.99", "expected a list"),
        ("openslo/v1", "openslo/v2alpha", "'openslo/v2alpha'"),
        ("openslo/v1", "apps/v1", "'apps/v1'"),
        ("kind: SLO", "kind: Deployment", "'Deployment'"),
        ("kind: SLO", "kind:", "kind: found nothing"),
        ("{name: one}", "{name: no}", "found false; expected text. Put it in quotes"),
        ("{name: one}", "{}", "metadata.name"),
        ("28d", "30min", "m (minutes)"),
        ("28d", "0d", "m (minutes)"),
        ("28d", "28", "expected text"),
        ("28d", "999999999999d", "line 13, spec.timeWindow[0]: Window: found '999999999999d'; expected at most 36500d"),
        ("isRolling: true", "isRolling: false", "a calendar"),
        ("isRolling: true", "isRolling: true, calendar: {timeZone: UTC}", "one of them"),
        ("{duration: 28d, isRolling: true}", "{duration: 28d, isRolling: true}, {duration: 7d, isRolling: true}",
         "2 windows"),
        ("isRolling: true", "calendar: {timeZone: Mars/Olympus}", "1w, 1M"),
        ("28d, isRolling: true", "1w, calendar: {timeZone: Mars/Olympus}", "IANA"),
        ("Occurrences", "occurrences", "one of Occurrences, Timeslices, RatioTimeslices"),
        ("        bad:", "        wrong:", "neither good nor bad"),
        ("        total:", "        totals:", "query of all events"),
        ("ratioMetric:", "ratio:", "neither ratioMetric nor thresholdMetric"),
        ("{query: bad_total}", "{q: bad_total}", "no query"),
        ("service: shop", "service: !!python/object:os.system shop", "YAML tag"),
        ("service: shop", "service: !Ref shop", "YAML tag"),
        ("service: shop", "service: shop\n  service: shop", "line 7: found the key 'service' a second time"),
        ("service: shop", "service: [shop", "not valid YAML"),
        ("service: shop", "service: 2020-13-45 00:00:00", "line 6"),
        ("service: shop", "service: {a: b}", "expected text"),
        ("spec:\n  service", "spec: 5\n  service", "not valid YAML"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in SIMPLE
    assert expected in refusal(tmp_path, SIMPLE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "99.9",
            "0.999",
            "slos[0].objective: found 0.999; expected percent. If it is a fraction, write objective: 99.9",
        ),
        ("99.9", "1", "expected percent"),
        ("99.9", "100", "leaves no error budget"),
        ("99.9", "100.5", "below 100"),
        ("prometheus/v1", "prometheus/v2", "'prometheus/v2'"),
        ('service: "shop"', "", "service: found nothing"),
        ("      events:", "      event:", "one of events, raw and plugin"),
        ("total_query", "totalQuery", "total_query"),
        ("  - name: latency", "  - name: availability", "2 times"),
        ("slos:", "slo:", "a list of SLOs"),
    ],
)
def test_what_is_refused_of_sloth(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in SLOTH
    assert expected in refusal(tmp_path, SLOTH.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n", "5", "- 5", "a: 1", "\x00", "a: &x [*x]"])
def test_what_holds_no_slo(tmp_path: Path, text: str) -> None:
    refusal(tmp_path, text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(BrokenEvidence, match="no file is there"):
            read_slos(str(path))
    (tmp_path / "slo.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_slos(str(tmp_path / "slo.yaml"))


def test_all_faults_are_told_together_with_their_documents(tmp_path: Path) -> None:
    bad = SIMPLE.replace("0.99", "99.9")
    message = refusal(tmp_path, f"{SIMPLE}---{bad}---{bad.replace('one', 'two').replace('99.9', '95')}")
    assert "document 2, line" in message
    assert "document 3, line" in message


def test_a_bomb_of_aliases_and_deep_nesting(tmp_path: Path) -> None:
    levels = "\n".join(f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 12))
    bomb = f"l0: &l0 [x]\n{levels}\n{SIMPLE}"
    assert len(read(tmp_path, bomb)) == 1
    assert "nesting" in refusal(tmp_path, "a: " + "[" * 50_000)


def test_unknown_keys_are_told(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(SIMPLE.replace("{target: 0.99}", "{target: 0.99, timeSliceTarge: 0.9}"))
    (quality,) = read_slos(str(tmp_path / "slo.yaml"))[1]
    assert any("timeSliceTarge" in note for note in quality.notes)


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        (['x_seconds_bucket{le="0.3"}'], (0.3, False)),
        (['sum(rate(x_milliseconds_bucket{a="}", le="300"}[5m]))', "x_count"], (0.3, False)),
        (['x_bucket{le="2"}'], (2.0, True)),
        (['x_seconds_bucket{le="+Inf"}'], (None, False)),
        (['x_seconds_bucket{le="1"} - x_seconds_bucket{le="2"}'], (None, False)),
        (['x_seconds_bucket{le=~"0.3"}', 'y{le="1"}', "x_bucket{"], (None, False)),
    ],
)
def test_latency_is_seen_in_the_buckets(queries: list[str], expected: tuple[float | None, bool]) -> None:
    assert latency_threshold(queries) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rate(x[{{.window}}]) / rate(y[{{- .window -}}])", "rate(x[1h]) / rate(y[1h])"),
        ('x{a="[5m]"}', 'sum(increase(x{a="[5m]"}[1h]))'),
        ('rate(x{a=~"[0-9m]"}[5m]) # [7m]', 'rate(x{a=~"[0-9m]"}[1h]) # [7m]'),
        ("rate(x[5m]) + rate(y[5m])", "rate(x[1h]) + rate(y[1h])"),
    ],
)
def test_a_window_in_a_query(query: str, expected: str) -> None:
    assert windowed(query, "1h") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('sum(x{code=~"5..|(a)"})', 'x{code=~"5..|(a)"}'),
        (" sum (\n x\n) ", "x"),
        ("x", "x"),
        ("sum(x) by (code)", "sum(x) by (code)"),
        ("sum by (code) (x)", "sum by (code) (x)"),
        ("sum(x) - sum(y)", "sum(x) - sum(y)"),
        ("sum(rate(x[5m]))", "sum(rate(x[5m]))"),
        ("sum(x offset 5m)", "sum(x offset 5m)"),
        ("max(x)", "max(x)"),
        ("sum()", "sum()"),
    ],
)
def test_the_selector_within_a_sum(query: str, expected: str) -> None:
    assert unsummed(query) == expected


@pytest.mark.parametrize("query", ["rate(x[5m]) + rate(y[1h])", "max_over_time(x[1h:5m])", "x + y", ""])
def test_no_window_in_a_query(query: str) -> None:
    with pytest.raises(InvalidInput, match="window"):
        windowed(query, "1h")


WORDS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
NAMES = WORDS.filter(lambda text: bool(text.strip()))
QUERY = st.sampled_from(["a_total", 'sum(rate(a{b="c"}[{{.window}}]))', "a\n# b\n/ c", 'x_seconds_bucket{le="1"}'])
FRACTIONS = st.floats(1e-6, 1 - 1e-6)


@st.composite
def any_slo(draw: st.DrawFn) -> SLO:
    form = draw(st.sampled_from(["none", "good", "bad", "raw", "threshold"]))
    fields: dict = {"kind": draw(st.sampled_from(["availability", "latency"]))}
    if form in ("good", "bad"):
        fields |= {f"{form}_query": draw(QUERY), "total_query": draw(QUERY), "counter": draw(st.booleans())}
    if form == "raw":
        fields |= {"raw_query": draw(QUERY), "raw_type": draw(st.sampled_from(["success", "failure"]))}
    if form == "threshold":
        fields = {"kind": "threshold", "metric_query": draw(QUERY), "value": draw(st.floats(-1e9, 1e9))}
        fields["op"] = draw(st.sampled_from(["lte", "lt", "gte", "gt"]))
    if fields["kind"] == "latency":
        fields["threshold_s"] = draw(st.floats(1e-6, 1e3))
    elif any("_bucket" in str(text) for text in fields.values()):
        fields = {"kind": "availability"}  # queries of a bucket make an SLO of latency
    calendar = draw(st.booleans())
    fields["window"] = draw(
        st.sampled_from(["week", "month", "quarter", "year"])
        if calendar
        else st.from_regex(r"[1-9][0-9]?[mhdw]", fullmatch=True)
    )
    fields["time_zone"] = draw(st.sampled_from(["UTC", "Europe/Berlin"]))
    fields["budgeting"] = draw(st.sampled_from(["occurrences", "timeslices", "ratio_timeslices"]))
    fields["slice_target"] = draw(
        FRACTIONS | st.just(1.0) if fields["budgeting"] == "timeslices" else st.none() | FRACTIONS
    )
    fields["slice_s"] = draw(st.sampled_from([60.0, 300.0, 86_400.0]))
    fields["labels"] = draw(st.dictionaries(NAMES, WORDS, max_size=2))
    fields["alert_policies"] = tuple(draw(st.lists(NAMES, max_size=2)))
    fields["weight"] = draw(st.sampled_from([1.0, 0.1]))
    fields |= {name: draw(WORDS) for name in ("journey", "service", "description", "composite")}
    return SLO(name=draw(NAMES), target=draw(FRACTIONS), **fields)


@settings(deadline=None, max_examples=60)
@given(slos=st.lists(any_slo(), max_size=3, unique_by=lambda slo: slo.name))
def test_written_and_read_back_is_the_same(tmp_path_factory: pytest.TempPathFactory, slos: list[SLO]) -> None:
    file = tmp_path_factory.getbasetemp() / "round.yaml"
    file.write_text(openslo(slos), encoding="utf-8")
    if not slos:
        with pytest.raises(InvalidInput):
            read_slos(str(file))
        return
    back = read_slos(str(file))[0]
    assert [fields_of(slo) for slo in back] == [fields_of(slo) for slo in slos]


def fields_of(slo: SLO) -> dict:
    """All but the source; a query's outer blanks do not matter."""
    own = dict(vars(slo), source="")
    return {name: value.strip() if name.endswith("_query") else value for name, value in own.items()}


@pytest.mark.parametrize("text", [V1, SIMPLE, ALPHA, SLOTH])
def test_what_was_read_is_written_and_read_again(tmp_path: Path, text: str) -> None:
    slos = read(tmp_path, text)
    again = read(tmp_path, openslo(slos))
    assert [fields_of(slo) for slo in again] == [fields_of(slo) for slo in slos]


def test_what_is_written_is_openslo() -> None:
    (document,) = yaml.safe_load_all(openslo([SLO(name="Pay fast!", target=0.99, kind="latency", threshold_s=0.3)]))
    assert document["apiVersion"] == "openslo/v1"
    assert document["metadata"]["name"] == "pay-fast"
    assert document["spec"]["objectives"] == [{"target": 0.99}]
    assert document["spec"]["timeWindow"] == [{"duration": "28d", "isRolling": True}]
    with pytest.raises(InvalidInput, match="two SLOs"):
        openslo([SLO(name="a", target=0.9), SLO(name="a", target=0.9)])
    with pytest.raises(InvalidInput, match="SLO a has a window.*found '28 days'"):
        openslo([SLO(name="a", target=0.9, window="28 days")])
