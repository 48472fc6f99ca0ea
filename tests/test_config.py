"""assessment.yaml: what is accepted, and what an error names."""

import pytest

from scaling_lib.config import read_config
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.values import parse_duration, parse_share, parse_slice_target, parse_target, parse_threshold


@pytest.mark.parametrize(
    ("text", "fraction"),
    [("99.9%", 0.999), ("0.999", 0.999), (0.999, 0.999), ("95 %", 0.95), ("99.999%", 0.99999)],
)
def test_target_is_a_fraction(text, fraction):
    assert parse_target(text) == fraction


@pytest.mark.parametrize("text", ["100%", "1", 1, 1.0, "0%", 0, "-3%", "99.9", 99.9, "many", "", "nan", "120%", None])
def test_target_refused(text):
    with pytest.raises(ValueError, match="expected|write|percent"):
        parse_target(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.999%", "found 0.999%, which is below 50%: did you mean 99.9% or 0.999?"),
        ("0.95 %", "found 0.95 %, which is below 50%: did you mean 95% or 0.95?"),
        ("0.5%", "found 0.5%, which is below 50%: did you mean 50% or 0.5?"),
        ("49.9%", "found 49.9%, which is below 50%: expected one such as 99.9% or 0.999"),
        ("0.1%", "found 0.1%, which is below 50%: expected one such as 99.9% or 0.999"),
        (0.00999, "found 0.00999, which is below 50%: expected one such as 99.9% or 0.999"),
    ],
)
def test_a_target_below_half_is_percent_and_fraction_confused(text, said):
    with pytest.raises(ValueError) as caught:
        parse_target(text)
    assert str(caught.value) == said


def test_half_is_a_target():
    assert (parse_target("50%"), parse_target("0.5"), parse_slice_target("100%")) == (0.5, 0.5, 1.0)


@pytest.mark.parametrize(("text", "seconds"), [("300 ms", 0.3), ("1.5s", 1.5), ("250us", 0.00025), ("2 min", 120)])
def test_threshold_in_seconds(text, seconds):
    assert parse_threshold(text) == seconds


