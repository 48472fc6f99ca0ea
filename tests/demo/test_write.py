from __future__ import annotations

import hashlib

import pyarrow.parquet as pq
import pytest

from scaling_lib.demo import generate, write
from scaling_lib.errors import InvalidInput


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_equal_bytes_and_another_one_does_not(tmp_path):
    made = [write(generate(services=1, days=14, seed=seed)[0], tmp_path / str(n)) for n, seed in enumerate((7, 7, 8))]
    first, second, other = map(digests, made)
    assert first == second
    assert first.keys() == other.keys()
    same = {path.split("/")[0] for path in first if first[path] == other[path]}
    assert same == {"flags", "people", "scans"}  # these are the same in every system


def test_an_existing_folder_is_never_written_into(tmp_path):
    (tmp_path / "mine").mkdir()
    demo, _ = generate(services=1, days=14)
    with pytest.raises(InvalidInput, match="never overwritten"):
        write(demo, tmp_path / "mine")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="cannot be made"):
        write(demo, tmp_path / "file" / "below")
    assert list((tmp_path / "mine").iterdir()) == []


def test_what_is_written_is_what_was_made(tmp_path):
    demo, _ = generate(services=1, days=14)
    folder = write(demo, tmp_path / "new")
    for name, frame in {"counts": demo.counts, "bins": demo.bins}.items():
        back = pq.read_table(folder / "requests" / f"{name}.parquet").to_pandas()
        assert (
            (back.astype({"service": str, "route": str}) == frame.astype({"service": str, "route": str}))
            .to_numpy()
            .all()
        )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"services": 0}, "services 0"),
        ({"services": 201}, "services 201"),
        ({"days": 13}, "days 13"),
        ({"days": 731}, "days 731"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_a_size_that_cannot_be_simulated_is_refused(given, said):
    with pytest.raises(InvalidInput, match=said):
        generate(**given)
