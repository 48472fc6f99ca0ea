"""Logs: which lines carry the id of a trace."""

from scaling_lib.evidence.logs.read import Logs, LogSource, read_logs

__all__ = ["LogSource", "Logs", "read_logs"]
