"""What was deployed, when, and how it ended."""

from scaling_lib.evidence.deployments.read import COLUMNS, DeploymentSource, read_deployments

__all__ = ["COLUMNS", "DeploymentSource", "read_deployments"]
