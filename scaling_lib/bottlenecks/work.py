"""How much of a resource's work each operation is, and the system once a fix has eased it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scaling_lib.config_evidence import Fix
from scaling_lib.errors import NotMeasured
from scaling_lib.model.self_time import self_times
from scaling_lib.model.system import System
from scaling_lib.words import listing

UNHURRIED = 0.25  # of an operation's spans, the fastest: these hardly waited
GONE = 1e9  # by so much the work is divided where all of it is gone


def work_by_operation(spans: pd.DataFrame, journeys: Mapping[str, str]) -> pd.DataFrame:
    """Seconds of work that journeys wait for, by service, operation and journey, over all traces of `spans`.

    spans: the canonical frame, see `evidence.spans`. journeys: the journey's name by its root operation.
    Columns: service (who does it, a peer without spans too), operation, journey, spans (weighted), work_s.

    Self time holds waiting, the more the busier the system was, and short work waits as long as long work does: the
    work of one span of an operation is taken to be the mean self time of the fastest quarter of its spans. Where an
    operation's work is itself uneven, that is too little.
    """
    times = self_times(spans).assign(operation=spans["operation"].astype("str").to_numpy())
    times = times.assign(journey=times["root_operation"].map(dict(journeys)))
    own = times[(times["callee"] == "") & times["journey"].notna() & ~times["asynchronous"]]
    ranked = own.groupby(["resource", "operation"])["self_s"].rank(pct=True, method="first")
    fast = own[ranked <= np.maximum(UNHURRIED, ranked.groupby([own["resource"], own["operation"]]).transform("min"))]
    each = fast.groupby(["resource", "operation"])["self_s"].mean().rename("each_s")
    counts = own.groupby(["resource", "operation", "journey"])["weight"].sum().rename("spans").reset_index()
    found = counts.join(each, on=["resource", "operation"])
    found["work_s"] = found["spans"] * found["each_s"]
    return found.drop(columns="each_s").rename(columns={"resource": "service"})


def eased(system: System, fix: Fix, work: pd.DataFrame, runs_on: Mapping[str, Sequence[str]]) -> System:
    """The system when the fix has been made.

    work: see `work_by_operation`; runs_on: by resource the services that work on it, a resource of the same name as a
    service is that service's.
    A fix of a resource adds to it (whole servers), or where that gives no whole number leaves less work for it. A fix
    of operations or services takes of each journey's demand at a resource the share that they are of its work there;
    for a journey without spans the mean of the others stands, as in the model.
    Raises NotMeasured where no work of what is eased was seen, or the system has no such resource.
    """
    factor = fix.factor or GONE
    if fix.resource:
        if fix.resource not in system.resources:
            raise NotMeasured(f"{fix.resource}: its demand is not measured, so what more of it gains is not known.")
        servers = system.servers[fix.resource] * factor
        if math.isfinite(servers) and servers.is_integer() and fix.factor is not None:
            return system.scale(fix.resource, servers)
        return system.relieve(fix.resource, factor)
    column, wanted = ("operation", fix.operations) if fix.operations else ("service", fix.services)
    if missing := [name for name in wanted if name not in set(work[column])]:
        raise NotMeasured(
            f"no span is of the {column} {missing[0]!r}; they are {listing(sorted(set(work[column])), 12)}.",
            supply=f"Name the {column}s of the fix {fix.name!r} as the spans name them.",
        )
    touched, seen = work[column].isin(wanted), set(work["journey"])
    for resource in system.resources:
        here = work["service"].isin(list(runs_on.get(resource, [resource])))
        for journey in system.journeys:
            own = here & (work["journey"] == journey) if journey in seen else here
            total = float(work.loc[own, "work_s"].sum())
            part = float(work.loc[own & touched, "work_s"].sum()) / total if total > 0 else 0.0
            left = 1 - part * (1 - 1 / factor)
            if left < 1:
                system = system.relieve(resource, 1 / max(left, 1 / GONE), journey=journey)
    return system
