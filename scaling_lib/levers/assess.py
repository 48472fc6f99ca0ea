"""Everything that step 08 answers, from all that an assessment has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from scaling_lib.architecture.coordination import train_share
from scaling_lib.assessment import Assessment
from scaling_lib.capacity import Absent
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.errors import InvalidInput, NotEnoughData
from scaling_lib.evidence.complexity import Complexity
from scaling_lib.evidence.teams import Teams
from scaling_lib.ledger_sources import sources_used
from scaling_lib.levers.debt_items import Code, DebtItems, debt_items, growth_h, risk_h
from scaling_lib.levers.debt_score import DebtScore, debt_score
from scaling_lib.levers.handoffs import coordination
from scaling_lib.levers.history import people
from scaling_lib.levers.hotspots import hotspots
from scaling_lib.levers.owners import active_owners, addresses, owner_of, service_owners
from scaling_lib.levers.ownership import ownership
from scaling_lib.levers.queue import queue
from scaling_lib.levers.readiness import Readiness, readiness
from scaling_lib.levers.result import Levers
from scaling_lib.levers.sqale import sqale_rating
from scaling_lib.levers.truck_factor import TruckFactor, truck_factor
from scaling_lib.model.critical_path import critical_path
from scaling_lib.rollout.dora import dora
from scaling_lib.stats import Estimate
from scaling_lib.stats.arguments import is_real
from scaling_lib.stats.proportions import check_level

KINDS = ("changes", "complexity", "ownership", "teams", "debt", "incidents", "runbooks", "deployments", "spans")
DAY_S = 86_400.0


def assess(
    system: Assessment, *, level: float = 0.95, old_days: float = 180.0, active_days: float = 90.0, quarters: int = 8
) -> Levers:
    """What holds a system's change back: its code, its debt, its teams, and how ready they are for incidents.

    level: of all intervals. old_days: after which a runbook is old, and has to be tried again. active_days: within
    which an owner has to have committed. quarters: over which debt that is repaid has to pay.
    What cannot be told of one part is said in `absent`; nothing is raised for it.
    Raises InvalidInput for options that cannot be.
    """
    _check(level, old_days, active_days, quarters)
    tried = Attempts()
    found = {kind: tried(kind, getattr(system, kind)) for kind in KINDS[:-1] if kind not in ("teams", "ownership")}
    frames = {kind: getattr(each, "frame", None) for kind, each in found.items()}
    teams, owned = tried("teams", system.teams), tried("ownership", system.ownership)
    changes, complexity = frames["changes"], found["complexity"]
    if changes is not None:
        changes = people(changes, addresses(teams))
    at = _last(frames)
    owner = owner_of(owned, system.config.services, teams)
    code = _code(changes, complexity, owner, tried)
    ready = None
    if frames["incidents"] is not None and at is not None:
        ready = tried(
            "readiness",
            partial(readiness, frames["incidents"], frames["runbooks"], end=at, old_days=old_days, level=level),
        )
    together = None
    if changes is not None:
        together = tried(
            "coordination",
            partial(
                coordination, changes, owner, days=code.days, there=_there(changes, complexity),
                team_of=_team_of(teams) if teams else None, level=level,
            ),
        )  # fmt: skip
    weights = _weights(system, tried) if ready is not None and frames["debt"] is not None else {}
    days = _watched_days(frames, at)
    items, score = _debt(frames["debt"], code, ready, days, weights, quarters, tried)
    line = None
    if score is not None or system.config.work:
        by_item = dict(zip(items.frame["id"], items.frame["team"], strict=True)) if items else {}
        line = tried(
            "queue",
            partial(
                queue, score, by_item, system.config.work, hours=system.config.hours,
                hour_price=system.config.hour_price,
            ),
        )  # fmt: skip
    register, holding = frames["debt"], None
    if register is not None and at is not None and sum(system.config.hours.values()) > 0:
        holding = growth_h(register, at) / sum(system.config.hours.values())
    return Levers(
        system=system.name,
        level=level,
        at=at,
        history="" if changes is None else _history(changes),
        hotspots=None if code.hot.empty else code.hot,
        coverage=_coverage(complexity),
        rating=_rating(complexity),
        ownership=None if changes is None else _of_today(ownership(changes), complexity),
        truck_factors={} if changes is None else _truck_factors(changes),
        coordination=together,
        train_share=_train(frames, level),
        active=_active(system, changes, teams, frames["runbooks"], at, active_days),
        active_days=active_days,
        items=items,
        score=score,
        queue=line,
        holding=holding,
        weights=weights,
        hours=dict(system.config.hours),
        hour_price=system.config.hour_price,
        currency=system.config.currency,
        readiness=ready,
        actions=None if register is None else _actions(register),
        absent=dict(tried.absent),
        sources=sources_used([each for own in system.sources.values() for each in own], KINDS),
    )


def _check(level: float, old_days: float, active_days: float, quarters: int) -> None:
    check_level("assess", level)
    for name, value, most in (("old_days", old_days, 36_525), ("active_days", active_days, 36_525)):
        if not is_real(value) or not 0 < value < most:
            raise InvalidInput(f"{name}: found {value!r}; expected a number of days above 0, such as 90.")
    if not is_real(quarters) or quarters != int(quarters) or not 1 <= quarters <= 80:
        raise InvalidInput(f"quarters: found {quarters!r}; expected a whole number from 1 to 80, such as 8.")


def _last(frames: Mapping[str, pd.DataFrame | None]) -> pd.Timestamp | None:
    """The last moment that changes, incidents or deployments speak of."""
    columns = {"changes": ("time",), "incidents": ("detected", "resolved"), "deployments": ("finished",)}
    times = [
        frame[name].max()
        for kind, names in columns.items()
        if (frame := frames.get(kind)) is not None
        for name in names
    ]
    known = [time for time in times if not pd.isna(time)]
    return max(known) if known else None


def _watched_days(frames: Mapping[str, pd.DataFrame | None], at: pd.Timestamp | None) -> float:
    """How long incidents were written down: since the first of them, or of the deployments."""
    incidents, deployments = frames["incidents"], frames["deployments"]
    if incidents is None or at is None:
        return 0.0
    first = [incidents["detected"].min(), *([deployments["finished"].min()] if deployments is not None else [])]
    return float((at - min(time for time in first if not pd.isna(time))).total_seconds()) / DAY_S


def _code(
    changes: pd.DataFrame | None, complexity: Complexity | None, owner: Callable[[str], str], tried: Attempts
) -> Code:
    hot = pd.DataFrame(columns=["path"])
    if changes is not None and complexity is not None:
        hot = hotspots(changes, complexity.functions)
        if hot.empty and len(complexity.functions):
            tried.absent["hotspots"] = Absent(
                why=f"None of the {complexity.functions['path'].nunique():,} files with a complexity is in the "
                f"history, the first is {complexity.functions['path'].iloc[0]}.",
                supply="Run lizard in the repository's root, so that paths are those of git.",
                broken=True,
            )
    own = changes if changes is not None else pd.DataFrame(columns=["path", "commit", "time", "person", "bot"])
    days = (own["time"].max() - own["time"].min()).total_seconds() / DAY_S if len(own) else 0.0
    return Code(changes=own, days=days, complexity=complexity, hot=hot, owner=owner)


def _there(changes: pd.DataFrame, complexity: Complexity | None) -> set[str] | None:
    """Files of today as far as the complexity tells them; other kinds of files are taken to be there."""
    if complexity is None or complexity.functions.empty:
        return None
    known = set(complexity.functions["path"])
    endings = {path.rpartition(".")[2] for path in known}
    return {path for path in changes["path"].unique() if path in known or path.rpartition(".")[2] not in endings}


def _of_today(owned: pd.DataFrame, complexity: Complexity | None) -> pd.DataFrame:
    there = _there(owned, complexity)
    return owned if there is None else owned[owned["path"].isin(there)].reset_index(drop=True)


def _team_of(teams: Teams) -> Callable[[str], str]:
    by_name = {name.lower(): team.name for team in teams.teams for name in team.members}
    return lambda person: by_name.get(person.lower(), "")


def _weights(system: Assessment, tried: Attempts) -> dict[str, float]:
    """By service its share of what requests wait for in the system's own services; nothing without traces."""
    path = tried("spans", lambda: critical_path(system.spans().frame).exclusive(by="service"))
    if path is None:
        return {}
    shares = {each.name: float(path.get(each.name, 0.0)) for each in system.config.services}
    whole = sum(shares.values())
    return {name: share / whole for name, share in shares.items()} if whole > 0 else {}


