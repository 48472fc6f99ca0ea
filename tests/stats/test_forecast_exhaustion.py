import numpy as np
import pandas as pd
import pytest
from simulated_series import simulate

from scaling_lib.errors import InvalidInput
from scaling_lib.stats.exhaustion import first_reached
from scaling_lib.stats.forecast import forecast


def line(random, slope=1.0, noise=0.2, days=60, start=100.0):
    index = pd.date_range("2025-01-01", periods=days * 24, freq="h", tz="UTC")
    at = np.arange(len(index)) / 24
    return pd.Series(start + slope * at + noise * random.standard_normal(len(index)), index=index)


def test_a_line_reaches_its_limit_when_it_does(random):
    found = first_reached(forecast(line(random), "84d"), 190.0)
    # 100 + day = 190 on day 90, 30 days after the end; the highest of some hours of noise (0.2) comes a little before
    assert found.state == "within the horizon" and found.probability == 1.0
    assert found.time.low < 30 * 86400 and found.time.value == pytest.approx(30 * 86400, abs=1.5 * 86400)
    assert found.low <= found.date <= found.high
    assert found.date == found.ends + pd.Timedelta(seconds=found.time.value)
    assert found.ends == pd.Timestamp("2025-03-01 23:00", tz="UTC")
    assert found.probability_by("2025-03-20T00:00Z") < 0.02 and found.probability_by("2025-04-10T00:00Z") > 0.98
    assert np.isnan(found.probability_by("2026-01-01T00:00Z"))
    by_day = found.by_day()
    assert len(by_day) == 84 and by_day.is_monotonic_increasing and by_day.iloc[-1] == found.probability
    assert by_day.index[0] == found.ends + pd.Timedelta(days=1)


def test_beyond_the_horizon_is_said_so(random):
    made = forecast(line(random), "14d")
    far = first_reached(made, 190.0)
    assert far.state == "not within the horizon" and far.date is None and far.low is None and far.probability == 0.0
    assert np.isinf([far.time.low, far.time.value, far.time.high]).all()
    near = first_reached(forecast(line(random, noise=3.0), "14d"), 185.5)
    assert near.state == "perhaps within the horizon" and near.date is None and near.low is not None
    assert 0.025 < near.probability < 0.5 and near.by_day().iloc[-1] == near.probability


def test_already_reached_in_the_last_days_but_not_by_an_event_that_passed(random):
    series = line(random, slope=0.0)
    made = forecast(series, "7d")
    assert first_reached(made, 99.5).state == "already" and first_reached(made, 99.5).time.high == 0
    assert not any("stood far out" in said for said in first_reached(made, 140.0).caveats)
    series.iloc[-5] = 150.0
    passed = first_reached(forecast(series, "7d"), 140.0)
    assert passed.state == "not within the horizon"
    assert any("1 single value of the history stood far out" in said for said in passed.caveats)


def test_a_peak_of_the_week_counts_as_already(random):
    series = simulate(random, 60)  # ends on a Thursday; the weekend is a quarter lower
    made = forecast(series[: 56 * 24], "7d")  # ends on a Sunday
    friday = series[: 54 * 24].iloc[-5 * 24 :].max()
    assert friday > series.iloc[55 * 24 : 56 * 24].max()
    assert first_reached(made, friday).state == "already"


def test_a_daily_mean_is_reached_after_the_first_value(random):
    made = forecast(simulate(random, 90, growth=0.08, exponential=True), "84d")
    limit = 1.05 * float(made.recent.max())
    value, mean = first_reached(made, limit), first_reached(made, limit, of="daily mean")
    assert value.time.value < mean.time.value < np.inf
    assert mean.time.low % 86400 == 0


def test_a_budget_is_used_up(random):
    made = forecast(line(random, slope=0.0, start=10.0, noise=1.0), "28d")
    found = first_reached(made, 2405.0, of="total")
    # 10 an hour: 2,400 after 240 hours, 2,405 in the hour that follows
    assert found.time.value == pytest.approx(241 * 3600, abs=4 * 3600)
    assert found.time.low < found.time.value < found.time.high
    assert first_reached(made, 0.0, of="total").state == "already"


def test_what_runs_out_falls_below(random):
    found = first_reached(forecast(line(random, slope=-1.0), "84d"), 10.0, side="below")
    # 100 - day = 10 on day 90
    assert found.time.low < 30 * 86400 and found.time.value == pytest.approx(30 * 86400, abs=2 * 86400)


def test_what_cannot_be_is_refused(random):
    made = forecast(line(random), "7d")
    for options in ({"limit": np.nan}, {"limit": 1.0, "of": "peak"}, {"limit": 1.0, "side": "left"}):
        with pytest.raises(InvalidInput, match="first_reached"):
            first_reached(made, **options)
    with pytest.raises(InvalidInput, match="without a time zone"):
        first_reached(made, 190.0).probability_by("2025-03-20")


def first_times(paths, limit, sign, step_s):
    """Of each path the seconds until its first value at the limit, one by one."""
    times = []
    for path in paths:
        reached = [place for place, value in enumerate(path) if sign * (value - limit) >= 0]
        times.append((reached[0] + 1) * step_s if reached else np.inf)
    return np.sort(times)


@pytest.mark.parametrize(("of", "side", "limit"), [
    ("value", "above", 122.0), ("value", "below", 88.0), ("daily mean", "above", 112.0), ("total", "above", 192_100.0),
])  # fmt: skip
def test_the_first_time_is_that_of_the_paths_whatever_parts_they_are_drawn_in(random, of, side, limit):
    index = pd.date_range("2025-01-01", periods=40 * 96, freq="15min", tz="UTC")
    noise = np.repeat(3 * random.standard_normal(40), 96) + 3 * random.standard_normal(len(index))
    made = forecast(pd.Series(100 + noise, index=index), "30d", level=0.8)
    parts = [values.shape[1] for _, values in made.path_parts()]
    assert len(parts) > 1 and sum(parts) == 30 * 96
    paths, step_s = made.paths(), 900
    if of == "daily mean":
        paths, step_s = paths.reshape(len(paths), 30, 96).mean(axis=2), 86_400
    elif of == "total":
        paths = paths.cumsum(axis=1)
    times = first_times(paths, limit, 1 if side == "above" else -1, step_s)
    found = first_reached(made, limit, of=of, side=side)
    # of 2,000 draws in order the 200th, the 1,000th and the 1,800th
    assert (found.time.low, found.time.value, found.time.high) == (times[199], times[999], times[1799])
    assert found.probability == np.isfinite(times).mean() and found.probability > 0.1
    in_first = (times <= parts[0] * 900).sum()
    assert 0 < in_first < np.isfinite(times).sum()  # some in the first part, some later