@pytest.mark.parametrize("text", [300, "300", "-1 ms", "0 ms", "fast", "1.2.3 s", "..s"])
def test_threshold_refused(text):
    with pytest.raises(ValueError, match="unit"):
        parse_threshold(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected keys"),
        ("- a\n- b\n", "found list"),
        ("system: a\n  b: [", "not valid YAML"),
        ("system: !!python/object/apply:os.system ['true']\n", "line 1: found the YAML tag"),
        ("journeys: []\n", "line 1, system: this key is missing"),
        (
            "system: a\njourneys:\n  - name: x\n    rout: y\n",
            "line 4, journeys.0.rout: unknown key 'rout'; allowed here",
        ),
        (
            "system: a\nevidence:\n  requests: [{path: b, fmt: z}]\n",
            "line 3, evidence.requests.0.fmt: unknown key",
        ),
        (
            "system: a\njourneys:\n  - name: x\n    slos:\n      - target: 99.9\n",
            "line 5, journeys.0.slos.0.target: found 99.9, which could be percent or fraction; write 99.9% or 0.999",
        ),
        (
            "system: a\njourneys:\n  - name: x\n    slos:\n      - target: 0.999%\n",
            "line 5, journeys.0.slos.0.target: found 0.999%, which is below 50%: did you mean 99.9% or 0.999?",
        ),
        (
            "system: a\nevidence:\n  requests:\n    - path: b\n      time_zone: Europe/Nowhere\n",
            "line 5, evidence.requests.0.time_zone: found 'Europe/Nowhere'; expected an IANA name such as Europe/Berlin",
        ),
        (
            "system: a\nevidence:\n  load_tests: [{path: b, time_zone: 1}]\n",
            "line 3, evidence.load_tests.0.time_zone: found '1'; expected an IANA name",
        ),
        (
            "system: a\nevidence:\n  spans: [{path: b, format: otel}]\n",
            "line 3, evidence.spans.0.format: input should be '', 'otlp', 'jaeger', 'zipkin' or 'parquet', found 'otel'",
        ),
        ("system: a\njourneys:\n  - name: x\n    slos: [{target: 100%}]\n", "no error budget"),
        (
            "system: a\njourneys:\n  - name: x\n    slos: [{kind: latency, target: 99%}]\n",
            "without a threshold",
        ),
        (
            "system: a\ntime_zone: Berlin\n",
            "line 2, time_zone: found 'Berlin'; expected an IANA name such as Europe/Berlin",
        ),
        ("system: a\ntime_zone: +02:00\n", "line 2, time_zone: found '+02:00'; expected an IANA name"),
        ("system: a\njourneys: [{name: x}, {name: x}]\n", "used twice"),
        ("system: a\njourneys: [{name: x, steps: [y]}]\n", "expected another journey's name"),
        (
            "system: a\njourneys:\n  - name: x\n  - name: y\n    steps: [x]\n    slos: [{target: 99%}]\n",
            "line 4, journeys.1: found slos beside steps; expected none: a journey of steps takes its promise",
        ),
        ("system: a\nevidence:\n  metrics: [{url: 'http://h', path: p}]\n", "not both"),
        ("system: a\nservices:\n  - {name: s, tier: high}\n", "line 3, services.0.tier"),
        ("system: a\ndemand:\n  {factor: 2, by: 2026-11-31T00:00:00Z}\n", "'2026-11-31T00:00:00Z', which cannot be"),
        ("system: a\ndemand:\n  {factor: 2, by: 2026-13-01}\n", "line 3"),
        ("system: a\n---\nsystem: b\n", "found 2 documents; expected one"),
        ("system: a\njourneys:\n  - {name: ''}\n", "line 3, journeys.0.name: string should have at least 1"),
        ("system: a\nservices:\n  - {name: ' '}\n", "line 3, services.0.name"),
        (
            "system: a\nincidents:\n  - {name: '', start: 2026-01-01T02:00:00Z, end: 2026-01-01T03:00:00Z}\n",
            "line 3, incidents.0.name",
        ),
        (
            "system: a\nexclusions:\n  - {reason: '', start: 2026-01-01T02:00:00Z, end: 2026-01-01T03:00:00Z}\n",
            "line 3, exclusions.0.reason",
        ),
        (
            "system: a\njourneys: [{name: x}]\nexclusions:\n"
            "  - {reason: r, start: 2026-01-01T02:00:00Z, end: 2026-01-01T03:00:00Z, journeys: [y]}\n",
            "exclusions.0.journeys: found 'y'; expected a journey's name: x",
        ),
        (
            "system: a\nincidents: [{name: i, start: 2026-01-01T02:00:00Z, end: 2026-01-01T03:00:00Z, journeys: [y]}]\n",
            "incidents.0.journeys: found 'y'; expected a journey's name: none is given",
        ),
        ("system: a\nsystem: b\n", "line 2: found the key 'system' a second time"),
        (
            "system: a\nexclusions: [{start: 2026-01-01T02:00:00Z, end: 2026-01-01T01:00:00Z, reason: r}]\n",
            "not after the start",
        ),
    ],
)
def test_error_names_the_place_and_what_is_allowed(tmp_path, text, says):
    file = tmp_path / "assessment.yaml"
    file.write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_config(file)
    assert str(file) in str(caught.value)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30 s", 30), ("5min", 300), ("1.5 h", 5400), ("14 d", 1_209_600), ("6w", 3_628_800), (0, 0)]
)
def test_duration_in_seconds(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", [5, "5", "-1 d", "soon", "1.2.3 s", "5 m", "", None, "inf d"])
def test_duration_refused(text):
    with pytest.raises(ValueError, match="unit"):
        parse_duration(text)


@pytest.mark.parametrize(("text", "share"), [("80%", 0.8), (0.8, 0.8), ("100%", 1), (0, 0), ("0 %", 0)])
def test_share(text, share):
    assert parse_share(text) == share


@pytest.mark.parametrize("text", [80, "-1%", "101%", "nan", "", None, "most"])
def test_share_refused(text):
    with pytest.raises(ValueError, match="expected a share from 0% to 100%"):
        parse_share(text)


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ("{name: cpu, busy: a, used: b, limit: 1}", "either busy (counters of seconds) or used (gauges), and not both"),
        ("{name: cpu, limit: 1}", "either busy (counters of seconds) or used (gauges), and not both"),
        ("{name: cpu, busy: a}", "line 3, resources.0.limit: this key is missing"),
        ("{name: cpu, busy: a, limit: 0}", "found a limit of 0; expected more than 0"),
        ("{name: cpu, busy: a, limit: 1, scales: up}", "'horizontally', 'vertically' or 'not at all', found 'up'"),
        ("{name: cpu, busy: a, limit: 1, lead_time: 5}", "such as 5 min or 14 d"),
        ("{name: cpu, busy: a, limit: 1, autoscaler: {least: 3, most: 2, target: 70%}}", "at most 2 servers"),
        ("{name: cpu, busy: a, limit: 1}\n  - {name: cpu, busy: a, limit: 1}", "the name 'cpu' is used twice"),
    ],
)
def test_a_resource_that_could_not_be_held_is_refused(tmp_path, resource, said):
    file = tmp_path / "assessment.yaml"
    file.write_text(f"system: s\nresources:\n  - {resource}\n")
    with pytest.raises(InvalidInput) as caught:
        read_config(file)
    assert said in str(caught.value)


