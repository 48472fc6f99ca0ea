"""Bills of clouds: what was paid a day, by service, kind of charge and whose it is, in whole millionths."""

from scaling_lib.evidence.bills.read import MICRO, TAGS, Bills, BillSource, read_bills

__all__ = ["MICRO", "TAGS", "BillSource", "Bills", "read_bills"]
