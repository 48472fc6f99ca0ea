"""The behaviour of the Kubernetes HPA: stabilisation windows, and policies of how many replicas may change how fast."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

from scaling_lib.errors import InvalidInput

SECOND = 1_000_000_000  # nanoseconds


def is_whole(value: object) -> bool:
    """Whether a value is a whole number; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True)
class ScalingPolicy:
    """How many replicas may change within a period.

    kind: "Pods" (value replicas) or "Percent" (value percent of the replicas at the period's start).
    period_s: whole seconds, 1 to 1800.
    """

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: int

    def __post_init__(self) -> None:
        """Refuse what Kubernetes refuses."""
        whole = is_whole(self.value) and is_whole(self.period_s)
        if self.kind not in ("Pods", "Percent") or not whole or self.value < 1 or not 1 <= self.period_s <= 1800:
            raise InvalidInput(
                f"Scaling policy: found {self.kind!r} with value {self.value!r} in {self.period_s!r} s; expected Pods "
                "or Percent, a value of 1 or more and a period of 1 to 1800 s, whole numbers."
            )


@dataclass(frozen=True, kw_only=True)
class ScalingRules:
    """The rules of one direction, with the names of `behavior.scaleUp` and `behavior.scaleDown`.

    policies: at least one; select: "Max" takes the policy that allows the most change, "Min" the least, "Disabled"
        allows none. stabilization_s: 0 to 3600 s; a change has to be wanted for so long, by the smallest of it.
    """

    policies: tuple[ScalingPolicy, ...]
    select: Literal["Max", "Min", "Disabled"] = "Max"
    stabilization_s: int = 0

    def __post_init__(self) -> None:
        """Refuse what Kubernetes refuses."""
        policies = isinstance(self.policies, (tuple, list)) and [
            each for each in self.policies if isinstance(each, ScalingPolicy)
        ]
        if self.select not in ("Max", "Min", "Disabled") or not policies or len(policies) < len(self.policies):
            raise InvalidInput(
                f"Scaling rules: found select {self.select!r} and the policies {self.policies!r}; expected Max, Min or "
                "Disabled, and at least one policy."
            )
        if not (is_whole(self.stabilization_s) and 0 <= self.stabilization_s <= 3600):
            raise InvalidInput(
                f"Scaling rules: found a stabilisation of {self.stabilization_s!r} s; expected 0 to 3600, in whole "
                "seconds."
            )


DEFAULT_SCALE_UP = ScalingRules(
    policies=(
        ScalingPolicy(kind="Percent", value=100, period_s=15),
        ScalingPolicy(kind="Pods", value=4, period_s=15),
    )
)
DEFAULT_SCALE_DOWN = ScalingRules(
    policies=(ScalingPolicy(kind="Percent", value=100, period_s=15),), stabilization_s=300
)


class Behavior:
    """What the HPA remembers between two syncs: its recommendations and its changes.

    Source: kubernetes.io, "Configurable scaling behavior"; the windows leave out what is exactly as old as they are
    long, as the controller does.
    """

    def __init__(
        self, up: ScalingRules, down: ScalingRules, *, replicas: int, min_replicas: int, max_replicas: int
    ) -> None:
        """Start at time 0 with what is there: the first stabilisation window remembers it as a recommendation."""
        self._up, self._down = up, down
        self._min, self._max = min_replicas, max_replicas
        self._up_window, self._down_window = up.stabilization_s * SECOND, down.stabilization_s * SECOND
        self._lowest: deque[tuple[int, int]] = deque([(0, replicas)])  # falling from the right: the first is the least
        self._highest: deque[tuple[int, int]] = deque([(0, replicas)])
        self._changes: deque[tuple[int, int]] = deque()
        self._longest = SECOND * max(policy.period_s for policy in (*up.policies, *down.policies))

    def next_replicas(self, now_ns: int, replicas: int, recommended: int) -> int:
        """The replicas to ask for from now on; times are nanoseconds and never go back."""
        least = most = recommended
        if self._down_window:
            highest, cutoff = self._highest, now_ns - self._down_window
            while highest and highest[-1][1] <= recommended:
                highest.pop()
            highest.append((now_ns, recommended))
            while highest[0][0] <= cutoff:
                highest.popleft()
            most = highest[0][1]
        if self._up_window:
            lowest, cutoff = self._lowest, now_ns - self._up_window
            while lowest and lowest[-1][1] >= recommended:
                lowest.pop()
            lowest.append((now_ns, recommended))
            while lowest[0][0] <= cutoff:
                lowest.popleft()
            least = lowest[0][1]
        if least <= replicas <= most:
            return replicas
        if replicas < least:
            allowed = max(replicas, min(least, self._limit(now_ns, replicas, self._up, +1), self._max))
        else:
            allowed = min(replicas, max(most, self._limit(now_ns, replicas, self._down, -1), self._min))
        if allowed != replicas:
            self._changes.append((now_ns, allowed - replicas))
        return allowed

    def _limit(self, now_ns: int, replicas: int, rules: ScalingRules, direction: int) -> int:
        """As far as the policies let the replicas go, counted from what they were at each policy's period's start."""
        if rules.select == "Disabled":
            return replicas
        while self._changes and self._changes[0][0] <= now_ns - self._longest:
            self._changes.popleft()
        proposed = []
        for policy in rules.policies:
            since = now_ns - policy.period_s * SECOND
            start = replicas - sum(change for time, change in self._changes if time > since)
            if policy.kind == "Pods":
                proposed.append(start + direction * policy.value)
            else:  # rounded up going up, so that 1 replica can grow at all; cut going down
                percent = start * (100 + direction * policy.value)
                proposed.append(-(-percent // 100) if direction > 0 else math.trunc(percent / 100))
        farthest = (rules.select == "Max") == (direction > 0)
        return max(proposed) if farthest else min(proposed)
