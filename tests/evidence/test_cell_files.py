"""Cells that were counted elsewhere: read back whole, added, and never counted by a threshold they do not have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from small_system import make

import scaling_lib
from scaling_lib.errors import BrokenEvidence, NotMeasured
from scaling_lib.evidence.requests import Requests, RequestSource, Threshold, merge, read_requests
from scaling_lib.slo.sli import minute_counts

START = pd.Timestamp("2026-11-03T09:00:00Z")


def rows(count: int = 4000, seed: int = 1) -> pd.DataFrame:
    """Requests of two routes over three hours."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": START + pd.to_timedelta(rng.uniform(0, 3 * 3600, count), unit="s"),
            "service": "shop",
            "route": rng.choice(["GET /a", "POST /b"], count),
            "status": rng.choice([200, 500], count, p=[0.9, 0.1]),
            "duration_us": np.round(rng.lognormal(12, 0.7, count)).astype(int),
        }
    )


def minutes(table: pd.DataFrame, *limits_us: int) -> pd.DataFrame:
    """Counted with pandas, a row at a time of nothing but the definition of the cells."""
    fine = table["status"] < 500
    cells = table.assign(minute=table["time"].dt.floor("min"), n=1, errors=(~fine).astype(int))
    sums = ["n", "errors", "duration_us"]
    for limit in limits_us:
        cells[f"good_{limit}"] = (fine & (table["duration_us"] <= limit)).astype(int)
        sums.append(f"good_{limit}")
    summed = cells.groupby(["service", "route", "minute"])[sums].sum().reset_index()
    return summed.rename(columns={"duration_us": "sum_us"})


def hours(table: pd.DataFrame) -> pd.DataFrame:
    number = np.floor(np.log(table["duration_us"]) / np.log(1.02)).astype("int16")
    cells = table.assign(hour=table["time"].dt.floor("h"), error=table["status"] >= 500, bin=number, n=1)
    summed = cells.groupby(["service", "route", "hour", "error", "bin"])[["n", "duration_us"]].sum().reset_index()
    return summed.rename(columns={"duration_us": "sum_us"})


def save(folder: Path, **tables: pd.DataFrame) -> Path:
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def read(folder: Path, *thresholds: Threshold, **options: str) -> Requests:
    return read_requests([RequestSource(path=str(folder / "*.parquet"), **options)], thresholds)


def same(one: Requests, other: Requests) -> None:
    for name in ("counts", "bins"):
        left, right = getattr(one, name), getattr(other, name)
        text = {"service": str, "route": str}
        assert_frame_equal(left.astype(text), right[left.columns].astype(text), check_dtype=False)


LIMITS = [Threshold(route="GET /a", seconds=0.2), Threshold(route="GET /a", seconds=0.5),
          Threshold(route="/b", seconds=0.3)]  # fmt: skip


@pytest.mark.parametrize("format_", ["", "cells"])
def test_cells_give_what_the_requests_themselves_give(tmp_path, format_):
    table = rows()
    table.to_csv(tmp_path / "log.csv", index=False)
    direct = read_requests([RequestSource(path=str(tmp_path / "log.csv"))], LIMITS)
    cells = save(tmp_path / "cells", minutes=minutes(table, 200_000, 300_000, 500_000), hours=hours(table))
    found = read(cells, *LIMITS, format=format_)
    same(found, direct)
    assert (found.quality[0].format, found.quality[0].rows, found.quality[0].notes) == ("cells", 4000, ())
    assert found.quality[0].problem == "" and found.quality[0].rejected == ()
    assert found.quantile(0.9).value == direct.quantile(0.9).value


def test_a_route_that_was_not_counted_by_a_limit_is_null_there_alone(tmp_path):
    told = minutes(rows(), 300_000)
    told.loc[told["route"] == "GET /a", "good_300000"] = None  # columns with NULL are written as fractions
    found = read(save(tmp_path, minutes=told), LIMITS[2]).counts
    b = told[told["route"] == "POST /b"]
    assert found.loc[found["route"] == "GET /a", "good_300000"].isna().all()
    assert found.loc[found["route"] == "POST /b", "good_300000"].tolist() == b["good_300000"].tolist()


