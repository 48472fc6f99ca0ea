"""Records the example again: `python data/shop/lab/record.py`, some 37 minutes for all, loopback only.

Names of experiments behind it record those alone. Needs `pip install '.[lab]'` and Debian's packages prometheus and
postgresql.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cache_trace
import canary
import journeys
import load
import machinery
import measured
import missing_index
import psutil
import spells
import yaml

EXPERIMENTS = {
    "spells": spells,
    "load": load,
    "journeys": journeys,
    "bottleneck": missing_index,
    "canary": canary,
    "cache": cache_trace,
}
DEADLINE_S = 2700
WRITTEN = "# The example's assessment, of what was recorded here; written by record.py.\n"
SHOP = Path(__file__).resolve().parent.parent


def main() -> None:
    """Record the named experiments into a folder, with the truth about them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiments", nargs="*", default=list(EXPERIMENTS), help=f"of: {', '.join(EXPERIMENTS)}")
    parser.add_argument("--out", type=Path, help="a new folder, instead of the example's own")
    parser.add_argument("--replace", action="store_true", help="write over an earlier recording")
    parser.add_argument("--short", action="store_true", help="a trial: half a minute an experiment, spells 80 s")
    asked = parser.parse_args()
    unknown = set(asked.experiments) - set(EXPERIMENTS)
    if unknown:
        parser.error(f"no such experiment: {', '.join(unknown)}; expected of: {', '.join(EXPERIMENTS)}")
    if absent := machinery.missing_programs():
        parser.error(f"not installed: {', '.join(absent)}; on Debian: apt-get install prometheus postgresql")
    folder = asked.out or SHOP
    for name in asked.experiments:
        if (folder / "recorded" / name).exists() and not asked.replace:
            parser.error(f"{folder / 'recorded' / name} is there already; name a new folder by --out, or --replace it")
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"The recording took more than {DEADLINE_S} s and was ended."))
    for ended in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ended, lambda *_: sys.exit("The recording was ended from outside."))
    signal.alarm(DEADLINE_S)
    for name in asked.experiments:
        _record(name, folder, short=asked.short)
    if folder.resolve() != SHOP:
        _write_assessment(folder)


def _record(name: str, folder: Path, *, short: bool) -> None:
    print(f"{name}: recording", flush=True)
    began = time.time()
    target = folder / "recorded" / name
    with tempfile.TemporaryDirectory(prefix="shop-lab-") as work:
        kept = Path(work) / "kept"
        truth = EXPERIMENTS[name].record(Path(work), kept, short=short)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(kept, target)
    _write_truth(folder / "truth.yaml", name, {"recorded_at": measured.utc(began), "on": _machine(), **truth})
    print(f"{name}: {target}, after {time.time() - began:.0f} s", flush=True)


def _write_truth(file: Path, name: str, truth: dict[str, Any]) -> None:
    """One file for all experiments; the others' entries stay."""
    whole = yaml.safe_load(file.read_text()) if file.exists() else {}
    whole[name] = truth
    head = (
        "# What was provoked, and when. The assessment does not read this file: the tests hold the notebooks to it.\n"
    )
    file.write_text(head + yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=120))


def _write_assessment(folder: Path) -> None:
    """The example's assessment, of the evidence that lies in this folder; one that somebody wrote stays."""
    file = folder / "assessment.yaml"
    if file.exists() and not file.read_text().startswith(WRITTEN):
        return
    said = yaml.safe_load((SHOP / file.name).read_text())
    said["evidence"] = {
        kind: [entry for entry in entries if any(folder.glob(entry["path"]))]
        for kind, entries in said["evidence"].items()
    }
    said["resources"] = [each for each in said["resources"] if "used" not in each]  # gauges of the simulated part
    file.write_text(WRITTEN + yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120))
    print(f"Assess it: scaling run {folder}", flush=True)


def _machine() -> dict[str, Any]:
    programs = machinery.postgres_programs()
    postgres = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True)
    prometheus = subprocess.run(["prometheus", "--version"], capture_output=True, text=True, check=True)
    return {
        "processors": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": postgres.stdout.split()[2],
        "prometheus": (prometheus.stdout or prometheus.stderr).split()[2],
    } | {name: version(name) for name in ("locust", "opentelemetry-sdk", "starlette", "uvicorn", "psycopg")}


if __name__ == "__main__":
    main()
