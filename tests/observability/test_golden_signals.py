"""Which golden signals spans and metrics show, by the names and labels of the usual conventions."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from made_spans import BROWSE, SHOP, frame, recorded, span

from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.metrics import MetricSource, read_metrics
from scaling_lib.observability import golden_signals


def metrics(*series: tuple[str, dict[str, str]]) -> pd.DataFrame:
    return pd.DataFrame([(name, json.dumps(labels)) for name, labels in series], columns=["metric", "labels"])


def states(found, service: str) -> dict[str, str]:
    own = found.table[found.table["service"] == service]
    return dict(zip(own["signal"], own["state"], strict=True))


def test_spans_show_latency_and_traffic_errors_where_they_are_told_and_never_saturation():
    found = golden_signals(frame(BROWSE))
    assert states(found, "gateway") == {
        "latency": "present", "errors": "not known", "traffic": "present", "saturation": "not known",
    }  # fmt: skip
    failed = golden_signals(frame([span("r", "", "a", "server", 0, 9, error=True)]))
    assert states(failed, "a")["errors"] == "present"
    codes = pd.DataFrame(
        [("catalogue", "span", "http.response.status_code", "", 1)],
        columns=["service", "level", "key", "value", "spans"],
    )
    told = golden_signals(frame(BROWSE), attributes=codes)
    assert (states(told, "catalogue")["errors"], states(told, "gateway")["errors"]) == ("present", "not known")
    caller = golden_signals(frame([span("r", "", "job", "client", 0, 9, peer="b")]))
    assert states(caller, "job")["traffic"] == "not known"  # it answers nobody


@pytest.mark.parametrize(
    ("metric", "labels", "shown"),
    [
        ("http_requests_total", {"service": "a", "code": "200"}, {"traffic", "errors"}),
        ("http_requests_total", {"service": "a"}, {"traffic"}),
        ("http_request_duration_seconds_bucket", {"job": "a", "le": "0.1"}, {"latency", "traffic"}),
        ("http_server_request_duration_seconds_bucket", {"job": "shop/a", "le": "1", "http_response_status_code": "200"},
         {"latency", "traffic", "errors"}),
        ("http_server_requests_seconds_count", {"app": "a", "status": "200"}, {"traffic", "errors"}),
        ("http_server_requests_seconds_sum", {"app": "a"}, {"latency"}),
        ("grpc_server_handled_total", {"service_name": "a", "grpc_code": "OK"}, {"traffic", "errors"}),
        ("istio_requests_total", {"destination_workload": "a", "response_code": "200"}, {"traffic", "errors"}),
        ("traces_spanmetrics_calls_total", {"service_name": "a", "status_code": "OK"}, {"traffic", "errors"}),
        ("traces_spanmetrics_latency_bucket", {"service_name": "a", "le": "1"}, {"latency", "traffic"}),
        ("request_latency_seconds", {"service": "a", "quantile": "0.99"}, {"latency"}),
        ("checkout_errors_total", {"service": "a"}, {"errors"}),
        ("process_cpu_seconds_total", {"job": "a"}, {"saturation"}),
        ("container_memory_working_set_bytes", {"container": "a"}, {"saturation"}),
        ("hikaricp_connections_active", {"application": "a"}, {"saturation"}),
        ("orders_queue_length", {"app": "a"}, {"saturation"}),
        ("db_pool_waiting", {"app": "a"}, {"saturation"}),
        ("http_client_request_duration_seconds_bucket", {"job": "a", "le": "0.1"}, set()),  # what it asks of others
        ("cache_requests_total", {"service": "a", "result": "hit"}, set()),
        ("build_info", {"service": "a"}, set()),
        ("http_requests_created", {"service": "a"}, set()),
    ],
)  # fmt: skip
def test_metrics_by_the_conventions(metric, labels, shown):
    found = golden_signals(metrics=metrics((metric, labels)), services=["a"])
    assert {signal for signal, state in states(found, "a").items() if state == "present"} == shown
    assert found.unassigned.empty
    nobody = golden_signals(metrics=metrics((metric, {**labels, **dict.fromkeys(labels, "other")})), services=["a"])
    assert "present" not in states(nobody, "a").values()


def test_absent_is_what_metrics_would_show_and_not_known_what_nobody_can_tell():
    found = golden_signals(metrics=metrics(("http_requests_total", {"service": "a"})), services=["a", "b"])
    assert states(found, "b") == dict.fromkeys(("latency", "errors", "traffic", "saturation"), "absent")
    assert states(found, "a")["errors"] == "absent" and states(found, "a")["traffic"] == "present"
    anonymous = golden_signals(metrics=metrics(("node_cpu_seconds_total", {"instance": "10.0.0.7"})), services=["a"])
    assert states(anonymous, "a")["saturation"] == "not known" and states(anonymous, "a")["traffic"] == "absent"
    assert anonymous.unassigned.to_dict("list") == {"metric": ["node_cpu_seconds_total"], "signal": ["saturation"]}
    assert golden_signals(services=["a"]).complete() == ()
    with pytest.raises(NotMeasured, match="neither spans nor names"):
        golden_signals(metrics=metrics(("up", {})))


def test_the_shop_shows_all_four_of_each_service():
    spans = recorded("journeys/light")
    read = read_metrics([MetricSource(path=str(SHOP / "recorded/journeys/light/prometheus/*.json*"))])
    found = golden_signals(spans.frame, attributes=spans.attributes, metrics=read.frame)
    assert found.complete() == ("catalogue", "checkout", "gateway")
    without = golden_signals(spans.frame, attributes=spans.attributes)
    assert without.complete() == ()
    row = found.table.set_index(["service", "signal"]).loc[("gateway", "latency")]
    assert row["seen_in"] == "spans and http_request_duration_seconds_bucket"