def test_what_several_machines_counted_is_added(tmp_path):
    table = rows()
    whole = read(save(tmp_path / "whole", m=minutes(table, 200_000), h=hours(table)), LIMITS[0])
    one, two = table.iloc[:1500], table.iloc[1500:]
    parts = {"m1": minutes(one, 200_000), "m2": minutes(two, 200_000), "h1": hours(one), "h2": hours(two)}
    same(read(save(tmp_path / "parts", **parts), LIMITS[0]), whole)
    both = {"m": pd.concat([parts["m1"], parts["m2"]]), "h": pd.concat([parts["h1"], parts["h2"]])}
    same(read(save(tmp_path / "joined", **both), LIMITS[0]), whole)  # the same keys twice in one file
    first = read(save(tmp_path / "1", m=parts["m1"], h=parts["h1"]), LIMITS[0])
    second = read(save(tmp_path / "2", m=parts["m2"], h=parts["h2"]), LIMITS[0])
    same(merge(first, second), whole)


def test_a_threshold_that_was_not_counted_is_said_and_never_measured(tmp_path):
    table = rows()
    save(tmp_path / "cells", m=minutes(table, 200_000), h=hours(table))
    late = "{kind: latency, target: 90.5%, threshold: "
    make(
        tmp_path,
        f"journeys:\n"
        f"  - {{name: a, route: GET /a, slos: [{late}200 ms}}, {late}250 ms, name: other}}]}}\n"
        f"  - {{name: b, route: POST /b, slos: [{late}250 ms}}, {{kind: availability, target: 80%}}]}}\n"
        "evidence: {requests: [{path: cells/*.parquet}]}\n",
    )
    system = scaling_lib.open(str(tmp_path))
    slo = {each.name: each for each in system.slos()}
    a = table[(table["route"] == "GET /a") & (table["status"] < 500)]
    counts, _ = minute_counts(system, slo["a latency"])
    assert (counts["total"].sum(), counts["bad"].sum()) == (len(a), (a["duration_us"] > 200_000).sum())
    for name in ("other", "b latency"):
        with pytest.raises(NotMeasured, match="do not count the requests within 250 ms"):
            minute_counts(system, slo[name])
    assert (
        minute_counts(system, slo["b availability"])[0]["bad"].sum()
        == minutes(table)["errors"].sum() - ((table["route"] == "GET /a") & (table["status"] >= 500)).sum()
    )
    assert "good_250000" not in system.requests().counts
    assert system.requests().quality[0].notes == (
        "GET /a: the cells count what took at most 200 ms, so no SLO at 250 ms is measured from it",
        "POST /b: the cells count what took at most 200 ms, so no SLO at 250 ms is measured from it",
    )


def test_one_file_without_the_threshold_makes_the_route_unmeasured(tmp_path):
    table = rows()
    one, two = table.iloc[:1500], table.iloc[1500:]
    found = read(save(tmp_path, m1=minutes(one, 200_000), m2=minutes(two), h=hours(table)), LIMITS[0])
    assert found.counts["good_200000"].isna().any()
    assert found.quality[0].notes[0].startswith("GET /a: the cells count within no latency threshold")
    alone = read(save(tmp_path / "x", m=minutes(one, 200_000)), LIMITS[0])
    assert alone.counts["good_200000"].notna().all()
    merged = merge(alone, found).counts
    assert set(merged.loc[merged["good_200000"].isna(), "route"]) == {"GET /a", "POST /b"}


def test_what_requests_do_not_carry_is_null(tmp_path):
    told = minutes(rows(), 200_000).astype({"errors": "Int64", "sum_us": "Int64"})
    told.loc[told["route"] == "GET /a", "errors"] = None
    told.loc[told["route"] == "POST /b", "sum_us"] = None
    found = read(save(tmp_path, m=told))
    assert found.without_status == {("shop", "GET /a")}
    assert found.without_duration == {("shop", "POST /b")}
    assert found.quality[0].rows == 4000
    assert found.quality[0].notes == ("cells of minutes alone: no latency quantile is known",)


def test_hours_without_minutes_count_nothing(tmp_path):
    with pytest.raises(BrokenEvidence, match="no request"):
        read(save(tmp_path, h=hours(rows())))


