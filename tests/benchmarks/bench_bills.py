"""How long a large bill takes, as a ratio to the engine's scan of the same columns. Run by hand.

`python tests/benchmarks/bench_bills.py [--rows 5000000]`: writes a FOCUS bill as CSV and as Parquet into a temporary
folder, and reads each. At most 3 times the scan is the aim.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from scaling_lib.evidence.bills import BillSource, read_bills
from scaling_lib.evidence.engine import connect

USED = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency", "SubAccountId", "ServiceName",
        "ChargeCategory", "ChargeClass", "ChargePeriodStart", "ChargePeriodEnd", "ResourceId", "Tags")  # fmt: skip


def main() -> None:
    """Both forms."""
    rows = int(sys.argv[sys.argv.index("--rows") + 1]) if "--rows" in sys.argv else 5_000_000
    with tempfile.TemporaryDirectory() as folder:
        engine = connect("1GB")
        table = f"""SELECT round(random() * 2, 9) AS BilledCost, round(random() * 2, 9) AS EffectiveCost,
            round(random() * 2, 9) AS ListCost, round(random() * 2, 9) AS ContractedCost, 'EUR' AS BillingCurrency,
            'account-' || (i % 20) AS SubAccountId, 'service ' || (i % 40) AS ServiceName, 'Usage' AS ChargeCategory,
            '' AS ChargeClass, strftime(TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * (i % 2160), '%Y-%m-%dT%H:%M:%SZ')
            AS ChargePeriodStart, strftime(TIMESTAMP '2026-01-01' + INTERVAL 1 HOUR * (i % 2160 + 1),
            '%Y-%m-%dT%H:%M:%SZ') AS ChargePeriodEnd, 'res-' || (i % 30000) AS ResourceId,
            '{{"team": "t' || (i % 25) || '", "env": "prod"}}' AS Tags, 'a description of the charge' AS ChargeDescription,
            'GB' AS PricingUnit, 'region-1' AS RegionId FROM range({rows}) AS t(i)"""
        for form, options in (("csv", "HEADER"), ("parquet", "FORMAT parquet")):
            file = Path(folder) / f"bill.{form}"
            engine.execute(f"COPY ({table}) TO '{file}' ({options})")
            scan = timed(lambda file=file, form=form: scanned(file, form))
            read = timed(lambda file=file: read_bills([BillSource(path=str(file))]))
            print(f"{form}: {rows:,} rows, scan {scan:.2f} s, read {read:.2f} s, ratio {read / scan:.2f}")


def scanned(file: Path, form: str) -> None:
    """Every value of the columns that are used is read, by the engine as it is set for evidence."""
    source = (
        f"read_parquet('{file}')" if form == "parquet" else f"read_csv('{file}', all_varchar = true, header = true)"
    )
    values = ", ".join(f"sum(length({name}::VARCHAR))" for name in USED)
    connect().sql(f"SELECT {values} FROM {source}").fetchall()


def timed(work) -> float:
    """The best of two."""
    found = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


if __name__ == "__main__":
    main()
