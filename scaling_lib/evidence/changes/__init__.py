"""Who changed which file, when, and by how much: the history of a git repository."""

from scaling_lib.evidence.changes.parse import COLUMNS
from scaling_lib.evidence.changes.read import ChangeSource, read_changes

__all__ = ["COLUMNS", "ChangeSource", "read_changes"]
