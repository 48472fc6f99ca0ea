"""Whatever JSON a scan or a bill holds, its reader reads it or says why not; nothing else comes out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling_lib.audit import posture
from scaling_lib.errors import ScalingError
from scaling_lib.evidence.bills import BillSource, read_bills
from scaling_lib.evidence.scans import ScanSource, read_scans

SCANS = Path(__file__).resolve().parents[2] / "data" / "shop" / "simulated" / "scans"
GOOD = {
    "sarif": json.loads((SCANS / "code-2026-11-19.sarif").read_text(encoding="utf-8")),
    "ocsf": json.loads((SCANS / "prowler-2026-11-19.ocsf.json").read_text(encoding="utf-8"))[:2],
    "checkov": {"check_type": "tf", "results": {"failed_checks": [{"check_id": "a"}], "parsing_errors": ["x"]}},
    "trivy": {
        "Results": [
            {"Target": "t", "Misconfigurations": [{"ID": "a", "Status": "FAIL"}], "MisconfSummary": {"Successes": 1}}
        ]
    },
    "scorecard": {"repo": {"name": "r"}, "checks": [{"name": "SAST", "score": 3, "reason": "x"}]},
    "kube": {"Controls": [{"version": "v", "tests": [{"results": [{"test_number": "1", "status": "PASS"}]}]}]},
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.just([1]),
    st.just([[]]),
)


def places(value, path=()):
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in parts:
        yield from places(each, (*path, key))


def replaced(value, path, odd):
    if not path:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_of_a_scan_may_be_odd(tmp_path, name, data):
    path = data.draw(st.sampled_from(list(places(GOOD[name]))))
    file = tmp_path / "scan.json"
    file.write_text(json.dumps(replaced(GOOD[name], path, data.draw(ODD))), encoding="utf-8")
    try:
        posture(read_scans([ScanSource(path=str(file))]), services=["shop"])
    except ScalingError as error:
        assert "expected" in str(error)


HEAD = ["BilledCost", "EffectiveCost", "ChargePeriodStart", "ChargePeriodEnd", "ServiceName", "BillingCurrency", "Tags"]
ROW = ["1.5", "1.25", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "Disk", "EUR", "{}"]
CELL = st.sampled_from(
    [
        "",
        "NULL",
        "-1",
        "1e400",
        "9" * 30,
        "x",
        "[",
        "[1]",
        '{""a"": 1}',
        "2026-13-45",
        "0001-01-01",
        "9999-12-31",
        "\x00",
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 6), cell=CELL, head=st.booleans())
def test_any_cell_of_a_bill_may_be_odd(tmp_path, place, cell, head):
    rows = [HEAD, ROW, ROW]
    rows = [list(row) for row in rows]
    rows[0 if head else 1][place] = cell
    file = tmp_path / "bill.csv"
    file.write_text("\n".join(",".join(f'"{each}"' for each in row) for row in rows) + "\n", encoding="utf-8")
    try:
        bills = read_bills([BillSource(path=str(file))])
    except ScalingError as error:
        assert "expected" in str(error)
    else:
        assert bills.quality[0].rows + bills.quality[0].rejected_rows == 2
