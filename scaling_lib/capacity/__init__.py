"""Step 02: how much more can it take, and what saturates first?"""

from scaling_lib.capacity.assess import assess
from scaling_lib.capacity.attempts import Absent
from scaling_lib.capacity.autoscaler import AutoscalerReplay, replay_autoscaler
from scaling_lib.capacity.autoscaler_ramp import Ramp, largest_ramp
from scaling_lib.capacity.autoscaler_settings import Autoscaler
from scaling_lib.capacity.calibrated import Calibrated, calibrated
from scaling_lib.capacity.demand import DemandAhead, JourneyDemand, demand_of
from scaling_lib.capacity.demand_history import PeakDemand, hourly, hours_of_week, minute_requests, peak_demand
from scaling_lib.capacity.demand_rise import Rise, steepest_rise
from scaling_lib.capacity.exhaustion import time_to_exhaustion
from scaling_lib.capacity.figures import (
    DEMAND_CAPTION,
    HEADROOM_CAPTION,
    LOAD_CAPTION,
    SLO_CAPTION,
    USE_CAPTION,
    demand_figure,
    headroom_figure,
    load_figure,
    slo_figure,
    use_figure,
)
from scaling_lib.capacity.fills import Fill, fills
from scaling_lib.capacity.findings import findings
from scaling_lib.capacity.headline import headline
from scaling_lib.capacity.headroom import Deduction, Headroom, headroom
from scaling_lib.capacity.hpa import hpa_replicas
from scaling_lib.capacity.hpa_behavior import (
    DEFAULT_SCALE_DOWN,
    DEFAULT_SCALE_UP,
    ScalingPolicy,
    ScalingRules,
)
from scaling_lib.capacity.knee import Knee, Plateau, knee, plateau
from scaling_lib.capacity.limits import Limit
from scaling_lib.capacity.load_checks import Check, load_checks
from scaling_lib.capacity.load_curve import LoadCurve, load_curve
from scaling_lib.capacity.peak import typical_peak
from scaling_lib.capacity.relief import Relief, reliefs
from scaling_lib.capacity.resource_headroom import resource_headroom
from scaling_lib.capacity.resource_use import ResourceUse, resource_use
from scaling_lib.capacity.result import Capacity
from scaling_lib.capacity.saturation import SaturationPoint, saturation_point, saturation_points
from scaling_lib.capacity.scaling_options import Option, Size, scaling_options
from scaling_lib.capacity.shown import TABLES, table
from scaling_lib.capacity.sizing import Scaled
from scaling_lib.capacity.slo_capacity import SloCapacity, slo_capacity
from scaling_lib.capacity.slo_shares import slo_capacity_of_counts, slo_capacity_of_shares
from scaling_lib.capacity.tables import (
    autoscaler_table,
    checks_table,
    days_table,
    demand_table,
    demands_table,
    headroom_table,
    law_table,
    levels_table,
    limits_table,
    migration_table,
    model_table,
    options_table,
    remarks_table,
    saturation_table,
    use_table,
)
from scaling_lib.capacity.utilization import LimitingResource, utilization_by_level
from scaling_lib.capacity.within_slo import LoadWithinSlo, load_within_slo

__all__ = [
    "DEFAULT_SCALE_DOWN",
    "DEFAULT_SCALE_UP",
    "DEMAND_CAPTION",
    "HEADROOM_CAPTION",
    "LOAD_CAPTION",
    "SLO_CAPTION",
    "TABLES",
    "USE_CAPTION",
    "Absent",
    "Autoscaler",
    "AutoscalerReplay",
    "Calibrated",
    "Capacity",
    "Check",
    "Deduction",
    "DemandAhead",
    "Fill",
    "Headroom",
    "JourneyDemand",
    "Knee",
    "Limit",
    "LimitingResource",
    "LoadCurve",
    "LoadWithinSlo",
    "Option",
    "PeakDemand",
    "Plateau",
    "Ramp",
    "Relief",
    "ResourceUse",
    "Rise",
    "SaturationPoint",
    "Scaled",
    "ScalingPolicy",
    "ScalingRules",
    "Size",
    "SloCapacity",
    "assess",
    "autoscaler_table",
    "calibrated",
    "checks_table",
    "days_table",
    "demand_figure",
    "demand_of",
    "demand_table",
    "demands_table",
    "fills",
    "findings",
    "headline",
    "headroom",
    "headroom_figure",
    "headroom_table",
    "hourly",
    "hours_of_week",
    "hpa_replicas",
    "knee",
    "largest_ramp",
    "law_table",
    "levels_table",
    "limits_table",
    "load_checks",
    "load_curve",
    "load_figure",
    "load_within_slo",
    "migration_table",
    "minute_requests",
    "model_table",
    "options_table",
    "peak_demand",
    "plateau",
    "reliefs",
    "remarks_table",
    "replay_autoscaler",
    "resource_headroom",
    "resource_use",
    "saturation_point",
    "saturation_points",
    "saturation_table",
    "scaling_options",
    "slo_capacity",
    "slo_capacity_of_counts",
    "slo_capacity_of_shares",
    "slo_figure",
    "steepest_rise",
    "table",
    "time_to_exhaustion",
    "typical_peak",
    "use_figure",
    "use_table",
    "utilization_by_level",
]
