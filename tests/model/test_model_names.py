"""The names that others call, and that who asks for one does not wait for the libraries of another."""

from __future__ import annotations

import subprocess
import sys

import pytest

import scaling_lib.model


def loaded(statement: str) -> set[str]:
    """The heavy libraries that a fresh interpreter has loaded after it."""
    asked = f"{statement}\nimport sys; print(*{{'numpy', 'pandas', 'scipy'}} & set(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split())


def test_the_names_that_others_call_are_there():
    from scaling_lib.model import System, migration, queueing, usl

    system = scaling_lib.model.System({"cpu": 0.05}, {}, 10.0)
    assert isinstance(system, System)
    assert migration.migration(system, steps=1)[0].after.value == pytest.approx(40.0)
    assert queueing.erlang_c(0.5, 1) == pytest.approx(0.5)
    assert callable(usl.fit)
    with pytest.raises(AttributeError, match="no attribute 'caches'"):
        _ = scaling_lib.model.caches


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import scaling_lib.model", set()),
        ("from scaling_lib.model import queueing", {"numpy"}),
        ("import scaling_lib.model; scaling_lib.model.System", {"numpy"}),
        ("import scaling_lib.model; scaling_lib.model.queueing, scaling_lib.model.migration", {"numpy"}),
    ],
)
def test_who_asks_for_one_does_not_wait_for_the_rest(statement, expected):
    assert loaded(statement) == expected
