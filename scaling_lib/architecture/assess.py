"""Everything that step 06 answers, from all that an assessment has."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from scaling_lib import capacity, observability, rollout
from scaling_lib.architecture.basis import Basis, basis_now
from scaling_lib.architecture.coordination import readiness, train_share
from scaling_lib.architecture.cuts import Cut, cuts
from scaling_lib.architecture.decided import decided
from scaling_lib.architecture.evaluate import WANTED, Evaluation, evaluate
from scaling_lib.architecture.growth import Growth, code_growth
from scaling_lib.architecture.options import all_options
from scaling_lib.architecture.pairs import best_pair
from scaling_lib.architecture.pattern import UNDO_DAYS
from scaling_lib.architecture.result import Architecture
from scaling_lib.architecture.used import used_sources
from scaling_lib.assessment import Assessment
from scaling_lib.bottlenecks.changes import changed
from scaling_lib.bottlenecks.measured import measured
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.stats.proportions import check_level

DEPTHS = (2, 1, 3)  # of the folders that count as parts: the first of these with enough of them


def assess(
    system: Assessment,
    *,
    demand_factor: float = 0.0,
    load_test: str = "",
    level: float = 0.95,
    wanted: float = WANTED,
    worth_a_month: float = 0.0,
    measuring_costs: float = 0.0,
) -> Architecture:
    """Whether a measured constraint justifies a new architecture.

    demand_factor, load_test, level: see `capacity.assess`. wanted: the probability that is enough. worth_a_month: of
        carrying the load; measuring_costs: of the next measurement; 0: not given.
    What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for a level, a probability, a factor, a price or a load test that cannot be.
    """
    _check(level, wanted, worth_a_month, measuring_costs)
    now = capacity.assess(system, demand_factor=demand_factor, load_test=load_test, level=level)
    seen = measured(system, load_test=load_test, level=level)
    tried = Attempts()
    basis = tried("evaluation", lambda: basis_now(system, now, seen))
    evaluation = None
    if basis is not None:
        evaluation = tried(
            "evaluation",
            lambda: _evaluated(
                system, basis, tried, wanted=wanted, worth=worth_a_month or None, costs=measuring_costs or None
            ),
        )
    changes = tried("changes", lambda: system.changes().frame)
    deployments = tried("deployments", lambda: system.deployments().frame)
    found: tuple[Cut, ...] = ()
    if basis is not None:
        train = None
        if deployments is not None:
            delivery = tried("delivery", lambda: rollout.dora(deployments, None, changes, level=level))
            if delivery is not None:
                train = tried("deploy train", lambda: train_share(delivery, deployments, level))
        found = cuts(
            basis, changes=changes, train=train, ready=readiness(system, seen.spans, deployments),
            cheaper_is_enough=_cheaper(evaluation), level=level, tried=tried,
        )  # fmt: skip
    graph = tried("service graph", lambda: observability.service_graph(system.spans().frame))
    made = [
        tried(
            f"change {each.name}",
            partial(lambda change: decided(system, changed(system, change, level=level), wanted=wanted), each),
        )
        for each in system.config.changes
    ]
    return Architecture(
        system=system.name,
        asked={
            "demand_factor": demand_factor,
            "load_test": load_test,
            "level": level,
            "wanted": wanted,
            "worth_a_month": worth_a_month,
            "measuring_costs": measuring_costs,
        },
        level=level,
        wanted=wanted,
        factor=now.factor,
        currency=system.config.currency,
        capacity=now,
        evaluation=evaluation,
        within_slo=basis.within_slo if basis else None,
        within_said=basis.within_said if basis else "",
        cuts=found,
        complexity=observability.complexity(graph) if graph is not None else None,
        growth=tried("growth", lambda: _growth(changes)) if changes is not None else None,
        decided=tuple(each for each in made if each is not None),
        absent=tried.absent,
        sources=used_sources(system, seen.sources),
    )


def _check(level: float, wanted: float, worth: float, costs: float) -> None:
    check_level("assess", level)
    if not 0 < wanted < 1:
        raise InvalidInput(f"wanted: found {wanted}; expected a probability between 0 and 1, such as 0.95.")
    for name, value in (("worth_a_month", worth), ("measuring_costs", costs)):
        if not (math.isfinite(value) and value >= 0):
            raise InvalidInput(f"{name}: found {value}; expected an amount of 0 or more, 0 where it is not known.")


def _evaluated(
    system: Assessment, basis: Basis, tried: Attempts, *, wanted: float, worth: float | None, costs: float | None
) -> Evaluation:
    patterns = all_options(system, basis, system.config.fixes, tried)
    ask = partial(
        evaluate, basis.system, needed=basis.needed, within_slo=basis.within_slo, wanted=wanted, worth_a_month=worth,
        measuring_costs=costs,
    )  # fmt: skip
    found = ask(patterns)
    if found.chosen is None and (pair := best_pair(basis, patterns, wanted=wanted)):
        found = ask([*patterns, pair])
    return found


def _cheaper(evaluation: Evaluation | None) -> bool | None:
    """Whether something that is undone sooner than a split carries the load."""
    if evaluation is None:
        return None
    return evaluation.chosen is not None and UNDO_DAYS[evaluation.chosen.pattern.undo] < UNDO_DAYS["months"]


def _growth(changes: pd.DataFrame) -> Growth:
    """At the first depth of folders that has enough of them; else what is said of the first."""
    reasons = []
    for depth in DEPTHS:
        try:
            return code_growth(changes, depth=depth)
        except NotEnoughData as error:
            reasons.append(error)
    raise reasons[0]
