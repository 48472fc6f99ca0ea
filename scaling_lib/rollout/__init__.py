"""Step 05: can the system be changed without spending the error budget?"""

from scaling_lib.rollout.counts import CountsJudgement, judge_counts
from scaling_lib.rollout.e_values import conditional_e_value, mixture_bound, msprt
from scaling_lib.rollout.sample_ratio import SampleRatio, sample_ratio
from scaling_lib.rollout.samples import SamplesJudgement, judge_samples

__all__ = [
    "CountsJudgement",
    "SampleRatio",
    "SamplesJudgement",
    "conditional_e_value",
    "judge_counts",
    "judge_samples",
    "mixture_bound",
    "msprt",
    "sample_ratio",
]
