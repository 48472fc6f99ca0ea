"""What step 08 finds: the code and who knows it, teams, debt, readiness, and what is not measured."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from scaling_lib.findings import Finding, Verdict
from scaling_lib.levers.debt_findings import debt_findings
from scaling_lib.levers.readiness_findings import readiness_findings
from scaling_lib.levers.result import Levers
from scaling_lib.words import listing, percent, plural

_finding = partial(Finding, step="08", command="scaling run --step 08")
FEW = 2  # people: a truck factor up to which one leaving is half the loss
CROSSING = 0.05  # of commits across teams, from which on it is said
WAIT = 0.2  # of the lead time
KINDS = {  # of what is absent: what is not known
    "changes": "which code is worked on most, and by whom",
    "complexity": "which code is complicated",
    "hotspots": "which code is both complicated and changed often",
    "ownership": "whose each file is, but by the services' folders",
    "teams": "whether owners still work on what they own",
    "debt": "what debt there is, and what it costs",
    "incidents": "how ready the teams are for incidents",
    "runbooks": "whether what fails is written down",
    "deployments": "what waiting for one deployment train costs",
    "spans": "which debt stands where requests wait",
}


def findings(result: Levers) -> list[Finding]:
    """Everything that a reader should know of what holds change back."""
    return [
        *_hotspot(result),
        *_knowledge(result),
        *_teams(result),
        *debt_findings(result),
        *readiness_findings(result),
        *_absent(result),
    ]


def _hotspot(result: Levers) -> list[Finding]:
    hot = result.hotspots
    if hot is None:
        return []
    first = hot.iloc[0]
    path = str(first["path"])
    items = [] if result.items is None else [
        str(row["id"]) for row in result.items.frame.to_dict("records") if path in row["files"]
    ]  # fmt: skip
    each = float(first["complexity"]) / max(float(first["lines"]), 1.0)
    alone = len(hot) < 2 or float(hot.iloc[1]["score"]) < 0.5
    tested = f" Tests reach {percent(result.coverage[path])} of its lines." if path in result.coverage else ""
    registered = f"It is registered as debt: {listing(items)}." if items else "No item of the register is of it."
    return [
        _finding(
            name="hotspot",
            subject=path,
            verdict="watch" if alone else "ok",
            sentence=f"{path} is the hotspot: {plural(int(first['revisions']), 'commit')}, {percent(first['share'])} "
            f"of all changes to files, with a complexity of {first['complexity']:,} in {first['lines']:,} lines."
            if alone
            else f"No file stands out: {path} has the most heat, and {hot.iloc[1]['path']} nearly as much.",
            why=f"Complexity a line is {each:.2g}; the next file has {percent(float(hot.iloc[1]['score']))} of its "
            f"heat. {registered}{tested}"
            if len(hot) > 1
            else registered + tested,
            evidence=result.of("changes", "complexity"),
            action=(
                f"Hold {listing(items)} against other work in the queue."
                if items
                else f"Register {path} as debt, with hours."
            )
            if alone
            else "",
            figure="hotspots",
        )
    ]


def _knowledge(result: Levers) -> list[Finding]:
    owned, factor = result.ownership, result.truck_factors
    if owned is None or not factor:
        return []
    islands = owned[owned["island"]]
    merged, *_, plain = factor.values()
    found = [
        _finding(
            name="truck-factor",
            verdict="watch" if merged.number <= FEW else "ok",
            sentence=f"{plural(merged.number, 'person', 'people')} would have to leave until half of the "
            f"{plural(merged.files, 'file')} have nobody who knows them"
            + (f"; {plain.number} with bots and addresses as written." if plain.number != merged.number else "."),
            why=f"First {listing(merged.people, 3)}. Published values of one repository differ by a factor of two and "
            "more: compare it with itself over time, not with others.",
            evidence=result.of("changes"),
            action="Have others work on what only they know." if merged.number <= FEW else "",
            figure="truck",
        )
    ]
    for row in islands.head(3).to_dict("records"):
        found.append(
            _finding(
                name="knowledge-island",
                subject=str(row["path"]),
                verdict="watch",
                sentence=f"{row['main']} alone knows {row['path']}: {percent(row['main_share'])} of its "
                f"{plural(int(row['revisions']), 'commit')}.",
                evidence=result.of("changes"),
                action=f"Let somebody else make the next changes to {row['path']}, with a review by {row['main']}.",
                figure="islands",
            )
        )
    return found


def _teams(result: Levers) -> list[Finding]:
    together, found = result.coordination, []
    if together is not None:
        if len(across := together.congruence.across):
            first = across.iloc[0]
            cost = replace(together.cost_h, assumed=False)
            verdict: Verdict = "watch" if together.crossing.value >= CROSSING else "ok"
            found.append(
                _finding(
                    name="coupling-across-teams",
                    verdict=verdict,
                    sentence=f"{first['one']} ({first['team_one']}) and {first['other']} ({first['team_other']}) are "
                    f"changed together in {plural(int(first['shared']), 'commit')}, {first['degree']}% of each: two "
                    "teams have to agree.",
                    impact=together.a_quarter,
                    why=f"{plural(len(across), 'pair')} of files across teams; {together.crossing} of commits touch "
                    f"files of two teams, which take {cost} of agreement a quarter, assumed. Congruence is "
                    f"{percent(together.congruence.share)}.",
                    evidence=result.of("changes", "ownership", "teams"),
                    action="Put both files in one team's hands, or give them an interface that changes seldom."
                    if verdict == "watch"
                    else "",
                    figure="coupling",
                )
            )
        if together.unowned:
            found.append(
                _finding(
                    name="files-without-owner",
                    verdict="watch",
                    sentence=f"{plural(len(together.unowned), 'file has', 'files have')} no owner: "
                    f"{listing(together.unowned)}.",
                    evidence=result.of("ownership", "changes"),
                    action="Name an owner for each in CODEOWNERS.",
                )
            )
    return [*found, *_owners(result), *_train(result)]


def _owners(result: Levers) -> list[Finding]:
    if result.active is None:
        return []
    idle = [f"{row.what} ({row.owner})" for row in result.active.itertuples() if row.active is False]
    nobody = [str(row.what) for row in result.active.itertuples() if not row.owner]
    days = f"{result.active_days:g} days"
    wrong = [f"{listing(nobody)} {'has' if len(nobody) == 1 else 'have'} no owner"] * bool(nobody)
    wrong += [f"the owner of {listing(idle)} made no commit within {days}"] * bool(idle)
    text = "; ".join(wrong)
    return [
        _finding(
            name="owners",
            verdict="watch" if wrong else "ok",
            sentence=f"{text[:1].upper()}{text[1:]}." if wrong else f"Every owner committed within {days}.",
            evidence=result.of("teams", "changes", "runbooks"),
            action="Name who answers for it today." if wrong else "",
            figure="owners",
        )
    ]


def _train(result: Levers) -> list[Finding]:
    share = result.train_share
    if share is None:
        return []
    slow = share.value > WAIT
    return [
        _finding(
            name="deployment-train",
            verdict="watch" if slow else "ok",
            sentence=f"Changes wait for each other's deployments at most {percent(share.value)} of their lead time.",
            impact=share,
            why="As if all went through one pipeline, one after the other (the M/G/1 queue).",
            evidence=result.of("deployments", "changes"),
            action="Give services pipelines of their own, or make deployments shorter." if slow else "",
        )
    ]


def _absent(result: Levers) -> list[Finding]:
    found, said = [], set[str]()
    for name, absent in result.absent.items():
        if absent.why in said:
            continue
        said.add(absent.why)
        found.append(
            _finding(
                name="broken-evidence" if absent.broken else "not-measured",
                subject=name,
                verdict="act" if absent.broken else "unknown",
                sentence=f"Not known: {KINDS.get(name, name)}"
                + (", as what is given cannot be used." if absent.broken else "."),
                why=absent.why,
                action=absent.supply or ("Mend what is named, or leave it out." if absent.broken else "Supply it."),
            )
        )
    return found
