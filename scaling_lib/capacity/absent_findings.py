"""What step 02 cannot tell, as findings: what is not measured, and what is broken."""

from __future__ import annotations

from scaling_lib.capacity.calibrated import LAW
from scaling_lib.capacity.result import Capacity
from scaling_lib.findings import Finding

COMMAND = "scaling run --step 02"
KINDS = {  # what a part is called, and what to supply where it is not known
    "demand": ("today's demand", "Supply requests: they tell today's demand, its season and its growth."),
    "load tests": ("what a load test shows", "Supply a load test to past the point where throughput no longer rises."),
    "load curve": ("the load curve", "Supply a load test of at least six levels, each held until it is steady."),
    "load metrics": (
        "what is full in the load test",
        "Supply the metrics of its time: they tell which resource it is.",
    ),
    "metrics": ("how much of each resource is used", "Supply the metrics of the resources."),
    "model": ("the model of the system", "Describe `resources` in assessment.yaml, with the metrics of their use."),
    "metrics of the model": ("what the metrics tell of the demands", ""),
    "rates of requests": ("the rates of requests beside the metrics", ""),
    "spans": ("what the spans tell of the demands", ""),
    "demands of the load test": ("what the load test tells of the demands", ""),
    "check of the model": ("how far the model holds", ""),
    "SLOs": ("the SLOs", "Mend the SLOs: the load at which each is broken rests on them."),
    "when the limit is reached": (
        "when the limit is reached",
        "Supply a longer history of requests, best some months.",
    ),
}
OF = {
    "demand of ": "Compare the journey's route with those in step 00.",
    "load within ": "Load-test this journey.",
    LAW: "",
}
SAID = (  # where they are absent, each resource or a remark on the model says so
    "metrics", "metrics of the model", "rates of requests", "spans", "demands of the load test", "check of the model",
    LAW,
)  # fmt: skip


def absent_findings(result: Capacity) -> list[Finding]:
    """What could not be told; a reason that is the same as one before is said once."""
    found, said = [], set[str]()
    for name, absent in result.absent.items():
        others = ((name, text) for start, text in OF.items() if name.startswith(start))
        known, supply = KINDS.get(name) or next(others, ("", ""))
        if not known or absent.why in said or (name.startswith(SAID) and not absent.broken):
            continue
        said.add(absent.why)
        found.append(
            Finding(
                step="02",
                command=COMMAND,
                name="broken-evidence" if absent.broken else "not-measured",
                subject=name,
                verdict="act" if absent.broken else "unknown",
                sentence=f"Not known: {known}" + (", as what is given cannot be used." if absent.broken else "."),
                why=absent.why,
                action="Mend what is named, or leave it out." if absent.broken else absent.supply or supply,
            )
        )
    return found
