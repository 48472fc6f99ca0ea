"""What reads an assessment's evidence: each kind once, kept with what is known of its sources."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from scaling_lib.config import Config
from scaling_lib.config_evidence import FileEvidence, Part
from scaling_lib.errors import BrokenEvidence, NotMeasured, ScalingError
from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Quality


class HasQuality(Protocol):
    """Evidence that was read: it knows its sources."""

    @property
    def quality(self) -> tuple[Quality, ...]:
        """One entry a source."""


Evidence = TypeVar("Evidence", bound=HasQuality)
Kept = TypeVar("Kept")
AnySource = TypeVar("AnySource")


class Reader:
    """Reads each kind of evidence at first use, and keeps it, or why it could not be read.

    folder: where `assessment.yaml` lies; config: what it says. sources: by kind, one Quality a source that was read or
    could not be.
    """

    def __init__(self, folder: Path, config: Config) -> None:
        self.folder = folder
        self.config = config
        self.sources: dict[str, tuple[Quality, ...]] = {}
        self._kept: dict[str, Any] = {}
        self._failed: dict[str, ScalingError] = {}

    def named_here(self, text: str) -> str:
        """A text in which paths stand as the assessment names them, without the folder it happens to lie in."""
        folder = str(self.folder)
        written = "|".join(re.escape(each + os.sep) for each in (folder, glob.escape(folder)))
        return re.sub(rf"(?<![^\s'\"(])(?:{written})", "", text)

    def _once(self, kind: str, read: Callable[[], Kept]) -> Kept:
        """What was read, or the error it gave: a server that does not answer is not asked again."""
        if kind in self._failed:
            raise self._failed[kind]
        if kind not in self._kept:
            try:
                self._kept[kind] = read()
            except ScalingError as error:
                self._failed[kind] = error
                raise
        found: Kept = self._kept[kind]
        return found

    def _evidence(self, kind: str, given: Sequence[Part], read: Callable[[], Evidence]) -> Evidence:
        """One kind of evidence, read once; its sources are noted for the ledger."""
        return self._once(kind, lambda: self._read(kind, given, read))

    def _files(
        self,
        kind: str,
        given: Sequence[FileEvidence],
        source: Callable[..., AnySource],
        read: Callable[[Sequence[AnySource]], Evidence],
    ) -> Evidence:
        """One kind of evidence in files. source: what `read` takes, made of what the assessment says of each."""
        return self._evidence(kind, given, lambda: read([source(**self.described(each)) for each in given]))

    def _read(self, kind: str, given: Sequence[Part], read: Callable[[], Evidence]) -> Evidence:
        if not given:
            raise NotMeasured(KINDS[kind].absent)
        try:
            found = read()
        except BrokenEvidence as error:
            places = [getattr(entry, "path", "") or "Prometheus" for entry in given]
            broken = Quality(kind=kind, source=", ".join(places), format="", rows=0, problem=str(error))
            self.sources[kind] = self._named_here([broken])
            raise
        self.sources[kind] = self._named_here([replace(each, kind=kind) for each in found.quality])
        return found

    def described(self, entry: FileEvidence) -> dict[str, Any]:
        """What the assessment says of a source of files, its path seen from anywhere."""
        return {**entry.model_dump(exclude={"metrics"}), "path": self._absolute(entry.path)}

    def _named_here(self, quality: Sequence[Quality]) -> tuple[Quality, ...]:
        """Sources as the assessment names them."""
        here = self.named_here
        return tuple(
            replace(each, source=here(each.source), problem=here(each.problem), notes=tuple(map(here, each.notes)))
            for each in quality
        )

    def _absolute(self, path: str) -> str:
        """A path or pattern as seen from the assessment's folder; the folder's own name is never a pattern."""
        given = self.folder / Path(path).expanduser()
        if given.exists() or Path(path).expanduser().is_absolute():
            return str(given)
        return str(Path(glob.escape(str(self.folder))) / path)
