"""The columns of FOCUS and of AWS' Cost and Usage Reports as SQL, under one set of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scaling_lib.errors import BrokenEvidence
from scaling_lib.evidence.sql import literal, quoted
from scaling_lib.words import listing

MONEY = "DECIMAL(18, 9)"  # billionths: a row of less than half a millionth still counts
EXPECTED = "FOCUS 1.0 to 1.3 (CSV or Parquet), or an AWS Cost and Usage Report"
NOTHING = "('', 'null', 'none', 'nan', 'n/a')"
FOCUS_NEEDED = ("ChargePeriodStart", "ServiceName", "BilledCost")
CUR_NEEDED = ("lineitemusagestartdate", "lineitemproductcode", "lineitemunblendedcost", "lineitemlineitemtype")
CUR_CATEGORIES = {
    "Usage": ("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "SavingsPlanNegation"),
    "Purchase": ("Fee", "RIFee", "SavingsPlanRecurringFee", "SavingsPlanUpfrontFee"),
    "Tax": ("Tax",),
    "Credit": ("Credit", "Refund"),
}


@dataclass(frozen=True, kw_only=True)
class BillColumns:
    """A bill's columns as SQL.

    texts: by our name (start, end, service, category, kind, currency, account, resource, tags); money: by our name
    (effective, billed, listed, contracted), NULL where a row has none. absent: of the money, which has no column.
    """

    format: str
    texts: Mapping[str, str]
    money: Mapping[str, str]
    absent: tuple[str, ...]


def bill_columns(file: Path, types: Mapping[str, str]) -> BillColumns:
    """The columns of a file, by their names and types; BrokenEvidence where it is neither format."""
    plain = {_plain(name): name for name in types}
    if all(_plain(name) in plain for name in FOCUS_NEEDED):
        return _focus(plain, types)
    if all(name in plain for name in CUR_NEEDED):
        return _cur(plain)
    missing = [name for name in FOCUS_NEEDED if _plain(name) not in plain]
    raise BrokenEvidence(
        f"{file}: found no column {listing(missing)} among {listing(list(types), 8)}; expected {EXPECTED}. "
        "Export the bill again."
    )


def _focus(plain: Mapping[str, str], types: Mapping[str, str]) -> BillColumns:
    named = {
        "start": "ChargePeriodStart",
        "end": "ChargePeriodEnd",
        "service": "ServiceName",
        "category": "ChargeCategory",
        "kind": "ChargeClass",
        "currency": "BillingCurrency",
        "account": "SubAccountId",
        "resource": "ResourceId",
    }
    texts = {ours: _text(plain.get(_plain(theirs))) for ours, theirs in named.items()}
    if "subaccountid" not in plain:
        texts["account"] = _text(plain.get("billingaccountid"))
    tags = plain.get("tags")
    structured = tags is not None and types[tags].upper().startswith(("MAP", "STRUCT"))
    texts["tags"] = f"CAST(to_json({quoted(tags)}) AS VARCHAR)" if structured and tags else _text(tags)
    billed = _amount(plain["billedcost"])
    money = {"billed": billed}
    absent = []
    for ours, theirs in (("effective", "effectivecost"), ("listed", "listcost"), ("contracted", "contractedcost")):
        money[ours] = _amount(plain[theirs]) if theirs in plain else f"CAST(NULL AS {MONEY})"
        if theirs not in plain:
            absent.append(ours)
    version = " 1.3" if "serviceprovidername" in plain else ""
    return BillColumns(format=f"FOCUS{version}", texts=texts, money=money, absent=tuple(absent))


def _cur(plain: Mapping[str, str]) -> BillColumns:
    """Amortised as AWS' guide has it: what is covered at its effective rate, and of a commitment what is unused."""
    kind = _text(plain["lineitemlineitemtype"])

    def amount(name: str) -> str:
        return f"coalesce({_amount(plain[name])}, 0)" if name in plain else f"CAST(0 AS {MONEY})"

    unblended = _amount(plain["lineitemunblendedcost"])
    reserved = _text(plain.get("reservationreservationarn"))
    unused = f"{amount('reservationunusedamortizedupfrontfeeforbillingperiod')} + "
    unused += amount("reservationunusedrecurringfee")
    left = f"{amount('savingsplantotalcommitmenttodate')} - {amount('savingsplanusedcommitment')}"
    effective = f"""CASE
        WHEN {kind} = 'SavingsPlanCoveredUsage' THEN {amount("savingsplansavingsplaneffectivecost")}
        WHEN {kind} = 'SavingsPlanRecurringFee' THEN {left}
        WHEN {kind} IN ('SavingsPlanNegation', 'SavingsPlanUpfrontFee') THEN 0
        WHEN {kind} = 'DiscountedUsage' THEN {amount("reservationeffectivecost")}
        WHEN {kind} = 'RIFee' THEN {unused}
        WHEN {kind} = 'Fee' AND {reserved} <> '' THEN 0
        ELSE {unblended} END"""
    category = "CASE " + " ".join(
        f"WHEN {kind} IN ({', '.join(map(literal, kinds))}) THEN {literal(name)}"
        for name, kinds in CUR_CATEGORIES.items()
    )
    tags = sorted(name for name in plain if name.startswith(("resourcetagsuser", "resourcetags")))
    parts = ", ".join(
        f"{literal(plain[name].replace('_', '/').rpartition('/')[2].removeprefix('user:'))}, {_text(plain[name])}"
        for name in tags
    )
    listed = "pricingpublicondemandcost"
    return BillColumns(
        format="AWS CUR",
        texts={
            "start": _text(plain["lineitemusagestartdate"]),
            "end": _text(plain.get("lineitemusageenddate")),
            "service": _text(plain["lineitemproductcode"]),
            "category": f"{category} ELSE 'Adjustment' END",
            "kind": "''",
            "currency": _text(plain.get("lineitemcurrencycode")),
            "account": _text(plain.get("lineitemusageaccountid")),
            "resource": _text(plain.get("lineitemresourceid")),
            "tags": f"CAST(json_object({parts}) AS VARCHAR)" if tags else "''",
        },
        money={
            "effective": f"CAST({effective} AS {MONEY})",
            "billed": unblended,
            "listed": _amount(plain[listed]) if listed in plain else f"CAST(NULL AS {MONEY})",
            "contracted": f"CAST(NULL AS {MONEY})",
        },
        absent=("contracted",) if listed in plain else ("listed", "contracted"),
    )


def _amount(name: str) -> str:
    return f"TRY_CAST({quoted(name)} AS {MONEY})"


def _text(name: str | None) -> str:
    return f"coalesce(CAST({quoted(name)} AS VARCHAR), '')" if name else "''"


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
