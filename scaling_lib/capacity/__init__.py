"""Step 02: how much more can it take, and what saturates first?"""

from scaling_lib.capacity.autoscaler import AutoscalerReplay, replay_autoscaler
from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.demand import DemandAhead, JourneyDemand, demand_of
from scaling_lib.capacity.demand_history import PeakDemand, hourly, hours_of_week, minute_requests, peak_demand
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
from scaling_lib.capacity.knee import Knee, Plateau, knee, plateau
from scaling_lib.capacity.load_checks import Check, load_checks
from scaling_lib.capacity.load_curve import LoadCurve, load_curve
from scaling_lib.capacity.peak import typical_peak
from scaling_lib.capacity.resource_headroom import resource_headroom
from scaling_lib.capacity.resource_use import ResourceUse, resource_use
from scaling_lib.capacity.saturation import SaturationPoint, saturation_point, saturation_points
from scaling_lib.capacity.scaling_options import Contention, Option, Size, scaling_options
from scaling_lib.capacity.slo_capacity import SloCapacity, slo_capacity, slo_capacity_of_shares
from scaling_lib.capacity.utilization import LimitingResource, utilization_by_level
from scaling_lib.capacity.within_slo import LoadWithinSlo, load_within_slo

__all__ = [
    "DEFAULT_SCALE_DOWN",
    "DEFAULT_SCALE_UP",
    "Autoscaler",
    "AutoscalerReplay",
    "Check",
    "Contention",
    "Deduction",
    "DemandAhead",
    "Headroom",
    "JourneyDemand",
    "Knee",
    "LimitingResource",
    "LoadCurve",
    "LoadWithinSlo",
    "Option",
    "PeakDemand",
    "Plateau",
    "Ramp",
    "ResourceUse",
    "Rise",
    "SaturationPoint",
    "ScalingPolicy",
    "ScalingRules",
    "Size",
    "SloCapacity",
    "TimeToExhaustion",
    "demand_of",
    "headroom",
    "hourly",
    "hours_of_week",
    "hpa_replicas",
    "knee",
    "largest_ramp",
    "load_checks",
    "load_curve",
    "load_within_slo",
    "minute_requests",
    "peak_demand",
    "plateau",
    "replay_autoscaler",
    "resource_headroom",
    "resource_use",
    "saturation_point",
    "saturation_points",
    "scaling_options",
    "slo_capacity",
    "slo_capacity_of_shares",
    "steepest_rise",
    "time_to_exhaustion",
    "typical_peak",
    "utilization_by_level",
]
