"""Flags of flagd and Unleash, and the lines that ask for them; and what is none."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.flags import COLUMNS, FlagSource, read_flags

ON_OFF = {"on": True, "off": False}


def read(tmp_path, content, name="flags.json", references=""):
    (tmp_path / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return read_flags([FlagSource(path=str(tmp_path / name), references=references)])


def flagd(tmp_path, **flag):
    content = {"flags": {"f": {"state": "ENABLED", "variants": ON_OFF, "defaultVariant": "off", **flag}}}
    return read(tmp_path, content).frame.iloc[0]


def unleash(tmp_path, strategies, enabled=True, **feature):
    content = {
        "features": [{"name": "f", "type": "release", "createdAt": "2026-10-01T00:00:00Z", **feature}],
        "featureStrategies": [{"featureName": "f", "environment": "production", **each} for each in strategies],
        "featureEnvironments": [{"featureName": "f", "environment": "production", "enabled": enabled}],
        "featureTags": [{"featureName": "f", "tagType": "owner", "tagValue": "edge"}],
    }
    return read(tmp_path, content).frame.iloc[0]


def fractional(*parts):
    return {"fractional": [*parts]}


def test_flagds_shares(tmp_path):
    assert flagd(tmp_path)["share"] == 0
    assert flagd(tmp_path, defaultVariant="on")["share"] == 1
    assert flagd(tmp_path, state="DISABLED", defaultVariant="on")["share"] == 0
    assert flagd(tmp_path, targeting=fractional(["on", 30], ["off", 90]))["share"] == 0.25
    assert flagd(tmp_path, targeting=fractional(["on"], ["off"]))["share"] == 0.5
    assert math.isnan(flagd(tmp_path, targeting={"if": [True, "on", "off"]})["share"])
    three = {"control": "a", "red": "b", "blue": "c"}
    assert (
        flagd(tmp_path, variants=three, targeting=fractional(["control", 50], ["red", 25], ["blue", 25]))["share"]
        == 0.5
    )


def test_flagds_bucket_is_shared_where_it_does_not_hold_the_flags_own_key(tmp_path):
    own = {"cat": [{"var": "$flagd.flagKey"}, {"var": "email"}]}
    assert flagd(tmp_path, targeting=fractional(own, ["on", 50], ["off", 50]))["bucket"] == ""
    assert "email" in flagd(tmp_path, targeting=fractional({"var": "email"}, ["on", 50], ["off", 50]))["bucket"]
    assert flagd(tmp_path, targeting=fractional(["on", 50], ["off", 50]))["bucket"] == ""


def test_flagds_metadata_and_list_form(tmp_path):
    one = {
        "key": "f",
        "variants": ON_OFF,
        "metadata": {"owner": "edge", "created": "2026-10-01", "tested": "2026-11-01"},
    }
    found = read(tmp_path, {"flags": [one, {"key": "g"}, "h"], "metadata": {"type": "release", "owner": "all"}})
    row = found.frame.iloc[0]
    assert tuple(found.frame.columns) == COLUMNS
    assert (row["owner"], row["type"], row["created"]) == ("edge", "release", pd.Timestamp("2026-10-01", tz="UTC"))
    assert row["tested"] == pd.Timestamp("2026-11-01", tz="UTC")
    assert found.quality[0].rejected_rows == 2


def test_flagd_in_yaml(tmp_path):
    text = "flags:\n  f:\n    state: ENABLED\n    variants: {on: true, off: false}\n    defaultVariant: on\n"
    found = read(tmp_path, text, "flags.yaml").frame
    assert found["name"].tolist() == ["f"]  # a bare `on` of YAML is true, and so no variant's name
    (tmp_path / "bad.yaml").write_text("flags: !!python/object/apply:os.system ['true']")
    with pytest.raises(BrokenEvidence, match="cannot be read as YAML"):
        read_flags([FlagSource(path=str(tmp_path / "bad.yaml"))])


def test_unleashs_shares(tmp_path):
    rollout = {"name": "flexibleRollout", "parameters": {"rollout": "25", "stickiness": "default", "groupId": "f"}}
    assert unleash(tmp_path, [rollout])["share"] == 0.25
    assert unleash(tmp_path, [rollout], enabled=False)["share"] == 0
    assert unleash(tmp_path, [{"name": "default"}])["share"] == 1
    assert unleash(tmp_path, [])["share"] == 1
    assert math.isnan(unleash(tmp_path, [{**rollout, "constraints": [{"contextName": "country"}]}])["share"])
    assert math.isnan(unleash(tmp_path, [{"name": "flexibleRollout", "parameters": {"rollout": "most"}}])["share"])
    assert unleash(tmp_path, [rollout])["bucket"] == ""
    group = {**rollout, "parameters": {**rollout["parameters"], "groupId": "shared"}}
    assert unleash(tmp_path, [group])["bucket"] == "shared by default"


def test_unleashs_fields(tmp_path):
    row = unleash(tmp_path, [], stale=True, archived=True, lastSeenAt=None)
    assert (row["owner"], row["marked_stale"], row["archived"]) == ("edge", True, True)
    assert pd.isna(row["last_seen"])


def test_lines_that_ask_for_flags(tmp_path):
    (tmp_path / "refs.txt").write_text(
        'a.py:3:  if on("f"):\nBinary file x matches\nb/c.py:10:on("g")\na.py:3:  if on("f"):\n'
    )
    found = read(tmp_path, {"flags": {"f": {"variants": ON_OFF}}}, references=str(tmp_path / "refs.txt"))
    assert found.references is not None
    assert found.references[["path", "line"]].to_numpy().tolist() == [["a.py", 3], ["b/c.py", 10]]
    assert found.quality[1].rejected_rows == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "found no flags"),
        ('{"version": 3}', "found version but neither `flags` nor `features`"),
        ('{"flags": 3}', "of another form"),
        ('{"features": 3}', "features: found '3'; expected a list"),
        ('{"flags": {}}', "found no row"),
    ],
)
def test_what_is_no_flag(tmp_path, content, said):
    with pytest.raises(BrokenEvidence, match=said):
        read(tmp_path, content)
