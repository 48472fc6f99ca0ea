"""Code that is both complicated and changed often: where work on the code pays first."""

from __future__ import annotations

import pandas as pd

from scaling_lib.levers.history import check_changes

COLUMNS = ["path", "revisions", "lines", "complexity", "churn", "share", "score"]


def hotspots(changes: pd.DataFrame, complexity: pd.DataFrame) -> pd.DataFrame:
    """Files by how often they are changed and how complicated they are, the hottest first.

    changes: commit, path, added, deleted, and bot where bots are to be left out. complexity: a row a function or file:
    path, lines, complexity (McCabe's cyclomatic number).
    Columns: path, revisions (commits), lines and complexity (sums of the file), churn (lines added and deleted), share
    of all revisions; score: revisions x complexity over the largest of that. Files that are gone, or not measured, are
    left out. Source: Tornhill, Your Code as a Crime Scene (2015).
    """
    check_changes("hotspots", changes, ("commit", "path", "added", "deleted"))
    check_changes("hotspots", complexity, ("path", "lines", "complexity"))
    human = changes[~changes["bot"]] if "bot" in changes else changes
    touched = human.assign(churn=human["added"] + human["deleted"])
    worked = touched.groupby("path").agg(revisions=("commit", "nunique"), churn=("churn", "sum"))
    sizes = complexity.groupby("path").agg(lines=("lines", "sum"), complexity=("complexity", "sum"))
    found = worked.join(sizes, how="inner").reset_index()
    heat = found["revisions"] * found["complexity"]
    found = found.assign(
        share=found["revisions"] / max(int(worked["revisions"].sum()), 1),
        score=heat / heat.max() if len(heat) and heat.max() > 0 else 0.0,
    )
    ordered = found.sort_values(["score", "revisions", "path"], ascending=[False, False, True], kind="stable")
    return ordered[COLUMNS].reset_index(drop=True)
