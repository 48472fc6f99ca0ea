"""Plain tables of load: what is not read of them is named, and decimal commas are refused."""

from __future__ import annotations

import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.load_tests import LoadSource, read_load_tests


def read(folder, text: str):
    (folder / "load.csv").write_text(text, encoding="utf-8")
    return read_load_tests([LoadSource(path=str(folder / "load.csv"))], cache=None)


def test_columns_that_are_not_read_are_named(tmp_path):
    found = read(tmp_path, "users,throughput,p99,region\n1,50,0.05,a\n5,220,0.06,a\n")
    (note,) = [each for each in found.quality[0].notes if each.startswith("not read")]
    assert note.startswith("not read: the columns p99 and region; of a plain table users, throughput and time are.")
    assert "Locust, k6" in note
    assert not [each for each in read(tmp_path, "users,throughput\n1,50\n").quality[0].notes if "not read" in each]


def test_decimal_commas_between_semicolons_are_refused(tmp_path):
    with pytest.raises(BrokenEvidence, match=r"throughput with a decimal comma in 2 rows, such as '224,8'; expected a"):
        read(tmp_path, "users;throughput\n1;50,6\n5;224,8\n10;383\n")
    assert len(read(tmp_path, "users;throughput\n1;50.6\n5;224.8\n10;383\n").samples) == 3