def _debt(
    register: pd.DataFrame | None, code: Code, ready: Readiness | None, days: float, weights: Mapping[str, float],
    quarters: int, tried: Attempts,
) -> tuple[DebtItems | None, DebtScore | None]:  # fmt: skip
    if register is None and code.hot.empty:
        return None, None
    items = debt_items(register, code)
    if items.frame.empty:
        return items, None
    risk = {}
    if ready is not None and ready.recovery is not None and len(code.changes):
        hours = ready.recovery.median_s.value / 3600
        risk = risk_h(items.frame, code, ready.real, days, hours, weights)
    return items, tried("debt", partial(debt_score, items.frame, risk_h=risk, quarters=quarters))


def _actions(register: pd.DataFrame) -> tuple[int, int] | None:
    own = register[register["kind"].str.lower() == "action"]
    return (int((~own["open"]).sum()), len(own)) if len(own) else None


def _truck_factors(changes: pd.DataFrame) -> dict[str, TruckFactor]:
    """With and without merged identities, and with and without bots."""
    as_written = changes.assign(person=changes["email"].where(changes["email"] != "", changes["author"]))
    return {
        "people merged, bots left out": truck_factor(changes),
        "people merged, bots counted": truck_factor(changes.assign(bot=False)),
        "addresses as written, bots left out": truck_factor(as_written),
        "addresses as written, bots counted": truck_factor(as_written.assign(bot=False)),
    }


