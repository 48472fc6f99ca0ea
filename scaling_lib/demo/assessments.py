"""Simulated systems as assessments: a fleet of folders that `scaling check` and `scaling run` take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from scaling_lib.demo.generate import Demo, generate
from scaling_lib.demo.plan import END, MOST_SERVICES, SEED
from scaling_lib.demo.write import make_folder, write
from scaling_lib.errors import InvalidInput

HEAD = (
    "# Simulated by `scaling demo`: names and figures are fictitious. truth.yaml says what is planted; no step reads\n"
    "# it. What no step of this version reads yet lies beside: bill, delivery, flags, scans, people, code.\n"
)
SCALED = {  # how more of each kind of processors is had, as in the example
    "services": {"scales": "horizontally", "lead_time": "10 min"},
    "database": {"scales": "vertically", "lead_time": "14 d"},
}
TRUTH_HEAD = "# What is planted in the files of this folder, and how they were made. The assessment does not read it.\n"


def write_assessments(
    folder: Path, *, services: int, seed: int = SEED, days: int = 90, end: datetime = END
) -> Iterator[Path]:
    """Write one assessment for each of `services` services, each in a folder of its own; yields each when it is whole.

    Each is a system of its own, drawn from `seed` and its name. The arguments are those of `generate`.
    Raises InvalidInput where `folder` is there already or cannot be made, before anything is simulated.
    """
    if not 1 <= services <= MOST_SERVICES:
        raise InvalidInput(f"demo: found services {services}; expected 1 to {MOST_SERVICES}.")
    make_folder(folder)
    width = len(str(services))
    for number in range(1, services + 1):
        system = f"service-{number:0{width}d}"
        demo, truth = generate(1, days, seed, end, system=system)
        yield write(with_assessment(demo, truth), folder / system)


def with_assessment(demo: Demo, truth: dict[str, Any]) -> Demo:
    """The evidence with an assessment.yaml and the truth beside it."""
    described = HEAD + yaml.safe_dump(_described(truth), sort_keys=False, allow_unicode=True, width=120)
    told = TRUTH_HEAD + yaml.safe_dump(truth, sort_keys=False, allow_unicode=True, width=120)
    return Demo(tables=demo.tables, texts={**demo.texts, "assessment.yaml": described, "truth.yaml": told})


def _described(truth: dict[str, Any]) -> dict[str, Any]:
    names = [service["name"] for service in truth["services"]]
    requests = f'http_requests_total{{service="{names[0]}"'
    return {
        "system": truth["system"],
        "currency": truth["bill"]["currency"],
        "services": [
            {"name": service["name"], "owner": service["team"], "tier": service["tier"]}
            for service in truth["services"]
        ],
        "journeys": [_journey(route, requests) for route in truth["traffic"]["routes"]],
        "traffic": f"{requests}}}",
        "resources": [_resource(each, names) for each in truth["metrics"]["processors"]["of"]],
        "evidence": {
            "requests": [{"path": "requests/*.parquet", "origin": "simulated"}],
            "metrics": [{"path": "metrics/*.json*", "origin": "simulated"}],
            "spans": [{"path": "spans/spans.jsonl.gz", "origin": "simulated"}],
            "load_tests": [{"path": "load/*_stats_history.csv", "origin": "simulated"}],
        },
        "demand": {"factor": 3, "by": "2027-11-24"},
    }


def _journey(route: dict[str, Any], requests: str) -> dict[str, Any]:
    own = f'{requests},route="{route["route"]}"'
    return {
        "name": route["journey"],
        "route": route["route"],
        "metrics": {"total": f"{own}}}", "errors": f'{own},code=~"5.."}}'},
        "slos": [
            {"kind": "availability", "target": "99.9%"},
            {"kind": "latency", "threshold": f"{route['threshold_ms']} ms", "target": "99%"},
        ],
    }


def _resource(processors: dict[str, Any], names: list[str]) -> dict[str, Any]:
    runs = processors["runs"]
    return {
        "name": f"processor of the {runs}",
        "services": names if runs == "services" else [],
        "busy": f'host_cpu_busy_seconds_total{{runs="{runs}"}}',
        "limit": processors["limit"],
        **SCALED[runs],
    }
