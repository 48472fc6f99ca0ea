"""The tables of step 08, each from the result alone."""

from __future__ import annotations

import math

import pandas as pd

from scaling_lib.levers.debt_score import Points
from scaling_lib.levers.result import Levers
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent, plural

MOST = 25  # rows of long tables on the page


def hotspots_table(result: Levers) -> pd.DataFrame:
    """One row a file that was changed and whose complexity is known, the hottest first."""
    columns = ["file", "commits", "lines", "complexity", "lines changed", "heat", "tested", "main author"]
    if result.hotspots is None:
        return pd.DataFrame(columns=columns)
    main = (
        {} if result.ownership is None else dict(zip(result.ownership["path"], result.ownership["main"], strict=True))
    )
    rows = [
        {
            "file": row["path"], "commits": row["revisions"], "lines": row["lines"], "complexity": row["complexity"],
            "lines changed": row["churn"], "heat": row["score"],
            "tested": result.coverage.get(row["path"], math.nan),
            "main author": main.get(row["path"], ""),
        }
        for row in result.hotspots.head(MOST).to_dict("records")
    ]  # fmt: skip
    shown = pd.DataFrame(rows, columns=columns)
    return shown if result.coverage else shown.drop(columns="tested")


def islands_table(result: Levers) -> pd.DataFrame:
    """One row a file that one person alone knows."""
    columns = ["file", "who", "commits", "theirs", "fragmentation"]
    if result.ownership is None:
        return pd.DataFrame(columns=columns)
    own = result.ownership[result.ownership["island"]].head(MOST)
    return pd.DataFrame(
        {
            "file": own["path"], "who": own["main"], "commits": own["revisions"],
            "theirs": own["main_share"], "fragmentation": own["fragmentation"],
        }
    )  # fmt: skip


def truck_table(result: Levers) -> pd.DataFrame:
    """One row a way to tell people: the truck factor, and who is in it."""
    rows = [
        {
            "people": name, "truck factor": each.number, "left first": listing(each.people, 3),
            "files": each.files, "bots left out": each.without_bots,
        }
        for name, each in result.truck_factors.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["people", "truck factor", "left first", "files", "bots left out"])


def pairs_table(result: Levers) -> pd.DataFrame:
    """One row a pair of files that are changed together, the most often first."""
    columns = ["one", "other", "together", "degree_percent", "teams"]
    if result.coordination is None:
        return pd.DataFrame(columns=columns)
    across = result.coordination.congruence.across
    teams = {(row.one, row.other): f"{row.team_one} and {row.team_other}" for row in across.itertuples()}
    inside = "one team" if not result.coordination.congruence.unowned else "one team, or not owned"
    pairs = result.coordination.pairs.sort_values(["shared", "degree"], ascending=False, kind="stable").head(MOST)
    return pd.DataFrame(
        {
            "one": pairs["one"], "other": pairs["other"], "together": pairs["shared"],
            "degree_percent": pairs["degree"],
            "teams": [
                teams.get((row.one, row.other), inside) for row in pairs.itertuples()
            ],
        }
    ).reset_index(drop=True)  # fmt: skip


def coordination_table(result: Levers) -> pd.DataFrame:
    """One row a figure of how teams work together."""
    found = result.coordination
    if found is None:
        return pd.DataFrame(columns=["figure", "value", "what it is"])
    share = found.congruence.share
    rows = [
        ("congruence", "not known" if math.isnan(share) else percent(share), "of coupled changes, within one team"),
        ("across teams", str(found.crossing), "of the commits to owned files, those to files of two teams"),
        ("a quarter", str(found.a_quarter), "such commits"),
        ("hand-offs a quarter", str(found.cost_h), "0.5 to 4 h of agreement for each"),
        ("lines of talk", f"{found.lines:,}", "between all who commit: n (n - 1) / 2"),
        ("within teams", "not known" if found.inside_lines is None else f"{found.inside_lines:,}", "of these lines"),
        (
            "deployment train",
            "not known" if result.train_share is None else str(result.train_share),
            "of the lead time, the wait for others' deployments if all go through one pipeline",
        ),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "what it is"])


def owners_table(result: Levers) -> pd.DataFrame:
    """One row a service or runbook: its owner, and whether the owner's members commit."""
    columns = ["what", "owner", "commits", "active"]
    if result.active is None:
        return pd.DataFrame(columns=columns)
    said = {True: "yes", False: "no", None: "members not known"}
    return result.active.assign(
        owner=result.active["owner"].replace("", "nobody"), active=[said[each] for each in result.active["active"]]
    )


