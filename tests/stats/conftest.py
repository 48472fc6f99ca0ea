import numpy as np
import pytest

SEED = 20_261_123  # fixed, so that a test fails by a change and not by chance


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(SEED)
