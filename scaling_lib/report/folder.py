"""The report's folder: never an existing report overwritten, never a half one that looks whole."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from scaling_lib.errors import InvalidInput
from scaling_lib.names import slug


def default_folder(system: str, now: datetime) -> Path:
    """`reports/<system>/<UTC time>` under the current directory, with a number after it where that is taken."""
    base = Path("reports") / (slug(system) or "system") / f"{now:%Y-%m-%dT%H-%M-%SZ}"
    names = [base, *(base.with_name(f"{base.name}-{number}") for number in range(2, 100))]
    return next(name for name in names if not name.exists() and not _incomplete(name).exists())


def begin(out: Path) -> Path:
    """Make the folder that the report is written into until it is whole: `<out>.incomplete`.

    Raises InvalidInput when `out` is a file or holds anything already, or its place cannot be written to.
    """
    room = _incomplete(out)
    try:
        _free(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        room.mkdir()
    except FileExistsError as error:
        raise InvalidInput(
            f"{room}: is there already; expected a free place. A run that was interrupted left it, or one is writing "
            "it now: remove it, or choose another folder with --out."
        ) from error
    except OSError as error:
        raise InvalidInput(
            f"{out}: the report cannot be written there ({error.strerror}). Choose another folder with --out."
        ) from error
    return room


def finish(room: Path, out: Path) -> None:
    """Give the whole report its name. Raises InvalidInput when something took the name meanwhile; the report stays."""
    try:
        _free(out)
        room.rename(out.resolve())
    except (InvalidInput, OSError) as error:
        raise InvalidInput(
            f"{out}: was taken while the notebooks ran ({error}). The report is whole in {room}."
        ) from error


def _free(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise InvalidInput(f"{out}: found a file; expected a new or empty folder. Choose another with --out.")
    if out.is_dir() and any(out.iterdir()):
        raise InvalidInput(
            f"{out}: found a folder that is not empty; expected a new or empty one, as no report is ever overwritten. "
            "Choose another with --out."
        )


def _incomplete(out: Path) -> Path:
    place = out.resolve()  # `.` and `a/..` have no name of their own
    if not place.name:
        raise InvalidInput(f"{out}: found the root of all folders; expected a folder in it. Choose one with --out.")
    return place.with_name(f"{place.name}.incomplete")
