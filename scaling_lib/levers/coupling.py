"""Files that are changed together, whatever the code says of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.levers.history import check_changes

LEAST_REVISIONS, LEAST_SHARED = 5, 5
LEAST_DEGREE, MOST_DEGREE = 30, 100
LARGEST_COMMIT = 30  # files: a commit of more is a sweep over the code, and couples nothing
COLUMNS = ["one", "other", "degree", "shared", "revisions"]


def coupling(
    changes: pd.DataFrame,
    *,
    least_revisions: int = LEAST_REVISIONS,
    least_shared: int = LEAST_SHARED,
    least_degree: int = LEAST_DEGREE,
    most_degree: int = MOST_DEGREE,
    largest_commit: int = LARGEST_COMMIT,
) -> pd.DataFrame:
    """Pairs of files that were changed together, the closest first.

    changes: commit and path at least, see `evidence.changes`. Columns: one, other (paths, in order of the alphabet);
    degree: percent, int(100 x shared / mean revisions of both); shared: commits of both; revisions: mean of the two.
    Left out: files and pairs below the least, degrees outside of the two, and commits of more files than the largest,
    though they count as revisions.
    Raises InvalidInput without a column. Source: Tornhill, Your Code as a Crime Scene (2015), and code-maat's defaults.
    """
    check_changes("coupling", changes, ("commit", "path"))
    if min(least_revisions, least_shared, largest_commit) < 1 or not 0 <= least_degree <= most_degree <= 100:
        raise InvalidInput("coupling: expected counts of at least 1, and degrees from 0 to 100 with the least first.")
    touched = changes[["commit", "path"]].drop_duplicates()
    codes, paths = pd.factorize(touched["path"], sort=True)
    commits = pd.factorize(touched["commit"])[0]
    revisions = np.bincount(codes, minlength=len(paths))
    small = np.bincount(commits)[commits] <= largest_commit
    kept = small & (revisions[codes] >= min(least_revisions, least_shared))
    rows = pd.DataFrame({"commit": commits[kept], "file": codes[kept]})
    pairs = rows.merge(rows, on="commit")
    pairs = pairs[pairs["file_x"] < pairs["file_y"]]
    counted = pairs.groupby(["file_x", "file_y"], as_index=False).size()
    one, other, shared = (counted[name].to_numpy() for name in ("file_x", "file_y", "size"))
    mean = (revisions[one] + revisions[other]) / 2
    degree = np.minimum(100 * shared / np.maximum(mean, 1e-9), 100).astype(np.int64)
    found = pd.DataFrame(
        {"one": paths[one], "other": paths[other], "degree": degree, "shared": shared, "revisions": mean},
        columns=COLUMNS,
    )
    chosen = (found["shared"] >= least_shared) & (found["revisions"] >= least_revisions)
    chosen &= found["degree"].between(least_degree, most_degree)
    ordered = found[chosen].sort_values(["degree", "revisions", "one", "other"], ascending=[False, False, True, True])
    return ordered.reset_index(drop=True)


def sum_of_coupling(changes: pd.DataFrame, *, largest_commit: int = LARGEST_COMMIT) -> pd.Series:
    """By file, how often another one was changed with it, over all its commits; the most first."""
    check_changes("sum_of_coupling", changes, ("commit", "path"))
    touched = changes[["commit", "path"]].drop_duplicates()
    size = touched.groupby("commit")["path"].transform("size")
    small = touched[size <= largest_commit]
    sums: pd.Series = (size[size <= largest_commit] - 1).groupby(small["path"]).sum()
    return sums.sort_values(ascending=False, kind="stable").rename("coupling")
