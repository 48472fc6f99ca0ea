"""What step 03 finds of who sees which service."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

from scaling_lib.findings import Finding, Source
from scaling_lib.observability.assess import Observability
from scaling_lib.observability.blast_radius import BlastRadius
from scaling_lib.words import listing, plural

SILOS = ("one team alone", "nobody")  # states
_finding = partial(Finding, step="03", name="silo", command="scaling run --step 03", figure="silos")


def silo_findings(result: Observability) -> list[Finding]:
    """A finding for each service that no dashboard, or one team's alone, shows; one for those of which it is not known.

    What could not be read may be the dashboard that is missed.
    """
    if result.silos is None:
        return []
    rows = result.silos.services.to_dict("records")
    blast = {each.service: each for each in result.blast}
    evidence = tuple(source for kind in ("dashboards", "teams") for source in result.sources.get(kind, ()))
    found = [_silo(row, blast.get(row["service"]), evidence) for row in rows if row["state"] in SILOS]
    open_ = [str(row["service"]) for row in rows if row["state"] == "not known"]
    if open_:
        found.append(
            _finding(
                verdict="unknown",
                sentence=f"Whether others see {listing(open_)} is not known: some dashboards or teams cannot be read.",
                evidence=evidence,
                action="Mend what could not be read of them, then run again.",
            )
        )
    if found:
        return found
    sentence = f"Each of {plural(len(rows), 'service')} is seen by more than one team."
    return [_finding(verdict="ok", sentence=sentence, evidence=evidence)]


def _silo(row: Mapping[Hashable, Any], blast: BlastRadius | None, evidence: tuple[Source, ...]) -> Finding:
    service, owners = str(row["service"]), str(row["owners"])
    why = "What one team alone sees, others find out from their own failures."
    if row["state"] == "nobody":
        sentence = f"No dashboard shows {service}, and nobody owns it."
        if owners:
            sentence = f"No dashboard shows {service}: nobody sees it, its owner {owners} neither."
        why = "What nobody sees is found out from the failures of others."
        action = f"Show the golden signals of {service} on a dashboard"
        action += "." if owners else ", and name its owner in assessment.yaml."
    else:
        sentence = (
            f"{service} is seen by {owners or row['watchers'] or 'its watchers'} alone: no other team's dashboard "
        )
        sentence += "shows it."
        if blast is not None and blast.direct:
            action = (
                f"Show the golden signals of {service} on a dashboard that the teams of {listing(blast.direct)} use."
            )
        else:
            action = (
                f"Show the golden signals of {service} on a dashboard that the teams behind it use too: it is where "
            )
            action += "they see what users get."
    return _finding(
        subject=service,
        verdict="watch",
        sentence=sentence,
        impact=blast.waiting if blast is not None else None,
        why=why + (" The impact is the share of requests that wait for it." if blast is not None else ""),
        evidence=evidence,
        action=action,
    )
