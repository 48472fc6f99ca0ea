"""Everything that step 05 answers, from all that an assessment has."""

from __future__ import annotations

from functools import partial

import pandas as pd

from scaling_lib import slo
from scaling_lib.assessment import Assessment
from scaling_lib.capacity import Absent
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.flags import Flags
from scaling_lib.rollout.bands import banded
from scaling_lib.rollout.canary import judged_canary, source_of
from scaling_lib.rollout.dora import Dora, dora
from scaling_lib.rollout.flag_hygiene import LIFETIMES_D, FlagHygiene, flag_hygiene
from scaling_lib.rollout.plans import priced_plans
from scaling_lib.rollout.result import Rollout
from scaling_lib.slo import Assessed
from scaling_lib.stats.arguments import is_real
from scaling_lib.stats.proportions import check_level

KINDS = ("deployments", "incidents", "changes", "flags")
NO_CANARY = Absent(
    why="No canary is described: a version that ran beside another, with the evidence of both (canaries in "
    "assessment.yaml).",
    supply="Name a canary that you ran, with a log or metrics in which the version stands: it is judged.",
)


def assess(system: Assessment, *, level: float = 0.95, flag_days: float = 40.0) -> Rollout:
    """How safely a system is changed: its canaries, plans of rings, flags and delivery.

    level: of all intervals. flag_days: the lifetime of a flag for a release or an experiment, in days.
    What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for a level, or a lifetime, that cannot be.
    """
    check_level("assess", level)
    if not is_real(flag_days) or not 0 < flag_days < 36_525:
        raise InvalidInput(f"flag_days: found {flag_days!r}; expected a number of days above 0, such as 40.")
    tried = Attempts()
    rows = {kind: tried(kind, getattr(system, kind)) for kind in KINDS[:3]}
    frames = {kind: None if each is None else each.frame for kind, each in rows.items()}
    delivery: Dora | None = None
    if (deployments := frames["deployments"]) is not None:
        delivery = tried("delivery", partial(dora, deployments, frames["incidents"], frames["changes"], level=level))
    promises = tried("SLOs", partial(slo.assess, system, level=level))
    canaries = tuple(judged_canary(system, each, level=level) for each in system.config.canaries)
    plans = None
    if promises is not None:
        plans = tried(
            "plans",
            partial(priced_plans, promises, delivery, frames["deployments"], frames["incidents"], canaries),
        )
    flags = tried("flags", system.flags)
    at = _last(promises, delivery, flags)
    lifetimes = {**LIFETIMES_D, "release": float(flag_days), "experiment": float(flag_days)}
    hygiene: FlagHygiene | None = None
    if flags is not None and at is not None:
        hygiene = tried("flags", partial(flag_hygiene, flags.frame, flags.references, at=at, lifetimes_d=lifetimes))
    absent = dict(tried.absent)
    if not canaries:
        absent["canaries"] = NO_CANARY
    return Rollout(
        system=system.name,
        level=level,
        canaries=canaries,
        plans=plans,
        delivery=delivery,
        keys=banded(delivery) if delivery is not None else (),
        flags=hygiene,
        at=at,
        absent=absent,
        sources={
            kind: found
            for kind in KINDS
            if (found := tuple(source_of(each) for each in system.sources.get(kind, ()) if each.rows))
        },
    )


def _last(promises: Assessed | None, delivery: Dora | None, flags: Flags | None) -> pd.Timestamp | None:
    """The last moment that any evidence speaks of: flags are as old as they are then."""
    times = [each.end for each in promises.results] if promises is not None else []
    times += [delivery.end] if delivery is not None else []
    if flags is not None:
        times += [flags.frame[name].max() for name in ("created", "last_seen", "tested")]
    known = [time for time in times if not pd.isna(time)]
    return max(known) if known else None
