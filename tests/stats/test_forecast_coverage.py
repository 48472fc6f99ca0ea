import pytest
from simulated_series import coverage

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
