"""Who wrote which file: main authors, how split the work is, islands of knowledge."""

from __future__ import annotations

import pandas as pd

from scaling_lib.levers.history import check_changes

ISLAND = 0.9  # of a file's commits by one person, from which on nobody else knows it
ISLAND_REVISIONS = 10  # below so many commits nobody knows it well, and few need to


def ownership(changes: pd.DataFrame) -> pd.DataFrame:
    """A row a file, the most changed first.

    changes: commit, person (see `people`; author where it is absent), path, added, and bot where bots are to be left
    out. Columns: path, revisions, authors; main: who made most of its commits, main_share: of them; fragmentation:
    1 - sum of squared shares of commits (0: one author); main_by_lines, and their share of the lines added;
    island: whether one person made nearly all of its commits, and they are ten or more.
    Source: D'Ambros, Lanza and Gall, Fractal figures, VISSOFT (2005), for the fragmentation.
    """
    check_changes("ownership", changes, ("commit", "path", "added"))
    own = changes if "person" in changes else changes.assign(person=changes["author"])
    own = own[~own["bot"]] if "bot" in own else own
    commits = own.groupby(["path", "person"], as_index=False).agg(
        revisions=("commit", "nunique"), added=("added", "sum")
    )
    whole = commits.groupby("path")["revisions"].transform("sum")
    lines = commits.groupby("path")["added"].transform("sum")
    share = commits["revisions"] / whole
    commits = commits.assign(share=share, line_share=(commits["added"] / lines).fillna(0.0), squared=share**2)
    main = _first(commits, "share")
    by_lines = _first(commits, "line_share")
    files = commits.groupby("path").agg(
        revisions=("revisions", "sum"), authors=("person", "nunique"), squared=("squared", "sum")
    )
    found = files.assign(
        main=main["person"],
        main_share=main["share"],
        fragmentation=(1 - files["squared"]).clip(lower=0.0),
        main_by_lines=by_lines["person"],
        main_line_share=by_lines["line_share"],
    ).drop(columns="squared")
    found["island"] = (found["main_share"] >= ISLAND) & (found["revisions"] >= ISLAND_REVISIONS)
    ordered = found.reset_index().sort_values(["revisions", "path"], ascending=[False, True], kind="stable")
    return ordered.reset_index(drop=True)


def _first(commits: pd.DataFrame, by: str) -> pd.DataFrame:
    """By file the row of the largest share, the first by name of those that tie."""
    ordered = commits.sort_values(["path", by, "person"], ascending=[True, False, True], kind="stable")
    return ordered.drop_duplicates("path").set_index("path")
