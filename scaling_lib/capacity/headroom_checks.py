"""What headroom refuses: numbers that cannot be."""

from __future__ import annotations

import math
from numbers import Integral, Real

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.stats import Estimate


def check_headroom(
    *,
    capacity: Estimate,
    used: Estimate,
    domains: int,
    out_in_rollout: float,
    servers: int | None,
    full_at: float,
    growth: Estimate | None,
    lead_time_s: float,
    rise: Estimate | None,
    start_delay_s: float | None,
) -> None:
    """Raise InvalidInput, or NotMeasured where capacity or use is not known; see `headroom`."""
    for name, value in (
        ("out_in_rollout", out_in_rollout),
        ("full_at", full_at),
        ("lead_time_s", lead_time_s),
        ("start_delay_s", 0.0 if start_delay_s is None else start_delay_s),
    ):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise InvalidInput(f"headroom: found {name} {value!r}; expected a number.")
    for name, count in (("domains", domains), ("servers", 1 if servers is None else servers)):
        if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
            raise InvalidInput(f"headroom: found {name} {count!r}; expected a whole number of 1 or more.")
    for name, estimate in (("capacity", capacity), ("used", used)):
        if math.isnan(estimate.value):
            raise NotMeasured(f"headroom: the {name} is not measured; without it there is no headroom to tell.")
        if not (math.isfinite(estimate.value) and estimate.value >= 0):
            raise InvalidInput(f"headroom: found {name} {estimate.value}; expected a finite number of 0 or more.")
    if capacity.value == 0 or used.high == math.inf:
        raise InvalidInput(f"headroom: found capacity {capacity} and used {used}; expected above 0, and a limited use.")
    if used.unit != capacity.unit:
        raise InvalidInput(
            f"headroom: found a capacity in {capacity.unit or 'no unit'} and its use in {used.unit or 'no unit'}; "
            "expected the same unit."
        )
    for name, given in (("growth", growth), ("rise", rise)):
        if given is not None and (not math.isfinite(given.value) or given.high == math.inf):
            raise InvalidInput(f"headroom: found a {name} of {given}; expected a finite one, or None where not known.")
    if rise is not None and rise.value < 0:
        raise InvalidInput(f"headroom: found a rise of {rise.value} per minute; expected 0 or more.")
    if not (0 <= out_in_rollout <= 1 and 0 < full_at <= 1):
        raise InvalidInput(
            f"headroom: found out_in_rollout {out_in_rollout} and full_at {full_at}; expected shares from 0 to 1, "
            "full_at above 0. Write 80% as 0.8."
        )
    for name, seconds in (("lead_time_s", lead_time_s), ("start_delay_s", start_delay_s or 0.0)):
        if not (math.isfinite(seconds) and seconds >= 0):
            raise InvalidInput(f"headroom: found {name} {seconds}; expected seconds of 0 or more.")
