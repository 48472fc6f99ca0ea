"""Bills: FOCUS and AWS' reports become one table of costs, to the millionth, with what is wrong in them said."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.bills import MICRO, BillSource, read_bills

SHOP = Path(__file__).resolve().parents[2] / "data" / "shop" / "simulated" / "bill" / "focus.csv.gz"
HEAD = "BilledCost,EffectiveCost,ListCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,Tags"


def written(folder: Path, *rows: str, head: str = HEAD, name: str = "bill.csv") -> str:
    file = folder / name
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return str(file)


def row(
    cost="1.5", day=1, *, effective="", listed="2", currency="EUR", category="Usage", service="Disk", tags="", days=1
):
    tags = '"' + tags.replace('"', '""') + '"'
    return (
        f"{cost},{effective or cost},{listed},{currency},2026-01-{day:02d}T00:00:00Z,2026-01-{day + days:02d}T00:00:00Z,"
        f"{category},{service},{tags}"
    )


def notes(bills) -> str:
    return " | ".join(note for each in bills.quality for note in each.notes)


def test_the_example_adds_up_to_the_millionth():
    """Against Decimal's sums of the texts as they stand."""
    bills = read_bills([BillSource(path=str(SHOP))])
    table = pd.read_csv(SHOP, dtype=str, keep_default_na=False)
    for category, own in table.groupby("ChargeCategory"):
        cells = bills.cells[bills.cells["category"] == category]
        for ours, theirs in (("effective", "EffectiveCost"), ("listed", "ListCost"), ("billed", "BilledCost")):
            assert int(cells[ours].sum()) == int(sum(map(Decimal, own[theirs])) * MICRO)
    assert (bills.quality[0].rows, bills.quality[0].format) == (len(table), "FOCUS")
    assert "2026-11 is not whole: until 2026-11-23" in bills.quality[0].notes
    assert "less than nothing was paid for Promotional credit" in notes(bills)
    untagged = bills.resources[bills.resources["tag"] == ""]
    assert untagged["resource"].tolist() == ["res:shop:disk-0042"]


def test_sums_are_exact_where_binary_floats_are_not(tmp_path):
    """Ten times 0.1 is 1; and a million of 0.0000004 are 0.4, of which each alone rounds to nothing."""
    tenths = read_bills([BillSource(path=written(tmp_path, *[row("0.1")] * 10))])
    assert tenths.cells["effective"].tolist() == [MICRO]
    small = read_bills([BillSource(path=written(tmp_path, *[row("4E-7")] * 1000, name="small.csv"))])
    assert small.cells["effective"].tolist() == [400]


def test_what_says_nothing_counts_as_nothing(tmp_path):
    """NULL in any spelling: no effective cost is the billed one, no cost at all is rejected, no period too."""
    bills = read_bills(
        [
            BillSource(
                path=written(
                    tmp_path,
                    row("2", effective="NULL", tags="NULL"),
                    row("3", listed="null"),
                    row("NULL", effective="n/a"),
                    row("5").replace("2026-01-01T00:00:00Z", "soon", 1),
                )
            )
        ]
    )
    assert (bills.cells["effective"].sum(), bills.cells["tag"].unique().tolist()) == (5 * MICRO, [""])
    assert bills.cells["listed_rows"].sum() == 1
    rejected = {each.reason: each.rows for each in bills.quality[0].rejected}
    assert rejected == {"no cost that can be read": 1, "no charge period that can be read": 1}
    assert "1 row without an effective cost: their billed cost is taken" in notes(bills)
    assert "1 row without a listed cost" in notes(bills)


