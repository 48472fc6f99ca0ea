"""`generate`: one simulated system, every kind of evidence of it, and the truth that is planted in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from scaling_lib.demo.bill import make_bill
from scaling_lib.demo.complexity import lizard_report
from scaling_lib.demo.delivery import make_delivery
from scaling_lib.demo.delivery_files import deployment_rows, incident_frame, release_rows
from scaling_lib.demo.flags import flag_files
from scaling_lib.demo.history import make_history
from scaling_lib.demo.load import load_files
from scaling_lib.demo.metrics import metric_files
from scaling_lib.demo.people import people_files
from scaling_lib.demo.plan import END, SEED, SHOP, make_plan
from scaling_lib.demo.scans import scan_files
from scaling_lib.demo.spans import span_file
from scaling_lib.demo.traffic import make_traffic


@dataclass(frozen=True, kw_only=True, eq=False)
class Demo:
    """The evidence of a simulated system, by the path of its file, relative to the system's folder.

    tables: what is written as Parquet or CSV, by the end of its path; texts: every other file. A path that ends in .gz
    is compressed when written.
    """

    tables: Mapping[str, pd.DataFrame]
    texts: Mapping[str, str]

    @property
    def counts(self) -> pd.DataFrame:
        """Requests by route and minute, as `scaling_lib.demo.traffic.Traffic` describes them."""
        return self.tables["requests/counts.parquet"]

    @property
    def bins(self) -> pd.DataFrame:
        """Latency bins by route and hour."""
        return self.tables["requests/bins.parquet"]


def generate(
    services: int = 3, days: int = 90, seed: int = SEED, end: datetime = END, *, system: str = SHOP
) -> tuple[Demo, dict[str, Any]]:
    """Simulate a system: its evidence, and the truth about it as plain text, numbers, lists and dicts.

    services: 1 to 200; days: of traffic, deployments and incidents, 14 to 730; end: midnight UTC, the first moment
    after the traffic. The history of the code is of the year before `end`, or more where the traffic is longer; the
    bill is of the 13 calendar months up to it.
    system: "shop" has the names of the example's services; any other system's services are named after it.
    The same arguments give the same evidence; nothing depends on the clock. Raises InvalidInput for other sizes.
    """
    plan = make_plan(services=services, days=days, seed=seed, end=end, system=system)
    history = make_history(plan)
    delivery = make_delivery(plan, history)
    traffic = make_traffic(plan, delivery.incidents)
    deployments, statuses = deployment_rows(delivery, system)
    bill = make_bill(plan)
    flags, about_flags = flag_files(plan)
    scans, about_scans = scan_files(plan, history)
    people, debt, about_people = people_files(plan, history)
    load, about_load = load_files(plan)
    spans, about_spans = span_file(plan)
    most = about_load["services"][0]["peak_requests_per_s"]
    metrics, about_metrics = metric_files(plan, traffic.counts, delivery.incidents, most)
    tables = {
        "requests/counts.parquet": traffic.counts,
        "requests/bins.parquet": traffic.bins,
        "delivery/incidents.csv": incident_frame(delivery),
        "bill/focus.csv.gz": bill.rows,
        "people/debt.csv": debt,
    }
    texts = {
        "code/git.log": history.log(),
        "code/lizard.csv": lizard_report(plan, history.lines, history.truth["hotspot"]["path"]),
        "delivery/deployments.json": _json(deployments),
        "delivery/deployment_statuses.json": _json(statuses),
        "delivery/releases.json": _json(release_rows(delivery)),
        "spans/spans.jsonl.gz": spans,
        **flags,
        **scans,
        **people,
        **load,
        **metrics,
    }
    truth = {
        "system": system,
        "seed": seed,
        "start": plan.start,
        "end": plan.end,
        "days": days,
        "services": [vars(service) for service in plan.services],
        "traffic": traffic.truth,
        **delivery.truth,
        "code": history.truth,
        "bill": bill.truth,
        "flags": about_flags,
        "scans": about_scans,
        **about_people,
        "load": about_load,
        "spans": about_spans,
        "metrics": about_metrics,
    }
    return Demo(tables=tables, texts=texts), plain(truth)


def _json(rows: list[dict[str, Any]]) -> str:
    """A JSON array, an object a line."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def plain(value: Any) -> Any:
    """The same with moments as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value
