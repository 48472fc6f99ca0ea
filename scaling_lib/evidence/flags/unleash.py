"""Flags of an Unleash export: features with their strategies, environments and tags."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.row_columns import plain_text


def unleash_flags(file: Path, content: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[object]]:
    """A mapping a feature, and what is none; of several environments, production (or live) decides, else all do."""
    features = _listed(file, content, "features")
    strategies = _by_feature(_listed(file, content, "featureStrategies"), "featureName")
    environments = _by_feature(_listed(file, content, "featureEnvironments"), "featureName")
    tags = _by_feature(_listed(file, content, "featureTags"), "featureName")
    good = [each for each in features if isinstance(each, dict) and plain_text(each.get("name"))]
    lost = [each for each in features if not (isinstance(each, dict) and plain_text(each.get("name")))]
    told = "featureStrategies" in content  # a form that keeps them elsewhere does not say whom a flag reaches
    return [
        _flag(each, *(table.get(str(each["name"]), []) for table in (strategies, environments, tags)), told=told)
        for each in good
    ], lost


def _flag(
    feature: Mapping[str, Any],
    strategies: Sequence[Mapping[str, Any]],
    environments: Sequence[Mapping[str, Any]],
    tags: Sequence[Mapping[str, Any]],
    *,
    told: bool,
) -> dict[str, object]:
    decides = _live(environments)
    enabled = any(bool(each.get("enabled")) for each in decides) if environments else True
    share, bucket = _share(_live(strategies)) if enabled and told else (0.0 if not enabled else math.nan, "")
    named = {str(each.get("tagType")): plain_text(each.get("tagValue")) for each in tags}
    return {
        "name": plain_text(feature["name"]),
        "system": "Unleash",
        "type": plain_text(feature.get("type")),
        "owner": named.get("owner") or named.get("team") or "",
        "created": plain_text(feature.get("createdAt")),
        "last_seen": plain_text(feature.get("lastSeenAt")),
        "enabled": enabled,
        "archived": bool(feature.get("archived") or feature.get("archivedAt")),
        "marked_stale": bool(feature.get("stale")),
        "share": share,
        "bucket": bucket,
        "tested": named.get("tested", ""),
    }


def _share(strategies: Sequence[Mapping[str, Any]]) -> tuple[float, str]:
    """The share that a flag reaches, and what it is drawn by; NaN where segments or constraints decide with it."""
    if not strategies:
        return 1.0, ""
    if any(each.get("constraints") or each.get("segments") for each in strategies):
        return math.nan, ""
    shares = [_rollout(each) for each in strategies]
    widest = max(range(len(shares)), key=lambda place: -1.0 if math.isnan(shares[place]) else shares[place])
    parameters = strategies[widest].get("parameters")
    held = parameters if isinstance(parameters, dict) else {}
    group, name = plain_text(held.get("groupId")), plain_text(strategies[widest].get("featureName"))
    shared = 0 < shares[widest] < 1 and group not in ("", name)
    return shares[widest], f"{group} by {plain_text(held.get('stickiness')) or 'default'}" if shared else ""


def _rollout(strategy: Mapping[str, Any]) -> float:
    parameters = strategy.get("parameters")
    if not isinstance(parameters, dict) or "rollout" not in parameters:
        return 1.0 if strategy.get("name") == "default" else math.nan
    try:
        share = float(parameters["rollout"]) / 100  # a text in exports
    except (TypeError, ValueError):
        return math.nan
    return share if 0 <= share <= 1 else math.nan


def _live(entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    live = [each for each in entries if plain_text(each.get("environment")).lower().startswith(("prod", "live"))]
    return live or entries


def _listed(file: Path, content: Mapping[str, Any], key: str) -> list[Any]:
    found = content.get(key) or []
    if not isinstance(found, list):
        raise BrokenEvidence(f"{file}: {key}: found {str(found)[:60]!r}; expected a list, as Unleash exports it.")
    return found


def _by_feature(entries: Sequence[Any], key: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for each in entries:
        if isinstance(each, dict):
            found.setdefault(plain_text(each.get(key)), []).append(each)
    return found
