"""What an assessment's load test showed: the curve of the test that was chosen, with what was recorded beside it."""

from __future__ import annotations

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.capacity.limits import check_name, chosen_test
from scaling_lib.capacity.load_curve import LoadCurve, load_curve
from scaling_lib.evidence.load_tests import LoadTests
from scaling_lib.evidence.metrics import Metrics


def tested(
    system: Assessment, name: str, *, level: float, tried: Attempts
) -> tuple[LoadTests | None, LoadCurve | None]:
    """All load tests, and the curve of the one of this name, "" for that of most levels; None where it cannot be told.

    tried: where the reasons are kept. level: of all intervals. Raises InvalidInput for a name that no test has.
    """
    tests = tried("load tests", system.load_tests)
    check_name(tests, name)
    if tests is None:
        return None, None
    return tests, tried("load curve", lambda: _curve(system, tests, name, level, tried))


def load_metrics(system: Assessment, tried: Attempts) -> Metrics | None:
    """What was recorded beside the load tests; None where nothing was."""
    beside = any(entry.metrics for entry in system.config.evidence.load_tests)
    return tried("load metrics", system.load_metrics) if beside else None


def _curve(system: Assessment, tests: LoadTests, name: str, level: float, tried: Attempts) -> LoadCurve:
    chosen = chosen_test(tests, name)
    metrics = load_metrics(system, tried)
    return load_curve(tests, chosen, metrics=metrics, resources=system.resources, level=level)
