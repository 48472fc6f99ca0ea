"""The engine within its limit of memory."""

from __future__ import annotations

from scaling_lib.evidence.engine import connect, one


def test_what_does_not_fit_is_spilled_outside_of_the_working_folder_and_removed(tmp_path, monkeypatch):
    spill = tmp_path / "temporary"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    monkeypatch.chdir(tmp_path)
    with connect("60MB") as engine:
        engine.execute(
            "CREATE TEMP TABLE wide AS SELECT hash(i)::VARCHAR || repeat('x', 40) AS a FROM range(3000000) t(i)"
        )
        assert one(engine, "SELECT count(*) FROM wide") == (3_000_000,)
        assert [path.name for path in tmp_path.iterdir()] == ["temporary"]
        assert len(list(spill.rglob("*.tmp"))) > 0
    assert list(spill.iterdir()) == []
