"""Step 05: can the system be changed without spending the error budget?"""

from scaling_lib.rollout.canary import JudgedCanary, judged_canary
from scaling_lib.rollout.counts import CountsJudgement, judge_counts
from scaling_lib.rollout.detection import by_alerts, by_version
from scaling_lib.rollout.dora import Dora, dora
from scaling_lib.rollout.e_values import conditional_e_value, mixture_bound, msprt
from scaling_lib.rollout.flag_hygiene import FlagHygiene, flag_hygiene
from scaling_lib.rollout.judge import CanaryJudgement, Guardrail, judge
from scaling_lib.rollout.kayenta import KayentaScores, kayenta_scores
from scaling_lib.rollout.kayenta_config import KayentaConfig, read_kayenta
from scaling_lib.rollout.rings import Ring, RingRisk, ring_risk, safest_in_time
from scaling_lib.rollout.sample_ratio import SampleRatio, sample_ratio
from scaling_lib.rollout.samples import SamplesJudgement, judge_samples

__all__ = [
    "CanaryJudgement",
    "CountsJudgement",
    "Dora",
    "FlagHygiene",
    "Guardrail",
    "JudgedCanary",
    "KayentaConfig",
    "KayentaScores",
    "Ring",
    "RingRisk",
    "SampleRatio",
    "SamplesJudgement",
    "by_alerts",
    "by_version",
    "conditional_e_value",
    "dora",
    "flag_hygiene",
    "judge",
    "judge_counts",
    "judge_samples",
    "judged_canary",
    "kayenta_scores",
    "mixture_bound",
    "msprt",
    "read_kayenta",
    "ring_risk",
    "safest_in_time",
    "sample_ratio",
]
