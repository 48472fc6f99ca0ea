"""A resource that was measured beyond its limit: wrong evidence, or an emergency."""

from __future__ import annotations

from scaling_lib.capacity.absent_findings import COMMAND
from scaling_lib.capacity.result import Capacity
from scaling_lib.findings import Finding
from scaling_lib.words import number, percent


def over_findings(result: Capacity) -> list[Finding]:
    """One a resource, of the system's own metrics or those of the load test; it is in no limit then."""
    told = {each.resource.name: each.sentence for each in result.points if each.state == "contradicts its limit"}
    names = dict.fromkeys([*told, *result.over])
    return [_finding(result, name, told.get(name, "")) for name in names]


def _finding(result: Capacity, name: str, told: str) -> Finding:
    resource = next((each.resource for each in result.points if each.resource.name == name), None)
    limit = f" of {number(resource.limit)}" if resource and isinstance(resource.limit, float) else ""
    if name in result.over:
        beyond = f": {percent(result.over[name], 2)} of it was in use in the load test"
        evidence = result.sources.get("load metrics", ())
    else:
        beyond, evidence = "", result.sources.get(f"metrics of {name}", ())
    return Finding(
        step="02",
        command=COMMAND,
        name="over-limit",
        subject=name,
        verdict="act",
        sentence=f"{name} was measured beyond its limit{limit}{beyond}.",
        why=(
            "Either the limit in assessment.yaml is too small, or its selector counts more than this resource, and "
            "what is said of it is wrong; or more is asked of it than there is, now, and it is an emergency. "
            f"{told}".strip()
        ),
        evidence=evidence,
        action=f"Check the limit of {name} in assessment.yaml; where it is right, get more of {name} now.",
        figure="use" if name in result.over else "",
    )
