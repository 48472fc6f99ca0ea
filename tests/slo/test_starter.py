import numpy as np
import pandas as pd
import pytest

from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.slo import starter_availability, starter_latency


def test_days_with_two_bad_ones(counts_frame):
    bad = np.zeros(28 * 1440)
    bad[::20] = 1  # 1 of 2,000: with a quarter on top 0.000625, so 26 days of 28 keep 99.9%
    bad[5 * 1440 : 5 * 1440 + 60] = 50
    bad[9 * 1440 : 9 * 1440 + 30] = 50
    found = starter_availability(counts_frame(bad, np.full(len(bad), 100)))
    # As a whole, history failed 4,500 + 2,011 of 4,032,000, or 0.161%: 99.9% was not kept, and with two spells, where six
    # would have been no surprise (Poisson: 0.24 to 7.2), not even 99.5% is certain.
    assert (found.target, found.period, found.periods, found.provisional) == (0.99, "day", 28, False)
    assert found.sli.value == pytest.approx(1 - 6511 / 4_032_000) and found.sli.low >= 0.99
    assert found.kept == pytest.approx(26 / 28)
    assert found.failed["start"].dt.day.tolist() == [6, 10]  # worst first
    assert "26 of 28 days" in found.sentence


def test_a_target_is_one_that_the_service_keeps_and_not_only_its_history(counts_frame, random):
    """Spells of 20 minutes, two a day, that fail 3.5% of 600 requests a minute: in the long run 99.893% are good."""
    held = []
    for _ in range(60):
        bad = random.binomial(600, 0.0001, 7 * 1440)
        for start in random.integers(0, 7 * 1440, random.poisson(14)):
            bad[start : start + 20] = random.binomial(600, 0.035, len(bad[start : start + 20]))
        found = starter_availability(counts_frame(bad, np.full(len(bad), 600)), keep=0.5)
        held.append(found.target <= 1 - 0.0001 - 0.035 * 20 * 2 / 1440)
    assert np.mean(held) >= 0.95  # by what history counted alone, without its interval, it is some 60%


def test_short_histories_are_first_drafts(counts_frame):
    minutes = starter_availability(counts_frame(np.zeros(12), np.full(12, 1000)))
    assert (minutes.period, minutes.provisional) == ("minute", True)
    assert minutes.sentence.endswith(
        "from 12 min and 12,000 requests, kept on 12 of 12 minutes: a first draft, not a promise."
    )
    hours = starter_availability(counts_frame(np.zeros(1200), np.full(1200, 100)))
    assert (hours.period, hours.periods) == ("hour", 20)
    days = starter_availability(counts_frame(np.zeros(11 * 1440), np.full(11 * 1440, 100)))
    assert (days.period, days.provisional) == ("day", True)


@pytest.mark.parametrize(("each", "target"), [(100, 0.995), (1000, 0.9995), (3000, 0.9995), (4000, 0.9999)])
def test_no_failure_in_few_requests_is_no_promise_of_four_nines(counts_frame, each, target):
    """Of n requests none failed: at most 1 - 0.025^(1/n) fail, 0.307% of 1,200 and 0.0102% of 36,000."""
    assert starter_availability(counts_frame(np.zeros(12), np.full(12, each))).target == target


def test_a_spell_in_a_short_history_leaves_every_target_in_doubt(counts_frame):
    bad = np.zeros(120)
    bad[50:58] = 90  # 720 of 12,000 or 6%, in one spell: it might as well have been two
    with pytest.raises(NotEnoughData, match=r"94% \(.*\) without error, which leaves even 90% in doubt"):
        starter_availability(counts_frame(bad, np.full(120, 100)))


def test_silence_is_no_history(counts_frame):
    early, late = (counts_frame(np.zeros(30), np.full(30, 1000), start=day) for day in ("2026-11-01", "2026-11-20"))
    found = starter_availability(pd.concat([early, late]))
    assert found.provisional and found.rests_on.startswith("60 min and 60,000 requests")  # and not 19 days


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
    history.loc[(history["latency_s"] == 3.0) & (history["time"] == "2026-11-07"), "n"] = 150
    found = starter_latency(history)
    assert found.threshold_s == 0.15 and found.kept == 0.95
    assert found.failed["start"].tolist() == [pd.Timestamp("2026-11-07", tz="UTC")]
    assert found.failed["sli"][0] == pytest.approx(9990 / 10_140)
    assert found.sentence.startswith("99% within 150 ms: history gave 99.83% (")


def test_a_threshold_that_the_whole_history_missed_is_not_proposed():
    history = bins(20, 0.1, 3.0, 0.001)
    history.loc[(history["latency_s"] == 3.0) & (history["time"] == "2026-11-07"), "n"] = 5000
    found = starter_latency(history)  # 5,190 of 205,000 took 3 s, or 2.5%: 99% within 150 ms was not kept
    assert found.threshold_s == 3.0 and str(found.sli) == "100%"  # none was slower: no interval


def test_a_threshold_needs_requests():
    few = bins(20, 0.1, 0.2, 0.1).assign(n=5)  # 200; without one slow, 99% takes 381
    with pytest.raises(NotEnoughData, match=r"200 requests with a duration; expected at least 381"):
        starter_latency(few)


@pytest.mark.parametrize(
    ("latency_s", "resolution_s", "threshold_s"),
    [
        (1.02, 1.0, 3.0),  # "1" may have been 1.99 s: with a quarter more 2.5, and in whole seconds 3
        (0.001, 0.001, 0.0025 + 0.0005),  # "1 ms" may have been 1.99 ms: 2.5, in whole milliseconds 3
        (1.02e-6, 1.0, 2.0),  # "0"
        (1.02e-6, 0.0, 0.001),  # a microsecond is nothing to promise
        (0.306, 0.001, 0.4),
    ],
)
def test_a_threshold_is_no_finer_than_the_durations(latency_s, resolution_s, threshold_s):
    found = starter_latency(bins(20, latency_s, latency_s, 0.5), resolution_s=resolution_s)
    assert found.threshold_s == pytest.approx(threshold_s)


def test_a_proposed_threshold_is_written_as_round_as_it_is():
    assert starter_latency(bins(20, 0.9, 0.9, 0.5)).proposal == "99% within 1.2 s"  # 0.9 x 1.25 = 1.125


def test_unusable_bins():
    with pytest.raises(NotEnoughData):
        starter_latency(bins(20, 0.1, 0.2, 0.1).iloc[:0])
    with pytest.raises(InvalidInput, match="latency_s"):
        starter_latency(bins(20, 0.1, 0.2, 0.1).drop(columns="latency_s"))
    with pytest.raises(InvalidInput, match="above 0"):
        starter_latency(bins(20, 0.0, 0.2, 0.1))
    with pytest.raises(InvalidInput, match="keep"):
        starter_latency(bins(20, 0.1, 0.2, 0.1), keep=0)
