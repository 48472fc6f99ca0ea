"""The hit ratio of a cache of some size, from a recording of the keys that it was asked for."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from scaling_lib.architecture.standard import Told
from scaling_lib.config_options import Keys
from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.model.caching import miss_ratio_curve
from scaling_lib.words import listing, plural


def hit_ratio(folder: Path, keys: Keys) -> Told:
    """What a warm cache of so many entries would hit, with its interval.

    folder: of the assessment, that paths are relative to. Raises BrokenEvidence for a file that cannot be read,
    InvalidInput for a column that is not there, NotEnoughData for a recording that is too short.
    """
    file = folder / keys.path
    try:
        table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise BrokenEvidence(
            f"{keys.path}: cannot be read as a table of keys ({error}); expected CSV or Parquet."
        ) from error
    column = keys.column or str(table.columns[0])
    if column not in table:
        raise InvalidInput(f"{keys.path}: found no column {column!r}; expected one of {listing(list(table.columns))}.")
    found = miss_ratio_curve(table[column]).warm(keys.entries).estimate
    return Told(figure=found, said=f"{plural(len(table), 'look-up')} of {keys.path}, with {keys.entries:,} entries")
