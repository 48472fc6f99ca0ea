"""Work divided between services as their processes' counters have it."""

import pandas as pd
import pytest

import scaling_lib
from scaling_lib.bottlenecks.processes import by_process, processor_seconds
from scaling_lib.resources import example_folder

WORK = pd.DataFrame(
    {
        "service": ["front", "front", "back", "db"],
        "operation": ["GET /", "GET /a", "GET /", "read"],
        "journey": "look",
        "work_s": [1.0, 2.0, 3.0, 5.0],
    }
)


def test_a_resource_is_divided_as_the_processors_seconds_are():
    """6 s of work at two services, of which the processors say 80% and 20%: 4.8 (1.6 and 3.2) and 1.2."""
    found, divided = by_process(WORK, {"front": 40.0, "back": 10.0}, {"host": ("front", "back"), "disk": ("db",)})
    assert found["work_s"].tolist() == pytest.approx([1.6, 3.2, 1.2, 5.0]) and divided == ("host",)


@pytest.mark.parametrize("seconds", [{"front": 40.0}, {"front": 40.0, "back": 0.0}, {}])
def test_what_was_not_measured_of_all_stays(seconds):
    found, divided = by_process(WORK, seconds, {"host": ("front", "back")})
    assert found["work_s"].tolist() == WORK["work_s"].tolist() and divided == ()


def test_the_shops_gateway_takes_half_of_the_services_processor():
    """Of its load test: 143.9 s of 281.9; spans had given it a third. The generator beside them is no service."""
    found = processor_seconds(scaling_lib.open(example_folder()).load_metrics(), ["gateway", "checkout", "catalogue"])
    assert sorted(found) == ["catalogue", "checkout", "gateway"]
    assert found["gateway"] / sum(found.values()) == pytest.approx(0.51, abs=0.03)
