"""The simulated part of the example is what its generator writes, and it fits the recorded part."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import scaling_lib
from scaling_lib.demo.__main__ import main, simulated
from scaling_lib.demo.write import contents

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop"
FOLDER = SHOP / "simulated"


@pytest.fixture(scope="module")
def made():
    """What `python -m scaling_lib.demo data/shop` would write."""
    return simulated()


@pytest.fixture(scope="module")
def truth() -> dict:
    return yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["simulated"]


def test_the_files_are_what_the_generator_writes(made):
    """Byte for byte; what is packed is compared unpacked, as other versions pack otherwise."""
    told = contents(made[0])
    there = {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    assert set(told) == set(there)
    for path, content in told.items():
        if path.endswith(".parquet"):
            one, other = (pq.ParquetFile(io.BytesIO(each)) for each in (content, there[path]))
            assert one.read().equals(other.read()), path
            if one.metadata.created_by == other.metadata.created_by:
                assert content == there[path], path
        elif path.endswith(".gz"):
            assert gzip.decompress(content) == gzip.decompress(there[path]), path
        else:
            assert content == there[path], path


def test_the_truth_is_what_the_generator_planted(made, truth):
    assert truth == made[1]


def test_the_command_leaves_the_other_entries_of_the_truth(tmp_path, made):
    (tmp_path / "truth.yaml").write_text("spells: {machine: {processors: 2}}\nsimulated: {old: 1}\n", encoding="utf-8")
    (tmp_path / "simulated").mkdir()
    (tmp_path / "simulated" / "old.csv").write_text("gone", encoding="utf-8")
    main(tmp_path)
    whole = yaml.safe_load((tmp_path / "truth.yaml").read_text(encoding="utf-8"))
    assert whole == {"spells": {"machine": {"processors": 2}}, "simulated": made[1]}
    assert not (tmp_path / "simulated" / "old.csv").exists()
    assert (tmp_path / "simulated" / "bill" / "focus.csv.gz").is_file()


def test_it_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 5_000_000


def test_it_is_the_same_system_as_the_recorded_one(truth):
    """Services, routes, owners and thresholds, as the assessment has them."""
    told = yaml.safe_load((SHOP / "assessment.yaml").read_text(encoding="utf-8"))
    services = [{"name": each["name"], "owner": each["team"], "tier": each["tier"]} for each in truth["services"]]
    assert services == told["services"]
    journeys = {each["name"]: each for each in told["journeys"]}
    for route in truth["traffic"]["routes"]:
        journey = journeys[route["journey"]]
        assert journey["route"] == route["route"]
        limits = [slo["threshold"] for slo in journey["slos"] if slo["kind"] == "latency"]
        assert limits == [f"{route['threshold_ms']} ms"]
    counts = pq.read_table(FOLDER / "requests" / "counts.parquet", columns=["service", "route"])
    front = pa.compute.unique(counts["service"]).to_pylist()
    assert front == [told["evidence"]["requests"][0]["service"]]


def test_the_processors_take_what_the_recorded_load_test_took(truth):
    """By its levels below saturation, of another mix of requests: a third of the slope apart at most."""
    levels = yaml.safe_load((SHOP / "truth.yaml").read_text(encoding="utf-8"))["load"]["levels"]
    below = [each for each in levels if each["processors_used"]["host of services"] < 0.9]
    rates = [each["requests_per_s"] for each in below]
    assert len(below) == 7
    for told in truth["metrics"]["processors"]["of"]:
        slope, _ = np.polyfit(rates, [each["processors_used"][f"host of {told['runs']}"] for each in below], 1)
        assert told["mean_demand_ms"] == pytest.approx(1000 * slope, rel=1 / 3)


def test_the_selectors_of_the_assessment_find_the_counters(truth):
    """Of the simulated hours, and not mixed with the recorded ones of the same names."""
    system = scaling_lib.open(SHOP)
    metrics = system.metrics()
    counts = pq.read_table(FOLDER / "requests" / "counts.parquet").to_pandas()
    counts["hour"] = counts["minute"].dt.floor("h")
    journeys = [each for each in system.journeys if each.metrics]
    assert len(journeys) == 4
    for each in journeys:
        own = counts[counts["route"] == each.route].groupby("hour")[["n", "errors"]].sum()
        total = metrics.increase(each.metrics.total, "1h")
        errors = metrics.increase(each.metrics.errors, "1h", among=each.metrics.total)
        assert list(total.index) == list(errors.index) == list(own.index)
        assert list(total) == list(own["n"]) and list(errors) == list(own["errors"])
    for each in (resource for resource in system.resources if resource.busy):
        assert len(metrics.select(each.busy)) == 24 * truth["days"] + 1
        assert metrics.increase(each.busy, "1h").notna().sum() == 24 * truth["days"]


def test_every_file_is_described():
    """data/README.md names each, or the folder and ending it has."""
    text = (SHOP.parent / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.rglob("*"):
        if path.is_file():
            place = path.relative_to(SHOP).as_posix()
            folder = place.rsplit("/", 1)[0]
            assert place in text or f"{folder}/*" in text, place
