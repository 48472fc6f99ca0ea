"""SLO files: OpenSLO v1 and v1alpha, sloth v1, recognised by what they say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from scaling_lib.errors import BrokenEvidence, InvalidInput
from scaling_lib.evidence.files import files_of
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.slos.openslo import VERSIONS, Objects, openslo_slos
from scaling_lib.evidence.slos.slo import SLO
from scaling_lib.evidence.slos.sloth import VERSION, sloth_slos
from scaling_lib.evidence.yaml_parts import Part, read_parts
from scaling_lib.words import plural

MOST_FAULTS = 5


def read_slos(path: str) -> tuple[list[SLO], tuple[Quality, ...]]:
    """Every SLO in the files that a path or glob names, and one Quality a file.

    An indicator may be in another of these files. An SLO with several objectives becomes one SLO each.
    Raises BrokenEvidence where no file can be read; InvalidInput for what is wrong in them, with file, document and
    line, all faults together: an SLO that was silently left out would not be missed.
    """
    files = files_of(path)
    if not files:
        advice = f"Write {Path(path, '*.yaml')}." if Path(path).is_dir() else "Check the path."
        raise BrokenEvidence(f"{path}: no file is there; expected SLOs (OpenSLO or sloth, YAML). {advice}")
    faults: list[str] = []
    parts = {file: _documents(file, faults) for file in files}
    objects = Objects()
    kinds = {file: [kind for part in parts[file] if (kind := _kind(part, objects, faults))] for file in files}
    slos: list[SLO] = []
    quality = []
    for file in files:
        found, notes = _slos(parts[file], objects, faults)
        slos += found
        quality.append(_quality(file, kinds[file], found, notes))
    faults += [
        f"{', '.join(slo.source for slo in slos if slo.name == name)}: found the name {name!r} {count} times; expected "
        "each SLO's name once. Rename all but one."
        for name, count in Counter(slo.name for slo in slos).items()
        if count > 1
    ]
    if faults:
        more = f" And {len(faults) - MOST_FAULTS} more." if len(faults) > MOST_FAULTS else ""
        raise InvalidInput(" ".join(faults[:MOST_FAULTS]) + more)
    return slos, tuple(quality)


def _documents(file: Path, faults: list[str]) -> list[Part]:
    try:
        return read_parts(file)
    except InvalidInput as error:
        faults.append(str(error))
        return []


def _kind(part: Part, objects: Objects, faults: list[str]) -> str:
    """What a document is: sloth's version, or OpenSLO's with the kind; OpenSLO objects are taken up."""
    try:
        if part.has("version") and not part.has("apiVersion"):
            version = part.text("version")
            if version != VERSION:
                raise part.error("version", repr(version), f"{VERSION} (sloth)", "Other versions are not read.")
            return version
        version = part.text("apiVersion")
        if version not in VERSIONS:
            found = f"the apiVersion {version!r}" if version else "neither apiVersion nor version"
            raise part.error("apiVersion", found, f"{', '.join(VERSIONS)} (OpenSLO), or version: {VERSION} (sloth)")
        return f"{version} {objects.add(part)}"
    except InvalidInput as error:
        faults.append(str(error))
        return ""


def _slos(parts: list[Part], objects: Objects, faults: list[str]) -> tuple[list[SLO], list[str]]:
    slos: list[SLO] = []
    notes: list[str] = []
    for part in parts:
        try:
            if part.data.get("version") == VERSION:
                found, remarks = sloth_slos(part)
            elif any(part is known for known in objects.slos):
                found, remarks = openslo_slos(part, objects)
            else:
                continue
        except InvalidInput as error:
            faults.append(str(error))
            continue
        slos += found
        notes += remarks
    return slos, notes


def _quality(file: Path, kinds: list[str], slos: list[SLO], notes: list[str]) -> Quality:
    versions = sorted({kind.split(" ")[0] for kind in kinds})
    names = {"openslo/v1": "OpenSLO v1", "openslo/v1alpha": "OpenSLO v1alpha", VERSION: "sloth v1"}
    others = Counter(kind.split(" ")[1] for kind in kinds if " " in kind and kind.split(" ")[1] not in ("SLO", "SLI"))
    passed = [f"{plural(count, kind)}: read past" for kind, count in others.items() if kind != "DataSource"]
    return Quality(
        kind="slos",
        source=str(file),
        format=", ".join(names[version] for version in versions),
        rows=len(slos),
        notes=(*dict.fromkeys(notes), *passed),
    )
