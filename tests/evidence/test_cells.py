"""Cells: they add to the bit, agree with pandas and NumPy on raw rows, and are kept without ever being half written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scaling_lib.evidence.cells import bin_quantile, upper_edges_s
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, merge, read_requests

QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows(seed: int, count: int, span_s: float = 3 * 3600) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2025-11-03T10:00:00")
    return pd.DataFrame(
        {
            "time": start + pd.to_timedelta(np.floor(random.uniform(0, span_s * 1e6, count)), unit="us"),
            "service": random.choice(["web", "shop"], count),
            "route": random.choice(["GET /a", "POST /b", "GET /c/{id}"], count),
            "status": random.choice([200, 404, 500, 503], count, p=[0.8, 0.1, 0.06, 0.04]).astype("int32"),
            "duration_us": np.floor(random.lognormal(10, 1.5, count)).astype("int64"),
        }
    )


def reduced(frame: pd.DataFrame, file: Path, thresholds: tuple[Threshold, ...] = ()) -> Requests:
    frame.to_parquet(file, index=False)
    return read_requests([RequestSource(path=str(file))], thresholds)


def same(a: Requests, b: Requests) -> None:
    for one, other in ((a.counts, b.counts), (a.bins, b.bins)):
        text = {"service": "str", "route": "str"}
        pd.testing.assert_frame_equal(one.astype(text), other.astype(text), check_exact=True)


THRESHOLDS = (
    Threshold(route="GET /a", seconds=0.02),
    Threshold(route="/a", seconds=0.1),
    Threshold(route="POST /b", seconds=0.05, service="shop"),
)


@QUICK
@given(seed=st.integers(0, 10_000), count=st.integers(2, 400), cut=st.floats(0.01, 0.99))
def test_parts_merged_are_the_whole(tmp_path: Path, seed: int, count: int, cut: float) -> None:
    frame = rows(seed, count)
    at = min(max(1, int(cut * count)), count - 1)
    whole = reduced(frame, tmp_path / "whole.parquet", THRESHOLDS)
    parts = [reduced(part, tmp_path / "part.parquet", THRESHOLDS) for part in (frame[:at], frame[at:])]
    same(merge(*parts), whole)
    same(merge(*reversed(parts)), whole)


@QUICK
@given(seed=st.integers(0, 10_000), count=st.integers(1, 500))
def test_counts_equal_pandas(tmp_path: Path, seed: int, count: int) -> None:
    frame = rows(seed, count)
    found = reduced(frame, tmp_path / "rows.parquet", THRESHOLDS).counts
    error = frame["status"] >= 500
    good = {
        f"good_{limit}": (~error & (frame["duration_us"] <= limit)).astype(int) for limit in (20_000, 50_000, 100_000)
    }
    expected = (
        frame.assign(
            minute=frame["time"].dt.floor("min").dt.tz_localize("UTC"),
            n=1,
            errors=error.astype(int),
            sum_us=frame["duration_us"],
            **good,
        )
        .groupby(["service", "route", "minute"], as_index=False)[["n", "errors", "sum_us", *good]]
        .sum()
    )
    assert list(found.columns) == list(expected.columns) and len(found) == len(expected)
    for column in expected.columns:
        assert list(found[column]) == list(expected[column]), column


@QUICK
@given(seed=st.integers(0, 10_000), count=st.integers(1, 2000), q=st.floats(0.01, 0.999))
def test_quantile_is_within_one_percent(tmp_path: Path, seed: int, count: int, q: float) -> None:
    frame = rows(seed, count).assign(status=200)
    frame["duration_us"] = frame["duration_us"].clip(lower=1)
    found = reduced(frame, tmp_path / "rows.parquet").quantile(q)
    exact = float(np.quantile(frame["duration_us"], q, method="inverted_cdf")) / 1e6
    assert found.value == pytest.approx(exact, rel=0.01)
    assert found.low * (1 - 1e-9) <= exact <= found.high * (1 + 1e-9)


def test_sums_of_bins_equal_those_of_counts(tmp_path: Path) -> None:
    found = reduced(rows(7, 5000), tmp_path / "rows.parquet")
    assert found.bins["n"].sum() == found.counts["n"].sum() == 5000
    assert found.bins["sum_us"].sum() == found.counts["sum_us"].sum()
    assert found.bins.loc[found.bins["error"], "n"].sum() == found.counts["errors"].sum()


def test_no_thresholds_no_column_of_good_requests(tmp_path: Path) -> None:
    counts = reduced(rows(1, 500), tmp_path / "rows.parquet").counts
    assert list(counts.columns) == ["service", "route", "minute", "n", "errors", "sum_us"]


def test_what_one_part_does_not_count_is_not_known_of_the_sum(tmp_path: Path) -> None:
    frame = rows(3, 600)
    one, other = frame[frame["service"] == "web"], frame[frame["route"] != "GET /a"]  # some cells are in both
    merged = merge(reduced(one, tmp_path / "a.parquet", THRESHOLDS), reduced(other, tmp_path / "b.parquet")).counts
    assert merged["n"].sum() == len(one) + len(other)
    only = merged[(merged["service"] == "web") & (merged["route"] == "GET /a")]  # in the one that counts
    fine = one[(one["route"] == "GET /a") & (one["status"] < 500)]
    for limit in (20_000, 100_000):
        assert only[f"good_{limit}"].sum() == (fine["duration_us"] <= limit).sum() > 0
        assert merged.loc[merged["service"] == "shop", f"good_{limit}"].isna().all()
        assert merged[f"good_{limit}"].isna().sum() == len(
            other.groupby(["service", "route", other["time"].dt.floor("min")])
        )


@pytest.mark.parametrize("duration_us", [0, 1, 2, 86_400_000_000])
def test_bins_of_extreme_durations(tmp_path: Path, duration_us: int) -> None:
    frame = rows(1, 5).assign(duration_us=duration_us, status=200)
    found = reduced(frame, tmp_path / "rows.parquet")
    assert found.counts["sum_us"].sum() == 5 * duration_us
    assert float(upper_edges_s(found.bins["bin"])[0]) * 1e6 >= duration_us


def test_bin_quantile_of_one_bin() -> None:
    value, low, high = bin_quantile(pd.DataFrame({"bin": [100], "n": [1]}), 0.5)
    assert low < value < high
    assert high / low == pytest.approx(1.02)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "requests").iterdir())


def test_cache_gives_the_same_and_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = tmp_path / "rows.parquet", tmp_path / "cache"
    rows(5, 500).to_parquet(file)
    source = [RequestSource(path=str(file))]
    plain = read_requests(source, THRESHOLDS)
    first = read_requests(source, THRESHOLDS, cache=cache)
    monkeypatch.setattr("scaling_lib.evidence.requests.read.reduce_file", pytest.fail)
    again = read_requests(source, THRESHOLDS, cache=cache)
    same(plain, first)
    same(plain, again)
    assert again.quality == plain.quality
    assert len(kept(cache)) == 1  # nothing aside is left


@pytest.mark.parametrize("name", ["counts.parquet", "bins.parquet", "about.json"])
@pytest.mark.parametrize("harm", ["cut", "gone", "empty", "garbage"])
def test_corrupt_cache_is_rebuilt(tmp_path: Path, name: str, harm: str) -> None:
    file, cache = tmp_path / "rows.parquet", tmp_path / "cache"
    rows(5, 200).to_parquet(file)
    source = [RequestSource(path=str(file))]
    first = read_requests(source, cache=cache)
    part = kept(cache)[0] / name
    whole = part.read_bytes()
    if harm == "gone":
        part.unlink()
    else:
        part.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "garbage": b'"\xff' * 50}[harm])
    same(first, read_requests(source, cache=cache))
    assert (kept(cache)[0] / name).read_bytes()[:4] == whole[:4]


def test_changed_file_or_question_is_reduced_again(tmp_path: Path) -> None:
    file, cache = tmp_path / "rows.parquet", tmp_path / "cache"
    rows(5, 200).to_parquet(file)
    source = [RequestSource(path=str(file))]
    read_requests(source, cache=cache)
    rows(6, 300).to_parquet(file)
    assert read_requests(source, cache=cache).counts["n"].sum() == 300
    assert "good_100000" in read_requests(source, THRESHOLDS, cache=cache).counts


def test_cache_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    file, cache = tmp_path / "rows.parquet", tmp_path / "cache"
    cache.write_text("a file where the folder would be")
    rows(5, 20).to_parquet(file)
    assert read_requests([RequestSource(path=str(file))], cache=cache).counts["n"].sum() == 20


def test_a_run_that_dies_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, cache = tmp_path / "rows.parquet", tmp_path / "cache"
    rows(5, 20).to_parquet(file)
    source = [RequestSource(path=str(file))]

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", die)
        with pytest.raises(KeyboardInterrupt):
            read_requests(source, cache=cache)
    assert not (cache / "requests").exists() or kept(cache) == []
    assert read_requests(source, cache=cache).counts["n"].sum() == 20
