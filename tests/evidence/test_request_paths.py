"""Paths as files have them: query strings, methods inside a route column, names without a slash; an endless duration."""

import math

import pandas as pd
import pytest

from scaling_lib.evidence.requests import RequestSource, read_requests
from scaling_lib.evidence.routes import template


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("GET /orders/123?x=1", "GET /orders/{id}"),
        ("POST /checkout", "POST /checkout"),
        ("checkout", "checkout"),
        ("/a/b?c=/d", "/a/b"),
        ("get things", "get things"),
        ("", "/"),
    ],
)
def test_a_route_column_may_hold_methods_and_names(path, route):
    assert template(path) == route


def test_csv_routes_with_methods_are_found(tmp_path):
    rows = ["time,route,status,duration_ms"] + [f"2026-01-01T00:00:{s:02}Z,GET /a/{s},200,5" for s in range(30)]
    (tmp_path / "r.csv").write_text("\n".join(rows))
    requests = read_requests([RequestSource(path=str(tmp_path / "r.csv"))])
    assert requests.select("GET /a/{id}").counts["n"].sum() == 30


def test_query_strings_of_a_log_are_cut(tmp_path):
    line = '1.1.1.1 - - [10/Oct/2026:13:55:{:02} +0000] "GET /s?q={} HTTP/1.1" 200 5 "-" "x" 0.010\n'
    (tmp_path / "a.log").write_text("".join(line.format(s, s) for s in range(30)))
    requests = read_requests([RequestSource(path=str(tmp_path / "a.log"))])
    assert set(requests.counts["route"].astype(str)) == {"GET /s"} and requests.counts["n"].sum() == 30


def test_an_endless_duration_is_one_rejected_row(tmp_path):
    times = pd.date_range("2026-01-01", periods=10, freq="s", tz="UTC")
    frame = pd.DataFrame({"time": times, "route": "/a", "status": 200, "duration_ms": [math.inf, *[1.5] * 9]})
    frame.to_parquet(tmp_path / "r.parquet")
    requests = read_requests([RequestSource(path=str(tmp_path / "r.parquet"))])
    assert requests.counts["n"].sum() == 9 and requests.quality[0].rejected_rows == 1
