"""What `assessment.yaml` may say of work that competes for teams' hours: features, beside the register of debt."""

from __future__ import annotations

from pydantic import Field, model_validator

from scaling_lib.config_evidence import Name, Part


class WorkItem(Part):
    """A piece of work, such as a feature.

    hours: of the team, a number or [10%, 50%, 90%]. delay_cost: what a quarter of waiting for it costs, in `currency`,
    in the same form. after: names of work that has to be done before it.
    """

    name: Name
    team: str = ""
    hours: float | list[float]
    delay_cost: float | list[float]
    after: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _points(self) -> WorkItem:
        for key, given in (("hours", self.hours), ("delay_cost", self.delay_cost)):
            numbers = given if isinstance(given, list) else [given]
            if len(numbers) not in (1, 3) or sorted(numbers) != numbers or not 0 < numbers[0] <= numbers[-1] < 1e12:
                raise ValueError(f"found {given} for {key}; expected a number above 0, or [10%, 50%, 90%], ascending")
        return self

    @staticmethod
    def points(given: float | list[float]) -> tuple[float, float, float]:
        """The three points of what is given, which are one where it is a number."""
        numbers = given if isinstance(given, list) else [given]
        return numbers[0], numbers[len(numbers) // 2], numbers[-1]


def check_work(work: list[WorkItem], hours: dict[str, float], hour_price: float | None) -> None:
    """Raise ValueError for a name twice, work that comes after what is not there, a price that is absent, bad hours."""
    names = [each.name for each in work]
    for number, each in enumerate(work):
        if names.count(each.name) > 1:
            raise ValueError(f"work.{number}: the name {each.name!r} is used twice; expected each once")
        if unknown := [name for name in each.after if name not in names or name == each.name]:
            raise ValueError(f"work.{number}.after: found {unknown[0]!r}; expected the name of other work")
    if work and hour_price is None:
        raise ValueError("found work but no hour_price; expected what an hour costs, to hold it against debt")
    if wrong := [team for team, each in hours.items() if not 0 <= each < 1e6]:
        raise ValueError(f"hours.{wrong[0]}: found {hours[wrong[0]]:g}; expected hours a quarter, 0 or more")
