"""The history of a repository of 10,000 commits, read and coupled: CPU time over that of `git log --numstat` alone.

Run by hand: `python tests/benchmarks/bench_history.py [commits] [rounds]`. The repository is made by `git fast-import`:
300 files of 200 lines, of which a commit changes 1 to 6, with a rename now and then. CPU is of all processes (user and
system), so that other work on the machine does not count; each is the least of the rounds. PyDriller is run beside, over
a tenth of the commits, where it is installed; it is no dependency. Measured on a busy machine with two processors: read
1.15, with coupling 1.17 times `git log --numstat`; PyDriller 28 times ours.
"""

from __future__ import annotations

import importlib.util
import os
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

FILES, LINES = 300, 200
OURS = """
import resource, sys
from scaling_lib.evidence.changes import ChangeSource, read_changes
from scaling_lib.levers.coupling import coupling

def used():
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in each)

start = used()
frame = read_changes([ChangeSource(path=sys.argv[1])]).frame
read = used() - start
assert frame["commit"].nunique() == int(sys.argv[2]), frame["commit"].nunique()
assert len(coupling(frame, least_degree=0, least_shared=1))
print(read, used() - start)
"""
PYDRILLER = """
import sys
from pydriller import Repository
rows = [(commit.hash, file.new_path, file.added_lines) for commit in Repository(sys.argv[1]).traverse_commits()
        for file in commit.modified_files]
"""


def make(folder: Path, commits: int) -> None:
    """A repository of so many commits on one branch."""
    subprocess.run(["git", "init", "-q", "-b", "main", folder], check=True)
    rng = random.Random(commits)
    names = [f"part{number % 20}/file{number}.py" for number in range(FILES)]
    lines = [[f"line {row} of {number}" for row in range(LINES)] for number in range(FILES)]
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as importer:
        assert importer.stdin
        for commit in range(commits):
            who = f"Person {rng.randrange(40)}"
            when = 1_600_000_000 + 3_600 * commit
            text = f"commit refs/heads/main\nauthor {who} <{who[7:]}@example.com> {when} +0000\n"
            text += f"committer {who} <{who[7:]}@example.com> {when} +0000\ndata 1\nx\n"
            for file in range(FILES) if commit == 0 else sorted(rng.sample(range(FILES), rng.randrange(1, 7))):
                if commit and rng.random() < 0.002:
                    old, names[file] = names[file], f"part{rng.randrange(20)}/moved{commit}_{file}.py"
                    text += f"R {old} {names[file]}\n"
                lines[file][rng.randrange(LINES)] = f"changed by {commit}"
                body = "\n".join(lines[file])
                text += f"M 100644 inline {names[file]}\ndata {len(body)}\n{body}\n"
            importer.stdin.write(text.encode())
    assert importer.returncode == 0


def cpu(command: list[str], rounds: int) -> float:
    """The least CPU seconds of a command with its children."""
    found = []
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def ours(folder: Path, commits: int, rounds: int) -> tuple[float, float]:
    """The least CPU seconds, without imports, of reading, and of reading and coupling."""
    command = [sys.executable, "-c", OURS, str(folder), str(commits)]
    found = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(rounds)]
    return min(float(each[0]) for each in found), min(float(each[1]) for each in found)


def main(commits: int = 10_000, rounds: int = 3) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        whole, tenth = Path(folder) / "whole", Path(folder) / "tenth"
        make(whole, commits)
        git = cpu(["git", "-C", str(whole), "log", "--numstat"], rounds)
        read, coupled = ours(whole, commits, rounds)
        print(f"{commits:,} commits: git log --numstat takes {git:.2f} s of CPU")
        print(f"read {read / git:.2f} times that, with coupling {coupled / git:.2f} times")
        if importlib.util.find_spec("pydriller") is None:
            print("PyDriller is not installed: not compared")
            return
        make(tenth, commits // 10)
        driller = cpu([sys.executable, "-c", PYDRILLER, str(tenth)], 1)
        own, _ = ours(tenth, commits // 10, rounds)
        print(f"PyDriller, {commits // 10:,} commits: {driller:.2f} s with its imports, {driller / own:.0f} times ours")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
