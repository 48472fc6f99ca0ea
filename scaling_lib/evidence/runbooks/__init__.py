"""What is written down for the case that something fails: pages with a head."""

from scaling_lib.evidence.runbooks.read import COLUMNS, RunbookSource, read_runbooks

__all__ = ["COLUMNS", "RunbookSource", "read_runbooks"]
