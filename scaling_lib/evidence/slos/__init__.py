"""SLOs as OpenSLO and sloth files say them, in one form."""

from scaling_lib.evidence.slos.read import read_slos
from scaling_lib.evidence.slos.slo import SLO, Budgeting, Kind

__all__ = ["SLO", "Budgeting", "Kind", "read_slos"]
