"""Before against after: known differences, the mix of operations, what is too little, and A/A data."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from scaling_lib.bottlenecks import impact
from scaling_lib.bottlenecks.durations import periods
from scaling_lib.bottlenecks.impact import Impact, QuantileImpact
from scaling_lib.bottlenecks.impact_shares import shares
from scaling_lib.errors import InvalidInput

START = pd.Timestamp("2026-11-23T10:00Z")
SIGMA = 0.7


def requests(
    random: np.random.Generator,
    *,
    minutes: int = 60,
    rate: int = 40,
    median: float = 0.1,
    memory: float = 0.0,
    sigma: float = 0.0,
    route: str = "GET /",
) -> pd.DataFrame:
    """Lognormal durations; each minute is slower or faster by sigma, of an AR(1) from minute to minute."""
    slow = np.zeros(minutes + 60)
    for minute, shock in enumerate(random.standard_normal(minutes + 59), start=1):
        slow[minute] = memory * slow[minute - 1] + math.sqrt(1 - memory**2) * shock
    minute = np.repeat(np.arange(minutes), rate)
    seconds = median * np.exp(sigma * slow[60:][minute] + SIGMA * random.standard_normal(len(minute)))
    times = START + pd.to_timedelta(minute, unit="min")
    return pd.DataFrame({"time": times, "route": route, "duration_us": seconds * 1e6})


def verdicts(found: Impact) -> list[str]:
    return [each.verdict for each in found.quantiles]


def test_a_change_is_found_at_every_quantile_with_its_size():
    random = np.random.default_rng(1)
    before, after = requests(random, rate=400), requests(random, rate=400, median=0.08)
    found = impact(before, after)
    assert verdicts(found) == ["better"] * 3 and found.blocks == (60, 60)
    for each, z in zip(found.quantiles, (0, 1.6449, 2.3263), strict=True):
        truth = 0.1 * math.exp(SIGMA * z)
        assert each.before.low <= truth <= each.before.high
        assert each.change.low <= -0.2 * truth <= each.change.high and each.change.unit == "s"
        assert each.ratio.low <= 0.8 <= each.ratio.high
    assert verdicts(impact(after, before)) == ["worse"] * 3
    assert (
        found.at(0.5).sentence.startswith("p50 went from 99") and "better; the change is -2" in found.at(0.5).sentence
    )


def test_the_interval_of_independent_durations_is_that_of_theory():
    random = np.random.default_rng(4)
    found = impact(requests(random, rate=200), requests(random, rate=200)).at(0.5)
    error = 0.1 * SIGMA * math.sqrt(math.pi / 2 / 12_000)  # of a normal sample's median, by the delta method
    assert found.change.high - found.change.low == pytest.approx(2 * 1.96 * math.sqrt(2) * error, rel=0.25)


@pytest.mark.parametrize("levels", [1, 6])
def test_operations_that_come_in_their_own_stretch_hide_no_variance(levels):
    """Each at its own level of load, one after the other: the median's share has the variance of a coin, 1/4 a request.

    Taken as blocks of one stretch, six levels of six blocks showed a third of it.
    """
    random = np.random.default_rng(11)
    found = []
    for _ in range(40):
        block = np.repeat(np.arange(36), 30)
        frame = pd.DataFrame(
            {
                "time": START + pd.to_timedelta(block, unit="min"),
                "duration_s": random.lognormal(0, SIGMA, len(block)),
                "operation": block * levels // 36,
            }
        )
        one, other, _ = periods(frame, frame, "1min")
        middle = float(np.median(frame["duration_s"]))
        own = shares((one, other), (middle, middle), 0.5, 0.95).own[0]
        found.append(own.variance * len(block) / 0.25)
        assert 1 <= own.degrees <= 7.01  # at most a fifth of the blocks
    assert np.mean(found) == pytest.approx(1, abs=0.25)


def test_only_a_tail_that_moved_is_told():
    random = np.random.default_rng(2)
    before, after = requests(random, rate=200), requests(random, rate=200)
    slow = np.arange(len(after)) % 25 == 0  # 4% of them
    after.loc[slow, "duration_us"] += 2e6
    found = impact(before, after)
    assert found.at(0.99).verdict == "worse" and found.at(0.99).change.low > 1
    assert found.at(0.5).change.high < 0.01  # of the 48% quantile before: 0.1 * exp(.7 * .05) = 0.1035


def test_another_mix_of_operations_is_no_change():
    random = np.random.default_rng(3)

    def both(fast: int, slow: int) -> pd.DataFrame:
        return pd.concat([requests(random, rate=fast), requests(random, rate=slow, median=0.5, route="POST /order")])

    before, after = both(100, 20), both(20, 100)
    found = impact(before, after, (0.5, 0.95))
    assert verdicts(found) == ["no difference found"] * 2
    assert found.mix["share"].tolist() == pytest.approx([0.5, 0.5])
    assert verdicts(impact(before.drop(columns="route"), after.drop(columns="route"), (0.5, 0.95))) == ["worse"] * 2


def test_the_standardised_quantile_is_that_of_the_mixture():
    # half of either route, whatever their counts: 1 s or 3 s, so that the p25 is 1 s and the p75 is 3 s
    times = [START + pd.Timedelta(minutes=minute) for minute in range(20)]
    one = pd.DataFrame({"time": times * 40, "route": "a", "duration_s": 1.0})
    three = pd.DataFrame({"time": times * 10, "route": "b", "duration_s": 3.0})
    before = pd.concat([one, three])
    after = pd.concat([one.iloc[:200], three, three, three, three])
    found = impact(before, after, (0.25, 0.75))
    assert found.mix["share"].to_dict() == {"a": pytest.approx(0.5), "b": pytest.approx(0.5)}
    assert [each.before.value for each in found.quantiles] == [each.after.value for each in found.quantiles] == [1, 3]


def test_operations_of_one_period_alone_are_left_out_and_said():
    random = np.random.default_rng(5)
    before = pd.concat([requests(random), requests(random, median=9, route="POST /old")])
    after = requests(random)
    found = impact(before, after, (0.5,))
    assert found.at(0.5) == impact(before[before["route"] == "GET /"], after, (0.5,)).at(0.5)
    assert found.mix.loc["POST /old"].to_dict() == {"before": 2400, "after": 0, "share": 0}
    assert found.notes == ("Left out, since in one period alone: POST /old.",)
    with pytest.raises(InvalidInput, match="no operation with durations both before and after"):
        impact(requests(random, route="a"), requests(random, route="b"))


@pytest.mark.parametrize(("q", "needed"), [(0.95, 72), (0.99, 368), (0.999, 3688)])
def test_below_the_smallest_sample_there_is_not_enough_data(q, needed):
    random = np.random.default_rng(6)
    few, many = random.lognormal(0, SIGMA, needed - 1), random.lognormal(0, SIGMA, 20 * needed)
    for found in (impact(few, many, (q,)).at(q), impact(many, few, (q,)).at(q)):
        assert found.verdict == "not enough data" and found.needed == 1
        assert math.isnan(found.change.low) and "1 duration more" in found.sentence
    assert impact(many, many, (q,)).at(q).verdict == "no difference found"


def test_minutes_that_wander_slowly_are_not_enough():
    random = np.random.default_rng(7)
    few = [requests(random, minutes=20, memory=0.95, sigma=0.5, rate=500) for _ in range(2)]
    found = impact(*few, (0.5,)).at(0.5)
    assert found.verdict == "not enough data" and found.needed > 10_000
    short = [requests(random, minutes=5, rate=500) for _ in range(2)]
    assert impact(*short, (0.5,)).at(0.5).needed == 2500  # 5 of 10 minutes are missing


def test_a_daily_course_that_both_days_share_is_no_error():
    random = np.random.default_rng(10)

    def day(number: int, median: float) -> pd.DataFrame:
        made = requests(random, minutes=240, rate=20, median=median)
        minute = (made["time"] - START) / pd.Timedelta(minutes=1)
        course = np.exp(0.5 * np.sin(2 * np.pi * minute / 240))
        return made.assign(duration_us=made["duration_us"] * course, time=made["time"] + pd.Timedelta(days=number))

    before = day(0, 0.1)
    same_hours, next_hours = (
        impact(before, day(1, 0.11), (0.5,)).at(0.5),
        impact(before, day(0, 0.11), (0.5,)).at(0.5),
    )
    assert same_hours.verdict == "worse" and same_hours.ratio.low <= 1.1 <= same_hours.ratio.high
    assert next_hours.verdict in ("no difference found", "not enough data")  # the course may be chance


def same(one: QuantileImpact, other: QuantileImpact) -> bool:
    ends = [(each.change.value, each.change.low, each.change.high) for each in (one, other)]
    return one.verdict == other.verdict and ends[0] == pytest.approx(ends[1])


def test_forms_of_durations():
    random = np.random.default_rng(8)
    frame, other = requests(random), requests(random, median=0.05)
    seconds = frame["duration_us"] / 1e6
    want = impact(frame, other, (0.5,)).at(0.5)
    series = [pd.Series((each["duration_us"] / 1e6).to_numpy(), index=each["time"]) for each in (frame, other)]
    assert same(impact(*series, (0.5,)).at(0.5), want)
    starts = frame["time"].dt.tz_localize(None).to_numpy().astype("datetime64[ns]").astype(np.int64)
    by_root = pd.DataFrame({"start_ns": starts, "operation": "GET /", "duration_s": seconds, "weight": 4.0})
    assert same(impact(by_root, other.assign(operation="GET /"), (0.5,)).at(0.5), want)
    plain = impact(seconds.tolist(), (other["duration_us"] / 1e6).tolist(), (0.5,))
    assert plain.at(0.5).verdict == "better" and plain.notes == (
        "Times are not given: durations are taken to be in order of time.",
    )


def test_durations_that_are_all_alike_and_what_is_no_sample():
    alike = impact(np.full(1000, 0.2), np.full(1000, 0.2))
    assert verdicts(alike) == ["no difference found"] * 3 and alike.at(0.99).change.high == 0
    with pytest.raises(InvalidInput, match="before: found 1 durations below 0 or missing of 3"):
        impact([0.1, math.nan, 0.2], [0.1])
    with pytest.raises(InvalidInput, match="after: found 0 durations .* of 0"):
        impact([0.1], [])
    with pytest.raises(InvalidInput, match=r"the quantile 95; expected fractions"):
        impact([0.1], [0.1], (95,))
    with pytest.raises(InvalidInput, match="expected time"):
        impact(pd.DataFrame({"duration_s": [1.0]}), pd.DataFrame({"duration_s": [1.0]}))
    with pytest.raises(InvalidInput, match="was not asked for"):
        alike.at(0.9)


@pytest.mark.slow
@pytest.mark.parametrize(("memory", "sigma", "most"), [(0.0, 0.0, 5), (0.5, 0.3, 35)])
def test_without_a_change_a_difference_is_found_as_rarely_as_it_says(memory, sigma, most):
    # of 1,000 runs, see tests/benchmarks/bench_impact.py; here 100: standard deviation of the share .022
    random = np.random.default_rng(9)
    both = [[requests(random, memory=memory, sigma=sigma) for _ in range(2)] for _ in range(100)]
    found = [impact(*pair, (0.5, 0.95)) for pair in both]
    for q in (0.5, 0.95):
        wrong = sum(each.at(q).verdict in ("better", "worse") for each in found)
        refused = sum(each.at(q).verdict == "not enough data" for each in found)
        assert wrong <= 12 and refused <= most
