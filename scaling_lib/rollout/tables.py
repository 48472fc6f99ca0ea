"""The tables of step 05, each from the result alone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from scaling_lib.rollout.bands import Key
from scaling_lib.rollout.benchmarks import BANDS
from scaling_lib.rollout.canary import JudgedCanary
from scaling_lib.rollout.counts import CountsJudgement
from scaling_lib.rollout.judge import Guardrail
from scaling_lib.rollout.result import Rollout
from scaling_lib.words import duration, listing, number, percent, plural, quantity


def canaries_table(result: Rollout) -> pd.DataFrame:
    """One row a canary: the verdict, the split of the requests, Kayenta's score, and why."""
    columns = ["canary", "verdict", "requests", "split", "Kayenta", "remarks"]
    return pd.DataFrame([_canary(each) for each in result.canaries], columns=columns)


def _canary(each: JudgedCanary) -> dict[str, object]:
    if each.judgement is None or each.sides is None:
        absent = next(iter(each.absent.values()), None)
        return {"canary": each.canary.name, "verdict": "not judged", "remarks": absent.why if absent else ""}
    ratio, score = each.judgement.ratio, each.kayenta
    split = f"{percent(ratio.shares[0])} of {percent(each.canary.share)} meant" if ratio is not None else "not known"
    remarks = [each.judgement.because]
    if each.unmeasured:
        remarks.append(f"Kayenta's config names {listing(each.unmeasured)}, of which there is no data here.")
    remarks += [f"{name}: {absent.why}" for name, absent in each.absent.items()]
    return {
        "canary": each.canary.name,
        "verdict": each.judgement.verdict,
        "requests": f"{each.sides.canary.requests:,.0f} beside {each.sides.baseline.requests:,.0f}",
        "split": split,
        "Kayenta": "" if score is None else f"{number(score.score)} of 100",
        "remarks": " ".join(remarks),
    }