def test_whose_a_cost_is(tmp_path):
    """By the first of the keys that is there, whatever their case; as an object or a list of pairs."""
    rows = [
        row("1", tags='{"Team": "red", "Service": "shop"}'),
        row("2", tags='[{"key": "user:team", "value": "blue"}]'),
        row("4", tags='{"colour": "green"}'),
        row("8", tags="not json"),
    ]
    bills = read_bills([BillSource(path=written(tmp_path, *rows), tags=("service", "team"))])
    assert (bills.cells.groupby("tag")["effective"].sum() // MICRO).to_dict() == {"": 12, "blue": 2, "shop": 1}


def test_credits_do_not_lower_the_gross(tmp_path):
    bills = read_bills([BillSource(path=written(tmp_path, row("10"), row("-30", category="Credit")))])
    assert (bills.cells["effective"].sum(), bills.cells["gross"].sum()) == (-20 * MICRO, 10 * MICRO)


def test_a_charge_for_days_is_spread_over_them(tmp_path):
    """1 over three days is 333,334 and twice 333,333 millionths; what was purchased stands where it was paid."""
    rows = [row("1", days=3), row("3", day=5, days=10, category="Purchase", service="Plan")]
    bills = read_bills([BillSource(path=written(tmp_path, *rows))])
    usage = bills.cells[bills.cells["category"] == "Usage"]
    assert usage["effective"].tolist() == [333_334, 333_333, 333_333] and usage["n"].sum() == 1
    assert bills.cells.loc[bills.cells["category"] == "Purchase", "effective"].tolist() == [3 * MICRO]


def test_currencies_are_never_added(tmp_path):
    bills = read_bills([BillSource(path=written(tmp_path, row("1"), row("9", currency="USD")))])
    assert bills.currencies == ("USD", "EUR") and bills.of()["effective"].sum() == 9 * MICRO
    assert "currencies are mixed (9 USD and 1 EUR)" in notes(bills)


def test_cents_are_said_to_be_rounded(tmp_path):
    many = [row(f"{cents / 100:.2f}") for cents in range(1, 121)]
    assert "rounded to cents" in notes(read_bills([BillSource(path=written(tmp_path, *many))]))
    finer = written(tmp_path, *many, row("0.123456"), name="finer.csv")
    assert "rounded" not in notes(read_bills([BillSource(path=finer)]))


def test_two_exports_of_one_bill_count_once(tmp_path):
    """January in both files, February's first days in one: what is the same to the millionth is one bill's."""
    first = [row(f"{day}.01", day) for day in range(1, 11)]
    old = written(tmp_path, *first, name="old.csv")
    written(tmp_path, *first, *[row("7", day) for day in range(11, 15)], name="older.csv")
    bills = read_bills([BillSource(path=str(tmp_path / "old*.csv"))])
    assert bills.cells["effective"].sum() == round((55 + 0.1 + 28) * MICRO)
    assert "an export of the same bill, counted once" in notes(bills) and old


def test_two_parts_of_one_bill_count_both(tmp_path):
    """The same days, another service: nothing is doubled; the same service at another cost: counted, and said."""
    written(tmp_path, *[row("1", day) for day in range(1, 11)], name="part-1.csv")
    written(tmp_path, *[row("1", day, service="Net") for day in range(1, 11)], name="part-2.csv")
    parts = read_bills([BillSource(path=str(tmp_path / "part-*.csv"))])
    assert parts.cells["effective"].sum() == 20 * MICRO and "twice" not in notes(parts)
    written(tmp_path, *[row("1.1", day) for day in range(1, 11)], name="part-3.csv")
    again = read_bills([BillSource(path=str(tmp_path / "part-*.csv"))])
    assert again.cells["effective"].sum() == 31 * MICRO and "counted twice: give the newer alone" in notes(again)


def test_parquet_with_a_map_of_tags(tmp_path):
    file = tmp_path / "bill.parquet"
    duckdb.sql(
        f"""COPY (SELECT 1.25::DOUBLE AS BilledCost, 1.0::DOUBLE AS EffectiveCost, 'EUR' AS BillingCurrency,
        TIMESTAMP '2026-01-01' AS ChargePeriodStart, TIMESTAMP '2026-01-02' AS ChargePeriodEnd, 'usage' AS ChargeCategory,
        'Disk' AS ServiceName, MAP {{'team': 'red'}} AS Tags, 'Cloud' AS ServiceProviderName) TO '{file}'"""
    )
    bills = read_bills([BillSource(path=str(file))])
    assert bills.cells[["category", "tag", "effective", "billed"]].to_numpy().tolist() == [
        ["Usage", "red", MICRO, MICRO * 5 // 4]
    ]
    assert bills.quality[0].format == "FOCUS 1.3" and "no column of listed cost and contracted cost" in notes(bills)


def test_amortised_costs_of_an_aws_report(tmp_path):
    """By hand: covered usage at its effective rate, of a plan and a reservation what is unused, upfront nothing."""
    head = (
        "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/LineItemType,lineItem/ProductCode,lineItem/UnblendedCost,"
        "lineItem/CurrencyCode,reservation/EffectiveCost,reservation/UnusedRecurringFee,"
        "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod,savingsPlan/SavingsPlanEffectiveCost,"
        "savingsPlan/TotalCommitmentToDate,savingsPlan/UsedCommitment,resourceTags/user:team"
    )
    when = "2026-01-01T00:00:00Z,2026-01-01T01:00:00Z"
    rows = [
        f"{when},Usage,EC2,10,USD,,,,,,,red",
        f"{when},SavingsPlanCoveredUsage,EC2,8,USD,,,,5,,,red",
        f"{when},SavingsPlanNegation,EC2,-8,USD,,,,,,,",
        f"{when},SavingsPlanRecurringFee,Plans,20,USD,,,,,20,17,",
        f"{when},SavingsPlanUpfrontFee,Plans,100,USD,,,,,,,",
        f"{when},DiscountedUsage,RDS,0,USD,4,,,,,,",
        f"{when},RIFee,RDS,30,USD,,1.5,0.5,,,,",
        f"{when},Tax,Tax,6,USD,,,,,,,",
        f"{when},Credit,EC2,-2,USD,,,,,,,",
    ]
    bills = read_bills([BillSource(path=written(tmp_path, *rows, head=head))])
    assert bills.quality[0].format == "AWS CUR"
    sums = bills.cells.groupby(["service", "category"])["effective"].sum() / MICRO
    assert sums.to_dict() == {
        ("EC2", "Credit"): -2, ("EC2", "Usage"): 15, ("Plans", "Purchase"): 3, ("RDS", "Purchase"): 2,
        ("RDS", "Usage"): 4, ("Tax", "Tax"): 6,
    }  # fmt: skip
    assert bills.cells.loc[bills.cells["tag"] == "red", "effective"].sum() == 15 * MICRO


@pytest.mark.parametrize(("content", "words"), [("a,b\n1,2\n", "found no column"), ("", "cannot be read|no column")])
def test_what_is_no_bill_is_refused(tmp_path, content, words):
    file = tmp_path / "bill.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(BrokenEvidence, match=words):
        read_bills([BillSource(path=str(file))])
