import math

import pytest

from scaling_lib.findings import ALREADY, Finding, conclude
from scaling_lib.stats import Estimate


def shown(bites):
    finding = Finding(step="02", name="disk", verdict="act", sentence="The disk fills.", bites=bites)
    return conclude("02", "?", [finding])._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize(
    ("bites", "words"),
    [
        (ALREADY, "it does already"),
        (Estimate(52.0, 50.0, 54.0, unit="days"), "in 52 days (50 to 54)"),
        (Estimate(math.inf, 30.0, math.inf, unit="days"), "in 30 days at the earliest, but not likely"),
    ],
)
def test_when_it_bites_is_told(bites, words):
    assert f"<dt>When it bites</dt><dd>{words}</dd>" in shown(bites)


@pytest.mark.parametrize(
    "bites", [None, Estimate(math.inf, math.inf, math.inf), Estimate(math.nan, math.nan, math.nan)]
)
def test_what_is_not_known_or_does_not_come_is_not(bites):
    assert "When it bites" not in shown(bites)
