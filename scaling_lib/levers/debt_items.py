"""Open items of debt with their hours: as the register says, else by SonarQube's efforts, else by the complexity."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scaling_lib.evidence.complexity import Complexity
from scaling_lib.evidence.debt.read import INTEREST, PRINCIPAL
from scaling_lib.levers.debt_score import Points
from scaling_lib.levers.touched import complexity_principal, history_interest, hours_by_path, matching

HOTTEST = 3  # files that nobody registered
EFFORT_SPREAD = 2.0  # of SonarQube's efforts between the median and 10% or 90%, assumed
DEFECTS = (1.65, 2.07)  # times more of them in code of the middle and the worst band (Code Red)
RESPONDERS = (1.0, 2.0, 4.0)  # people in an incident, assumed


@dataclass(frozen=True, kw_only=True, eq=False)
class DebtItems:
    """Open items of debt.

    frame: a row an item with hours: id, title, paths, files (of them that there are), team, service, opened, principal,
        interest (three points each), by_history (of interest, None where it is not known), rests_on, assumed.
    unscored: titles of items without hours. gone: ids of items whose files are not there any more,
    which nobody has to repay.
    """

    frame: pd.DataFrame
    unscored: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Code:
    """What is known of the code that items are of.

    changes: with person and bot, empty where there is none; days: of its history; complexity: None where not known;
    hot: see `hotspots`; owner: the team of a path.
    """

    changes: pd.DataFrame
    days: float
    complexity: Complexity | None
    hot: pd.DataFrame
    owner: Callable[[str], str]


def debt_items(register: pd.DataFrame | None, code: Code) -> DebtItems:
    """Give every open item its hours; hot files of which no item is, and which are over the limit, are items too.

    register: see `evidence.debt`; items of the kind "action" are what reviews of incidents asked for, and are left out.
    """
    rows, unscored, gone, named = [], [], [], set[str]()
    hours = hours_by_path(code.changes) if len(code.changes) else {}
    there = sorted({*code.changes["path"], *_functions(code)["path"]})
    for item in open_items(register).to_dict("records") if register is not None else []:
        files = matching(item["paths"], there)
        named |= set(files)
        if item["paths"] and there and not files:
            gone.append(str(item["id"]))
            continue
        row = _scored(item, files, hours, code)
        if row is None:
            unscored.append(str(item["title"]))
        else:
            rows.append(row)
    fresh = [path for path in code.hot.head(HOTTEST)["path"] if path not in named]
    for path in fresh:
        item = {"id": path, "title": f"{path} (not registered)", "paths": (path,), "owner": code.owner(path)}
        if (row := _scored(item, [path], hours, code)) is not None:
            rows.append(row)
    columns = [
        "id", "title", "paths", "files", "team", "service", "opened", "principal", "interest", "by_history", "rests_on",
        "assumed",
    ]  # fmt: skip
    return DebtItems(frame=pd.DataFrame(rows, columns=columns), unscored=tuple(unscored), gone=tuple(gone))


def open_items(register: pd.DataFrame) -> pd.DataFrame:
    """Those that are debt, and not repaid."""
    return register[register["open"] & (register["kind"].str.lower() != "action")]


def risk_h(
    items: pd.DataFrame,
    code: Code,
    incidents: pd.DataFrame,
    days: float,
    recovery_h: float,
    weight: Mapping[str, float],
) -> dict[str, Points]:
    """By item the hours a quarter that incidents cost because of it, three points.

    R = incidents x recovery x responders x (1 - 1 / d) x w, shared out over the service's files by their commits: d
    times more defects than in healthy code (published), w the service's share of what requests wait for, 1 where
    traces do not tell. incidents: the real ones of so many days, with `service`. Error budgets spent cost nothing here.
    """
    from scipy import special

    counts = incidents["service"].value_counts()
    quarters = max(days, 1.0) / 91.3125
    found = {}
    for row in items.to_dict("records"):
        seen = int(counts.get(row["service"], 0)) if row["service"] else 0
        part = _part_of_service(row["files"], str(row["service"]), code)
        if not seen or not part or math.isnan(recovery_h):
            continue
        times = [float(special.gammaincinv(seen + 0.5, q)) / quarters for q in (0.1, 0.5, 0.9)]
        more = [1 - 1 / DEFECTS[0], 1 - 1 / (sum(DEFECTS) / 2), 1 - 1 / DEFECTS[1]]
        share = part * weight.get(str(row["service"]), 1.0)
        low, middle, high = (n * recovery_h * r * d * share for n, r, d in zip(times, RESPONDERS, more, strict=True))
        found[str(row["id"])] = (low, middle, high)
    return found


def growth_h(register: pd.DataFrame, at: pd.Timestamp) -> float:
    """Hours of debt that a quarter of the last year added: of all items that were opened in it, repaid or not."""
    late = register[(register["opened"] > at - pd.Timedelta(days=365.25)) & (register["kind"].str.lower() != "action")]
    return float(late[PRINCIPAL[1]].sum()) / 4


def _scored(
    item: Mapping[Hashable, Any], files: Sequence[str], hours: Mapping[str, tuple[int, float]], code: Code
) -> dict[str, object] | None:
    """An item with its hours; None where nothing tells them."""
    functions = _functions(code)
    principal, rests_on = _given(item, PRINCIPAL), "register"
    if principal is None and (effort := _effort(files, code)):
        principal, rests_on = (effort / EFFORT_SPREAD, effort, effort * EFFORT_SPREAD), "SonarQube's efforts"
    if principal is None:
        principal, rests_on = complexity_principal(files, functions), "complexity, assumed"
    by_history = history_interest(files, hours, functions, days=code.days)
    interest = _given(item, INTEREST)
    assumed = rests_on != "register" or interest is None
    if interest is None:
        interest = by_history
        rests_on += "; interest by the history, assumed"
    if principal is None or interest is None:
        return None
    team = str(item.get("owner") or next((owner for path in files if (owner := code.owner(path))), ""))
    return {
        "id": item["id"], "title": item["title"], "paths": item["paths"], "files": tuple(files), "team": team,
        "service": str(item.get("service") or ""), "opened": item.get("opened", pd.NaT), "principal": principal,
        "interest": interest, "by_history": by_history, "rests_on": rests_on, "assumed": assumed,
    }  # fmt: skip


def _given(item: Mapping[Hashable, Any], names: Sequence[str]) -> Points | None:
    low, middle, high = (float(str(item.get(name, math.nan))) for name in names)
    return None if math.isnan(middle) else (low, middle, high)


def _effort(files: Sequence[str], code: Code) -> float:
    if code.complexity is None:
        return 0.0
    issues = code.complexity.issues
    return float(issues.loc[issues["path"].isin(files), "effort_min"].sum()) / 60


def _functions(code: Code) -> pd.DataFrame:
    if code.complexity is None:
        return pd.DataFrame({"path": pd.Series(dtype="str"), "complexity": pd.Series(dtype="int64")})
    return code.complexity.functions


def _part_of_service(files: Sequence[str], service: str, code: Code) -> float:
    """The share of the commits in a service's folder that are to these files."""
    own = (
        code.changes[code.changes["path"].str.contains(f"(?:^|/){re.escape(service)}/", regex=True)]
        if service
        else code.changes
    )
    return float(own["path"].isin(files).sum()) / len(own) if len(own) else 0.0
