import numpy as np
import pytest

from scaling_lib.slo.projection import SEED  # the one seed of all simulations


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(SEED)
