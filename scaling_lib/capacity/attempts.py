"""Parts of a step that are tried one by one: what cannot be told of one is kept, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from scaling_lib.capacity.reasons import reason_sentence
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotMeasured, ScalingError

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Absent:
    """What could not be told. why: the reason; supply: what would mend it, "" where the reason is all there is.

    broken: whether something was given that cannot be used.
    """

    why: str
    supply: str = ""
    broken: bool = False

    @property
    def text(self) -> str:
        """The reason, and what would mend it."""
        return f"{self.why} {self.supply}".strip()


class Attempts:
    """`attempts(name, read)` is what `read` gives, or None, with the reason in `absent`."""

    def __init__(self) -> None:
        self.absent: dict[str, Absent] = {}

    def __call__(self, name: str, read: Callable[[], Found]) -> Found | None:
        """What `read` gives; None where it raises an error that is meant for the user."""
        try:
            return read()
        except ScalingError as reason:
            self.absent[name] = Absent(
                why=reason_sentence(reason),
                supply=reason.supply if isinstance(reason, NotMeasured) else "",
                broken=isinstance(reason, (BrokenEvidence, InvalidInput)),
            )
            return None
