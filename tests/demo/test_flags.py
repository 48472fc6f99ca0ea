"""Flags: read from the two files and the places in the code, and judged anew."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime

import pytest

LIFETIME = {"release": 40, "experiment": 40, "operational": 7}


@pytest.fixture(scope="module")
def flags(shop) -> dict[str, dict]:
    """Each flag: its system, type, age in days, share of users, owner, whether archived and tried."""
    end = datetime.fromisoformat(shop.truth["end"])
    found = {}
    for name, flag in json.loads(shop.demo.texts["flags/flags.flagd.json"])["flags"].items():
        assert set(flag) == {"state", "variants", "defaultVariant", "targeting", "metadata"}
        assert flag["state"] in ("ENABLED", "DISABLED") and flag["defaultVariant"] in flag["variants"]
        share = float(flag["defaultVariant"] == "on")
        if flag["targeting"]:
            _, *parts = flag["targeting"]["fractional"]
            assert sum(weight for _, weight in parts) == 100
            share = dict(parts)["on"] / 100
        about = flag["metadata"]
        age = (end - datetime.fromisoformat(about["created"] + "T00:00:00+00:00")).days
        found[name] = {"system": "flagd", "type": about["type"], "age": age, "share": share, "archived": False,
                       "owner": about.get("owner"), "tried": "tested" in about}  # fmt: skip
    unleash = json.loads(shop.demo.texts["flags/unleash.json"])
    rollout = {each["featureName"]: each["parameters"]["rollout"] for each in unleash["featureStrategies"]}
    assert all(isinstance(text, str) for text in rollout.values())
    owner = {each["featureName"]: each["tagValue"] for each in unleash["featureTags"] if each["tagType"] == "owner"}
    for feature in unleash["features"]:
        assert set(feature) >= {"name", "type", "project", "stale", "archived", "createdAt", "lastSeenAt"}
        age = (end - datetime.fromisoformat(feature["createdAt"])).days
        found[feature["name"]] = {
            "system": "unleash", "type": feature["type"], "age": age, "share": int(rollout[feature["name"]]) / 100,
            "archived": feature["archived"], "owner": owner.get(feature["name"]),
            "tried": feature["type"] != "kill-switch" or feature["lastSeenAt"] is not None,
        }  # fmt: skip
    return found


@pytest.fixture(scope="module")
def asked(shop) -> Counter[str]:
    """How often the code asks for each name, as `git grep -n` lists it."""
    lines = shop.demo.texts["flags/references.txt"].splitlines()
    assert all(re.match(r"services/[\w-]+/\w+\.py:\d+:", line) for line in lines)
    return Counter(re.search(r'flags\.enabled\("([^"]+)"', line)[1] for line in lines)


def stale(flag: dict) -> bool:
    return not flag["archived"] and flag["age"] > LIFETIME.get(flag["type"], 10**9)


def test_stale_flags(shop, flags):
    told = shop.truth["flags"]
    assert told["lifetime_days"] == LIFETIME
    for system in ("flagd", "unleash"):
        names = [name for name, flag in flags.items() if flag["system"] == system and stale(flag)]
        assert sorted(names) == sorted(told["stale"][system]) and len(names) >= 3
    everyone = [name for name, flag in flags.items() if stale(flag) and flag["share"] == 1]
    assert sorted(everyone) == sorted(told["at_everyone_and_stale"])
    assert [name for name, flag in flags.items() if flag["archived"]] == told["archived"]
    marked = json.loads(shop.demo.texts["flags/unleash.json"])["features"]
    assert [each["name"] for each in marked if each["stale"]] == told["marked_stale"]
    assert set(told["marked_stale"]) < set(told["stale"]["unleash"])


def test_flags_and_the_code(shop, flags, asked):
    told = shop.truth["flags"]
    assert sorted(set(asked) - set(flags)) == told["asked_for_but_unknown"]
    assert [name for name, flag in flags.items() if not asked[name] and not flag["archived"]] == told[
        "no_code_asks_for"
    ]


def test_owners_and_kill_switches(shop, flags):
    told = shop.truth["flags"]
    assert [name for name, flag in flags.items() if not flag["owner"]] == told["without_owner"]
    switches = [name for name, flag in flags.items() if flag["type"] == "kill-switch"]
    assert switches == told["kill_switches"]
    assert [name for name in switches if not flags[name]["tried"]] == told["kill_switches_never_tested"]
