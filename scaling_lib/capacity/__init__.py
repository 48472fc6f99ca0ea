"""Step 02: how much more can it take, and what saturates first?"""

from scaling_lib.capacity.autoscaler import AutoscalerReplay, replay_autoscaler
from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.demand_rise import Rise, steepest_rise
from scaling_lib.capacity.exhaustion import TimeToExhaustion, time_to_exhaustion
from scaling_lib.capacity.headroom import Deduction, Headroom, headroom
from scaling_lib.capacity.hpa import hpa_replicas
from scaling_lib.capacity.hpa_behavior import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    ScalingPolicy,
    ScalingRules,
)
from scaling_lib.capacity.peak import typical_peak
from scaling_lib.capacity.resource_headroom import resource_headroom
from scaling_lib.capacity.resource_use import ResourceUse, resource_use
from scaling_lib.capacity.saturation import SaturationPoint, saturation_point, saturation_points
from scaling_lib.capacity.scaling_options import Contention, Option, Size, scaling_options

__all__ = [
    "DEFAULT_SCALE_DOWN",
    "DEFAULT_SCALE_UP",
    "Autoscaler",
    "AutoscalerReplay",
    "Contention",
    "Deduction",
    "Headroom",
    "Option",
    "Ramp",
    "ResourceUse",
    "Rise",
    "SaturationPoint",
    "ScalingPolicy",
    "ScalingRules",
    "Size",
    "TimeToExhaustion",
    "headroom",
    "hpa_replicas",
    "largest_ramp",
    "replay_autoscaler",
    "resource_headroom",
    "resource_use",
    "saturation_point",
    "saturation_points",
    "scaling_options",
    "steepest_rise",
    "time_to_exhaustion",
    "typical_peak",
]
