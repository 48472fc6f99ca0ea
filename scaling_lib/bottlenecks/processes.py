"""A resource's work split between the services on it as their processes' own counters have it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from scaling_lib.evidence.metrics import Metrics, labels_of

CPU = "process_cpu_seconds_total"
OF_A_SERVICE = ("service", "service_name", "app", "container", "job")  # labels that name it, the clearest first


def processor_seconds(metrics: Metrics, services: Collection[str]) -> dict[str, float]:
    """By service the seconds of processor that its processes took, of those services that have such counters.

    Raises NotMeasured where there are none at all.
    """
    found: dict[str, float] = {}
    for text in metrics.select(CPU)["labels"].astype("str").unique():
        labels = labels_of(text)
        service = next((labels[name] for name in OF_A_SERVICE if labels.get(name) in services), None)
        if service is not None:
            inside = ",".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
            found[service] = found.get(service, 0.0) + float(metrics.increase(f"{CPU}{{{inside}}}", "1s").sum())
    return found


def by_process(
    work: pd.DataFrame, seconds: Mapping[str, float], runs_on: Mapping[str, Sequence[str]]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The work with each resource's divided between its services as their processors' seconds are.

    work: see `work_by_operation`. seconds: by service, see `processor_seconds`; runs_on: by resource its services.
    Of a service the split between operations and journeys stays that of its spans, which see neither what the runtime
    does between them nor what the kernel does for a call. A resource of which one service was not measured, or does
    nothing, stays as it is. Also returned: the resources that were divided so.
    """
    own = work.groupby("service")["work_s"].sum()
    factors: dict[str, float] = {}
    divided = []
    for resource, services in runs_on.items():
        if len(services) < 2 or not all(seconds.get(name, 0) > 0 and own.get(name, 0) > 0 for name in services):
            continue
        whole = sum(float(own[name]) for name in services) / sum(seconds[name] for name in services)
        factors |= {name: whole * seconds[name] / float(own[name]) for name in services}
        divided.append(resource)
    return work.assign(work_s=work["work_s"] * work["service"].map(factors).fillna(1.0)), tuple(divided)
