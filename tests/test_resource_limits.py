"""What a limit of a resource may be, and how it is refused: with the line and the resource's name."""

from __future__ import annotations

import pytest

import scaling_lib
from scaling_lib.errors import ScalingError

TEXT = "system: shop\nresources:\n  - {name: pool, used: in_use, limit: %s, unit: connections}\n"


def opened(folder, limit):
    (folder / "assessment.yaml").write_text(TEXT % limit, encoding="utf-8")
    return scaling_lib.open(folder).resources[0].limit


@pytest.mark.parametrize(
    ("limit", "read"),
    [
        ("4", 4.0),
        ('"4"', 4.0),
        ("1e11", 1e11),
        ("pool_size", "pool_size"),
        ("'size{a=\"b\"}'", 'size{a="b"}'),
    ],
)
def test_a_number_also_in_quotes_or_a_selector(tmp_path, limit, read):
    assert opened(tmp_path, limit) == read


@pytest.mark.parametrize("limit", ["100 GB", '"4 processors"', '""', "0", "-1", '"nan"', "sum(size)"])
def test_what_is_neither_is_refused(tmp_path, limit):
    with pytest.raises(ScalingError, match=r"line 3"):
        opened(tmp_path, limit)


def test_the_resource_is_named(tmp_path):
    with pytest.raises(ScalingError, match=r"pool: found a limit of '100 GB'; expected a number, without its unit"):
        opened(tmp_path, "100 GB")
