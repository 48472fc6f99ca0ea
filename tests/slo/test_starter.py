import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.slo import starter_availability, starter_latency


def test_days_with_two_bad_ones(counts_frame):
    bad = np.zeros(28 * 1440)
    bad[::20] = 1  # 1 of 2,000: with a quarter on top 0.000625
    bad[5 * 1440 : 5 * 1440 + 60] = 50
    bad[9 * 1440 : 9 * 1440 + 30] = 50
    found = starter_availability(counts_frame(bad, np.full(len(bad), 100)))
    assert (found.target, found.period, found.periods, found.provisional) == (0.999, "day", 28, False)
    assert found.kept == pytest.approx(26 / 28)
    assert found.failed["start"].dt.day.tolist() == [6, 10]  # worst first
    assert "26 of 28 days" in found.sentence


def test_short_histories_are_provisional(counts_frame):
    minutes = starter_availability(counts_frame(np.zeros(12), np.full(12, 1000)))
    assert (minutes.period, minutes.provisional, minutes.target) == ("minute", True, 0.9999)
    hours = starter_availability(counts_frame(np.zeros(1200), np.full(1200, 100)))
    assert (hours.period, hours.periods) == ("hour", 20)
    days = starter_availability(counts_frame(np.zeros(11 * 1440), np.full(11 * 1440, 100)))
    assert (days.period, days.provisional) == ("day", True)


def test_refusals_say_what_is_needed(counts_frame):
    with pytest.raises(NotEnoughData, match="14 days"):
        starter_availability(counts_frame([0] * 9, [10] * 9))
    with pytest.raises(NotEnoughData, match="repair"):
        starter_availability(counts_frame([50] * 60, [100] * 60))
    with pytest.raises(NotEnoughData, match="14 days"):
        starter_availability(counts_frame([], []))
    rare = np.zeros(28 * 1440)
    rare[::1440] = 1
    with pytest.raises(NotEnoughData, match="synthetic traffic"):
        starter_availability(counts_frame(rare * 0, rare))


def test_little_traffic_lowers_the_target(counts_frame):
    total = np.zeros(28 * 1440)
    total[::20] = 1  # 2,016 events in 28 days: three nines take 3,838
    assert starter_availability(counts_frame(total * 0, total)).target == 0.998


def bins(days, quick, slow, share):
    times = pd.date_range("2026-11-01", periods=days, freq="D", tz="UTC")
    return pd.concat(
        [
            pd.DataFrame({"time": times, "latency_s": quick, "n": round(10_000 * (1 - share))}),
            pd.DataFrame({"time": times, "latency_s": slow, "n": round(10_000 * share)}),
        ]
    )


def test_threshold_is_round_and_above_the_quantile():
    assert starter_latency(bins(20, 0.1, 0.17, 0.02)).threshold_s == 0.25  # 0.17 x 1.25 = 0.2125
    assert starter_latency(bins(20, 0.1, 5.0, 0.005)).threshold_s == 0.15  # 0.125; the slow are below 1%
    assert starter_latency(bins(20, 0.08, 0.08, 0.5)).threshold_s == 0.1  # exactly round stays


def test_the_days_it_would_have_failed():
    history = bins(20, 0.1, 3.0, 0.001)
    history.loc[(history["latency_s"] == 3.0) & (history["time"] == "2026-11-07"), "n"] = 5000
    found = starter_latency(history)
    assert found.threshold_s == 0.15 and found.kept == 0.95
    assert found.failed["start"].tolist() == [pd.Timestamp("2026-11-07", tz="UTC")]
    assert found.failed["sli"][0] == pytest.approx(9990 / 14_990)
    assert found.sentence.startswith("99% good" if found.threshold_s is None else "99% within 150 ms")


def test_unusable_bins():
    with pytest.raises(NotEnoughData):
        starter_latency(bins(20, 0.1, 0.2, 0.1).iloc[:0])
    with pytest.raises(InvalidInput, match="latency_s"):
        starter_latency(bins(20, 0.1, 0.2, 0.1).drop(columns="latency_s"))
    with pytest.raises(InvalidInput, match="above 0"):
        starter_latency(bins(20, 0.0, 0.2, 0.1))
    with pytest.raises(InvalidInput, match="keep"):
        starter_latency(bins(20, 0.1, 0.2, 0.1), keep=0)
