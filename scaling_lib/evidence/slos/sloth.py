"""sloth's `prometheus/v1` SLO files."""

from __future__ import annotations

from scaling_lib.evidence.slos.promql import latency_threshold
from scaling_lib.evidence.slos.slo import SLO
from scaling_lib.evidence.slos.targets import percent
from scaling_lib.evidence.yaml_parts import Part

VERSION = "prometheus/v1"
PERIOD = "30d"  # sloth takes it from its command line; this is its default
SPEC_KEYS = {"version", "service", "labels", "slos"}
SLO_KEYS = {"name", "objective", "description", "labels", "sli", "alerting"}


def sloth_slos(part: Part) -> tuple[list[SLO], list[str]]:
    """The SLOs of one sloth document, named as sloth names them (service-name), and what a reader should know.

    Queries keep their `{{.window}}`. Raises InvalidInput with file, document and line.
    """
    service = part.text("service", required=True)
    if not part.has("slos"):
        raise part.error("slos", "nothing", "a list of SLOs")
    notes = [*part.unknown(SPEC_KEYS), f"sloth files name no window: {PERIOD}, sloth's default, was taken"]
    slos = []
    for entry in part.parts("slos"):
        slo, remarks = _slo(entry, service, part.texts("labels"))
        slos.append(slo)
        notes += [*entry.unknown(SLO_KEYS), *remarks]
    return slos, notes


def _slo(entry: Part, service: str, labels: dict[str, str]) -> tuple[SLO, list[str]]:
    name = f"{service}-{entry.text('name', required=True)}"
    queries, notes = _queries(entry)
    threshold, assumed = latency_threshold(list(queries.values()))
    if assumed:
        notes.append(f"{name}: the histogram's name has no unit; its edges were taken as seconds")
    alerting = entry.part("alerting")
    for alert in ("page_alert", "ticket_alert"):
        given = alerting.part(alert) if alerting else None
        if given and given.flag("disable"):
            notes.append(f"{name}: {alert}.disable is not carried over; choose the tiers of the alert policy instead")
    slo = SLO(
        name=name,
        target=percent(entry, "objective"),
        window=PERIOD,
        kind="latency" if threshold else "availability",
        threshold_s=threshold,
        service=service,
        description=entry.text("description"),
        labels=labels | entry.texts("labels"),
        source=entry.where(),
        **queries,  # type: ignore[arg-type]
    )
    return slo, notes


def _queries(entry: Part) -> tuple[dict[str, str], list[str]]:
    sli = entry.part("sli")
    if sli is None:
        raise entry.error("sli", "nothing", "sli with events or raw")
    events, raw, plugin = sli.part("events"), sli.part("raw"), sli.part("plugin")
    if (events is not None) + (raw is not None) + (plugin is not None) != 1:
        raise entry.error("sli", ", ".join(sli.data) or "nothing", "one of events, raw and plugin")
    if events:
        queries = {
            "bad_query": events.text("error_query", required=True),
            "total_query": events.text("total_query", required=True),
        }
        return {name: query.strip() for name, query in queries.items()}, []
    if raw:
        return {"raw_query": raw.text("error_ratio_query", required=True).strip()}, []
    return {}, [f"{sli.where('plugin')}: SLI plugins are sloth's own code; the SLO was read without its queries"]
