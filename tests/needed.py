"""Programs of the system that tests need."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str) -> str:
    """The program's path; without it the test skips, and in CI, where it has to be, fails."""
    path = shutil.which(program)
    if path:
        return path
    if os.environ.get("CI") == "true":
        pytest.fail(f"{program} is not installed, and CI has to have it")
    pytest.skip(f"{program} is not installed; the README says what brings it")
