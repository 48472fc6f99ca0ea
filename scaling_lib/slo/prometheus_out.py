"""SLOs as Prometheus rules: error ratios recorded over every window, and multiwindow burn-rate alerts on them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from scaling_lib.errors import InvalidInput, NotMeasured
from scaling_lib.evidence.slos import SLO
from scaling_lib.evidence.slos.promql import COUNTER, RATE, unsummed, windowed
from scaling_lib.slo.alerts import AlertPolicy, Tier, alert_policy, compact_duration
from scaling_lib.slo.budget import allowed_share
from scaling_lib.slo.yaml_text import Block, yaml_text

RATIO = "slo:sli_error:ratio_rate"  # with the window behind, as sloth names it
COMPARE = {"lte": "<=", "lt": "<", "gte": ">=", "gt": ">"}
RESERVED = ("slo", "service", "journey", "severity", "alertname")
GAUGE = "sum(sum_over_time({selector}[{window}]))"
SLICE = "1m"  # how often a threshold metric is looked at


def prometheus_rules(slos: Sequence[SLO], policy: AlertPolicy | None = None) -> str:
    """Prometheus rules for SLOs that have queries, as YAML that `promtool check rules` accepts.

    policy: of all the alerts; None takes the Workbook's for each SLO's own window.
    A group an SLO: the error ratio over each window of the policy (`slo:sli_error:ratio_rate5m`), the objective, the
    error budget and the current burn rate, labelled with slo, service and journey; and one alert a severity, which
    fires while both windows of one of its tiers exceed (strictly) factor x (1 - target). Without traffic none fires.
    Comments at the top name the SLOs that cannot have rules, tiers that could never fire, and what a latency SLO needs.
    Raises NotMeasured where no SLO has a query that can be used, InvalidInput where two SLOs have one name.
    """
    seen: set[str] = set()
    groups: list[dict[str, Any]] = []
    said: list[str] = []
    for slo in slos:
        if slo.name in seen:
            raise InvalidInput(f"Rules: two SLOs are named {slo.name!r}; expected each name once. Rename one.")
        if not slo.name.strip():
            raise InvalidInput("Rules: found an SLO without a name; expected one. Name it.")
        seen.add(slo.name)
        try:
            rules, remarks = _rules(slo, policy or alert_policy(slo.window))
        except InvalidInput as error:
            said.append(f"No rules for {_shown(slo.name)}: {error}.")
            continue
        groups.append({"name": _group_name(slo.name, len(groups) + 1), "rules": rules})
        said += remarks
    if not groups:
        raise NotMeasured(
            "No rules can be written: "
            + (" ".join(said) or "there is no SLO.")
            + " Give the SLOs total_query and good_query or bad_query, in PromQL with {{.window}} for the range."
        )
    head = [
        "Written by scaling-assessment. Error ratios over each window, and multiwindow burn-rate alerts.",
        *said,
    ]
    comments = "".join(f"# {' '.join(line.split())}\n" for line in head)
    return comments + yaml_text({"groups": groups})


def _rules(slo: SLO, policy: AlertPolicy) -> tuple[list[dict[str, Any]], list[str]]:
    budget = allowed_share(slo.target)
    tiers = [tier for tier in policy.tiers if _decimal(tier.factor) * budget < 1]
    remarks = [
        f"No {tier.severity} on {tier.name} for {_shown(slo.name)}: a burn of {_plain(tier.factor)} would be an error "
        f"ratio of {_plain(float(_decimal(tier.factor) * budget))}, which cannot be exceeded."
        for tier in policy.tiers
        if tier not in tiers
    ]
    if slo.kind == "latency":
        remarks.append(
            f"{_shown(slo.name)} needs the bucket its query names: where no series has that `le`, there is no error "
            "ratio, and no alert can fire. Compare it with the histogram's edges."
        )
    windows = sorted({window for tier in policy.tiers for window in (tier.short_window_s, tier.long_window_s)})
    labels = {"slo": _clean(slo.name), "service": _clean(slo.service), "journey": _clean(slo.journey)}
    labels = {name: text for name, text in labels.items() if text}
    rules: list[dict[str, Any]] = [
        {"record": RATIO + compact_duration(window), "expr": Block(_error_ratio(slo, window)), "labels": labels}
        for window in windows
    ]
    shortest = RATIO + compact_duration(windows[0]) + _matcher(labels)
    rules += [
        {"record": "slo:objective:ratio", "expr": f"vector({_plain(slo.target)})", "labels": labels},
        {"record": "slo:error_budget:ratio", "expr": f"vector({_number(budget)})", "labels": labels},
        {"record": "slo:current_burn_rate:ratio", "expr": f"{shortest} / {_number(budget)}", "labels": labels},
    ]
    for severity in dict.fromkeys(tier.severity for tier in tiers):
        rules.append(_alert(slo, severity, [tier for tier in tiers if tier.severity == severity], budget, labels))
    return rules, remarks


def _error_ratio(slo: SLO, window_s: float) -> str:
    """The share of bad events over a window."""
    window = compact_duration(window_s)

    by_second = any("rate(" in query for query in (slo.good_query, slo.bad_query, slo.total_query))
    bare = (RATE if by_second else COUNTER) if slo.counter else GAUGE

    def over(query: str) -> str:
        return _enclosed(windowed(unsummed(query), window, bare=bare))

    if slo.raw_query:
        ratio = _enclosed(_average(slo.raw_query, window))
        return ratio if slo.raw_type == "failure" else f"1 - {ratio}"
    if slo.metric_query and slo.value is not None:
        metric = _enclosed(slo.metric_query)
        # x == x leaves out NaN, which is no measurement; without it NaN would count as bad.
        good = f"(({metric} == {metric}) {COMPARE[slo.op]} bool {_plain(slo.value)})"
        return f"1 - avg_over_time({good}[{window}:{SLICE}])"
    if not slo.total_query or not (slo.bad_query or slo.good_query):
        raise InvalidInput("it has no queries")
    total = over(slo.total_query)
    # Counters of errors (or of successes) often do not exist before the first one: that is 0, not unknown. A bucket
    # exists as soon as its histogram does: where it is absent, its edge is, and nothing is known of the latency.
    absent = "" if slo.kind == "latency" else f" or 0 * {total}"
    if slo.bad_query:
        return f"({over(slo.bad_query)}{absent})\n/\n{total}"
    return f"1 - ({over(slo.good_query)}{absent})\n/\n{total}"


def _average(query: str, window: str) -> str:
    """A ratio over a window; where the query has no range of its own, its mean, which cannot weigh by traffic."""
    try:
        return windowed(query, window, bare="avg_over_time({selector}[{window}])")
    except InvalidInput:
        return f"avg_over_time({_enclosed(query)}[{window}:{SLICE}])"


def _enclosed(query: str) -> str:
    """A query in brackets; on lines of its own where it may end in a comment."""
    text = query.strip()
    return f"(\n{text}\n)" if "#" in text or "\n" in text else f"({text})"


def _alert(slo: SLO, severity: str, tiers: Sequence[Tier], budget: Decimal, labels: dict[str, str]) -> dict[str, Any]:
    matcher = _matcher(labels)
    conditions = []
    for tier in tiers:
        limit = f"({_plain(tier.factor)} * {_number(budget)})"
        both = [RATIO + compact_duration(w) + matcher for w in (tier.long_window_s, tier.short_window_s)]
        conditions.append(f"({both[0]} > {limit} and {both[1]} > {limit})")
    own = {_label_name(name): _template_text(text) for name, text in slo.labels.items() if _clean(text)}
    own = {name: text for name, text in own.items() if name not in RESERVED}
    urgency = "now" if severity == "page" else "in the next days"
    return {
        "alert": "SLOBurnRatePage" if severity == "page" else f"SLOBurnRate{_camel(severity)}",
        "expr": Block("\nor\n".join(conditions)),
        "labels": own
        | {name: _template_text(text) for name, text in labels.items()}
        | {"severity": _template_text(severity)},
        "annotations": {
            "summary": "{{ $labels.slo }} spends its error budget too fast",
            "description": (
                f"{{{{ $value | humanizePercentage }}}} of the events fail; the target allows "
                f"{_number(budget * 100)}%. Look into it {urgency}."
            ),
        },
    }


def _matcher(labels: dict[str, str]) -> str:
    """The series of one SLO; JSON's escapes are among those PromQL knows."""
    return "{" + ", ".join(f"{name}={json.dumps(text, ensure_ascii=False)}" for name, text in labels.items()) + "}"


def _clean(text: str) -> str:
    """Text that is UTF-8, which label values have to be."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _template_text(text: str) -> str:
    """Text in an alert's label, where Prometheus would run what is between double braces."""
    return re.sub(r"\{\{", '{{ "{{" }}', _clean(text))


def _label_name(name: str) -> str:
    cleaned = re.sub(r"[^a-zA-Z0-9_]", "_", name) or "label"
    return f"label_{cleaned}" if cleaned[0].isdigit() or cleaned.startswith("__") else cleaned


def _camel(text: str) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[a-zA-Z0-9]+", text))


def _group_name(name: str, number: int) -> str:
    slug = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-")[:60]
    return f"slo-{number}-{slug}".rstrip("-")


def _shown(name: str) -> str:
    return json.dumps(_clean(name), ensure_ascii=True)


def _decimal(number: float) -> Decimal:
    return Decimal(str(round(float(number), 9)))


def _plain(number: float) -> str:
    return _number(Decimal(str(round(float(number), 12))))


def _number(number: Decimal) -> str:
    """A number without exponent and trailing zeros: 14.4, 0.001."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
