"""The sentence that answers step 08: what holds change back?"""

from __future__ import annotations

from scaling_lib.levers.result import Levers
from scaling_lib.words import listing, percent, plural


def headline(result: Levers) -> str:
    """What holds it back most, by code, teams and readiness."""
    parts = [part for part in (_code(result), _teams(result), _readiness(result)) if part]
    if parts:
        return " ".join(parts)
    if result.truck_factors or result.readiness is not None or result.queue is not None:
        return "Nothing in what is given holds change back; what is not measured may."
    return "Not known: neither code nor debt nor incidents are given."


def _code(result: Levers) -> str:
    hot = result.hotspots
    if hot is None:
        return ""
    first = hot.iloc[0]
    text = f"{first['path']} holds change back most: {percent(first['share'])} of all changes meet its complexity."
    if result.queue is not None:
        leads = result.queue.frame.iloc[0]
        text += f" First in the queue is {leads['name']} ({leads['kind']})."
    return text


def _teams(result: Levers) -> str:
    found = result.coordination
    if found is None or found.congruence.across.empty:
        return ""
    first = found.congruence.across.iloc[0]
    return (
        f"{first['team_one']} and {first['team_other']} have to change code together: {percent(found.crossing.value)} "
        "of commits cross teams."
    )


def _readiness(result: Levers) -> str:
    found = result.readiness
    if found is None:
        return ""
    if found.without:
        missing = int((found.real["runbook"] == "").sum())
        return f"{missing} of {plural(len(found.real), 'real incident')} had no runbook: {listing(found.without, 2)}."
    return ""
