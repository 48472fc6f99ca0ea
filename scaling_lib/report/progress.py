"""Progress on stderr: a bar on a terminal, one line a notebook elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from types import TracebackType

from tqdm import tqdm

from scaling_lib.words import duration


class Progress:
    """Counts cells over all notebooks; safe to call from several threads.

    cells: how many cells each notebook runs, by its name.
    """

    def __init__(self, cells: Mapping[str, int]) -> None:
        self._cells = dict(cells)
        self._seen = dict.fromkeys(cells, 0)
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._bar = tqdm(
            total=sum(cells.values()),
            unit="cell",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            leave=False,
            bar_format="{desc} {bar:24} {n_fmt} of {total_fmt} cells, {elapsed}",
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def cell(self, name: str, count: int) -> None:
        """The notebook has run `count` of its cells, text cells among them."""
        with self._lock:
            self._move(name, min(count, self._cells[name]))
            self._bar.set_description_str(f"{name}: cell {self._seen[name]} of {self._cells[name]}")

    def ended(self, name: str, state: str, error: str, seconds: float) -> None:
        """The notebook has ended."""
        with self._lock:
            self._move(name, self._cells[name])
            text = f"{name}: ran in {duration(seconds)}" if state == "ran" else f"{name}: failed. {error}"
            tqdm.write(text, file=sys.stderr)

    def once(self, text: str) -> None:
        """Say it, unless it has been said."""
        with self._lock:
            if text not in self._said:
                self._said.add(text)
                tqdm.write(text, file=sys.stderr)

    def _move(self, name: str, count: int) -> None:
        self._bar.update(count - self._seen[name])
        self._seen[name] = count
