"""The lab really runs: its short form leaves evidence that agrees with itself and with what was provoked."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml
from recordings import lru_hits, points, requests, spans

import scaling_lib

LAB = Path(__file__).resolve().parents[2] / "data" / "shop" / "lab"
RECORD = LAB / "record.py"
pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def record(tmp_path_factory, need):
    """`record("spells")` is the folder of the short form of these experiments."""
    need("prometheus")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        need("initdb")

    def short(*experiments: str) -> Path:
        out = tmp_path_factory.mktemp("lab")
        command = [sys.executable, RECORD, "--short", "--out", out, *experiments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return out

    return short


@pytest.fixture(scope="module")
def recording(record):
    return record("spells")


@pytest.fixture(scope="module")
def others(record):
    """The folder of each other experiment; they wait most of the time, so they run side by side."""
    together = (("load", "cache"), ("journeys",), ("bottleneck",), ("canary",))
    with ThreadPoolExecutor() as pool:
        folders = list(pool.map(lambda experiments: record(*experiments), together))
    return {name: folder for names, folder in zip(together, folders, strict=True) for name in names}


def test_the_sources_count_the_same_requests(recording):
    folder = recording / "recorded" / "spells"
    log = requests(folder)
    history = pd.read_csv(folder / "locust_stats_history.csv")
    counted = history[history["Name"] == "Aggregated"]["Total Request Count"].max()
    assert len(log) == pytest.approx(counted, rel=0.03)
    assert points(folder, "http_requests_total", service="gateway").iloc[-1] == len(log)


def test_a_recording_can_be_assessed_as_it_lies(recording):
    ledger = scaling_lib.open(recording).evidence()
    assert ledger.broken == () and ledger.silent == ()
    assert {each.kind for each in ledger.sources} == {"requests", "metrics", "spans", "load tests", "slos"}
    assert {each.origin for each in ledger.sources if each.kind != "slos"} == {"recorded"}


def test_the_spells_are_in_the_log_where_the_truth_says(recording):
    log = requests(recording / "recorded" / "spells")
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


def test_spans_join_across_services(recording):
    read = spans(recording / "recorded" / "spells")
    assert set(read["service"]) == {"gateway", "catalogue", "checkout"}
    assert (read["trace"].str.len() == 32).all()
    inner = read[read["parent"] != ""]
    joined = inner[inner["parent"].isin(read.index)]
    assert len(joined) >= 0.98 * len(inner)
    crossed = set(zip(read.loc[joined["parent"]]["service"], joined["service"], strict=True))
    assert {("gateway", "catalogue"), ("gateway", "checkout"), ("checkout", "catalogue")} <= crossed


@pytest.mark.parametrize(
    ("experiment", "parts"),
    [
        ("load", [""]),
        ("journeys", ["light", "heavy"]),
        ("bottleneck", ["before", "after"]),
        ("canary", ["canary", "a_a"]),
        ("cache", [""]),
    ],
)
def test_each_experiment_leaves_its_files_and_its_truth(others, experiment, parts):
    truth = yaml.safe_load((others[experiment] / "truth.yaml").read_text())[experiment]
    assert truth["on"]["processors"] >= 1
    for part in parts:
        folder = others[experiment] / "recorded" / experiment / part
        history = pd.read_csv(folder / "locust_stats_history.csv")
        assert history["Total Request Count"].max() > 0
        assert points(folder, "http_requests_total", service="gateway").iloc[-1] > 0
        assert points(folder, "host_cpu_busy_seconds_total", runs="services").iloc[-1] > 0
        assert points(folder, "postgres_cpu_seconds_total").is_monotonic_increasing
        if experiment != "cache":
            assert {"gateway", "catalogue", "checkout"} == set(spans(folder)["service"])


def test_calls_side_by_side_a_cache_and_work_after_the_answer(others):
    read = spans(others["journeys"] / "recorded" / "journeys" / "light")
    calls = read[(read["service"] == "checkout") & read["name"].isin(["GET /prices", "GET /stock"])]
    pairs = calls.groupby("parent").agg(last=("start", "max"), first=("end", "min"))
    assert len(pairs) > 0
    assert (pairs["last"] < pairs["first"]).mean() > 0.9  # on a busy machine one call may end before the other begins
    looks = read[read["attributes"].map(lambda told: "cache.hit" in told)]
    assert looks["attributes"].map(lambda told: isinstance(told["cache.hit"], bool)).all()
    sent = read[read["kind"] == "consumer"]
    assert set(read.loc[sent["parent"]]["kind"]) == {"producer"}
    assert [[parent] for parent in sent["parent"]] == list(sent["links"])


def test_two_versions_answer_and_only_the_new_one_fails(others):
    folder = others["canary"] / "recorded" / "canary"
    for pair, versions in (("canary", {"1.0.0", "1.1.0"}), ("a_a", {"1.0.0", "1.0.0-again"})):
        log = requests(folder / pair)
        orders = log[log["path"] == "/checkout"]
        assert set(orders["version"]) == versions
        assert (orders[orders["version"] != "1.1.0"]["status"] == 201).all()
        assert orders[orders["version"] == "1.1.0"]["seconds"].min() > 0.015 or pair == "a_a"


def test_the_caches_hits_are_those_of_a_replay(others):
    trace = pd.read_csv(others["cache"] / "recorded" / "cache" / "keys.csv.gz")
    truth = yaml.safe_load((others["cache"] / "truth.yaml").read_text())["cache"]
    assert lru_hits(trace["product"], truth["size"]) == list(trace["hit"] == 1)
    assert (len(trace), trace["hit"].sum()) == (truth["lookups"], truth["hits"])


def test_a_recording_is_never_written_over(recording):
    done = subprocess.run([sys.executable, RECORD, "--out", recording, "spells"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "is there already" in done.stderr


def test_what_is_absent_is_named():
    environment = os.environ | {"PATH": str(Path(shutil.which("env")).parent / "nowhere")}
    done = subprocess.run([sys.executable, RECORD, "--out", "nowhere"], capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert "not installed: prometheus" in done.stderr
