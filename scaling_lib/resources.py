"""Where the notebooks and the example are: in the installed package, or in the repository around it."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def notebooks_folder() -> Path:
    """The folder of the step notebooks."""
    return _first(PACKAGE / "bundled" / "notebooks", PACKAGE.parent / "notebooks")


def example_folder() -> Path:
    """The example assessment, `data/shop`."""
    return _first(PACKAGE / "bundled" / "shop", PACKAGE.parent / "data" / "shop")


def _first(*places: Path) -> Path:
    return next((place for place in places if place.is_dir()), places[-1])
