"""Reads the history of git repositories, from the repository itself or a log that was exported."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.changes.parse import FORMAT, parse_log
from scaling_lib.evidence.files import head_of
from scaling_lib.evidence.formats import Origin
from scaling_lib.evidence.row_files import FileRows, Rows, rejected, rows_of
from scaling_lib.evidence.sources import ReadSource, read_sources
from scaling_lib.words import plural

LOG = ("log", "HEAD", "--numstat", "-z", "-M", "--no-merges", f"--pretty=format:{FORMAT}")
EXPORT = f"git log HEAD --numstat -z -M --no-merges --pretty=format:{FORMAT} > git.log"
SECONDS = 600
LEADS_ASTRAY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY")


@dataclass(frozen=True, kw_only=True)
class ChangeSource:
    """A repository's folder, or files of its log as `git log` writes it (see `EXPORT`). path: a folder, file or glob.

    since: such as "1 year ago" or a date, of a repository; "" is all of it.
    """

    path: str
    since: str = ""
    origin: Origin = ""


def read_changes(sources: Sequence[ChangeSource]) -> Rows:
    """A row for each file of each commit, see `parse_log`; merges are left out, their parts are there.

    Raises BrokenEvidence where no source gives one.
    """
    found = [_of_repository(each) if Path(each.path).is_dir() else read_sources([each], _read)[0] for each in sources]
    return rows_of("changes", found, time="time", expected=f"a git repository, or what `{EXPORT}` writes")


def _of_repository(source: ChangeSource) -> ReadSource[ChangeSource, FileRows]:
    folder = Path(source.path)
    try:
        content = _git(folder, *LOG, *([f"--since={source.since}"] if source.since else []))
        return ReadSource(source=source, read=[_rows(content, "git repository", _remarks(folder))])
    except BrokenEvidence as error:
        return ReadSource(source=source, problems=[str(error)])


def _read(file: Path, _: ChangeSource) -> FileRows:
    head, packed = head_of(file)
    if b"\x1e" not in head:
        raise BrokenEvidence(f"{file}: is no log of git in the form that is read; export it again with `{EXPORT}`.")
    try:
        content = gzip.decompress(file.read_bytes()) if packed else file.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenEvidence(f"{file}: cannot be unpacked ({error}); export it again with `{EXPORT}`.") from error
    return _rows(content, "git log", [])


def _rows(content: bytes, form: str, notes: list[str]) -> FileRows:
    found = parse_log(content.decode("utf-8", "backslashreplace"))
    no_time = found.rows["time"].isna()
    if found.empty:
        notes = [*notes, f"{plural(found.empty, 'commit')} without a file, left out"]
    return FileRows(
        format=form,
        frame=found.rows[~no_time],
        rejected=(
            *rejected("no commit", found.broken),
            *rejected("no time that can be read", found.rows.loc[no_time, "commit"].drop_duplicates().to_list()),
        ),
        notes=tuple(notes),
    )


def _remarks(folder: Path) -> list[str]:
    shallow = _git(folder, "rev-parse", "--is-shallow-repository").strip() == b"true"
    return ["a shallow clone: older commits are not here (`git fetch --unshallow` brings them)"] if shallow else []


def _git(folder: Path, *words: str) -> bytes:
    if not shutil.which("git"):
        raise BrokenEvidence(f"{folder}: the command git is not there to read it; install git, or give `{EXPORT}`.")
    environment = {name: value for name, value in os.environ.items() if name not in LEADS_ASTRAY}
    try:
        # No hook, pager or monitor that a foreign repository configures is run.
        ran = subprocess.run(
            ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-C", folder, *words],
            capture_output=True,
            timeout=SECONDS,
            env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BrokenEvidence(f"{folder}: git took more than {SECONDS} s; give a log as a file: `{EXPORT}`.") from error
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise BrokenEvidence(f"{folder}: git cannot read it ({said}); expected a repository with a commit.")
    return ran.stdout
