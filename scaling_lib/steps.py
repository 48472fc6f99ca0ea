"""The steps of the checklist: number, notebook and room, title, and the question each answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step: `number` such as "01", `name` as of its notebook and room, its title and its question."""

    number: str
    name: str
    title: str
    question: str

    @property
    def notebook(self) -> str:
        """The notebook's file name."""
        return f"{self.number}_{self.name}.ipynb"


STEPS: dict[str, Step] = {
    step.number: step
    for step in (
        Step("00", "overview", "Overview", "What evidence is there, and what can it answer?"),
        Step("01", "slo", "SLOs", "Do the critical journeys keep their promise?"),
        Step("02", "capacity", "Capacity", "How much more can it take, and what saturates first?"),
        Step("03", "observability", "Observability", "Can we see the main request flow end to end?"),
        Step("04", "bottlenecks", "Bottlenecks", "What to fix, what is gained, what limits next; did the fix work?"),
        Step("05", "rollout", "Rollouts", "Can we change it without spending the budget?"),
        Step("06", "architecture", "Architecture", "Does any measured constraint justify a new architecture?"),
        Step("07", "audit", "Audit", "Cost, security, compliance: what grows faster than demand?"),
        Step(
            "08",
            "levers",
            "Levers",
            "Debt, ownership, coordination, runbooks, incident readiness: what holds change back?",
        ),
    )
}
