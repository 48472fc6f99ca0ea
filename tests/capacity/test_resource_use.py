import numpy as np
import pandas as pd
import pytest
from measured import START, measured, resource, values

from scaling_lib.capacity import resource_use
from scaling_lib.errors import BrokenEvidence, NotEnoughData, NotMeasured

CPU = "busy_seconds_total"


def counter(rates, step_s=60):
    """A counter that rises by a rate (seconds a second) over each step."""
    return values(np.concatenate([[0.0], np.cumsum(np.asarray(rates, dtype=float) * step_s)]))


def test_busy_seconds_of_all_instances_over_step_and_servers(tmp_path):
    metrics = measured(
        tmp_path,
        (CPU, {"job": "app", "instance": "a"}, counter([0.3] * 60)),
        (CPU, {"job": "app", "instance": "b"}, counter([0.6] * 60)),
    )
    found = resource_use(resource(busy=CPU, limit=2), metrics)
    assert len(found.utilization) == 60 and np.allclose(found.utilization, (0.3 + 0.6) / 2)
    assert (found.limit, found.unit, found.rows, found.left_out) == (2, "servers", 122, ())
    assert found.starts == START and found.ends == START + pd.Timedelta("59min")


def test_a_restarted_counter_is_no_gap_and_no_fall(tmp_path):
    one = counter([0.5] * 40)
    one[20:] -= one.iloc[20] - 15.0  # restarted at 0 half a minute ago
    found = resource_use(resource(busy=CPU), measured(tmp_path, (CPU, {"instance": "a"}, one)))
    assert found.utilization.notna().all() and found.utilization.between(0.2, 0.51).all()


def test_gauges_together_over_a_limit_that_changes(tmp_path):
    limit = values([100.0] * 30 + [200.0] * 30)
    metrics = measured(
        tmp_path,
        ("used", {"instance": "a"}, values([30.0] * 60)),
        ("used", {"instance": "b"}, values([20.0] * 60)),
        ("most", {}, limit),
    )
    found = resource_use(resource(used="used", limit="most", unit="connections"), metrics)
    assert found.utilization.tolist() == [0.5] * 30 + [0.25] * 30
    assert (found.limit, found.unit) == (200, "connections")


def test_a_gap_stays_one_and_is_said(tmp_path):
    used = values([10.0] * 60)
    used.iloc[20:25] = np.nan
    found = resource_use(resource(used="used", limit=20), measured(tmp_path, ("used", {}, used)))
    assert found.utilization.isna().sum() == 5 and len(found.utilization) == 60
    assert found.left_out == ("gaps: 5 values of 60 not known",)


def test_an_instance_that_is_gone_uses_nothing_and_one_that_was_missed_is_not_known(tmp_path):
    one, other = values([10.0] * 60), values([10.0] * 60)
    other.iloc[10:30] = np.nan  # removed for 20 minutes
    other.iloc[40:42] = np.nan  # two scrapes failed
    other.iloc[55:] = np.nan  # removed
    found = resource_use(
        resource(used="used", limit=20),
        measured(tmp_path, ("used", {"instance": "a"}, one), ("used", {"instance": "b"}, other)),
    )
    expected = np.array([1.0] * 10 + [0.5] * 20 + [1.0] * 10 + [np.nan] * 2 + [1.0] * 13 + [0.5] * 5)
    assert np.array_equal(found.utilization, expected, equal_nan=True)


def test_more_used_than_there_is_contradicts_the_limit(tmp_path):
    metrics = measured(tmp_path, (CPU, {"instance": "a"}, counter([1.5] * 60)))
    with pytest.raises(BrokenEvidence, match=r"thing: .*60 of 60 values, such as 150% .*limit \(1\).*correct one"):
        resource_use(resource(busy=CPU), metrics)


def test_a_value_below_0_is_no_number(tmp_path):
    used = values([5.0] * 100)
    used.iloc[40:60] = -1.0
    found = resource_use(resource(used="g", limit=20), measured(tmp_path, ("g", {}, used)))
    assert found.utilization.isna().sum() == 20 and found.utilization.max() == found.utilization.min() == 0.25
    assert any(each.startswith("20 values below 0") for each in found.left_out)
    with pytest.raises(NotEnoughData):
        resource_use(resource(used="g", limit=2), measured(tmp_path, ("g", {}, values([-1.0] * 60))))


def test_a_single_value_that_cannot_be_is_left_out_and_said(tmp_path):
    used = values([10.0] * 2000)
    used.iloc[700] = 900.0
    found = resource_use(resource(used="g", limit=20), measured(tmp_path, ("g", {}, used)))
    assert np.isnan(found.utilization.iloc[700]) and found.utilization.max() == 0.5
    assert "1 value that cannot be, such as 4,500% at 2026-03-02 11:40 UTC" in found.left_out


def test_a_peak_is_the_95_percent_quantile_of_an_hour(tmp_path):
    used = values(np.arange(1, 181))
    used.iloc[125:] = np.nan  # of the third hour only five minutes are known
    found = resource_use(resource(used="g", limit=1000), measured(tmp_path, ("g", {}, used)))
    # of 1..60 the linear quantile is at rank 1 + .95 * 59 = 57.05
    assert found.peaks.iloc[:2].tolist() == pytest.approx([0.05705, 0.11705])
    assert len(found.peaks) == 3 and np.isnan(found.peaks.iloc[2])


@pytest.mark.parametrize(("step", "peak_step"), [("6h", "6h"), ("5h", "6h"), ("1D", "1D"), ("36h", "2D")])
def test_peaks_of_slow_samples_keep_a_step_that_a_forecast_takes(tmp_path, step, peak_step):
    found = resource_use(resource(used="g"), measured(tmp_path, ("g", {}, values([0.5] * 40, step))))
    assert pd.Timedelta(found.peaks.index[1] - found.peaks.index[0]) == pd.Timedelta(peak_step)


def test_what_is_not_there_is_named(tmp_path):
    metrics = measured(tmp_path, ("g", {"a": "b"}, values([1.0] * 60)))
    for given in ({"busy": "absent_total"}, {"used": "absent"}, {"used": "g", "limit": "absent"}, {"used": 'g{a="c"}'}):
        with pytest.raises(NotMeasured, match=r"thing, (busy|used|limit): ") as raised:
            resource_use(resource(**given), metrics)
        assert "Supply the" in raised.value.supply
    with pytest.raises(NotEnoughData, match="expected at least two"):
        resource_use(resource(used="g"), measured(tmp_path, ("g", {}, values([1.0]))))
    with pytest.raises(NotEnoughData, match="two minutes"):
        resource_use(resource(busy="c"), measured(tmp_path, ("c", {}, values([1.0, 2.0]))))
    with pytest.raises(NotEnoughData, match="0 values"):  # a limit of 0 is no limit
        resource_use(
            resource(used="g", limit="l"),
            measured(tmp_path, ("g", {}, values([1.0] * 60)), ("l", {}, values([0.0] * 60))),
        )
