import pytest
from simulated_series import coverage

# The long form is tests/benchmarks/bench_forecast.py. Of 24 to 100 series a truth, 95% (80%) intervals held, 1, 7, 28 and
# 84 days ahead: without growth .94 .95 .95 .96 (.81 .80 .80 .82), linear growth .94 .95 .95 .95 (.81 .80 .80 .80),
# exponential growth .94 .95 .94 .96 (.81 .80 .80 .81), noise AR(1) of .5 an hour .93 .94 .96 .96 (.79 .80 .84 .83), of .9
# .95 .97 .99 1.0 (.79 .85 .87 .96), of .99 .95 1.0 1.0 1.0 (.84 .91 1.0 1.0: memory of days looks like a walk), a walk of
# 1% a day .94 .97 .96 .97 (.78 .81 .83 .80), of 3% .96 .98 .99 1.0 (.82 .88 .87 .86), a shift by 40% .95 .96 .96 .95 (.78
# .81 .82 .79), heavy tails .96 .96 .96 .92 (.81 .80 .80 .75), counts .96 .95 .96 .97 (.78 .81 .81 .81). Times to
# exhaustion: .92 to 1.0 (.75 to 1.0), but with heavy tails .63 (.38): single values far out count as passing there.

# a truth, and how often the values 1, 7, 28 and 84 days ahead lie in their 80% interval at least
SMALL = {
    "growth, remembered noise": ({"growth": 0.02, "memory": 0.5}, 0.70),
    "a walk": ({"walk": 0.02}, 0.62),
    "a shift and spikes": ({"shift": 0.4, "spikes": 0.01}, 0.70),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_intervals_hold_what_they_promise(random, name):
    truth, least = SMALL[name]
    found = coverage(random, 12, 0.8, **truth)
    assert min(found[f"{ahead} d"] for ahead in (1, 7, 28, 84)) >= least, found
    assert found["exhaustion"] >= least, found
