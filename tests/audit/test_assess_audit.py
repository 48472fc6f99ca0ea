"""What step 07 says of evidence that is there, absent, broken or too little: it never stops."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_lib
from scaling_lib import audit
from scaling_lib.errors import InvalidInput
from scaling_lib.figures import Shown

HEAD = "BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,Tags"


def opened(folder, yaml: str = "", **files: str):
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    (folder / "assessment.yaml").write_text(f"system: s\ncurrency: EUR\n{yaml}", encoding="utf-8")
    return scaling_lib.open(folder)


def bill(days: int = 60) -> str:
    costs = 10 + np.random.default_rng(1).random(days)
    months = np.datetime64("2026-01-01") + np.arange(days + 1)
    return "\n".join(
        [
            HEAD,
            *(
                f"{costs[n]},{costs[n]},12,EUR,{months[n]}T00:00:00Z,{months[n + 1]}T00:00:00Z,Usage,Disk,"
                for n in range(days)
            ),
        ]
    )


def shown(result) -> list[str]:
    """Every table and figure of the step can be made."""
    parts = [audit.table(result, name) for name in audit.TABLES]
    drawn = [
        audit.growth_figure(result), audit.curve_figure(result), audit.unit_cost_figure(result),
        audit.days_figure(result), audit.budget_figure(result), audit.posture_figure(result),
    ]  # fmt: skip
    return [each.text for each in (*parts, *drawn) if isinstance(each, Shown) and not each.name]


def test_nothing_is_given(tmp_path):
    result = audit.assess(opened(tmp_path))
    found = audit.findings(result)
    assert {each.verdict for each in found} == {"unknown"}
    assert "evidence.bills in assessment.yaml" in " ".join(each.sentence for each in found)
    assert audit.headline(result).startswith("Costs against demand are not measured: No bills are given")
    assert len(shown(result)) == len(audit.TABLES) + 6


def test_a_bill_without_requests_tells_days_owners_and_budgets(tmp_path):
    yaml = "evidence: {bills: [bill.csv]}\nbudgets: [{name: b, amount: 700, start: 2026-01-01, end: 2026-06-30}]\n"
    result = audit.assess(opened(tmp_path, yaml, bill_csv=bill()))
    found = {(each.name, each.subject): each for each in audit.findings(result)}
    assert result.costs is None and result.budgets["b"].source == "the forecast of the cost itself"
    assert found["budget", "b"].verdict == "act" and found["allocation", ""].verdict == "watch"
    assert found["cost-anomaly", ""].verdict == "ok" and found["savings-rate", ""].verdict == "ok"
    assert "100% of the gross usage is tagged with no owner" in found["allocation", ""].sentence
    assert shown(result)


def test_a_broken_bill_and_an_empty_scan(tmp_path):
    yaml = "evidence: {bills: [bill.csv], scans: [scan.json]}\n"
    result = audit.assess(opened(tmp_path, yaml, bill_csv="a,b\n1,2\n", scan_json="[]"))
    found = {(each.name, each.subject): each for each in audit.findings(result)}
    assert "found no column" in found["broken-evidence", "bills"].sentence
    assert found["empty-scans", ""].verdict == "unknown" and "no pass" in found["empty-scans", ""].sentence
    assert "an empty scan is no pass" in " ".join(shown(result))


def test_a_budget_of_another_year_leaves_the_rest(tmp_path):
    yaml = "evidence: {bills: [bill.csv]}\nbudgets: [{name: old, amount: 7, start: 2025-01-01, end: 2025-06-30}]\n"
    result = audit.assess(opened(tmp_path, yaml, bill_csv=bill()))
    assert "expected the last day that was billed to lie within the period" in result.absent["budget old"].why
    assert result.money is not None


@pytest.mark.parametrize("options", [{"k": -1}, {"k": float("nan")}, {"discount": 1}, {"level": 2}])
def test_what_cannot_be_is_refused(tmp_path, options):
    with pytest.raises(InvalidInput):
        audit.assess(opened(tmp_path), **options)
    with pytest.raises(InvalidInput, match="expected one of"):
        audit.table(audit.assess(opened(tmp_path)), "nothing")


def test_a_discount_sizes_a_commitment(tmp_path):
    result = audit.assess(opened(tmp_path, "evidence: {bills: [bill.csv]}\n", bill_csv=bill()), discount=0.3)
    assert 10 < result.commitments["Disk"].size.value < 11
    assert "Disk" in audit.table(result, "commitments").text
