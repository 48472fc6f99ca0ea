"""Step 05's result: how safely the system is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib.capacity import Absent
from scaling_lib.findings import Source
from scaling_lib.rollout.bands import Key
from scaling_lib.rollout.canary import JudgedCanary
from scaling_lib.rollout.dora import Dora
from scaling_lib.rollout.flag_hygiene import FlagHygiene
from scaling_lib.rollout.plans import Plans


@dataclass(frozen=True, kw_only=True, eq=False)
class Rollout:
    """What step 05 answers; what is None could not be told, and `absent` says why.

    canaries: those that assessment.yaml describes, judged. plans: standard plans priced in error budget. delivery: the
    four keys; keys: the same held against published bands. flags: what is wrong with them at the moment `at`, the last
    of all evidence. absent: what could not be told, by what it is of. sources: what it rests on, by kind of evidence.
    """

    system: str
    level: float
    canaries: tuple[JudgedCanary, ...]
    plans: Plans | None
    delivery: Dora | None
    keys: tuple[Key, ...]
    flags: FlagHygiene | None
    at: pd.Timestamp | None
    absent: Mapping[str, Absent]
    sources: Mapping[str, tuple[Source, ...]]
