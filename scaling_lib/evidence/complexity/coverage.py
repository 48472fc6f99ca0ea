"""Lines that tests reach, of coverage.xml (Cobertura's form, as coverage.py, JaCoCo's and Go's converters write it)."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.row_files import FileRows, rejected

LARGEST = 200_000_000  # bytes


def covered(file: Path) -> FileRows:
    """A row a file of code: path (with the one source before it where that is relative), lines, covered."""
    root = _root(file)
    if root.tag != "coverage":
        raise BrokenEvidence(f"{file}: found <{root.tag[:60]}>; expected <coverage>, as `coverage xml` writes.")
    sources = [text for each in root.iterfind("sources/source") if (text := (each.text or "").strip())]
    before = sources[0].strip("/") + "/" if len(sources) == 1 and not sources[0].startswith(("/", ".")) else ""
    hits: dict[str, dict[str, bool]] = {}
    lost = []
    for each in root.iter("class"):
        lines = hits.setdefault(before + each.get("filename", "").replace("\\", "/"), {})
        for line in each.iterfind("lines/line"):
            number, count = line.get("number", ""), line.get("hits", "")
            if not (number.isdecimal() and count.isdecimal()):
                lost.append(line.attrib)
                continue
            lines[number] = lines.get(number, False) or int(count) > 0
    rows = [("coverage", path, len(lines), sum(lines.values())) for path, lines in hits.items() if path and lines]
    frame = pd.DataFrame(rows, columns=["part", "path", "lines", "covered"])
    return FileRows(format="coverage.xml", frame=frame, rejected=rejected("no line with hits", lost))


def _root(file: Path) -> ElementTree.Element:
    try:
        content = file.read_bytes()
        if len(content) > LARGEST:
            raise BrokenEvidence(f"{file}: is larger than {LARGEST // 1_000_000} MB; give the file of one module each.")
        if b"<!ENTITY" in content:  # an entity may blow up to any size; no writer of these files has one
            raise BrokenEvidence(f"{file}: declares entities, and is not read; write it again: `coverage xml`.")
        return ElementTree.fromstring(content)  # noqa: S314 - without entities there is nothing to expand
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise BrokenEvidence(f"{file}: cannot be read as XML ({error}); write it again: `coverage xml`.") from error
