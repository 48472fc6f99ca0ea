from __future__ import annotations

from types import SimpleNamespace

import pytest

from scaling_lib.demo import generate


@pytest.fixture(scope="session")
def shop() -> SimpleNamespace:
    """The example's simulated system: its evidence and its truth."""
    demo, truth = generate()
    return SimpleNamespace(demo=demo, truth=truth)
