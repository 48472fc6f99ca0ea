"""Reading from a real Prometheus, and from servers that misbehave in every way a network knows."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from needed import need
from programs import Backfill, answering, counter, free_port, make_certificate, running_prometheus

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.metrics import Metrics, MetricSource, read_metrics

pytestmark = pytest.mark.service
ONE_POINT = {"metric": {"__name__": "up"}, "values": [[1_700_000_000, "1"]]}


def at(data: Backfill, minute: float) -> datetime:
    return datetime.fromtimestamp(data.start, UTC) + timedelta(minutes=minute)


def ask(url: str, data: Backfill, queries: dict[str, str], minutes: tuple[float, float] = (0, 1439), **more) -> Metrics:
    return read_metrics(
        [MetricSource(url=url, queries=queries, start=at(data, minutes[0]), end=at(data, minutes[1]), **more)]
    )


def short(url: str, **more) -> MetricSource:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return MetricSource(url=url, queries={"up": "up"}, start=start, end=start + timedelta(hours=1), **more)


def problem_of(url: str, **more) -> str:
    with pytest.raises(BrokenEvidence) as caught:
        read_metrics([short(url, **more)])
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_counts_of_a_counter_that_resets(prometheus: str, shop_data: Backfill) -> None:
    metrics = ask(prometheus, shop_data, {"requests": "http_requests_total"})
    assert set(metrics.frame["metric"]) == {"http_requests_total"}  # a raw selector keeps its own name
    counts = metrics.increase('http_requests_total{instance="a",code="200"}')
    assert len(counts) == 1439
    assert (counts == 60).all()  # also across the reset: 0 to 60 in the minute after it


def test_errors_that_appear_late_are_counted_and_zero_before(prometheus: str, shop_data: Backfill) -> None:
    metrics = ask(prometheus, shop_data, {"requests": "http_requests_total"})
    errors = metrics.increase('http_requests_total{code=~"5.."}')
    assert errors.sum() == 26  # 6 at once, then 20
    assert errors.loc[at(shop_data, 699)] == 6
    assert (errors.loc[: at(shop_data, 698)] == 0).all()
    none = metrics.increase('http_requests_total{code="404"}', among="http_requests_total")
    assert (none == 0).all()


def test_a_gap_stays_a_gap(prometheus: str, shop_data: Backfill) -> None:
    metrics = ask(prometheus, shop_data, {"requests": 'http_requests_total{instance="b"}'})
    counts = metrics.increase("http_requests_total")
    gap = counts[counts.isna()]
    # Prometheus itself looks back up to 5 minutes, so its answer has points until minute 104, repeated.
    assert gap.index[-1] == at(shop_data, 129)
    assert at(shop_data, 99) <= gap.index[0] <= at(shop_data, 105)
    assert len(metrics.quality[0].gaps) == 1
    together = ask(prometheus, shop_data, {"requests": "http_requests_total"}).increase("http_requests_total")
    assert together.notna().all()  # server a was measured all the time, and b's counter went on
    assert together.sum() == pytest.approx(1439 * 90 + 26)


def test_a_histogram_over_a_range(prometheus: str, shop_data: Backfill) -> None:
    metrics = ask(prometheus, shop_data, {"buckets": "latency_seconds_bucket"})
    hour = metrics.histogram("latency_seconds_bucket", at(shop_data, 570), at(shop_data, 630))
    assert hour == pytest.approx({0.1: 1800, 1.0: 3240, np.inf: 3600})
    assert metrics.histogram('latency_seconds_bucket{le="1"}').keys() == {1.0}


def test_nan_and_infinity_come_through(prometheus: str, shop_data: Backfill) -> None:
    metrics = ask(prometheus, shop_data, {"pool": "pool"}, (0, 10))
    values = metrics.frame["value"].tolist()
    assert np.isnan(values[5])
    assert values[6] == np.inf
    assert values[7] == 7


def test_expressions_take_the_querys_name(prometheus: str, shop_data: Backfill) -> None:
    queries = {"rate": "sum by (code) (rate(http_requests_total[5m]))", "ratio": "vector(0.5)"}
    metrics = ask(prometheus, shop_data, queries, (10, 20))
    assert set(metrics.frame["metric"]) == {"rate", "ratio"}
    assert metrics.select('rate{code="200"}')["value"].to_numpy() == pytest.approx(1.5)


def test_more_points_than_one_request_may_have(tmp_path: Path) -> None:
    start = int(time.time()) // 86400 * 86400 - 2 * 86400
    points = [(start + 5 * i, float(i)) for i in range(25_001)]
    with running_prometheus(tmp_path, counter("ticks", [('job="x"', points)])) as url:
        data = Backfill("", start)
        metrics = ask(url, data, {"ticks": "ticks_total"}, (0, 25_000 / 12), step_s=5)
    frame = metrics.frame
    assert len(frame) == 25_001
    assert (frame["time"].diff().dropna() == "5s").all()  # no chunk's edge is missing or there twice
    assert frame["value"].tolist() == list(range(25_001))
    assert metrics.quality[0].rows == 25_001
    assert metrics.quality[0].gaps == ()


def test_bad_promql_says_what_prometheus_says_and_the_other_query_is_read(prometheus: str, shop_data: Backfill) -> None:
    metrics = ask(prometheus, shop_data, {"bad": "rate(http_requests_total[5m)", "good": "pool"}, (0, 10))
    assert "'bad'" in metrics.quality[0].problem
    assert "parse error" in metrics.quality[0].problem
    assert set(metrics.frame["metric"]) == {"pool"}
    with pytest.raises(BrokenEvidence, match="multiple matches|many-to-many"):
        ask(prometheus, shop_data, {"execution": "latency_seconds_bucket + on (job) latency_seconds_bucket"}, (0, 10))


def test_a_query_that_matches_nothing(prometheus: str, shop_data: Backfill) -> None:
    with pytest.raises(BrokenEvidence, match="has no points"):
        ask(prometheus, shop_data, {"x": "no_such_metric"}, (0, 10))


def test_wrong_path_and_a_path_prefix(prometheus: str) -> None:
    assert "404" in problem_of(prometheus + "/nothing/here")


@pytest.fixture(scope="module")
def secured(shop_data: Backfill, tmp_path_factory: pytest.TempPathFactory):
    """A Prometheus that wants TLS and a password: its URL and its certificate."""
    need("prometheus")
    bcrypt = import_module("bcrypt") if os.environ.get("CI") == "true" else pytest.importorskip("bcrypt")
    folder = tmp_path_factory.mktemp("secured")
    certificate, key = make_certificate(folder)
    hashed = bcrypt.hashpw(b"s3cret-word", bcrypt.gensalt(4)).decode()
    config = folder / "web.yml"
    config.write_text(
        f"tls_server_config: {{cert_file: {certificate}, key_file: {key}}}\nbasic_auth_users: {{reader: '{hashed}'}}\n"
    )
    with running_prometheus(folder / "data", shop_data.text, web_config=config, scheme="https") as url:
        yield url, str(certificate)


def test_basic_auth_and_own_authority(secured, shop_data: Backfill, monkeypatch: pytest.MonkeyPatch) -> None:
    url, certificate = secured
    monkeypatch.setenv("TEST_PASSWORD", "s3cret-word")
    more = {"user": "reader", "password_env": "TEST_PASSWORD", "ca_file": certificate}
    assert len(ask(url, shop_data, {"pool": "pool"}, (0, 10), **more).frame) == 11
    inside = url.replace("https://", "https://reader:s3cret-word@")  # a user in the URL works, and is never shown
    metrics = ask(inside, shop_data, {"pool": "pool", "bad": "("}, (0, 10), ca_file=certificate)
    assert "s3cret" not in repr(metrics.quality)
    assert "reader" not in repr(metrics.quality)


def test_refused_without_the_right_password(secured, monkeypatch: pytest.MonkeyPatch) -> None:
    url, certificate = secured
    assert "401" in problem_of(url, ca_file=certificate)
    monkeypatch.setenv("TEST_PASSWORD", "wrong-s3cret")
    message = problem_of(url, user="reader", password_env="TEST_PASSWORD", ca_file=certificate)
    assert "401" in message
    assert "s3cret" not in message


def test_tls_is_verified(secured, prometheus: str, shop_data: Backfill) -> None:
    url, _ = secured
    assert "self" in problem_of(url)
    assert "TLS" in problem_of(prometheus.replace("http:", "https:"))  # https asked of a plain server


def test_plain_http_asked_of_a_tls_server(secured) -> None:
    assert "HTTP 400" in problem_of(secured[0].replace("https:", "http:"))


def test_bearer_token(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        send(handler, 200 if seen[-1] == "Bearer tok-3n" else 403, matrix(ONE_POINT))

    with answering(respond) as url:
        monkeypatch.setenv("TEST_TOKEN", "tok-3n\n")  # files often end in a line break
        assert len(read_metrics([short(url, token_env="TEST_TOKEN")]).frame) == 1
        monkeypatch.setenv("TEST_TOKEN", "other-3n")
        message = problem_of(url, token_env="TEST_TOKEN")
        assert "403" in message
        assert "3n" not in message


def test_a_token_that_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_TOKEN", "tok-3n\nX-Injected: 1")
    with pytest.raises(InvalidInput) as caught:
        problem_of("http://127.0.0.1:9", token_env="TEST_TOKEN")
    assert "3n" not in str(caught.value)
    monkeypatch.delenv("TEST_TOKEN")
    with pytest.raises(InvalidInput, match="TEST_TOKEN is not set"):
        problem_of("http://127.0.0.1:9", token_env="TEST_TOKEN")


def test_refused_connection() -> None:
    assert "refused" in problem_of(f"http://user:pass@127.0.0.1:{free_port()}")
    assert "pass" not in problem_of(f"http://user:pass@127.0.0.1:{free_port()}").replace("password", "")


def test_unknown_name() -> None:
    assert "not known" in problem_of("http://prometheus.invalid:9090")


def test_a_server_that_hangs_and_one_that_trickles() -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.05)

    for respond in (lambda handler: time.sleep(3), trickle):
        begun = time.monotonic()
        with answering(respond) as url:
            assert "no whole answer within 500 ms" in problem_of(url, timeout_s=0.5)
        assert time.monotonic() - begun < 2


def test_busy_twice_then_well() -> None:
    calls = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        calls.append(1)
        send(handler, 503 if len(calls) < 3 else 200, matrix(ONE_POINT))

    with answering(respond) as url:
        assert len(read_metrics([short(url)]).frame) == 1
    calls.clear()
    with answering(lambda handler: (calls.append(1), send(handler, 503, b"busy"))) as url:
        assert "503, 3 times" in problem_of(url)
    assert len(calls) == 3


def test_a_dropped_connection_is_tried_again() -> None:
    calls = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        calls.append(1)
        if len(calls) == 1:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.shutdown(socket.SHUT_RD)
            handler.connection.close()
        else:
            send(handler, 200, matrix(ONE_POINT))

    with answering(respond) as url:
        assert len(read_metrics([short(url)]).frame) == 1
    assert len(calls) == 2


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (500, b"boom", "HTTP 500"),
        (502, b"<html>", "HTTP 502"),
        (200, b'{"status":"success","data":{"resultType":"matrix","resu', "breaks off"),
        (200, b"<html>log in</html>", "login page"),
        (200, b"", "found nothing"),
        (200, b"ok", "not JSON"),
        (200, b'{"status":"success","data":{"resultType":"vector","result":[]}}', "'vector'"),
    ],
)
def test_answers_that_are_none(status: int, body: bytes, expected: str) -> None:
    calls = []
    with answering(lambda handler: (calls.append(1), send(handler, status, body))) as url:
        assert expected in problem_of(url)
    assert len(calls) == 1  # only 503 and a dropped connection are worth another try


def test_an_answer_shorter_than_announced() -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"status":')

    with answering(respond) as url:
        assert "broke off" in problem_of(url)


def test_a_redirect_is_told_and_not_followed() -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", "https://sso:word@login.example/in?state=abc")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with answering(respond) as url:
        message = problem_of(url)
    assert "https://login.example/in" in message
    assert "word" not in message
    assert "abc" not in message


def test_warnings_are_notes() -> None:
    body = json.loads(matrix(ONE_POINT)) | {"warnings": ["a store was away"], "infos": ["not a counter"]}
    with answering(lambda handler: send(handler, 200, json.dumps(body).encode())) as url:
        metrics = read_metrics([short(url)])
    assert {"Prometheus says: a store was away", "Prometheus says: not a counter"} <= set(metrics.quality[0].notes)


def matrix(*series: dict) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(series)}}).encode()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
