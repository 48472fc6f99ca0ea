"""Scaling Assessment: will the system survive ten times the load, what breaks first, what to fix first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scaling_lib.assessment import Assessment

__version__ = "0.1.0"


def open(path: str = "") -> Assessment:
    """Open an assessment: a folder with an `assessment.yaml`, or that file; the bundled example without one.

    Raises InvalidInput when the file is missing or does not describe a system.
    """
    from scaling_lib.assessment import open_assessment

    return open_assessment(path)
