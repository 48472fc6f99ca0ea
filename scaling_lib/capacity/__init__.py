"""Step 02: how much more can it take, and what saturates first?"""

from scaling_lib.capacity.autoscaler import AutoscalerReplay, replay_autoscaler
from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.hpa import hpa_replicas
from scaling_lib.capacity.hpa_behavior import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    ScalingPolicy,
    ScalingRules,
)
from scaling_lib.capacity.scaling_options import Contention, Option, Size, scaling_options

__all__ = [
    "DEFAULT_SCALE_DOWN",
    "DEFAULT_SCALE_UP",
    "Autoscaler",
    "AutoscalerReplay",
    "Contention",
    "Option",
    "Ramp",
    "ScalingPolicy",
    "ScalingRules",
    "Size",
    "hpa_replicas",
    "largest_ramp",
    "replay_autoscaler",
    "scaling_options",
]
