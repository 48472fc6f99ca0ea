"""Estimates and intervals."""

from scaling_lib.stats.estimate import Estimate

__all__ = ["Estimate"]
