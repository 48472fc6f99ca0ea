"""Estimates and intervals."""

from scaling_lib.stats.blocks import RatioInterval, ratio_interval
from scaling_lib.stats.estimate import Estimate
from scaling_lib.stats.proportions import proportion_bounds, proportion_interval
from scaling_lib.stats.quantiles import binned_quantile_interval, quantile_interval, quantile_sample_size
from scaling_lib.stats.student import mean_interval, student_quantile

__all__ = [
    "Estimate",
    "RatioInterval",
    "binned_quantile_interval",
    "mean_interval",
    "proportion_bounds",
    "proportion_interval",
    "quantile_interval",
    "quantile_sample_size",
    "ratio_interval",
    "student_quantile",
]