def test_minutes_and_hours_of_other_requests_are_said(tmp_path):
    table = rows()
    found = read(save(tmp_path, m=minutes(table), h=hours(table.iloc[:3000])))
    assert found.quality[0].notes == (
        "the cells of minutes hold 4,000 requests, those of hours 3,000: quantiles are of the latter",
    )


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("minute", START + pd.Timedelta(seconds=1), "a time that is no whole minute"),
        ("route", None, "no route or time"),
        ("n", 0, "no requests"),
        ("n", 1.5, "a number that is not whole"),
        ("errors", 9999, "errors or durations that cannot be"),
        ("sum_us", -1, "errors or durations that cannot be"),
        ("good_200000", 9999, "more good requests than were answered"),
    ],
)
def test_minutes_that_cannot_be_are_rejected_and_shown(tmp_path, column, value, reason):
    told = minutes(rows(), 200_000)
    if isinstance(value, float):
        told[column] = told[column].astype(float)
    told.loc[3, column] = value
    found = read(save(tmp_path, m=told), LIMITS[0])
    (rejected,) = found.quality[0].rejected
    assert (rejected.reason, rejected.rows, len(rejected.examples)) == (reason, 1, 1)
    assert found.counts["n"].sum() == 4000 - told["n"].drop(3).pipe(lambda n: 4000 - n.sum())


def test_bins_of_another_width_or_unit_are_rejected(tmp_path):
    """Bins of width 1.05, and durations in milliseconds, would give quantiles that are wrong without a word."""
    table = rows()
    wide = hours(table).assign(bin=lambda t: (np.log(t["sum_us"] / t["n"]) / np.log(1.05)).astype("int16"))
    coarse = hours(table).assign(sum_us=lambda t: t["sum_us"] // 1000)
    for place, wrong in enumerate((wide, coarse)):
        found = read(save(tmp_path / str(place), m=minutes(table), h=wrong))
        assert found.bins.empty
        assert [(each.rows, each.reason[:27]) for each in found.quality[0].rejected] == [
            (len(wrong), "durations outside of the bi")
        ]


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"m": pd.DataFrame({"service": ["a"], "n": [1]})}, "expected cells: service, route, minute"),
        ({"m": minutes(rows()).assign(n="many")}, "found n of the type VARCHAR; expected whole numbers"),
        ({"m": minutes(rows()).assign(minute="today")}, "found minute of the type VARCHAR; expected times"),
        ({"h": hours(rows()).assign(error=1)}, "found error of the type BIGINT; expected true or false"),
    ],
)
def test_files_that_are_no_cells_say_what_is_wrong(tmp_path, tables, said):
    with pytest.raises(BrokenEvidence, match=said):
        read(save(tmp_path, **tables), format="cells")


def test_text_is_no_file_of_cells(tmp_path):
    (tmp_path / "log.parquet").write_text("PAR1 and no more")
    with pytest.raises(BrokenEvidence, match="cannot be read"):
        read(tmp_path, format="cells")
    with pytest.raises(BrokenEvidence, match="cannot be read"):
        read(tmp_path)


def test_times_without_an_offset_are_utc(tmp_path):
    table = rows()
    naive = minutes(table, 200_000).assign(minute=lambda t: t["minute"].dt.tz_localize(None).astype("datetime64[ns]"))
    same(
        read(save(tmp_path / "naive", m=naive), LIMITS[0]),
        read(save(tmp_path / "utc", m=minutes(table, 200_000)), LIMITS[0]),
    )


def test_requests_without_a_duration_are_neither_good_nor_slow(tmp_path: Path) -> None:
    cells = minutes(rows(), 300_000)
    cells["untimed"] = 0
    cells.loc[0, ["n", "untimed"]] = [cells.loc[0, "n"] + 5, 5]
    cells.loc[1, "untimed"] = 10_000  # more than there are
    cells.loc[2, "untimed"] = -1
    file = save(tmp_path / "a", cells=cells) / "cells.parquet"
    found = read_requests([RequestSource(path=str(file))], [Threshold(route="GET /a", seconds=0.3)])
    assert found.counts["untimed"].sum() == 5 and found.counts["n"].sum() == cells["n"].drop([1, 2]).sum()
    assert {each.reason: each.rows for each in found.quality[0].rejected} == {
        "more good requests than were answered": 2
    }
    other = read_requests(
        [RequestSource(path=str(save(tmp_path / "b", cells=minutes(rows(seed=2))) / "cells.parquet"))]
    )
    assert merge(found, other).counts["untimed"].sum() == 5
