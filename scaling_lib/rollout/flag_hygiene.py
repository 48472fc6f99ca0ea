"""Feature flags that should be gone, that nobody owns, or that nobody tried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.words import listing

LIFETIMES_D: Mapping[str, float] = {
    "release": 40,
    "experiment": 40,
    "operational": 7,
}  # Unleash's; others are permanent
KILL_SWITCH = "kill-switch"
TESTED_WITHIN_D = 180.0  # as often as disaster recovery is tried, twice a year
DAY_S = 86_400
NEEDED = ("name", "system", "type", "owner", "created", "archived", "marked_stale", "share", "bucket", "tested")
QUOTED = re.compile(r"""(["'`])([\w.:/-]{2,100})\1""")


@dataclass(frozen=True, kw_only=True, eq=False)
class FlagHygiene:
    """Flags by name, the heaviest first, and what is wrong with them.

    frame: a row a flag that is not archived: name, system, type, owner, age_d (days; NaN where its creation is not
        known), over_d (days past the lifetime of its type; NaN for permanent types, negative before), share (of those
        who ask that it reaches; NaN where rules decide), references (places in the code; NaN where none were given),
        stale, finished (stale, and on for all or off for all: only its code is left), unused (no code asks for it),
        no_owner, kill_switch, tested_d (days since it was tried; NaN: never), burden (days past its lifetime, times the
        places in the code, times how undecided it still is: 1 where it is on or off for all, 2 where it splits).
    unknown: names that the code asks for and no system has. overlaps: flags whose random share is drawn alike, so that
    the same users get all of them. age_unknown: how many have no date of creation. archived: how many were left out.
    """

    frame: pd.DataFrame
    unknown: tuple[str, ...]
    overlaps: tuple[tuple[str, ...], ...]
    age_unknown: int
    archived: int
    lifetimes_d: Mapping[str, float]

    def names(self, column: str) -> tuple[str, ...]:
        """The flags of which a column of truth values holds, in order."""
        return tuple(self.frame.loc[self.frame[column].astype(bool), "name"])

    @property
    def untested(self) -> tuple[str, ...]:
        """Kill switches that were never tried, or not within half a year."""
        switches = self.frame[self.frame["kill_switch"]]
        return tuple(switches.loc[~(switches["tested_d"] <= TESTED_WITHIN_D), "name"])


def flag_hygiene(
    flags: pd.DataFrame,
    references: pd.DataFrame | None = None,
    *,
    at: pd.Timestamp,
    lifetimes_d: Mapping[str, float] = LIFETIMES_D,
) -> FlagHygiene:
    """Hold flags against the lifetimes of their types and against the code.

    flags: the frame of `evidence.flags`. references: path, line and text of the lines of code that ask for flags; None
    where they are not known. at: the moment of the judgement, with a zone. lifetimes_d: days by type.
    Raises InvalidInput without a column that is needed, or without a zone.
    Source: the types and lifetimes of Unleash's documentation, "Feature flag types".
    """
    if missing := [name for name in NEEDED if name not in flags]:
        raise InvalidInput(f"flag_hygiene: found no column {listing(missing)}; expected the frame of evidence.flags.")
    if at.tzinfo is None:
        raise InvalidInput(f"flag_hygiene: found the moment {at} without a zone; expected one, such as in UTC.")
    live = flags[~flags["archived"].astype(bool)].reset_index(drop=True)
    age = _days(at, live["created"])
    over = age - live["type"].map(lifetimes_d).astype("float64")
    stale = (over > 0) | live["marked_stale"].astype(bool)
    asked = _asked(references, live["name"].tolist()) if references is not None else None
    count = live["name"].map(asked).fillna(0).astype("float64") if asked is not None else pd.Series(np.nan, live.index)
    decided = live["share"].isin([0.0, 1.0])
    frame = pd.DataFrame(
        {
            **{name: live[name] for name in ("name", "system", "type", "owner")},
            "age_d": age,
            "over_d": over,
            "share": live["share"].astype("float64"),
            "references": count,
            "stale": stale,
            "finished": stale & decided,
            "unused": count == 0,
            "no_owner": live["owner"] == "",
            "kill_switch": live["type"] == KILL_SWITCH,
            "tested_d": _days(at, live["tested"]),
            "burden": over.clip(lower=0).fillna(0.0) * count.fillna(1.0) * np.where(decided, 1.0, 2.0),
        }
    ).sort_values(["burden", "stale", "name"], ascending=[False, False, True], ignore_index=True)
    drawn = live[live["bucket"] != ""].groupby("bucket")["name"].agg(tuple)
    return FlagHygiene(
        frame=frame,
        unknown=() if references is None else _unknown(references, flags["name"].tolist()),
        overlaps=tuple(names for names in drawn if len(names) > 1),
        age_unknown=int(age.isna().sum()),
        archived=len(flags) - len(live),
        lifetimes_d=dict(lifetimes_d),
    )


def _days(at: pd.Timestamp, since: pd.Series[Any]) -> pd.Series[float]:
    """Days from each moment until then, NaN where it is not known."""
    days: pd.Series[float] = (at - since).dt.total_seconds() / DAY_S
    return days


def _asked(references: pd.DataFrame, names: list[str]) -> dict[str, int]:
    """By flag, the lines that hold its name in quotes, or as a whole word where no line of any flag quotes it."""
    lines = references["text"].astype(str)
    found = {name: int(lines.str.contains(rf"""["'`]{re.escape(name)}["'`]""", regex=True).sum()) for name in names}
    if any(found.values()):
        return found
    return {name: int(lines.str.contains(rf"(?<![\w-]){re.escape(name)}(?![\w-])", regex=True).sum()) for name in names}


def _unknown(references: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    """Names in quotes behind what stands before a known flag: `flags.enabled("` asks for one whatever the name is."""
    known = set(names)
    quoted = [
        (line[: match.start()].split()[-1:] or [""], match[2])
        for line in references["text"].astype(str)
        for match in QUOTED.finditer(line)
    ]
    asks = {before[0] for before, name in quoted if name in known and before[0]}
    return tuple(dict.fromkeys(sorted(name for before, name in quoted if name not in known and before[0] in asks)))
