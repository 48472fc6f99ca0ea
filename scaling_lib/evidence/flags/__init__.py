"""Feature flags, and where the code asks for them."""

from scaling_lib.evidence.flags.read import COLUMNS, Flags, FlagSource, read_flags

__all__ = ["COLUMNS", "FlagSource", "Flags", "read_flags"]
