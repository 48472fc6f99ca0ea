"""What relieving the bottleneck brings: where throughput ends then, what limits next, and whether it is enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scaling_lib.capacity.calibrated import Calibrated
from scaling_lib.capacity.fills import Fill
from scaling_lib.capacity.headroom import State, compared
from scaling_lib.capacity.mix import multiplied
from scaling_lib.model.beyond import LAWS, VALUED, saturation, saturation_draws
from scaling_lib.model.gathered import LIMIT
from scaling_lib.model.migration import Step, migration
from scaling_lib.model.system import System
from scaling_lib.stats import Estimate

Enough = Literal["yes", "perhaps", "no", ""]
ANSWERS: Mapping[State, Enough] = {"enough": "yes", "uncertain": "perhaps", "too little": "no"}


@dataclass(frozen=True, kw_only=True)
class Relief:
    """One relief, and all before it.

    step: so many times less work for the resource, see `model.migration`.
    times: how many times today's busiest minute may come after it, "x"; None where today's is not known, or an SLO is
        not kept at any load. enough: whether that is what is asked for, "" where it is not known.
    """

    step: Step
    times: Estimate | None
    enough: Enough


def reliefs(
    system: System,
    times: Estimate | None,
    asked: float,
    *,
    ends: float | None = None,
    steps: int = 3,
    factor: float = 2.0,
) -> tuple[Relief, ...]:
    """Relieve what limits, then what limits next, and so on.

    system: as `with_fills` gives it. times: what may come today, "x" of the busiest minute, by SLOs and throughput and
        after deductions; asked: the same that is asked for. ends: requests/s where throughput ends today as it was
        measured; None for what the system says. steps, factor: see `model.migration`.
    What may come is in proportion to the end of throughput: an SLO is then broken at the same share of it as now, and
    the same share is deducted. Half the work also makes each request faster, so that is careful. What ended the
    throughput of a load test and was not measured cannot be relieved: the path ends there.
    """
    found: list[Relief] = []
    share = saturation(system).value / ends if ends else 1.0
    fixed = {LIMIT: 1.0} if LIMIT in system.resources else {}
    for step in migration(system, steps=steps, factor=factor, relief=fixed):
        then = None if times is None else _then(times, system, step, share)
        found.append(
            Relief(
                step=step,
                times=then,
                enough=ANSWERS[compared(then, asked)] if then is not None else "",
            )
        )
    return tuple(found)


def _then(times: Estimate, system: System, step: Step, share: float) -> Estimate:
    """So many times what came before, with the ends of all laws along which a limit may run on, see `model.beyond`."""
    found = []
    for now, after in zip(saturation_draws(system), saturation_draws(step.system), strict=True):
        gain = np.divide(after, now, out=np.ones(len(now)), where=np.isfinite(now)) * share
        found.append(multiplied(times, float(gain[0]), gain[1:], "x"))
    value = found[LAWS.index(VALUED)]
    low, high = min(each.low for each in found), max(each.high for each in found)
    known = not (math.isnan(value.low) or math.isnan(value.high))
    return replace(value, low=low, high=high) if known else value


def with_fills(model: Calibrated | None, filled: Sequence[Fill]) -> System | None:
    """The system for its limits alone, with what fills by gauges as resources of one server, the whole of their limit.

    None where neither is known. A request holds a connection while it waits for a processor: its response would count
    both, so only limits may be asked of it.
    """
    base = model.system(1.0) if model else None
    filled = [each for each in filled if base is None or each.resource not in base.resources]
    if base is None and not filled:
        return None
    journeys = base.journeys if base else ("all",)
    demands = {each.resource: dict.fromkeys(journeys, each.each) for each in filled}
    idle = {each.resource: each.idle for each in filled}
    draws = {each.resource: np.column_stack([each.draws[:, 0], *[each.draws[:, 1]] * len(journeys)]) for each in filled}
    if base is None:
        return System(demands, {}, {"all": 1.0}, background=idle, draws=draws)
    return replace(
        base,
        demands={**base.demands, **demands},
        servers={**base.servers, **dict.fromkeys(demands, 1)},
        background={**base.background, **idle},
        draws={**base.draws, **draws},
    )
