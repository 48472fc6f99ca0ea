from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_lib.errors import InvalidInput
from scaling_lib.evidence.flags import FlagSource, read_flags
from scaling_lib.rollout import flag_hygiene

SHOP = Path(__file__).parents[2] / "data" / "shop"
AT = pd.Timestamp("2026-11-24", tz="UTC")


def flags(*rows):
    usual = {
        "system": "x", "type": "release", "owner": "a", "created": AT, "archived": False, "marked_stale": False,
        "share": 0.5, "bucket": "", "tested": pd.NaT,
    }  # fmt: skip
    frame = pd.DataFrame([{**usual, **row} for row in rows])
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("created", "tested")})


def references(*texts):
    return pd.DataFrame({"path": "a.py", "line": range(len(texts)), "text": texts})


def days(number):
    return AT - pd.Timedelta(days=number)


def test_the_shops_flags_are_told_as_planted():
    folder = SHOP / "simulated" / "flags"
    read = read_flags([FlagSource(path=str(folder / "*.json"), references=str(folder / "references.txt"))])
    truth = yaml.safe_load((SHOP / "truth.yaml").read_text())["simulated"]["flags"]
    found = flag_hygiene(read.frame, read.references, at=AT)
    assert set(found.names("stale")) == {*truth["stale"]["flagd"], *truth["stale"]["unleash"]}
    on_for_all = found.frame[found.frame["finished"] & (found.frame["share"] == 1)]["name"]
    assert set(on_for_all) == set(truth["at_everyone_and_stale"])
    assert set(found.names("unused")) == set(truth["no_code_asks_for"])
    assert list(found.unknown) == truth["asked_for_but_unknown"]
    assert set(found.names("no_owner")) == set(truth["without_owner"])
    assert set(found.names("kill_switch")) == set(truth["kill_switches"])
    assert list(found.untested) == truth["kill_switches_never_tested"]
    assert found.archived == len(truth["archived"])
    assert found.overlaps == ()


def test_age_is_held_against_the_lifetime_of_the_type():
    found = flag_hygiene(
        flags(
            {"name": "new", "created": days(40)},
            {"name": "old", "created": days(41)},
            {"name": "works", "type": "operational", "created": days(8)},
            {"name": "forever", "type": "permission", "created": days(900)},
            {"name": "marked", "type": "permission", "created": days(1), "marked_stale": True},
            {"name": "undated", "created": pd.NaT},
        ),
        at=AT,
    )
    assert set(found.names("stale")) == {"old", "works", "marked"}
    assert found.age_unknown == 1
    by = found.frame.set_index("name")
    assert by.loc["old", "over_d"] == 1
    assert np.isnan(by.loc["forever", "over_d"])
    assert by["references"].isna().all()
    assert not by["unused"].any()


def test_burden_is_days_times_places_and_more_where_it_still_splits():
    found = flag_hygiene(
        flags(
            {"name": "split", "created": days(50)},
            {"name": "done", "created": days(50), "share": 1.0},
            {"name": "fresh", "created": days(5)},
        ),
        references('f("split")', 'f("split")', 'f("done")', 'f("done")', 'f("fresh")'),
        at=AT,
    )
    assert found.frame.set_index("name")["burden"].to_dict() == {"split": 40, "done": 20, "fresh": 0}
    assert found.names("finished") == ("done",)


def test_names_are_whole_and_unknown_ones_are_those_the_same_call_asks_for():
    found = flag_hygiene(
        flags({"name": "cart"}, {"name": "cart-2"}),
        references('if enabled("cart-2"):', "log('cart opened')", 'if enabled("ghost"): show("title")'),
        at=AT,
    )
    assert found.frame.set_index("name")["references"].to_dict() == {"cart": 0, "cart-2": 1}
    assert found.unknown == ("ghost",)
    bare = flag_hygiene(flags({"name": "cart"}, {"name": "cart-2"}), references("flag: cart-2"), at=AT)
    assert bare.frame.set_index("name")["references"].to_dict() == {"cart": 0, "cart-2": 1}


def test_a_kill_switch_counts_as_tried_for_half_a_year():
    switch = {"type": "kill-switch", "share": 0.0}
    found = flag_hygiene(
        flags(
            {"name": "never", **switch},
            {"name": "long ago", **switch, "tested": days(181)},
            {"name": "lately", **switch, "tested": days(180)},
        ),
        at=AT,
    )
    assert set(found.untested) == {"never", "long ago"}


def test_flags_drawn_alike_reach_the_same_users():
    alike = {"bucket": "group by default"}
    found = flag_hygiene(
        flags({"name": "a", **alike}, {"name": "b", **alike}, {"name": "c", "bucket": "x"}, {"name": "d"}), at=AT
    )
    assert found.overlaps == (("a", "b"),)


def test_nothing_is_a_result_too():
    found = flag_hygiene(flags({"name": "a", "archived": True}), references(), at=AT)
    assert found.frame.empty
    assert found.untested == ()


def test_what_cannot_be():
    with pytest.raises(InvalidInput, match="no column owner"):
        flag_hygiene(flags({"name": "a"}).drop(columns="owner"), at=AT)
    with pytest.raises(InvalidInput, match="without a zone"):
        flag_hygiene(flags({"name": "a"}), at=pd.Timestamp("2026-01-01"))
