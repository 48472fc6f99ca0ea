"""Parts of step 02 that are tried one by one: what cannot be told of one is kept, and the others go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from scaling_lib.assessment import Assessment
from scaling_lib.capacity.reasons import reason_sentence
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotMeasured, ScalingError
from scaling_lib.findings import Source

Found = TypeVar("Found")
KINDS = ("requests", "metrics", "load tests", "load metrics", "spans")


@dataclass(frozen=True, kw_only=True)
class Absent:
    """What could not be told. why: the reason; supply: what would mend it, "" where the reason is all there is.

    broken: whether something was given that cannot be used.
    """

    why: str
    supply: str = ""
    broken: bool = False


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


def sources(system: Assessment) -> dict[str, tuple[Source, ...]]:
    """What was read, by kind: one a kind and origin, with its rows and time range."""
    found: dict[str, list[Source]] = {}
    ledger = system.evidence().sources
    for kind in KINDS:
        for origin in ("recorded", "", "simulated"):
            own = [each for each in ledger if (each.kind, each.origin) == (kind, origin) and each.rows]
            if not own:
                continue
            starts, ends = [each.start for each in own if each.start], [each.end for each in own if each.end]
            found.setdefault(kind, []).append(
                Source(
                    table=kind,
                    rows=sum(each.rows for each in own),
                    start=f"{min(starts):%Y-%m-%dT%H:%M:%SZ}" if starts else "",
                    end=f"{max(ends):%Y-%m-%dT%H:%M:%SZ}" if ends else "",
                    origin="simulated" if origin == "simulated" else "measured",
                )
            )
    return {kind: tuple(own) for kind, own in found.items()}