def queue_table(result: Levers) -> pd.DataFrame:
    """One row a piece of work, the first the one whose waiting costs most by the hour that it takes."""
    columns = ["work", "kind", "team", "hours", "delay_h", "delay by hour", "rank", "in first 3", "this quarter"]
    if result.queue is None:
        return pd.DataFrame(columns=columns)
    rows = [
        {
            "work": row["name"] + (f" ({row['id']})" if row["id"] and row["id"] not in row["name"] else ""),
            "kind": row["kind"], "team": row["team"] or "not said", "hours": row["hours"], "delay_h": row["delay_h"],
            "delay by hour": row["per_hour"], "rank": f"{place} ({row['rank_low']} to {row['rank_high']})",
            "in first 3": percent(row["top"]), "this quarter": _chosen(row["pays"], row["chosen"], row["stability"]),
        }
        for place, row in enumerate(result.queue.frame.to_dict("records"), start=1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _chosen(pays: bool, chosen: bool | None, stability: float) -> str:
    if not pays:
        return "no: does not pay"
    if chosen is None:
        return "hours not given"
    return f"{'yes' if chosen else 'no'} (in {percent(stability)} of draws)"


def debt_table(result: Levers) -> pd.DataFrame:
    """One row an open item of debt: hours to repay, lost and at risk a quarter, and when repaying has paid."""
    columns = ["item", "team", "repay", "interest", "risk", "of waiting", "pays after", "chance", "remarks"]
    if result.score is None or result.items is None:
        return pd.DataFrame(columns=columns)
    items = result.items.frame.set_index("id")
    rows = [
        {
            "item": f"{row['title']} ({row['id']})" if str(row["id"]) not in row["title"] else row["title"],
            "team": items.loc[row["id"], "team"] or "not said",
            "repay": _of(row, "principal_h"), "interest": _of(row, "interest_h"), "risk": _of(row, "risk_h"),
            "of waiting": result.weights.get(items.loc[row["id"], "service"], math.nan),
            "pays after": row["breaks_even_q"] if math.isfinite(row["breaks_even_q"]) else math.nan,
            "chance": row["chance"],
            "remarks": _remarks(str(items.loc[row["id"], "rests_on"]), items.loc[row["id"], "by_history"]),
        }
        for row in result.score.frame.to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _of(row: dict[object, float], name: str) -> Estimate:
    return Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"], 0.9, "h")


def _remarks(rests_on: str, by_history: Points | None) -> str:
    said = "" if rests_on == "register" else f"rests on {rests_on}"
    if by_history is None or "history" in rests_on:
        return said
    low, middle, high = by_history
    history = (
        f"by the history its complexity costs {number(middle)} h a quarter ({number(low)} to {number(high)}), assumed"
    )
    return "; ".join(part for part in (said, history) if part)


def readiness_table(result: Levers) -> pd.DataFrame:
    """One row a figure of readiness."""
    found = result.readiness
    if found is None:
        return pd.DataFrame(columns=["figure", "value", "rests on"])
    real = plural(len(found.real), "real incident")
    books = "no runbook is given"
    rows = [
        ("time to detect", str(found.detect_s or "not computable from this evidence"), "from the fault's start"),
        ("time to acknowledge", str(found.acknowledge_s or "not measured"), f"median of {real}"),
        (
            "time to restore",
            "not measured" if found.recovery is None else str(found.recovery.median_s),
            ""
            if found.recovery is None
            else f"median from {found.recovery.since} on, {found.recovery.open} still open",
        ),
        ("false alarms", str(found.alarms), plural(len(found.pages), "page")),
        ("repeated causes", str(found.repeated), real),
        ("with a runbook", "not measured" if found.covered is None else str(found.covered), real),
        ("runbook of the service", "not measured" if found.of_service is None else str(found.of_service), real),
        (
            "runbooks tried",
            "not measured" if found.tried is None else str(found.tried),
            books
            if found.tried is None
            else f"{plural(len(found.runbooks), 'runbook')}, within {found.old_days:g} days",
        ),
        (
            "actions closed",
            "not measured" if result.actions is None else f"{result.actions[0]} of {result.actions[1]}",
            "the register's items of the kind action",
        ),
    ]
    return pd.DataFrame(rows, columns=["figure", "value", "rests on"])


def pages_table(result: Levers) -> pd.DataFrame:
    """One row a page: what it was, and which runbook is for it."""
    columns = ["page", "service", "detected", "what", "runbook"]
    if result.readiness is None:
        return pd.DataFrame(columns=columns)
    books = result.readiness.covered is not None
    rows = [
        {
            "page": row["title"], "service": row["service"], "detected": row["detected"],
            "what": f"false alarm ({row['why']})" if row["false_alarm"] else "real",
            "runbook": row["runbook"] or ("none" if books else "not known"),
        }
        for row in result.readiness.pages.tail(MOST).to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def runbooks_table(result: Levers) -> pd.DataFrame:
    """One row a runbook: how many real incidents it is for, when it was looked through and tried."""
    columns = ["runbook", "service", "owner", "incidents", "reviewed", "tried", "what is wrong"]
    if result.readiness is None or result.readiness.runbooks.empty:
        return pd.DataFrame(columns=columns)
    days = f"{result.readiness.old_days:g} days"
    rows = [
        {
            "runbook": row["name"], "service": row["service"], "owner": row["owner"] or "nobody",
            "incidents": row["times"], "reviewed": _day(row["reviewed"]), "tried": _day(row["tried"]),
            "what is wrong": listing(
                [f"not reviewed for {days}"] * bool(row["old"]) + [f"not tried for {days}"] * bool(row["untried"])
            ),
        }
        for row in result.readiness.runbooks.to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _day(time: pd.Timestamp) -> str:
    return "never" if pd.isna(time) else f"{time:%Y-%m-%d}"
