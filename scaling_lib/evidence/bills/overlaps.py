"""Bills that were exported twice: the same days, accounts and services in two files."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pandas as pd

from scaling_lib.evidence.bills.reduce import KEYS, BillFile
from scaling_lib.words import percent

SAME = 0.9  # of the cost on common days: then the files are exports of one bill
ALIKE = [*KEYS, "effective", "n"]
PLACE = ["day", "account", "service", "category"]


def without_doubles(files: Sequence[BillFile]) -> tuple[list[pd.DataFrame], dict[int, list[str]]]:
    """The cells of each file without those that an earlier one has to the millionth, and notes by the file's place.

    Only where nearly all of the cost of the days that two files have in common is alike: files that share out the rows
    of a bill may have single cells that are. Where two files tell different costs of the same services on the same
    days, which may be an older and a newer export or two parts of one, both are counted, and it is said.
    """
    cells = [each.cells for each in files]
    notes: dict[int, list[str]] = {}
    for first, second in itertools.combinations(range(len(files)), 2):
        common = cells[second]["day"].isin(cells[first]["day"].unique())
        mine = cells[second][common]
        if mine.empty:
            continue
        keys = pd.MultiIndex.from_frame(mine[ALIKE])
        same = keys.isin(pd.MultiIndex.from_frame(cells[first][ALIKE]))
        cost = mine["effective"].abs()
        share = float(cost[same].sum() / cost.sum()) if cost.sum() else 0.0
        days = f"{mine['day'].min():%Y-%m-%d} to {mine['day'].max():%Y-%m-%d}"
        name = files[first].file.name
        if share >= SAME:
            cells[second] = cells[second].drop(index=mine.index[same])
            notes.setdefault(second, []).append(
                f"{days}: {percent(share)} of the cost is in {name} too, to the millionth: an export of the same bill, "
                "counted once"
            )
        elif pd.MultiIndex.from_frame(mine[PLACE]).isin(pd.MultiIndex.from_frame(cells[first][PLACE])).mean() >= SAME:
            notes.setdefault(second, []).append(
                f"{days}: {name} has the same days, accounts and services with other costs: both are counted. Where "
                "one is an older export of the other, the cost is counted twice: give the newer alone"
            )
    return cells, notes
