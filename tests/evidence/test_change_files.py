"""The history of real repositories and of exported logs; and what is none."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.changes import COLUMNS, ChangeSource, read_changes
from scaling_lib.evidence.changes.parse import parse_log
from scaling_lib.evidence.changes.read import LOG

GIT = shutil.which("git")
pytestmark = pytest.mark.skipif(GIT is None, reason="needs the command git")


def git(folder, *words, **environment):
    ran = subprocess.run(
        [GIT, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *words],
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **environment},
    )
    return ran.stdout


@pytest.fixture
def repository(tmp_path):
    """Three commits: two files and a binary one; a rename with a change; a name that is no UTF-8, and one with blanks."""
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    lines = "".join(f"line {number}\n" for number in range(30))
    (folder / "old.py").write_text(lines)
    (folder / "plan.png").write_bytes(bytes(range(256)))
    commit(folder, "2026-10-01T10:00:00+02:00")
    git(folder, "mv", "old.py", "new.py")
    (folder / "new.py").write_text(lines + "more\n")
    commit(folder, "2026-10-02T10:00:00Z")
    (folder / "with\tblank => arrow.txt").write_text("x\n")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("x\n")
    (folder / "new.py").write_text(lines)
    commit(folder, "2026-10-03T10:00:00Z", author="Bo <bo@example.com>")
    return folder


def commit(folder, time, author="Ada <ada@example.com>"):
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "one", f"--author={author}", GIT_AUTHOR_DATE=time, GIT_COMMITTER_DATE=time)


def test_a_repository(repository):
    found = read_changes([ChangeSource(path=str(repository))])
    frame = found.frame
    assert tuple(frame.columns) == COLUMNS
    assert frame["order"].tolist() == [0, 0, 0, 1, 2, 2]
    by = frame.set_index(["order", "path"])
    assert by.loc[(2, "new.py"), ["added", "deleted"]].tolist() == [30, 0]  # known by the name it has today
    assert by.loc[(1, "new.py"), ["added", "deleted"]].tolist() == [1, 0]
    assert by.loc[(0, "new.py"), ["added", "deleted"]].tolist() == [0, 1]
    assert by.loc[(2, "plan.png"), "binary"]
    assert "with\tblank => arrow.txt" in frame["path"].tolist()
    assert r"caf\xe9.txt" in frame["path"].tolist()
    assert by.loc[(0, "new.py"), "author"] == "Bo"
    assert by.loc[(2, "new.py"), "time"] == pd.Timestamp("2026-10-01T08:00:00Z")
    assert found.quality[0].format == "git repository"


def test_the_exported_log_gives_the_same(repository, tmp_path):
    log = git(repository, *LOG)
    (tmp_path / "git.log").write_bytes(log)
    (tmp_path / "git.log.gz").write_bytes(gzip.compress(log))
    own = read_changes([ChangeSource(path=str(repository))]).frame
    for name in ("git.log", "git.log.gz"):
        pd.testing.assert_frame_equal(read_changes([ChangeSource(path=str(tmp_path / name))]).frame, own)


def test_a_log_without_nul_is_read_by_lines(repository):
    words = [word for word in LOG if word != "-z"]
    text = git(repository, *words).decode()
    own, other = read_changes([ChangeSource(path=str(repository))]).frame, parse_log(text).rows
    assert other[["added", "deleted", "order"]].equals(own[["added", "deleted", "order"]])
    assert (other["path"] == "new.py").sum() == 3


def test_two_repositories_are_not_copies_of_each_other(repository, tmp_path):
    shutil.copytree(repository, tmp_path / "other")
    found = read_changes([ChangeSource(path=str(repository)), ChangeSource(path=str(tmp_path / "other"))])
    assert len(found.frame) == 12


def test_a_mailmap_a_bare_and_a_shallow_repository(repository, tmp_path):
    (repository / ".mailmap").write_text("Ada Lovelace <ada@example.com>\n")
    commit(repository, "2026-10-04T10:00:00Z")
    assert "Ada Lovelace" in read_changes([ChangeSource(path=str(repository))]).frame["author"].tolist()
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare")
    assert read_changes([ChangeSource(path=str(tmp_path / "bare"))]).frame["commit"].nunique() == 4
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", "thin")
    thin = read_changes([ChangeSource(path=str(tmp_path / "thin"))])
    assert thin.frame["commit"].nunique() == 1
    assert "a shallow clone" in thin.quality[0].notes[0]


def test_since_leaves_out_what_is_older(repository):
    found = read_changes([ChangeSource(path=str(repository), since="2026-10-02T12:00:00Z")])
    assert found.frame["commit"].nunique() == 1


def test_a_foreign_configuration_is_not_run(repository, tmp_path):
    marker = tmp_path / "was-run"
    git(repository, "config", "core.fsmonitor", f"touch {marker}")
    git(repository, "config", "core.pager", f"touch {marker}")
    read_changes([ChangeSource(path=str(repository))])
    assert not marker.exists()


def test_renames_by_line():
    text = "\x1ea\x1fA\x1fa@x\x1f2026-10-02T00:00:00Z\n1\t0\tsrc/{old => new}/a.py\n2\t0\tb.py => c.py\n0\t0\t{ => lib}/d.py\n"
    text += "\x1eb\x1fA\x1fa@x\x1f2026-10-01T00:00:00Z\n5\t0\tsrc/old/a.py\n6\t0\tb.py\n-\t-\td.py\n"
    rows = parse_log(text).rows
    assert rows["path"].tolist() == ["src/new/a.py", "c.py", "lib/d.py"] * 2
    assert rows["binary"].tolist() == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"commit abc\nAuthor: A\n", "no log of git"), (b"", "no log of git"), (b"\x1e\x1f\n", "found no row")],
)
def test_what_is_no_log(tmp_path, content, said):
    (tmp_path / "git.log").write_bytes(content)
    with pytest.raises(BrokenEvidence, match=said):
        read_changes([ChangeSource(path=str(tmp_path / "git.log"))])


def test_a_folder_that_is_no_repository_and_one_without_a_commit(tmp_path):
    with pytest.raises(BrokenEvidence, match="git cannot read it"):
        read_changes([ChangeSource(path=str(tmp_path))])
    git(tmp_path, "init", "-q")
    with pytest.raises(BrokenEvidence, match="expected a repository with a commit"):
        read_changes([ChangeSource(path=str(tmp_path))])
