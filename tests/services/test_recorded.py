"""What was recorded holds what `truth.yaml` says of it, counted anew from the committed files."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from recordings import lru_hits, points, rate, requests, spans
from scipy.stats import binomtest

DATA = Path(__file__).resolve().parents[2] / "data"
RECORDED = DATA / "shop" / "recorded"
TRUTH = yaml.safe_load((DATA / "shop" / "truth.yaml").read_text())
LEVELS = [("load", level) for level in TRUTH["load"]["levels"]]
LEVELS += [(f"journeys/{name}", TRUTH["journeys"][name]) for name in ("light", "heavy")]
LEVELS += [(f"bottleneck/{state}", level) for state in ("before", "after") for level in TRUTH["bottleneck"][state]]


@pytest.fixture(scope="module", params=["light", "heavy"])
def journeys(request) -> pd.DataFrame:
    read = spans(RECORDED / "journeys" / request.param)
    read.attrs["share"] = TRUTH["journeys"][request.param]["sampled_share_of_traces"]
    return read


@pytest.mark.parametrize(("folder", "level"), LEVELS, ids=[f"{folder}-{each['users']}" for folder, each in LEVELS])
def test_a_level_is_steady_and_as_the_truth_says(folder, level):
    """Users and throughput by Locust's history, throughput by the gateway's own count, and both halves alike."""
    history = pd.read_csv(RECORDED / folder / "locust_stats_history.csv")
    history = history[history["Name"] == "Aggregated"].set_index("Timestamp")
    start, end = (int(pd.Timestamp(level[key]).timestamp()) for key in ("steady_from", "end"))
    steady = history.loc[start + 1 : end - 1]
    assert set(steady["User Count"]) == {level["users"]}
    counts = steady["Total Request Count"]
    seconds = counts.index[-1] - counts.index[0]
    assert (counts.iloc[-1] - counts.iloc[0]) / seconds == pytest.approx(level["requests_per_s"], rel=0.05)
    gateway = rate(RECORDED / folder, "http_requests_total", level["steady_from"], level["end"], service="gateway")
    assert gateway == pytest.approx(level["requests_per_s"], rel=0.08)
    middle = len(counts) // 2
    halves = [counts.iloc[middle] - counts.iloc[0], counts.iloc[-1] - counts.iloc[-1 - middle]]
    assert halves[1] == pytest.approx(halves[0], rel=0.15)


def test_the_load_goes_past_saturation():
    levels = pd.DataFrame(TRUTH["load"]["levels"]).set_index("users")
    assert len(levels) >= 10
    assert levels.index.is_monotonic_increasing
    peak = levels["requests_per_s"].idxmax()
    assert peak < levels.index[-1]
    half = levels.loc[: peak / 2]
    assert (half["requests_per_s"] / half.index).std() < 0.05  # in proportion to the users, far from saturation
    per_user = levels["requests_per_s"] / levels.index
    assert per_user.iloc[-1] < 0.75 * per_user.iloc[0]
    assert levels["requests_per_s"].iloc[-1] < 1.02 * levels["requests_per_s"].loc[peak]
    assert levels["mean_ms"].iloc[-1] > 20 * levels["mean_ms"].iloc[0]
    assert levels["mean_ms"].loc[peak / 2 :].is_monotonic_increasing


def test_the_services_processor_saturates_and_the_generator_does_not():
    folder = RECORDED / "load"
    used = {
        name: [rate(folder, metric, each["steady_from"], each["end"], **labels) for each in TRUTH["load"]["levels"]]
        for name, metric, labels in (
            ("services", "host_cpu_busy_seconds_total", {"runs": "services"}),
            ("database", "host_cpu_busy_seconds_total", {"runs": "database"}),
            ("generator", "process_cpu_seconds_total", {"job": "generator"}),
        )
    }
    assert used["services"][0] < 0.15
    assert used["services"][-1] > 0.9
    assert max(used["database"]) < 0.5
    assert max(used["generator"]) < 0.25
    limit = TRUTH["load"]["limited_by"]
    assert limit["host"] == "host of services"
    assert limit["used"] == pytest.approx(used["services"][-1], abs=0.05)


def test_journeys_are_sampled_by_trace_id(journeys):
    rejected = round((1 - journeys.attrs["share"]) * 2**56)
    assert (journeys["trace"].str[-14:].map(lambda part: int(part, 16)) >= rejected).all()
    assert 1000 < journeys["trace"].nunique() < 3000
    orphans = ~journeys["parent"].isin(journeys.index) & (journeys["parent"] != "")
    assert orphans.mean() < 0.002


def test_each_call_has_a_client_and_a_server_span(journeys):
    servers = journeys[(journeys["kind"] == "server") & (journeys["parent"] != "")]
    callers = journeys.loc[servers["parent"]]
    assert (callers["kind"] == "client").all()
    assert (callers["service"].to_numpy() != servers["service"].to_numpy()).all()
    assert (callers["start"].to_numpy() <= servers["start"].to_numpy()).all()
    queries = journeys[journeys["attributes"].map(lambda told: told.get("db.system") == "postgresql")]
    assert set(queries["service"]) == {"catalogue", "checkout"}
    assert (queries["kind"] == "client").all()


def test_an_order_asks_prices_and_stock_at_once(journeys):
    told = TRUTH["journeys"]["fan_out"]
    calls = journeys[journeys["name"].isin(told["calls"]) & (journeys["kind"] == "client")]
    orders = journeys[(journeys["service"] == told["service"]) & (journeys["name"] == told["operation"])]
    orders = orders[orders["kind"] == "server"]
    pairs = calls.groupby("parent").agg(calls=("name", "nunique"), last=("start", "max"), first=("end", "min"))
    assert set(pairs.index) == set(orders.index)
    assert (pairs["calls"] == 2).all()
    assert (pairs["last"] < pairs["first"]).mean() > 0.99  # the later began before the earlier ended


def test_confirmations_go_on_after_the_answer(journeys):
    told = TRUTH["journeys"]["asynchronous_child"]
    sent = journeys[journeys["name"] == told["operation"]]
    assert set(sent["kind"]) == {told["kind"]}
    publishers = journeys.loc[sent["parent"]]
    assert set(publishers["kind"]) == {"producer"}
    assert [[each] for each in sent["parent"]] == list(sent["links"])
    roots = journeys[journeys["parent"] == ""].set_index("trace")["end"]
    assert (sent["end"].to_numpy() > roots.loc[sent["trace"]].to_numpy()).mean() > 0.9
    assert len(sent) == len(publishers)


def test_a_hit_asks_no_database(journeys):
    told = TRUTH["journeys"]["cache"]
    looks = journeys[
        (journeys["service"] == told["service"]) & journeys["name"].str.contains("/products/{", regex=False)
    ]
    hits = looks["attributes"].map(lambda attributes: attributes[told["attribute"]])
    assert 0.5 < hits.mean() < 0.99
    queries = journeys[journeys["kind"] == "client"]["parent"].value_counts()
    asked = looks.index.to_series().map(queries).fillna(0)
    assert (asked[hits] == 0).all()
    assert (asked[~hits] == 2).all()


def test_heavy_is_slower_than_light():
    median = {}
    for name in ("light", "heavy"):
        read = spans(RECORDED / "journeys" / name)
        roots = read[read["parent"] == ""]
        median[name] = (roots["end"] - roots["start"]).median()
    assert median["heavy"] > 1.3 * median["light"]


def test_the_missing_index_is_the_bottleneck_and_then_it_is_not():
    share, queries = {}, {}
    for state in ("before", "after"):
        read = spans(RECORDED / "bottleneck" / state)
        seconds = read["end"] - read["start"]
        roots = read["parent"] == ""
        planted = read["name"].isin(TRUTH["bottleneck"]["operations"])
        share[state] = seconds[planted].sum() / seconds[roots].sum()
        queries[state] = seconds[planted].median()
    assert share["before"] > 0.3
    assert share["after"] < 0.1
    queries_of = read[read["attributes"].map(lambda told: told.get("db.system") == "postgresql")]
    assert set(TRUTH["bottleneck"]["operations"]) < set(queries_of["name"])
    assert queries["before"] > 10 * queries["after"]


def test_the_bottleneck_moves_from_the_database_to_the_services():
    busy = {}
    for state in ("before", "after"):
        folder, level = RECORDED / "bottleneck" / state, TRUTH["bottleneck"][state][-1]
        steady = (level["steady_from"], level["end"])
        busy[state] = {
            "postgresql": rate(folder, "postgres_cpu_seconds_total", *steady),
            "services": rate(folder, "host_cpu_busy_seconds_total", *steady, runs="services"),
            "generator": rate(folder, "process_cpu_seconds_total", *steady, job="generator"),
        }
    assert busy["before"]["postgresql"] > 0.8 > busy["before"]["services"]
    assert busy["after"]["services"] > 0.85 > 0.3 > busy["after"]["postgresql"]
    assert all(each["generator"] < 0.25 for each in busy.values())
    told = TRUTH["bottleneck"]["bottleneck"]
    assert (told["before"]["host"], told["before"]["mostly"]) == ("host of database", "postgresql")
    assert (told["after"]["host"], told["after"]["mostly"]) == ("host of services", "gateway")
    before, after = (pd.DataFrame(TRUTH["bottleneck"][state]).set_index("users") for state in ("before", "after"))
    assert list(before.index) == list(after.index)
    assert after["requests_per_s"].max() > 1.6 * before["requests_per_s"].max()
    assert (after["mean_ms"] < before["mean_ms"]).all()


def orders(pair: str) -> pd.DataFrame:
    log = requests(RECORDED / "canary" / pair)
    return log[(log["method"] == "POST") & (log["path"] == "/checkout")]


@pytest.mark.parametrize("pair", ["canary", "a_a"])
def test_the_versions_are_counted_as_the_truth_says(pair):
    told, log = TRUTH["canary"][pair], orders(pair)
    assert set(log["version"]) <= {*told["weights"], "-"}
    for version, measured in told["measured"].items():
        own = log[log["version"] == version]
        assert len(own) == measured["orders"]
        assert (own["status"] >= 500).sum() == measured["errors"]
        assert 1000 * own["seconds"].median() == pytest.approx(measured["median_ms"], abs=0.06)
        assert binomtest(len(own), len(log), told["weights"][version]).pvalue > 0.001
        counted = points(RECORDED / "canary" / pair, "http_requests_total", service="checkout", version=version)
        routed = points(
            RECORDED / "canary" / pair, "http_requests_total", service="checkout", version=version,
            route="POST /checkout",
        )  # fmt: skip
        assert routed.iloc[-1] == len(own)
        assert counted.iloc[-1] > routed.iloc[-1]
    read = spans(RECORDED / "canary" / pair)
    assert set(read[read["service"] == "checkout"]["version"]) == set(told["weights"])


def test_the_canary_is_slower_and_fails_now_and_then():
    told, log = TRUTH["canary"]["canary"], orders("canary")
    old, new = (log[log["version"] == told[name]] for name in ("baseline", "candidate"))
    assert (old["status"] < 500).all()
    errors = binomtest(int((new["status"] >= 500).sum()), len(new))
    interval = errors.proportion_ci(0.99)
    assert interval.low > 0
    assert interval.low <= told["planted"]["share_of_errors"] <= interval.high
    slower = new["seconds"].median() - old["seconds"].median()
    assert slower == pytest.approx(told["planted"]["slower_s"], abs=0.004)


def test_the_pair_of_one_version_does_not_differ():
    told, log = TRUTH["canary"]["a_a"], orders("a_a")
    one, other = (log[log["version"] == told[name]] for name in ("baseline", "candidate"))
    assert (log["status"] < 500).all()
    assert other["seconds"].median() == pytest.approx(one["seconds"].median(), rel=0.05)
    assert other["seconds"].quantile(0.95) == pytest.approx(one["seconds"].quantile(0.95), rel=0.2)


def test_a_replay_has_the_caches_own_hits():
    told = TRUTH["cache"]
    trace = pd.read_csv(RECORDED / "cache" / "keys.csv.gz")
    assert trace["time"].is_monotonic_increasing
    assert lru_hits(trace["product"], told["size"]) == list(trace["hit"] == 1)
    assert (len(trace), trace["hit"].sum()) == (told["lookups"], told["hits"])
    for result, count in (("hit", told["hits"]), ("miss", told["lookups"] - told["hits"])):
        assert points(RECORDED / "cache", "cache_requests_total", result=result).iloc[-1] == count
    assert len(trace) > 10_000
    assert 0.2 < trace["hit"].mean() < 0.9


def test_recordings_are_small_and_all_told_of():
    assert sum(file.stat().st_size for file in RECORDED.rglob("*") if file.is_file()) < 9_000_000
    readme = (DATA / "README.md").read_text()
    for folder in RECORDED.iterdir():
        assert f"recorded/{folder.name}/" in readme
        assert folder.name in TRUTH
