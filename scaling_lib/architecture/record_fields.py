"""What a decision record says to a machine: its front matter, read safely and checked field by field."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scaling_lib.errors import BrokenEvidence, InvalidInput

MOST_BYTES = 500_000
FENCE = "---"


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, alias_generator=lambda name: name.replace("_", "-")
    )


class Condition(_Strict):
    """What has to hold for the decision to hold.

    figure: bottleneck (the name of what is full first), option (of what is chosen), needed (requests/s), utilisation
    (of a resource, at today's busiest minute), met (the probability of an option), gate (the verdict on a cut).
    of: the resource, option or cut. equals, at_least, at_most: what is expected of it.
    """

    figure: Literal["bottleneck", "option", "needed", "utilisation", "met", "gate"]
    of: str = ""
    equals: str | None = None
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one(self) -> Condition:
        if sum(each is not None for each in (self.equals, self.at_least, self.at_most)) != 1:
            raise ValueError("expected one of equals, at-least and at-most")
        return self


class Rests(_Strict):
    """Files that the decision rested on, see `fingerprints.Fingerprint`."""

    kind: str
    path: str
    files: int = Field(ge=0)
    sha256: str = Field(pattern=r"^([0-9a-f]{64})?$")


class Front(_Strict):
    """The front matter: that of MADR, and what a machine checks again."""

    status: str
    date: dt.date
    decision_makers: list[str] = Field(default_factory=list)
    consulted: list[str] = Field(default_factory=list)
    informed: list[str] = Field(default_factory=list)
    review: dt.date
    system: str
    asked: dict[str, float | str] = Field(default_factory=dict)
    holds_while: list[Condition] = Field(min_length=1)
    evidence: list[Rests] = Field(default_factory=list)

    def text(self) -> str:
        """As it stands at the top of a record."""
        fields = self.model_dump(by_alias=True, exclude_none=True)
        fields["holds-while"] = [{key: one for key, one in each.items() if one != ""} for each in fields["holds-while"]]
        return f"{FENCE}\n{yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=110)}{FENCE}\n"


def read_front(file: Path) -> Front:
    """The front matter of a record; BrokenEvidence or InvalidInput where there is none, or it says something else."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(MOST_BYTES + 1)
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenEvidence(f"{file}: cannot be read ({error}); expected a decision record in Markdown.") from error
    if len(raw) > MOST_BYTES:
        raise InvalidInput(f"{file}: is larger than {MOST_BYTES:,} bytes; expected a decision record.")
    lines = text.splitlines()
    ends = [number for number, line in enumerate(lines) if line.rstrip() == FENCE]
    if len(ends) < 2 or ends[0] != 0:
        raise InvalidInput(
            f"{file}: found no front matter between lines of {FENCE}; expected that of a decision record."
        )
    return _checked(file, "\n".join(lines[1 : ends[1]]))


def _checked(file: Path, text: str) -> Front:
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):  # they can multiply without end
            raise InvalidInput(f"{file}: found an alias (*) in the front matter; expected plain fields.")
        data: Any = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        what = " ".join(str(error).split())
        raise InvalidInput(f"{file}: its front matter is no YAML ({what[:200]}); expected fields of MADR.") from error
    try:
        return Front.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "front matter"
        raise InvalidInput(f"{file}: {place}: {first['msg']}; `scaling run --step 06` writes a record anew.") from None
