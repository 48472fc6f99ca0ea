"""Writes the simulated part of the example anew: `python -m scaling_lib.demo data/shop`, some ten seconds."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from scaling_lib.demo.generate import Demo, generate
from scaling_lib.demo.write import write

RECORDED = ("load", "spans")  # of these the example has real ones
HEAD = "# What was provoked, and when. The assessment does not read this file: the tests hold the notebooks to it.\n"


def simulated() -> tuple[Demo, dict[str, Any]]:
    """The simulated part of the example, and what is planted in it."""
    demo, truth = generate()
    texts = {path: text for path, text in demo.texts.items() if path.split("/")[0] not in RECORDED}
    return Demo(tables=demo.tables, texts=texts), {key: told for key, told in truth.items() if key not in RECORDED}


def main(folder: Path) -> None:
    """Write `simulated/` in the example's folder, and its entry in truth.yaml; the other entries stay."""
    demo, truth = simulated()
    shutil.rmtree(folder / "simulated", ignore_errors=True)
    write(demo, folder / "simulated")
    file = folder / "truth.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8")) | {"simulated": truth}
    file.write_text(HEAD + yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (Path(sys.argv[1]) / "truth.yaml").is_file():
        sys.exit("python -m scaling_lib.demo FOLDER: expected the example's folder, which has a truth.yaml.")
    main(Path(sys.argv[1]))
