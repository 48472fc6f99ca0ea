"""The raw rows that an SLO was counted from: how many of which origin, in all or in a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scaling_lib.evidence.quality import Quality
from scaling_lib.findings import Source
from scaling_lib.slo.counts import MINUTE

Origin = Literal["measured", "simulated", "assumed"]
ORIGINS: tuple[Origin, ...] = ("measured", "simulated")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The raw rows of one kind of evidence by minute.

    table: the kind, "requests" or "metrics"; by_minute: how many (requests, or samples), indexed by minute (UTC),
        ascending; simulated: which of those minutes a simulated source spans.
    """

    table: str
    by_minute: pd.Series[int]
    simulated: NDArray[np.bool_]

    def sources(self, start: pd.Timestamp | None = None, end: pd.Timestamp | None = None) -> tuple[Source, ...]:
        """One source an origin: what of the rows lies from start to end, or all; of a stretch without any, all too."""
        times = pd.DatetimeIndex(self.by_minute.index)
        inside = np.ones(len(times), dtype=bool)
        if start is not None and end is not None:
            inside = np.asarray((times >= start.floor("min")) & (times < end))
            inside = inside if inside.any() else np.ones(len(times), dtype=bool)
        found = []
        for origin in ORIGINS:
            rows = self.by_minute[inside & (self.simulated == (origin == "simulated"))]
            if len(rows):
                found.append(
                    Source(
                        table=self.table,
                        rows=int(rows.sum()),
                        start=f"{rows.index[0]:%Y-%m-%dT%H:%M:%SZ}",
                        end=f"{rows.index[-1] + MINUTE:%Y-%m-%dT%H:%M:%SZ}",
                        origin=origin,
                    )
                )
        return tuple(found)


def rows_of(table: str, by_minute: pd.Series[int], quality: Sequence[Quality]) -> Rows:
    """Rows by minute with their origin, by the time ranges of the sources.

    A minute in which recorded and simulated sources overlap counts as simulated: not all of it was recorded.
    """
    times = pd.DatetimeIndex(by_minute.index)
    simulated = np.zeros(len(times), dtype=bool)
    for entry in quality:
        if entry.origin != "simulated" or not entry.rows:
            continue
        if entry.start is None or entry.end is None:
            simulated[:] = True
            continue
        simulated |= np.asarray((times >= pd.Timestamp(entry.start).floor("min")) & (times <= pd.Timestamp(entry.end)))
    return Rows(table=table, by_minute=by_minute, simulated=simulated)