def guardrails_table(result: Rollout) -> pd.DataFrame:
    """One row a metric of a canary: both sides, how far they are apart, and what is tolerated."""
    columns = ["canary", "metric", "verdict", "this version", "the one beside", "apart", "tolerated", "more needed"]
    rows = [
        {"canary": each.canary.name, **_guardrail(each, guardrail)}
        for each in result.canaries
        if each.judgement is not None
        for guardrail in each.judgement.guardrails
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return frame if (frame["more needed"] != "").any() else frame.drop(columns="more needed")


def _guardrail(canary: JudgedCanary, guardrail: Guardrail) -> dict[str, object]:
    found = guardrail.judgement
    more = "none would decide" if found.needed is None else ("" if not found.needed else f"{found.needed:,}")
    row: dict[str, object] = {"metric": guardrail.name, "verdict": found.verdict, "more needed": more}
    if found.verdict == "NO DATA":
        return {**row, "more needed": ""}
    if isinstance(found, CountsJudgement):
        return {
            **row,
            "this version": str(found.canary),
            "the one beside": str(found.baseline),
            "apart": str(found.rise),
            "tolerated": f"{percent(found.tolerated)} of all",
        }
    taken = next((each.tolerated for each in canary.canary.more if each.name == guardrail.name), canary.canary.slower)
    away = f", {percent(found.relative.value)}" if found.relative.value == found.relative.value else ""
    sides = (canary.sides.canary, canary.sides.baseline) if canary.sides and guardrail.name == "latency" else ()
    medians = [f"{duration(float(np.median(each.latencies)))} at the median" for each in sides]
    return {
        **row,
        **dict(zip(("this version", "the one beside"), medians, strict=False)),
        "apart": f"{found.shift}{away}",
        "tolerated": f"{percent(taken)} of the median",
    }


def plans_table(result: Rollout) -> pd.DataFrame:
    """One row a plan: how long it soaks, and what it costs of the budget with a defect and over all rollouts."""
    columns = ["plan", "soaks", "alerts alone", "versions compared too", "any rollout, expected", "over what is left"]
    if result.plans is None:
        return pd.DataFrame(columns=columns)
    rows = [
        {
            "plan": each.name + (" (chosen)" if each is result.plans.chosen else ""),
            "soaks": duration(each.alerts.takes_s),
            "alerts alone": percent(each.alerts.if_defect_high),
            "versions compared too": percent(each.versions.if_defect_high),
            "any rollout, expected": str(result.plans.risk(each).expected),
            "over what is left": percent(result.plans.risk(each).over_left),
        }
        for each in result.plans.plans
    ]
    return pd.DataFrame(rows, columns=columns)


def inputs_table(result: Rollout) -> pd.DataFrame:
    """One row an input of the plans' price: its value, and what it rests on."""
    columns = ["input", "value", "rests on"]
    plans = result.plans
    if plans is None:
        return pd.DataFrame(columns=columns)
    slo = plans.slo
    rows = [
        (
            "SLO whose budget it is",
            f"{slo.slo.name}, {percent(slo.slo.target)}",
            "what a defect at once would hurt most",
        ),
        ("requests", quantity(slo.rate, "a second"), "the mean of that window"),
        *((each.name, each.value, f"assumed: {each.source}" if each.assumed else each.source) for each in plans.inputs),
    ]
    return pd.DataFrame(rows, columns=columns)


def delivery_table(result: Rollout) -> pd.DataFrame:
    """One row a key: what was measured, the band of its value, and the bands that its interval reaches."""
    columns = ["key", "measured", "band", "its interval reaches", "rests on"]
    if result.delivery is None:
        return pd.DataFrame(columns=columns)
    return pd.DataFrame([_key(result, each) for each in result.keys], columns=columns)


def _key(result: Rollout, key: Key) -> dict[str, object]:
    delivery = result.delivery
    assert delivery is not None  # noqa: S101 - the caller has looked
    rests = {
        "deployments": plural(delivery.deployments, "deployment"),
        "lead time": plural(delivery.commits, "commit"),
        "change failure rate": f"{len(delivery.matched)} of {plural(delivery.deployments, 'deployment')}",
        "recovery": "no incidents"
        if delivery.recovery is None
        else f"{plural(delivery.recovery.incidents, 'incident')}, from {delivery.recovery.since} on",
    }[key.name]
    reaches = "" if key.best == key.worst or not key.best else f"{key.best} to {key.worst or 'not known'}"
    if key.name == "change failure rate":
        told = sorted(each.failure_rate for each in BANDS["DORA 2024"])
        reaches = f"no band: theirs run {percent(told[0])} to {percent(told[-1])}, not in order"
    return {
        "key": key.name,
        "measured": "not measured" if key.measured is None else str(key.measured),
        "band": key.band,
        "its interval reaches": reaches,
        "rests on": rests,
    }


def failed_table(result: Rollout) -> pd.DataFrame:
    """One row a deployment that failed, and by what that is known."""
    columns = ["deployment", "service", "finished", "known by"]
    if result.delivery is None:
        return pd.DataFrame(columns=columns)
    rows = [
        {
            "deployment": row["id"],
            "service": row["service"],
            "finished": f"{row['finished']:%Y-%m-%d %H:%M}",
            "known by": f"{row['by']} {row['which']}",
        }
        for row in result.delivery.matched.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=columns)


def notes_table(result: Rollout) -> pd.DataFrame:
    """One row a thing to know of the deliveries' figures."""
    notes = result.delivery.notes if result.delivery is not None else ()
    return pd.DataFrame({"to know": list(notes)})


def flags_table(result: Rollout) -> pd.DataFrame:
    """One row a flag that is wrong in some way, the heaviest first."""
    columns = ["flag", "system", "type", "owner", "age", "reaches", "lines of code", "what is wrong"]
    if result.flags is None:
        return pd.DataFrame(columns=columns)
    untested = set(result.flags.untested)
    rows = [
        {
            "flag": row["name"],
            "system": row["system"],
            "type": row["type"] or "not said",
            "owner": row["owner"] or "nobody",
            "age": _days(row["age_d"]),
            "reaches": "by rules" if row["share"] != row["share"] else percent(row["share"]),
            "lines of code": "not known" if row["references"] != row["references"] else f"{row['references']:.0f}",
            "what is wrong": wrong,
        }
        for row in result.flags.frame.to_dict("records")
        if (wrong := _wrong(row, row["name"] in untested))
    ]
    return pd.DataFrame(rows, columns=columns)


def _wrong(row: Mapping[Hashable, Any], untested: bool) -> str:
    over = float(row["over_d"])
    parts = []
    if row["stale"]:
        parts.append(f"{_days(over)} past its lifetime" if over > 0 else "marked stale")
    if row["finished"]:
        parts.append("the same for all: only its code is left")
    if row["unused"]:
        parts.append("no code asks for it")
    if row["no_owner"]:
        parts.append("nobody owns it")
    if untested:
        parts.append("a kill switch not tried within half a year")
    return "; ".join(parts)


def _days(days: float) -> str:
    return "not known" if days != days else plural(round(days), "day")
