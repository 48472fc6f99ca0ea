"""Run the notebooks headless and write what they conclude as a report that opens offline."""

from scaling_lib.report.run import RunResult, run
from scaling_lib.report.summary import StepResult, Summary

__all__ = ["RunResult", "StepResult", "Summary", "run"]
