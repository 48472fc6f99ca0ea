"""An assessment whose only evidence is a live Prometheus: its journeys' selectors are asked for, and its SLOs measured."""

from datetime import UTC, datetime, timedelta

import pytest

import scaling_lib
from scaling_lib import slo

pytestmark = pytest.mark.service


def test_slos_from_nothing_but_a_prometheus(prometheus, shop_data, tmp_path):
    start = datetime.fromtimestamp(shop_data.start, UTC)
    (tmp_path / "assessment.yaml").write_text(
        f"""
system: shop
journeys:
  - name: all
    metrics:
      total: http_requests_total
      errors: http_requests_total{{code=~"5.."}}
      buckets: latency_seconds_bucket
    slos:
      - {{kind: availability, target: 99.9%}}
      - {{kind: latency, threshold: 1 s, target: 95%}}
      - {{kind: latency, threshold: 500 ms, target: 95%, name: between edges}}
evidence:
  metrics:
    - {{url: '{prometheus}', start: '{start.isoformat()}', end: '{(start + timedelta(minutes=1439)).isoformat()}'}}
"""
    )
    system = scaling_lib.open(str(tmp_path))
    result = slo.assess(system)
    availability, latency, interpolated = result.results
    # 1,439 minutes of 60 from a and 30 from b, but for b's gap, whose 30 minutes and their edge are counted as a whole.
    assert availability.counts["bad"].sum() == 26
    assert availability.counts["total"].sum() == pytest.approx(60 * 1439 + 30 * 1439 + 26, rel=0.001)
    assert latency.attainment.sli.value == pytest.approx(0.9, abs=0.001)
    assert latency.attainment.state == "missed"
    assert result.unmeasured == ()  # between the edges at 0.1 s (half) and 1 s (0.9), both of them below 95%
    assert interpolated.attainment.counted == "missed"
    assert (
        interpolated.attainment.sli.low
        <= 0.5
        < interpolated.attainment.sli.value
        < 0.9
        <= interpolated.attainment.sli.high
    )
    table = slo.histogram_table(system).set_index("slo")
    between = table.loc["between edges", "share within"]
    assert (between.low, between.high) == (pytest.approx(0.5), pytest.approx(0.9))
    assert 0.5 < between.value < 0.9
    assert system.evidence().usable == {"metrics", "slos"}
