from __future__ import annotations

import io
from types import SimpleNamespace

import pandas as pd
import pytest
from demo_files import parse_log

from scaling_lib.demo import generate
from scaling_lib.demo.write import contents


def of(demo, truth) -> SimpleNamespace:
    """A system as its files have it."""
    log = parse_log(demo.texts["code/git.log"])
    incidents = demo.tables["delivery/incidents.csv"].to_csv(index=False)
    return SimpleNamespace(demo=demo, truth=truth, log=log, incidents=pd.read_csv(io.StringIO(incidents)))


@pytest.fixture(scope="session")
def shop() -> SimpleNamespace:
    """The example's simulated system: its evidence and its truth."""
    return of(*generate())


@pytest.fixture(scope="session")
def files(shop) -> dict[str, bytes]:
    """The bytes of its files."""
    return contents(shop.demo)


@pytest.fixture(scope="session")
def small():
    """`small(seed=..., services=...)`: other systems, 14 days of each."""
    return lambda **options: of(*generate(**{"services": 1, "days": 14} | options))