def _train(frames: Mapping[str, pd.DataFrame | None], level: float) -> Estimate | None:
    deployments, changes = frames["deployments"], frames["changes"]
    if deployments is None or changes is None:
        return None
    try:
        return train_share(dora(deployments, frames["incidents"], changes, level=level), deployments, level)
    except NotEnoughData:
        return None


def _active(
    system: Assessment, changes: pd.DataFrame | None, teams: Teams | None, runbooks: pd.DataFrame | None,
    at: pd.Timestamp | None, days: float,
) -> pd.DataFrame | None:  # fmt: skip
    if changes is None or teams is None or at is None:
        return None
    by_service = service_owners(system.config.services, teams)
    names = [each.name for each in system.config.services]
    owners = {f"service {name}": by_service.get(name, "") for name in [*names, *(set(by_service) - set(names))]}
    books = {} if runbooks is None else dict(zip("runbook " + runbooks["name"], runbooks["owner"], strict=True))
    return active_owners(changes, {**owners, **books}, teams, at=at, days=days)


def _coverage(complexity: Complexity | None) -> dict[str, float]:
    if complexity is None:
        return {}
    own = complexity.coverage
    return dict(zip(own["path"], own["covered"] / own["lines"], strict=True))


def _rating(complexity: Complexity | None) -> str:
    """SQALE's, of SonarQube's own sum of efforts, else of the issues; "" where neither is known."""
    if complexity is None:
        return ""
    lines = complexity.measures.get("ncloc") or float(complexity.functions["lines"].sum())
    minutes = complexity.measures.get("sqale_index", math.nan)
    if math.isnan(minutes) and len(complexity.issues):
        minutes = float(complexity.issues["effort_min"].sum())
    return "" if math.isnan(minutes) or not lines > 0 else sqale_rating(minutes, lines)


def _history(changes: pd.DataFrame) -> str:
    first, last = changes["time"].min(), changes["time"].max()
    return f"{changes['commit'].nunique():,} commits, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
