from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from scaling_lib.slo.projection import SEED  # the one seed of all simulations


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(SEED)


@pytest.fixture
def counts_frame() -> Callable[..., pd.DataFrame]:
    """`counts_frame(bad, total, start="2026-11-01")`: counts per minute in UTC."""

    def make(bad, total, start="2026-11-01"):
        minutes = pd.date_range(start, periods=len(total), freq="min", tz="UTC", name="minute")
        return pd.DataFrame({"total": np.asarray(total, float), "bad": np.asarray(bad, float)}, index=minutes)

    return make
