from click.testing import CliRunner
from test_compare import estimate, finding, written

from scaling_lib.cli import scaling


def ran(*words):
    found = CliRunner().invoke(scaling, ["compare", *map(str, words)])
    return found.exit_code, found.output


def test_what_changed_is_listed_and_may_fail(tmp_path):
    written(tmp_path / "a", finding("peak", "watch", estimate(3)), finding("disk", "ok"), state="watch")
    written(tmp_path / "b", finding("peak", "act", estimate(2)), finding("disk", "ok"), state="act")
    code, said = ran(tmp_path / "a", tmp_path / "b")
    assert code == 0
    assert "worse (1 finding)" in said
    assert "watch -> act" in said
    assert "[3x (2.7x to 3.3x) -> 2x (1.8x to 2.2x)]" in said
    assert "step 02: watch -> act" in said
    assert "disk" not in said
    assert "disk is ok." in ran(tmp_path / "a", tmp_path / "b", "--all")[1]


def test_nothing_changed(tmp_path):
    written(tmp_path / "a", finding("peak", "watch"))
    assert ran(tmp_path / "a", tmp_path / "a") == (
        0,
        "nothing changed in 1 finding\nnote: The later run has no newer evidence than the earlier one.\n",
    )
