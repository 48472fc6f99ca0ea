"""What went wrong, when it was noticed, and when it was over."""

from scaling_lib.evidence.incidents.read import COLUMNS, IncidentSource, read_incidents

__all__ = ["COLUMNS", "IncidentSource", "read_incidents"]
