"""OpenSLO documents, v1 and v1alpha."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.slos.openslo_indicator import Indicator, read_indicator
from scaling_lib.evidence.slos.slo import SLO, Budgeting
from scaling_lib.evidence.slos.targets import CALENDAR, duration, fraction, percent, rolling, slice_seconds
from scaling_lib.evidence.window import parse_window, parse_zone
from scaling_lib.evidence.yaml_parts import Part

VERSIONS = ("openslo/v1", "openslo/v1alpha")
KINDS = ("SLO", "SLI", "Service", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")
KINDS_OF_SLO = ("availability", "latency", "threshold")
BUDGETING: dict[str, Budgeting] = {
    "Occurrences": "occurrences",
    "Timeslices": "timeslices",
    "RatioTimeslices": "ratio_timeslices",
}
UNITS = {"Minute": "m", "Hour": "h", "Day": "d", "Week": "w", "Month": "M", "Quarter": "Q", "Year": "Y"}
ANNOTATION = "scaling-assessment/"  # what OpenSLO has no field for is kept in annotations
ANNOTATED = {  # field of SLO: how it is read
    "name": str, "service": str, "kind": str, "threshold_s": float, "journey": str, "time_zone": str,
    "composite": str, "weight": float,
}  # fmt: skip
SPEC_KEYS = {
    "description", "service", "indicator", "indicatorRef", "timeWindow", "timeWindows", "budgetingMethod",
    "objectives", "alertPolicies",
}  # fmt: skip
OBJECTIVE_KEYS = {
    "displayName", "op", "value", "target", "targetPercent", "timeSliceTarget", "timeSliceWindow", "indicator",
    "indicatorRef", "compositeWeight", "ratioMetrics",
}  # fmt: skip


@dataclass
class Objects:
    """All OpenSLO objects of the files, so that one may refer to another, in whatever file it is."""

    slos: list[Part] = field(default_factory=list)
    indicators: dict[str, Part] = field(default_factory=dict)
    source_types: dict[str, str] = field(default_factory=dict)

    def add(self, part: Part) -> str:
        """Take up a document and return its kind; InvalidInput for a kind OpenSLO does not have."""
        kind = part.text("kind", required=True)
        if kind not in KINDS:
            raise part.error("kind", repr(kind), f"one of {', '.join(KINDS)}")
        if kind == "SLO":
            self.slos.append(part)
        if kind == "SLI":
            self.indicators[_name(part)] = part
        if kind == "DataSource":
            spec = part.part("spec")
            self.source_types[_name(part)] = spec.text("type") if spec else ""
        return kind


def openslo_slos(part: Part, objects: Objects) -> tuple[list[SLO], list[str]]:
    """The SLOs of one document, one for each objective; and what a reader should know.

    Raises InvalidInput with file, document and line.
    """
    name = _name(part)
    spec = part.part("spec")
    if spec is None:
        raise part.error("spec", "nothing", "the SLO's spec")
    objectives = spec.parts("objectives")
    if not objectives:
        raise spec.error("objectives", "none", "at least one objective")
    notes = spec.unknown(SPEC_KEYS)
    metadata = part.part("metadata")
    shared: dict[str, Any] = {
        "service": spec.text("service"),
        "budgeting": _budgeting(spec),
        "description": spec.text("description") or (metadata.text("displayName") if metadata else ""),
        "labels": metadata.texts("labels") if metadata else {},
        "alert_policies": _alert_policies(spec),
        "source": part.where(),
        **_window(spec, notes),
    }
    annotations = _annotations(metadata)
    slos = []
    for objective, own_name in zip(objectives, _names(name, objectives), strict=True):
        notes += objective.unknown(OBJECTIVE_KEYS)
        indicator = _indicator(spec, objective, objects)
        notes += indicator.notes
        fields = shared | indicator.fields | _objective(spec, objective, indicator, shared["budgeting"])
        fields |= {"name": own_name, "composite": name if _weighs(objective) else ""} | annotations
        slos.append(SLO(**fields))
    return slos, notes


def _objective(spec: Part, objective: Part, indicator: Indicator, budgeting: Budgeting) -> dict[str, Any]:
    if objective.has("target") and objective.has("targetPercent"):
        raise objective.error("targetPercent", "target and targetPercent", "one of them")
    fields: dict[str, Any] = {
        "target": percent(objective, "targetPercent")
        if objective.has("targetPercent")
        else fraction(objective, "target", f" or targetPercent: {objective.data.get('target')}"),
        "slice_target": _slice_target(objective),
        "slice_s": slice_seconds(objective, "timeSliceWindow"),
    }
    if budgeting == "timeslices" and fields["slice_target"] is None and not indicator.fields.get("metric_query"):
        raise objective.error(
            "timeSliceTarget", "none", "a fraction such as 0.95, which Timeslices needs to call a slice good"
        )
    weight = objective.number("compositeWeight")
    if weight is not None:
        if weight <= 0:
            raise objective.error("compositeWeight", f"{weight}", "a number above 0")
        fields["weight"] = float(weight)
    if indicator.threshold:
        op, value = objective.text("op", required=True), objective.number("value")
        if op not in ("lte", "lt", "gte", "gt"):
            raise objective.error("op", repr(op), "one of lte, lt, gte, gt")
        if value is None:
            raise objective.error("value", "nothing", "the number the metric is compared with")
        fields |= {"op": op, "value": float(value), "kind": "threshold"}
    return fields


def _slice_target(objective: Part) -> float | None:
    number = objective.number("timeSliceTarget")
    if number is None or number == 1:
        return None if number is None else 1.0
    return fraction(objective, "timeSliceTarget", "")


def _window(spec: Part, notes: list[str]) -> dict[str, str]:
    key = "timeWindow" if spec.has("timeWindow") else "timeWindows"
    windows = spec.parts(key)
    if not windows:
        notes.append(f"{spec.where()}: no time window is given; the last 28 days were taken")
        return {}
    if len(windows) > 1:
        raise spec.error(key, f"{len(windows)} windows", "exactly one")
    window = windows[0]
    count, unit = _count_and_unit(window)
    calendar, is_rolling = window.part("calendar"), window.flag("isRolling")
    if calendar is None:
        if is_rolling is False and key == "timeWindow":
            raise window.error("isRolling", "false without a calendar", "isRolling: true, or a calendar")
        text, remark = rolling(count, unit)
        notes += [f"{window.where()}: {remark}"] if remark else []
        try:
            return {"window": parse_window(text).text}
        except InvalidInput as error:
            raise InvalidInput(f"{window.where()}: {error}") from None
    if is_rolling:
        raise window.error("isRolling", "true beside a calendar", "one of them")
    if f"{count}{unit}" not in CALENDAR:
        raise window.error("duration", f"a calendar window of {count}{unit}", "one of 1w, 1M, 1Q and 1Y")
    notes.append(f"{window.where()}: calendar windows begin on Monday or on the first of the month, whatever startTime")
    return {"window": CALENDAR[f"{count}{unit}"], "time_zone": _zone(calendar)}


def _count_and_unit(window: Part) -> tuple[int, str]:
    if window.has("duration"):
        return duration(window, "duration")
    unit, count = window.text("unit", required=True), window.number("count")
    if unit not in UNITS:
        raise window.error("unit", repr(unit), f"one of {', '.join(UNITS)}")
    if count is None or count <= 0 or count != int(count):
        raise window.error("count", "nothing" if count is None else f"{count}", "a whole number above 0")
    return int(count), UNITS[unit]


def _zone(calendar: Part) -> str:
    name = calendar.text("timeZone") or "UTC"
    try:
        return parse_zone(name).key
    except InvalidInput:
        raise calendar.error("timeZone", repr(name), "an IANA name such as Europe/Berlin") from None


def _budgeting(spec: Part) -> Budgeting:
    method = spec.text("budgetingMethod", required=True)
    if method not in BUDGETING:
        raise spec.error("budgetingMethod", repr(method), f"one of {', '.join(BUDGETING)}")
    return BUDGETING[method]


def _indicator(spec: Part, objective: Part, objects: Objects) -> Indicator:
    """The objective's own indicator, else the SLO's; in place, or by name."""
    if objective.has("ratioMetrics"):
        return read_indicator(objective, objects.source_types)
    for part in (objective, spec):
        inline = part.part("indicator")
        if inline is not None:
            return read_indicator(inline.part("spec") or inline, objects.source_types)
        reference = part.text("indicatorRef")
        if reference:
            found = objects.indicators.get(reference)
            if found is None:
                names = ", ".join(sorted(objects.indicators)) or "none, no file has an SLI"
                raise part.error("indicatorRef", repr(reference), f"the name of an SLI: {names}")
            return read_indicator(found.part("spec") or found, objects.source_types)
    raise spec.error("indicator", "neither indicator nor indicatorRef", "one of them")


def _alert_policies(spec: Part) -> tuple[str, ...]:
    given = spec.data.get("alertPolicies")
    if given is None:
        return ()
    if not isinstance(given, list):
        raise spec.error("alertPolicies", "no list", "a list of alert policies")
    names = [item if isinstance(item, str) else _policy_name(item) for item in given]
    return tuple(name for name in names if name)


def _policy_name(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    metadata = item.get("metadata")
    return str(item.get("alertPolicyRef") or (metadata.get("name") if isinstance(metadata, dict) else "") or "")


def _annotations(metadata: Part | None) -> dict[str, Any]:
    given = metadata.texts("annotations") if metadata else {}
    fields: dict[str, Any] = {}
    for name, read in ANNOTATED.items():
        key = ANNOTATION + name.replace("_", "-")
        if metadata is not None and key in given:
            try:
                fields[name] = read(given[key])
            except ValueError:
                raise metadata.error("annotations", f"{key}: {given[key]!r}", "a number") from None
    if metadata is not None and fields.get("kind", "availability") not in KINDS_OF_SLO:
        raise metadata.error("annotations", f"the kind {fields['kind']!r}", f"one of {', '.join(KINDS_OF_SLO)}")
    if metadata is not None and "time_zone" in fields:
        try:
            parse_zone(fields["time_zone"])
        except InvalidInput as error:
            raise InvalidInput(f"{metadata.where('annotations')}: {error}") from None
    return fields


def _name(part: Part) -> str:
    metadata = part.part("metadata")
    if metadata is None:
        raise part.error("metadata", "nothing", "metadata with a name")
    return metadata.text("name", required=True)


def _names(name: str, objectives: Sequence[Part]) -> list[str]:
    """One name an objective: the SLO's own, where there are several with the objective's name or number behind."""
    if len(objectives) == 1:
        return [name]
    slugs = [re.sub(r"[^a-z0-9]+", "-", objective.text("displayName").lower()).strip("-") for objective in objectives]
    unique = len(set(slugs)) == len(slugs) and all(slugs)
    return [f"{name}-{slug if unique else place}" for place, slug in enumerate(slugs, start=1)]


def _weighs(objective: Part) -> bool:
    return any(objective.has(key) for key in ("compositeWeight", "indicator", "indicatorRef"))
