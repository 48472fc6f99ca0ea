"""Writes the simulated part of the example anew: `python -m scaling_lib.demo data/shop`, some ten seconds."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from scaling_lib.demo.generate import Demo, generate, plain
from scaling_lib.demo.plan import END, SEED, make_plan
from scaling_lib.demo.watching import watching_files
from scaling_lib.demo.write import write
from scaling_lib.resources import example_folder

RECORDED = ("load", "spans")  # of these the example has real ones
LOGGED = "recorded/journeys/light/spans.jsonl.gz"  # every trace of which is kept
HEAD = "# What was provoked, and when. The assessment does not read this file: the tests hold the notebooks to it.\n"


def simulated() -> tuple[Demo, dict[str, Any]]:
    """The simulated part of the example, and what is planted in it."""
    demo, truth = generate()
    plan = make_plan(services=len(truth["services"]), days=truth["days"], seed=SEED, end=END)
    watching, about = watching_files(plan, gzip.decompress((example_folder() / LOGGED).read_bytes()).decode())
    texts = {path: text for path, text in demo.texts.items() if path.split("/")[0] not in RECORDED}
    own = {key: told for key, told in truth.items() if key not in RECORDED}
    return Demo(tables=demo.tables, texts={**texts, **watching}), {**own, "watching": plain(about)}


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
