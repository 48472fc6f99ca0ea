"""A change that was made, decided again from what was measured before it alone."""

from __future__ import annotations

import math

from scaling_lib.architecture.basis import basis
from scaling_lib.architecture.evaluate import evaluate
from scaling_lib.architecture.options import all_options
from scaling_lib.architecture.result import Decided
from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.changes import Changed
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.errors import NotMeasured
from scaling_lib.stats import Estimate

TWICE = 2.0  # the load that is asked for where nothing else limits


def decided(system: Assessment, changed: Changed, *, wanted: float) -> Decided:
    """The options of the time before a change, for the load at which the next resource is full.

    Raises NotMeasured where there is no model of the time before.
    """
    if changed.before.model is None:
        absent = changed.before.absent.get("model")
        raise NotMeasured(
            f"{changed.change.name}: there is no model of the time before it. {absent.why if absent else ''}".strip(),
            supply=f"Supply a load test with metrics from before {changed.change.name}.",
        )
    model = changed.before.model.system(1.0)
    limits = model.limits()
    first = model.bottleneck()
    others = [each.low for name, each in limits.items() if name != first and math.isfinite(each.low)]
    load = min(others) if others else TWICE * limits[first].value
    needed = Estimate(load, load, load, unit="requests/s")
    own = basis(system, model, changed.before, needed=needed)
    change = changed.change
    alone = system.config.model_copy(update={"options": []})  # those are of today
    then = Assessment(system.folder, alone, system.named)
    patterns = all_options(then, own, [change], Attempts())
    if change.name not in [each.name for each in patterns]:
        raise NotMeasured(f"{change.name}: what it eases was not measured before it was made.")
    return Decided(
        changed=changed, evaluation=evaluate(model, patterns, needed=needed, wanted=wanted), option=change.name
    )
