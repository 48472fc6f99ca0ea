"""Flags of flagd: definitions without a date of their own, which metadata may carry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.row_columns import plain_text

OFF = (False, "off", "false", "disabled", "none", 0, None)
OWN_BUCKET = "$flagd.flagKey"


def flagd_flags(file: Path, content: Mapping[str, Any]) -> tuple[list[dict[str, object]], list[object]]:
    """A mapping a flag, and what is none. `flags` is a mapping by name, or a list whose flags have a `key`."""
    flags = content["flags"]
    if isinstance(flags, list):
        named = [(each.get("key") if isinstance(each, dict) else None, each) for each in flags]
    elif isinstance(flags, dict):
        named = list(flags.items())
    else:
        raise BrokenEvidence(f"{file}: found `flags` of another form; expected a mapping by name, or a list with keys.")
    good = [(str(name), each) for name, each in named if name and isinstance(each, dict) and _is_flag(each)]
    lost = [each for name, each in named if not (name and isinstance(each, dict) and _is_flag(each))]
    shared = content.get("metadata") if isinstance(content.get("metadata"), dict) else {}
    return [_flag(name, each, {**(shared or {}), **(each.get("metadata") or {})}) for name, each in good], lost


def _is_flag(flag: Mapping[str, Any]) -> bool:
    return isinstance(flag.get("variants"), dict) and flag.get("state", "ENABLED") in ("ENABLED", "DISABLED")


def _flag(name: str, flag: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, object]:
    enabled = flag.get("state", "ENABLED") == "ENABLED"
    share, bucket = _share(flag) if enabled else (0.0, "")
    return {
        "name": name,
        "system": "flagd",
        "type": plain_text(metadata.get("type")),
        "owner": plain_text(metadata.get("owner") or metadata.get("team")),
        "created": plain_text(metadata.get("created") or metadata.get("createdAt")),
        "last_seen": "",
        "enabled": enabled,
        "archived": bool(metadata.get("archived", False)),
        "marked_stale": bool(metadata.get("stale", False)),
        "share": share,
        "bucket": bucket,
        "tested": plain_text(metadata.get("tested")),
    }


def _share(flag: Mapping[str, Any]) -> tuple[float, str]:
    """The share that gets another variant than off, and what a random one is drawn by."""
    variants: Mapping[str, Any] = flag["variants"]
    on = {str(name) for name, value in variants.items() if not _is_off(name, value)}
    rule = flag.get("targeting") or {}
    if not rule:
        default = flag.get("defaultVariant")
        return (1.0 if str(default) in on else 0.0), ""
    if not (isinstance(rule, dict) and list(rule) == ["fractional"] and isinstance(rule["fractional"], list)):
        return math.nan, ""
    parts = [each for each in rule["fractional"] if isinstance(each, list) and each and isinstance(each[0], str)]
    keys = [each for each in rule["fractional"] if each not in parts]
    weights = {part[0]: float(part[1]) if len(part) > 1 and _is_number(part[1]) else 1.0 for part in parts}
    whole = sum(weights.values())
    if whole <= 0:
        return math.nan, ""
    drawn_by = orjson.dumps(keys).decode() if keys else ""
    alone = not keys or OWN_BUCKET in drawn_by
    return sum(weight for name, weight in weights.items() if name in on) / whole, "" if alone else drawn_by


def _is_off(name: object, value: object) -> bool:
    return str(name).lower() in ("off", "false", "disabled", "control") or (
        not isinstance(value, dict | list) and value in OFF
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
