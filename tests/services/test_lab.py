"""The lab really runs: its short form leaves evidence that agrees with itself and with what was provoked."""

import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

LAB = Path(__file__).resolve().parents[2] / "data" / "shop" / "lab"
RECORD = LAB / "record.py"
pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def recording(tmp_path_factory, need):
    need("prometheus")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        need("initdb")
    out = tmp_path_factory.mktemp("lab")
    command = [sys.executable, RECORD, "--short", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


def lines(file: Path) -> list[str]:
    return gzip.decompress(file.read_bytes()).decode().splitlines()


def requests(folder: Path) -> pd.DataFrame:
    """The access log, read by other means than the library's: split at blanks and quotes."""
    rows = []
    for line in lines(folder / "recorded" / "spells" / "access.log.gz"):
        when = line.split("[")[1].split("]")[0]
        method, path, _ = line.split('"')[1].split(" ")
        status, _ = line.split('"')[2].split()
        rows.append((when, method, path, int(status), float(line.rsplit(" ", 1)[1])))
    log = pd.DataFrame(rows, columns=["time", "method", "path", "status", "seconds"])
    log["time"] = pd.to_datetime(log["time"], format="%d/%b/%Y:%H:%M:%S %z", utc=True)
    return log


def test_the_sources_count_the_same_requests(recording):
    log = requests(recording)
    history = pd.read_csv(recording / "recorded" / "spells" / "locust_stats_history.csv")
    counted = history[history["Name"] == "Aggregated"]["Total Request Count"].max()
    assert len(log) == pytest.approx(counted, rel=0.03)

    answer = json.loads((recording / "recorded/spells/prometheus/http_requests_total.json").read_text())
    gateway = [each for each in answer["data"]["result"] if each["metric"]["service"] == "gateway"]
    last = sum(float(each["values"][-1][1]) for each in gateway)
    assert last == pytest.approx(len(log), rel=0.1)  # a scrape each 5 s, a point each 15 s


def test_the_spells_are_in_the_log_where_the_truth_says(recording):
    log = requests(recording)
    orders = log[(log["method"] == "POST") & (log["path"] == "/checkout")]
    truth = yaml.safe_load((recording / "truth.yaml").read_text())["spells"]
    slow, failing = truth["spells"]
    second = pd.Timedelta(seconds=1)
    during = {
        spell["kind"]: orders["time"].between(
            pd.Timestamp(spell["start"]) - second, pd.Timestamp(spell["end"]) + second
        )
        for spell in (slow, failing)
    }
    assert (orders[during["latency"]]["seconds"] > 0.6).mean() == pytest.approx(slow["share_of_requests"], abs=0.25)
    assert (orders[during["errors"]]["status"] >= 500).mean() == pytest.approx(failing["share_of_requests"], abs=0.25)
    assert (orders[~during["errors"]]["status"] < 500).all()
    assert (orders[~during["latency"]]["seconds"] < 0.6).mean() > 0.98


def test_spans_are_otlp_and_join_across_services(recording):
    spans, services = [], {}
    for line in lines(recording / "recorded/spells/spans.jsonl.gz"):
        for resource in json.loads(line)["resourceSpans"]:
            name = next(
                a["value"]["stringValue"] for a in resource["resource"]["attributes"] if a["key"] == "service.name"
            )
            for scope in resource["scopeSpans"]:
                spans += scope["spans"]
                services |= {span["spanId"]: name for span in scope["spans"]}
    assert {"gateway", "catalogue", "checkout"} == set(services.values())
    assert all(len(span["traceId"]) == 32 and isinstance(span["startTimeUnixNano"], str) for span in spans)
    ids = {span["spanId"] for span in spans}
    orphans = [span for span in spans if span["parentSpanId"] and span["parentSpanId"] not in ids]
    assert len(orphans) <= 0.02 * len(spans)
    crossed = {
        (services[span["parentSpanId"]], services[span["spanId"]]) for span in spans if span["parentSpanId"] in ids
    }
    assert {("gateway", "catalogue"), ("gateway", "checkout"), ("checkout", "catalogue")} <= crossed


def test_a_recording_is_never_written_over(recording):
    done = subprocess.run([sys.executable, RECORD, "--out", recording], capture_output=True, text=True)
    assert done.returncode == 2
    assert "is there already" in done.stderr


def test_what_is_absent_is_named():
    environment = os.environ | {"PATH": str(Path(shutil.which("env")).parent / "nowhere")}
    done = subprocess.run([sys.executable, RECORD, "--out", "nowhere"], capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert "not installed: prometheus" in done.stderr
