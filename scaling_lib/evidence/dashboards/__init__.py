"""Dashboards: what they query, and whose they are."""

from scaling_lib.evidence.dashboards.read import Dashboard, Dashboards, DashboardSource, read_dashboards

__all__ = ["Dashboard", "DashboardSource", "Dashboards", "read_dashboards"]
