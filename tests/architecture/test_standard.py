"""Every pattern by its name: assumed figures by default, told ones in their place; and the hit ratio of recorded keys."""

from pathlib import Path

import pytest

from scaling_lib.architecture.hit_ratio import hit_ratio
from scaling_lib.architecture.load import load_of
from scaling_lib.architecture.standard import ASSUMED, Told, standard
from scaling_lib.config_options import FIGURES, SHARES, SIZES, Keys
from scaling_lib.errors import BrokenEvidence, InvalidInput, NotEnoughData
from scaling_lib.model import System
from scaling_lib.stats import Estimate

SYSTEM = System({"store": 0.010, "app": 0.004}, {"store": 1, "app": 2}, 40)
KINDS = [kind for kind in FIGURES if kind != "less work"]


def exactly(value):
    return Told(figure=Estimate(value, value, value), said="counted")


@pytest.mark.parametrize("kind", KINDS)
def test_what_nobody_tells_is_assumed(kind):
    pattern = standard(kind, ("store",))
    assert set(ASSUMED[kind]) == set(FIGURES[kind])
    assert len(pattern.assumptions) == len([each for each in FIGURES[kind] if each not in SIZES])
    assert pattern.assumptions and all(each.figure.assumed for each in pattern.assumptions)
    assert (pattern.applied(load_of(SYSTEM)).capacity() > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_that_is_told_takes_its_own_place(kind):
    for name in FIGURES[kind]:
        if name in SIZES:
            continue
        (own,) = [
            each for each in standard(kind, ("store",), {name: exactly(0.25)}).assumptions if not each.figure.assumed
        ]
        assert (own.figure.value, own.said) == (0.25, "counted")
        assert (own.most == 1) == (name in SHARES)


def test_sizes_and_names_are_kept():
    told = {"times": exactly(3), "contention": exactly(0), "coherence": exactly(0)}
    pattern = standard("horizontal scaling", ("store",), told, name="three stores", once_h=8)
    assert pattern.name == "three stores" and pattern.once_h.value == 8
    assert pattern.applied(load_of(SYSTEM)).capacity() == pytest.approx(300)
    with pytest.raises(InvalidInput, match="found the figure 'shards'"):
        standard("cache", ("store",), {"shards": exactly(2)})


def keys(folder: Path, asked, name="keys.csv"):
    (folder / name).write_text("time,key\n" + "\n".join(f"{at},{key}" for at, key in enumerate(asked)) + "\n")
    return Keys(path=name, column="key", entries=2)


def test_the_hit_ratio_is_that_of_a_cache_that_drops_the_least_recently_used(tmp_path):
    """a b a b c, again and again: with 2 entries the second a and b hit."""
    found = hit_ratio(tmp_path, keys(tmp_path, "ababc" * 200))
    assert found.figure.value == pytest.approx(2 / 5, abs=0.005) and not found.figure.assumed
    assert found.said == "1,000 look-ups of keys.csv, with 2 entries"


def test_keys_that_cannot_be_used(tmp_path):
    with pytest.raises(BrokenEvidence, match=r"no\.csv: cannot be read as a table of keys"):
        hit_ratio(tmp_path, Keys(path="no.csv", entries=2))
    own = keys(tmp_path, "abab")
    with pytest.raises(InvalidInput, match="found no column 'user'; expected one of time and key"):
        hit_ratio(tmp_path, own.model_copy(update={"column": "user"}))
    with pytest.raises(NotEnoughData, match="longer trace"):
        hit_ratio(tmp_path, own)
    (tmp_path / "cut.parquet").write_bytes(b"PAR1")
    with pytest.raises(BrokenEvidence, match=r"cut\.parquet"):
        hit_ratio(tmp_path, Keys(path="cut.parquet", entries=2))
