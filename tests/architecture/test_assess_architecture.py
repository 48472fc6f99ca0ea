"""All of step 06 on small systems of known limits (app 250 requests/s, store 100): what is chosen, absent or broken."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from small_system import make
from two_resources import INDEX, two_resources

import scaling_lib
from scaling_lib import architecture
from scaling_lib.errors import InvalidInput


def assessed(folder, *, parameters=None, **given):
    return architecture.assess(scaling_lib.open(two_resources(folder, **given)), **(parameters or {}))


def shows_all(result):
    for name in architecture.TABLES:
        assert architecture.table(result, name).text
    for draw in (architecture.capacity_figure, architecture.options_figure, architecture.tornado_figure,
                 architecture.growth_figure):  # fmt: skip
        draw(result)
    return " ".join([architecture.headline(result), *(each.sentence for each in architecture.findings(result))])


def by_name(result):
    return {each.pattern.name: each for each in result.evaluation.options}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """150 requests/s are needed: the store takes 100, with the index 500, and the app 250."""
    return assessed(tmp_path_factory.mktemp("planted"))


def test_the_fix_that_moves_what_is_full_first_is_taken(planted):
    found, own = planted.evaluation, by_name(planted)
    assert found.bottleneck == "store" and found.needed.value == pytest.approx(150)
    assert found.chosen.pattern.name == "an index"
    assert found.chosen.capacity.value == pytest.approx(250, rel=0.01) and found.chosen.bottleneck == "app"
    assert own["do nothing"].capacity.value == pytest.approx(100, rel=0.01) and own["do nothing"].met == 0
    useless = {name for name, each in own.items() if each.verdict == "NOT JUSTIFIED"}
    assert {"split of app into two services", "vertical scaling of app", "serverless in place of app"} <= useless
    assert {"horizontal scaling of app", "autoscaling of app", "managed database for store"} <= useless


def test_each_pattern_of_the_reference_competes(planted):
    names = " ".join(by_name(planted))
    for part in ("vertical", "horizontal", "autoscaling", "cache", "delivery network", "read replicas", "sharding",
                 "CQRS", "queue", "split", "serverless", "managed database", "orchestration", "nothing"):  # fmt: skip
        assert part in names


def test_a_share_within_the_slo_that_nobody_measured_caps_the_verdict(planted):
    """The index is measured and free, but no latency SLO was held against the load test."""
    assert planted.evaluation.chosen.verdict == "PROVISIONAL"
    assert planted.evaluation.chosen.assumed == ("the share of the capacity within the SLO",)
    assert planted.within_slo.value == 0.9 and planted.within_slo.assumed
    assert "(provisional: figures are assumed)" in architecture.headline(planted)


def test_it_is_all_shown(planted):
    said = shows_all(planted)
    assert "store limits, and an index carries 30x today's load (150 requests/s)" in said
    (option,) = [each for each in architecture.findings(planted) if each.name == "option"]
    assert option.verdict == "watch" and option.impact.value == pytest.approx(2.5, rel=0.01)


def test_where_the_load_is_carried_nothing_is_changed(tmp_path):
    result = assessed(tmp_path, factor=10)
    assert result.evaluation.chosen.pattern.name == "do nothing"
    assert architecture.headline(result).startswith("No: 10x today's load (50 requests/s) is carried as it is")
    assert next(each.verdict for each in architecture.findings(result) if each.name == "option") == "ok"
    shows_all(result)


def test_two_options_one_after_the_other_where_one_is_not_enough(tmp_path):
    """300 requests/s: the index alone ends at the app's 250, two apps alone at the store's 100."""
    result = assessed(tmp_path, factor=60)
    chosen = result.evaluation.chosen
    assert chosen.pattern.name == "an index, then horizontal scaling of app"
    assert chosen.capacity.value == pytest.approx(min(500, 2 / 1.02 * 250), rel=0.03)
    assert chosen.monthly_cost.value == pytest.approx(0.1 * 730)


def test_where_nothing_is_enough_it_says_so(tmp_path):
    result = assessed(tmp_path, factor=100_000)
    assert result.evaluation.chosen is None
    assert architecture.headline(result).startswith("Not known: no option that was tried carries 100,000x")
    assert next(each for each in architecture.findings(result) if each.name == "not-enough").verdict == "act"
    shows_all(result)


def test_without_a_model_it_says_what_to_supply(tmp_path):
    result = assessed(tmp_path, tested=False, options="")
    said = shows_all(result)
    assert result.evaluation is None and result.cuts == ()
    assert architecture.headline(result).startswith("Not measured. No model of the system: ")
    assert {each.verdict for each in architecture.findings(result)} == {"unknown"}
    assert "metrics" in said


def test_without_any_evidence(tmp_path):
    folder = make(tmp_path / "a", "")
    result = architecture.assess(scaling_lib.open(folder))
    shows_all(result)
    assert {each.verdict for each in architecture.findings(result)} == {"unknown"}
    system = scaling_lib.open(folder)
    assert system.conclude("06", architecture.findings(result), architecture.headline(result)).verdict == "unknown"
    assert "nothing to decide" in architecture.record_shown(result, system).text


def test_broken_keys_hurt_that_option_alone(tmp_path):
    cache = "{pattern: cache, resource: store, name: a cache, keys: {path: keys.csv, entries: 10}}"
    folder = two_resources(tmp_path / "a", options=f"{INDEX}, {cache}")
    (folder / "keys.csv").write_text("key\n" + "1\n2\n" * 20)
    system = scaling_lib.open(folder)
    result = architecture.assess(system)
    assert "a cache" not in by_name(result) and result.evaluation.chosen.pattern.name == "an index"
    (finding,) = [each for each in architecture.findings(result) if each.subject == "option a cache"]
    assert finding.verdict == "unknown" and "longer trace" in finding.sentence
    lines, broken = architecture.options_given(system)
    assert broken and "BROKEN" in " ".join(lines)


def test_what_an_option_says_replaces_the_standard_one(tmp_path):
    better = "{pattern: vertical scaling, resource: store, figures: {speedup: 4}, origin: measured, monthly_cost: 50}"
    result = assessed(tmp_path, options=better)
    chosen = result.evaluation.chosen
    assert [name for name in by_name(result) if name.startswith("vertical scaling of store")] == [chosen.pattern.name]
    assert (chosen.monthly_cost.value, chosen.monthly_cost.assumed) == (50, False)
    assert chosen.capacity.value == pytest.approx(250, rel=0.01)


def test_a_size_that_is_given_is_the_one_that_is_priced(tmp_path):
    """Three apps in place of one: two more at 0.1 an hour; a speed that nobody sells has no price."""
    three = "{pattern: horizontal scaling, resource: app, figures: {times: 3}}"
    fast = "{pattern: vertical scaling, resource: app, figures: {speedup: 9}}"
    own = by_name(assessed(tmp_path, options=f"{three}, {fast}"))
    assert own["horizontal scaling of app"].monthly_cost.value == pytest.approx(2 * 0.1 * 730)
    assert own["vertical scaling of app"].monthly_cost is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"wanted": 1.0}, "wanted: found 1.0; expected a probability"),
        ({"worth_a_month": -1.0}, "worth_a_month: found -1.0; expected an amount of 0 or more"),
        ({"measuring_costs": float("nan")}, "measuring_costs: found nan"),
        ({"demand_factor": -2.0}, "demand_factor: found -2.0"),
        ({"load_test": "nobody"}, "nobody"),
        ({"level": 2.0}, "level"),
    ],
)
def test_what_cannot_be_asked(tmp_path, wrong, said):
    with pytest.raises(InvalidInput, match=said):
        assessed(tmp_path, parameters=wrong)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("{pattern: cache}", "found no resource; expected that which the cache is for"),
        ("{pattern: cache, resource: nobody}", "options.0.resource: found 'nobody'; expected a resource's name: app, store"),
        (f"{INDEX}, {INDEX}", "the name 'an index' is used twice"),
        ("{pattern: cache, resource: app, monthly_cost: -1}", "monthly_cost: input should be greater than or equal to 0"),
        ("{pattern: cache, resource: app, figures: {hit_ratio: 1.3}}", "found 1.3 for hit_ratio; expected a number from 0"),
        ("{pattern: cache, resource: app, figures: {hits: 1}}", "found the figure 'hits'; expected of cache: hit_ratio"),
        ("{pattern: cache, resource: app, figures: {hit_ratio: [0.9, 0.5, 0.1]}}", "expected a number, or .low, likely"),
        ("{pattern: sharding, resource: app, figures: {shards: 0}}", "found 0.0 for shards; expected a number of at least 1"),
        ("{pattern: less work, resource: app}", "found no factor"),
        ("{pattern: queue, resource: app, keys: {path: a, entries: 3}}", "found keys of a queue"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_are_refused_with_their_line(tmp_path, option, said):
    with pytest.raises(InvalidInput, match=said):
        scaling_lib.open(two_resources(tmp_path, options=option))


def test_measuring_comes_first_where_knowing_is_worth_it(tmp_path):
    """150 of the 100 x 0.9 x factor that are carried: a factor of 1.67, which 1.2 to 4 may be or not; it costs 300."""
    rough = INDEX.replace("factor: 5", "factor: [1.2, 2, 4]").replace("origin", "monthly_cost: 300, origin")
    asked = {"wanted": 0.6, "worth_a_month": 1000.0, "measuring_costs": 1.0}
    folder = tmp_path / "a"
    result = assessed(folder, options=rough, parameters=asked)
    chosen = result.evaluation.chosen
    assert (chosen.pattern.name, chosen.verdict) == ("an index", "MEASURE FIRST")
    assert result.evaluation.in_money  # and else 300 are spent for nothing
    assert result.evaluation.value_of_knowing == pytest.approx(300 * (1 - chosen.met), rel=0.01)
    assert chosen.met == pytest.approx(0.755, abs=0.03)  # by the normal tables: ln(2 / 1.67) is 0.69 deviations
    (option,) = [each for each in architecture.findings(result) if each.name == "option"]
    assert option.action.startswith("Measure times less work first") and "would gain" in option.why
    title = architecture.tornado_figure(result).layout.title.text
    assert title.startswith("An index: times less work moves the probability by 100 points")
    rich = architecture.assess(scaling_lib.open(folder), **{**asked, "measuring_costs": 1e6})
    assert rich.evaluation.chosen.verdict == "PROVISIONAL"


def test_growth_is_drawn_where_it_is_known(planted):
    """Every new folder is changed together with all that were there: pairs n (n - 1) / 2, an exponent near 2."""
    start = pd.Timestamp("2026-01-01", tz="UTC")
    rows = [
        (start + pd.Timedelta(days=10 * new + twice), 2 * new + twice, f"src/{name}/x.py")
        for new in range(1, 12)
        for twice in (0, 1)
        for name in range(new)
    ]
    history = pd.DataFrame(rows, columns=["time", "order", "path"])
    result = replace(planted, growth=architecture.code_growth(history))
    title = architecture.growth_figure(result).layout.title.text
    assert "grow faster than the folders" in " ".join(title.split("<br>"))
    assert result.growth.exponent.value == pytest.approx(2, abs=0.35)
    assert "exponent of their growth" in architecture.table(result, "complexity").text


def test_names_from_data_are_text_in_every_figure_and_table(tmp_path):
    hostile = "<img src=x onerror=alert(1)>"
    result = assessed(tmp_path, options=INDEX.replace("an index", f'"{hostile}"'))
    for draw in (architecture.capacity_figure, architecture.options_figure, architecture.tornado_figure):
        assert "<img" not in draw(result).to_json().replace("\\u003c", "<")
    for name in ("options", "assumptions"):
        assert "<img" not in architecture.table(result, name).bundle["text/html"]
