"""The rating of technical debt by SonarQube's SQALE model."""

from __future__ import annotations

from scaling_lib.errors import InvalidInput

MINUTES_A_LINE = 30.0  # what a line costs to write, SonarQube's default
BOUNDS = (("A", 0.05), ("B", 0.1), ("C", 0.2), ("D", 0.5))


def sqale_ratio(minutes: float, lines: float) -> float:
    """Minutes of debt over the minutes that so many lines take to write."""
    if not (minutes >= 0 and lines > 0):
        raise InvalidInput(
            f"sqale_ratio: found {minutes} minutes of debt in {lines} lines; expected 0 or more, and lines."
        )
    return minutes / (MINUTES_A_LINE * lines)


def sqale_rating(minutes: float, lines: float) -> str:
    """A to E, by the debt ratio: at most 0.05, 0.1, 0.2, 0.5, or more. Source: SonarQube's documentation, metrics."""
    ratio = sqale_ratio(minutes, lines)
    return next((letter for letter, bound in BOUNDS if ratio <= bound), "E")
