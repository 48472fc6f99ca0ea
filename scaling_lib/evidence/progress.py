"""A progress bar for what takes longer than two seconds, where somebody looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

HEADLESS = "SCALING_HEADLESS"  # set by the runner: nobody looks, and a widget's bar would stay on the page
DELAY_S = 2.0


def progress(items: Sequence[Item], what: str, unit: str) -> Iterable[Item]:
    """The items, with a bar in a notebook or on a terminal once they take over two seconds; gone at the end."""
    in_notebook = "ipykernel" in sys.modules and HEADLESS not in os.environ
    if len(items) < 2 or not (in_notebook or sys.stderr.isatty()):
        return items
    from tqdm.auto import tqdm

    bar: Iterable[Item] = tqdm(items, desc=what, unit=unit, delay=DELAY_S, leave=False)
    return bar
