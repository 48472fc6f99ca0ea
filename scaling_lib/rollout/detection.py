"""How long a defect goes unseen while a share of the requests reaches it."""

from __future__ import annotations

import math
from collections.abc import Callable

from scaling_lib.errors import InvalidInput
from scaling_lib.rollout.e_values import e_value_above
from scaling_lib.slo import AlertPolicy, detection_time
from scaling_lib.words import number

Detection = Callable[[float, float], float]
"""Seconds until a defect is seen, infinite where it never is, by (share of the requests, share of those that fail)."""

LONGEST_S = 90 * 86_400.0  # a defect not seen by then is not seen


def by_alerts(policy: AlertPolicy, target: float, *, background: float = 0.0) -> Detection:
    """The SLO's burn-rate alerts, which see all requests together; background: the share that fails anyway."""

    def seen_after(share: float, failing: float) -> float:
        rate = min(share * failing + background, 1.0)
        return min(detection_time(tier, target, rate) for tier in policy)

    return seen_after


def by_version(requests_per_s: float, *, background: float = 0.0, level: float = 0.95) -> Detection:
    """A comparison of versions that is watched all the time (`judge_counts`), at the failures that are to be expected.

    requests_per_s: of all versions, above 0; background: the share of requests that fails on the old version.
    Once all requests go to the new version nothing is beside it, and nothing is seen.
    """
    if not (0 < requests_per_s < math.inf and 0 <= background < 1 and 0 < level < 1):
        raise InvalidInput(
            f"by_version: found {requests_per_s} requests/s, {background} failing anyway and a level of {level}; "
            "expected a rate above 0 and shares below 1."
        )

    def seen_after(share: float, failing: float) -> float:
        if share >= 1:
            return math.inf  # there is no old version beside it

        def evidence(seconds: float) -> float:
            requests = requests_per_s * seconds
            worse, usual = requests * share * max(failing, background), requests * (1 - share) * background
            return e_value_above(worse, usual, share)

        low, high = 0.0, 1.0
        while evidence(high) < 1 / (1 - level):
            low, high = high, high * 2
            if high > LONGEST_S:
                return math.inf
        while high - low > 0.01 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if evidence(middle) >= 1 / (1 - level) else (middle, high)
        return high

    return seen_after


def check_share(where: str, name: str, share: float) -> None:
    """Raise InvalidInput unless it is a share above 0 and at most 1."""
    if not (isinstance(share, (int, float)) and 0 < share <= 1):
        said = number(share) if isinstance(share, (int, float)) else repr(share)
        raise InvalidInput(f"{where}: found a {name} of {said}; expected a share above 0 and at most 1, such as 0.1.")
