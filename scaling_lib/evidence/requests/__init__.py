"""Requests: logs and tables of any size, reduced to cells."""

from scaling_lib.evidence.requests.read import Requests, merge, read_requests
from scaling_lib.evidence.requests.source import RequestSource, Threshold

__all__ = ["RequestSource", "Requests", "Threshold", "merge", "read_requests"]