def test_a_resource_may_have_a_limit_that_is_measured(tmp_path):
    file = tmp_path / "assessment.yaml"
    file.write_text(
        "system: s\nresources: [{name: c, used: pg_connections, limit: pg_max_connections, full_at: 80%}]\n"
    )
    (resource,) = read_config(file).resources
    assert (resource.limit, resource.full_at, resource.scales) == ("pg_max_connections", 0.8, "vertically")


def test_not_text(tmp_path):
    file = tmp_path / "assessment.yaml"
    file.write_bytes(b"system: \xff\xfe")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        read_config(file)


def test_shorthands(tmp_path):
    file = tmp_path / "assessment.yaml"
    file.write_text(
        "system: shop\n"
        "journeys:\n"
        "  - {name: buy, route: POST /buy, slos: [from-a-file, {target: 99.9%}]}\n"
        "evidence: {requests: [access.log], slos: [not-there-yet.yaml]}\n"
    )
    config = read_config(file)
    assert config.evidence.requests[0].path == "access.log"
    assert config.journeys[0].slos[0].named == "from-a-file"
    assert config.journeys[0].slos[1].target == 0.999


@pytest.mark.parametrize(
    "metrics",
    [
        "[{url: 'admin:s3cret@prom:9090'}]",
        "[{url: 'http://admin:s3cret@prom:9090'}]",
        "[{url: 'http://admin:s3c?s3cret@prom'}]",
        "[{url: 's3cret@prom'}]",
        "[{url: ['http://admin:s3cret@prom']}]",
        "[{path: a, url: 'http://admin:s3cret@prom'}]",
        "[{path: 'http://admin:s3cret@prom'}]",
        "['http://admin:s3cret@prom']",
        "['admin:s3cret@prom:9090']",
        "[['http://admin:s3cret@prom']]",
        "http://admin:s3cret@prom",
        "[url: http://admin:s3cret@prom: x]",
        "[{url: http://admin:s3cret@prom",
    ],
)
@pytest.mark.parametrize("kind", ["metrics", "requests"])
def test_a_secret_in_a_url_is_refused_and_never_shown(tmp_path, metrics, kind):
    file = tmp_path / "assessment.yaml"
    file.write_text(f"system: a\nevidence:\n  {kind}: {metrics}\n")
    with pytest.raises(InvalidInput, match="line [34]") as caught:
        read_config(file)
    for error in (caught.value, caught.value.__cause__):
        assert "s3c" not in str(error) and "admin" not in str(error)
    if kind == "metrics" and metrics.startswith("[{url: 'http"):
        assert "write user and password_env instead" in str(caught.value)
