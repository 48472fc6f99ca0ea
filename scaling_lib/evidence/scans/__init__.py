"""Scans of security and compliance: each check with its verdict, of whatever scanner."""

from scaling_lib.evidence.scans.read import Scans, ScanSource, read_scans
from scaling_lib.evidence.scans.row import SEVERITIES, STATUSES

__all__ = ["SEVERITIES", "STATUSES", "ScanSource", "Scans", "read_scans"]
