"""The register of technical debt."""

from scaling_lib.evidence.debt.read import COLUMNS, DebtSource, read_debt

__all__ = ["COLUMNS", "DebtSource", "read_debt"]
