"""Step 05: can the system be changed without spending the error budget?"""

from scaling_lib.rollout.counts import CountsJudgement, judge_counts
from scaling_lib.rollout.e_values import conditional_e_value, mixture_bound, msprt
from scaling_lib.rollout.sample_ratio import SampleRatio, sample_ratio

__all__ = [
    "CountsJudgement",
    "SampleRatio",
    "conditional_e_value",
    "judge_counts",
    "mixture_bound",
    "msprt",
    "sample_ratio",
]
