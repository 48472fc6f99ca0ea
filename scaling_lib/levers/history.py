"""What the methods on a code's history share: their columns, who is a bot, and people with several addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from scaling_lib.errors import InvalidInput
from scaling_lib.words import listing

BOT = re.compile(r"\[bot\]|(?:^|[-_.\s])bot(?:$|[-_.\s@])|dependabot|renovate|github-actions|noreply@", re.IGNORECASE)


def check_changes(where: str, changes: pd.DataFrame, needed: Sequence[str]) -> None:
    """Raise InvalidInput where a column is absent."""
    check_columns(where, changes, needed, "evidence.changes")


def check_columns(where: str, frame: pd.DataFrame, needed: Sequence[str], of: str) -> None:
    """The same of the frame of another kind of evidence."""
    if missing := [name for name in needed if name not in frame]:
        raise InvalidInput(f"{where}: found no column {listing(missing)}; expected the frame of {of}.")


def people(changes: pd.DataFrame, members: Mapping[str, Sequence[str]] | None = None) -> pd.DataFrame:
    """The changes with `person`, one name a human whatever address they used, and `bot`, whether none did.

    changes: author and email. members: by name the addresses that are known to be one person's. Else one address is one
    person, and so is one name with several addresses, under its most frequent spelling. Who gives no address is
    known by the name alone.
    """
    check_changes("people", changes, ("author", "email"))
    known = {address.lower(): name for name, addresses in (members or {}).items() for address in addresses}
    address = changes["email"].str.strip().str.lower()
    address = address.where(address != "", changes["author"].str.lower())
    named = address.map({**_usual(address, changes["author"]), **known})
    spelled = named.str.strip().str.lower()
    one = _usual(spelled, named)
    text = changes["author"] + " " + changes["email"]
    return changes.assign(person=spelled.map(one), bot=text.str.contains(BOT) & ~address.isin(list(known)))


def _usual(keys: pd.Series, names: pd.Series) -> dict[str, str]:
    """By key its most frequent name, the first by its letters of those that tie."""
    pairs = pd.DataFrame({"key": keys.to_numpy(), "name": names.to_numpy()})
    counted = pairs.groupby(["key", "name"], as_index=False).size()
    ordered = counted.sort_values(["size", "name"], ascending=[False, True], kind="stable").drop_duplicates("key")
    return dict(zip(ordered["key"].astype(str), ordered["name"].astype(str), strict=True))
