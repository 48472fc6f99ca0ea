"""The tables of step 03 as its notebook shows them, and in place of an empty one the sentence that says why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scaling_lib import figures
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown
from scaling_lib.observability import captions, tables
from scaling_lib.observability.assess import Observability
from scaling_lib.observability.why_absent import why_absent
from scaling_lib.words import listing


@dataclass(frozen=True, kw_only=True)
class _Table:
    """make: from the result; of: the parts whose absence makes it empty; otherwise: what is said where none is."""

    make: Callable[[Observability], pd.DataFrame]
    caption: str
    of: tuple[str, ...]
    otherwise: str


TABLES = {
    "coverage": _Table(
        make=tables.coverage_table, caption=captions.COVERAGE_CAPTION, of=("coverage", "spans"),
        otherwise="No journey's time can be divided.",
    ),
    "by-service": _Table(
        make=tables.by_service_table, caption=captions.BY_SERVICE_CAPTION, of=("coverage", "spans"),
        otherwise="No journey's time can be divided.",
    ),
    "gaps": _Table(
        make=tables.gaps_table, caption=captions.GAPS_CAPTION, of=("coverage", "spans"),
        otherwise="No gap takes 1% of its journey's time.",
    ),
    "propagation": _Table(
        make=tables.propagation_table, caption=captions.PROPAGATION_CAPTION, of=("coverage", "spans"),
        otherwise="No service has spans.",
    ),
    "scores": _Table(
        make=tables.scores_table, caption=captions.SCORES_CAPTION, of=("score", "spans"),
        otherwise="No score can be told.",
    ),
    "rules": _Table(
        make=tables.rules_table, caption=captions.RULES_CAPTION, of=("score", "spans"),
        otherwise="No rule can be told.",
    ),
    "signals": _Table(
        make=tables.signals_table, caption=captions.SIGNALS_CAPTION, of=("signals", "spans", "metrics"),
        otherwise="No service is known.",
    ),
    "alerts": _Table(
        make=tables.alerts_table, caption=captions.ALERTS_CAPTION, of=("alerts", "alerts of SLOs"),
        otherwise="No SLO is given that an alert could watch.",
    ),
    "unread": _Table(
        make=tables.unread_table, caption=captions.UNREAD_CAPTION, of=("alerts", "alerts of SLOs", "metrics"),
        otherwise="Every alert reads series that are in the metrics.",
    ),
    "logs": _Table(
        make=tables.logs_table, caption=captions.LOGS_CAPTION, of=("logs", "log correlation"),
        otherwise="No line of a log is given.",
    ),
    "silos": _Table(
        make=tables.silos_table, caption=captions.SILOS_CAPTION, of=("dashboards", "silos"),
        otherwise="No service is known.",
    ),
    "blast": _Table(
        make=tables.blast_table, caption=captions.BLAST_CAPTION, of=("graph", "spans"),
        otherwise="No service is known.",
    ),
    "edges": _Table(
        make=tables.edges_table, caption=captions.EDGES_CAPTION, of=("graph", "spans"),
        otherwise="No service calls another.",
    ),
    "shape": _Table(
        make=tables.shape_table, caption=captions.SHAPE_CAPTION, of=("graph", "spans"),
        otherwise="No service is known.",
    ),
    "sampling": _Table(
        make=tables.sampling_table, caption=captions.SAMPLING_CAPTION, of=("sampling", "spans"),
        otherwise="The sampling of the traces biases no figure.",
    ),
}  # fmt: skip


KINDS = {"alerts": ("alerts",), "unread": ("alerts",), "logs": ("logs",), "silos": ("dashboards", "teams")}


def table(result: Observability, name: str) -> Shown:
    """A table by its name, one of TABLES; a sentence that says why, and what to supply, where it is empty."""
    if name not in TABLES:
        raise InvalidInput(f"table: found {name!r}; expected one of {listing(list(TABLES), len(TABLES))}.")
    own = TABLES[name]
    frame = own.make(result)
    if len(frame):
        return figures.table(frame, name, own.caption + _origin(result, name), units=tables.UNITS)
    part = next((part for part in own.of if part in result.absent), "")
    return figures.nothing(why_absent(result, part, name) if part else own.otherwise)


def _origin(result: Observability, name: str) -> str:
    """Said of what watches the system, where it, or some of it, is simulated."""
    simulated = [each.origin == "simulated" for kind in KINDS.get(name, ()) for each in result.sources.get(kind, ())]
    if not any(simulated):
        return ""
    return " This evidence is simulated." if all(simulated) else " Some of this evidence is simulated."
