"""The replay against Prometheus itself: the same counts, the same alerts in every single minute."""

import subprocess

import numpy as np
import pandas as pd
import pytest
import yaml

from scaling_lib.slo import alert_policy, replay
from scaling_lib.slo.alerts import compact_duration, threshold

TARGET = 0.95
TIERS = [("page", "0.5", 1200, 300), ("page", "0.8", 3000, 600)]
MINUTES = 180


@pytest.mark.service
def test_pages_in_the_same_minutes_as_prometheus(need, tmp_path, random, counts_frame):
    promtool = need("promtool")
    total = random.poisson(30, MINUTES)
    total[40:55] = 0  # a silent quarter of an hour
    rate = np.full(MINUTES, 0.01)
    rate[[20, 21, 22, 90, 91, 92, 93, 94, 95, 140]] = 0.9
    counts = counts_frame(random.binomial(total, rate), total)
    policy = alert_policy("2h", tiers=TIERS)
    found = replay(policy, TARGET, counts)
    assert len(found.pages) >= 2
    firing = np.zeros(MINUTES + 1, dtype=bool)
    for page in found.pages.itertuples():
        first, last = ((edge - counts.index[0]) // pd.Timedelta(minutes=1) for edge in (page.start, page.end))
        firing[first : MINUTES + 1 if page.firing_at_end else last] = True

    def share(window_s):
        window = compact_duration(window_s)
        return f"rate(bad_total[{window}]) / rate(all_total[{window}])"

    terms = [
        f"({share(tier.long_window_s)} > {threshold(tier, TARGET)!r} and {share(tier.short_window_s)} > "
        f"{threshold(tier, TARGET)!r})"
        for tier in policy
    ]
    rules = {"groups": [{"name": "slo", "rules": [{"alert": "Page", "expr": " or ".join(terms)}]}]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    series = [
        {
            "series": name,
            "values": " ".join(str(int(value)) for value in np.concatenate([[0], np.cumsum(counts[column])])),
        }
        for name, column in (("bad_total", "bad"), ("all_total", "total"))
    ]
    expected = [
        {"eval_time": f"{minute}m", "alertname": "Page", "exp_alerts": [{}] if firing[minute] else []}
        for minute in range(1, MINUTES + 1)
    ]
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": expected}],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    ran = subprocess.run(
        [promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
