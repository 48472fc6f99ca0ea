"""Alerts: rules of Prometheus, as files of rules or as its interface lists them."""

from scaling_lib.evidence.alerts.read import Alerts, AlertSource, read_alerts
from scaling_lib.evidence.alerts.rule import Rule

__all__ = ["AlertSource", "Alerts", "Rule", "read_alerts"]
