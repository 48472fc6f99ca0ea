"""Step 05: can the system be changed without spending the error budget?"""

from scaling_lib.rollout.assess import assess
from scaling_lib.rollout.bands import Key, banded
from scaling_lib.rollout.canary import JudgedCanary, judged_canary
from scaling_lib.rollout.counts import CountsJudgement, judge_counts
from scaling_lib.rollout.detection import by_alerts, by_version
from scaling_lib.rollout.dora import Dora, dora
from scaling_lib.rollout.e_values import conditional_e_value, mixture_bound, msprt
from scaling_lib.rollout.figures import (
    CANARY_CAPTION,
    DELIVERY_CAPTION,
    FLAGS_CAPTION,
    PLANS_CAPTION,
    SHIFT_CAPTION,
    canary_figure,
    delivery_figure,
    flags_figure,
    plans_figure,
    shift_figure,
)
from scaling_lib.rollout.findings import findings
from scaling_lib.rollout.flag_hygiene import FlagHygiene, flag_hygiene
from scaling_lib.rollout.headline import headline
from scaling_lib.rollout.judge import CanaryJudgement, Guardrail, judge
from scaling_lib.rollout.kayenta import KayentaScores, kayenta_scores
from scaling_lib.rollout.kayenta_config import KayentaConfig, read_kayenta
from scaling_lib.rollout.plans import Plans, PricedPlan, priced_plans
from scaling_lib.rollout.result import Rollout
from scaling_lib.rollout.rings import Ring, RingRisk, ring_risk, safest_in_time
from scaling_lib.rollout.sample_ratio import SampleRatio, sample_ratio
from scaling_lib.rollout.samples import SamplesJudgement, judge_samples
from scaling_lib.rollout.shown import TABLES, table
from scaling_lib.rollout.tables import canaries_table, delivery_table, flags_table, guardrails_table, plans_table

__all__ = [
    "CANARY_CAPTION",
    "DELIVERY_CAPTION",
    "FLAGS_CAPTION",
    "PLANS_CAPTION",
    "SHIFT_CAPTION",
    "TABLES",
    "CanaryJudgement",
    "CountsJudgement",
    "Dora",
    "FlagHygiene",
    "Guardrail",
    "JudgedCanary",
    "KayentaConfig",
    "KayentaScores",
    "Key",
    "Plans",
    "PricedPlan",
    "Ring",
    "RingRisk",
    "Rollout",
    "SampleRatio",
    "SamplesJudgement",
    "assess",
    "banded",
    "by_alerts",
    "by_version",
    "canaries_table",
    "canary_figure",
    "conditional_e_value",
    "delivery_figure",
    "delivery_table",
    "dora",
    "findings",
    "flag_hygiene",
    "flags_figure",
    "flags_table",
    "guardrails_table",
    "headline",
    "judge",
    "judge_counts",
    "judge_samples",
    "judged_canary",
    "kayenta_scores",
    "mixture_bound",
    "msprt",
    "plans_figure",
    "plans_table",
    "priced_plans",
    "read_kayenta",
    "ring_risk",
    "safest_in_time",
    "sample_ratio",
    "shift_figure",
    "table",
]
