"""What stands above and in the heads of step 02's tables: captions, and the unit of each column."""

from __future__ import annotations

CHECKS_CAPTION = "What has to hold before the figures of the load test are believed."
LIMITS_CAPTION = (
    "Every load beyond which something breaks, the lowest first; how many times today's busiest minute that is; and "
    "what counts of it, less a lost failure domain, a rollout, growth until more is there, and what is kept free of a "
    "resource."
)
SATURATION_CAPTION = (
    "Each resource, the most pressing first; what does not scale horizontally ranks above what does. Used: the 95th "
    "percentile of the last week. Order by: the early end of the interval, less the time until more is there."
)
DEMAND_CAPTION = (
    "Today's demand: the busiest hour and the busiest minute of a week, the growth; and the busiest hour by the date "
    "that assessment.yaml names, if growth stays as it is."
)
DEMANDS_CAPTION = (
    "The one model of the system: seconds of each resource that one request takes, by journey, and what that rests on."
)
CHECK_CAPTION = "The model against the load test, level by level: what it says, what was measured."
MIGRATION_CAPTION = (
    "Relieve what limits, and see what limits then, by the model; each row begins where the one before ends. Before "
    "and after: where throughput ends. 2x is half the work for a resource, or twice as much of it. Then "
    "takes: times today's busiest minute, less the same, if "
    "an SLO is broken at the same share of the end of throughput as now. Useful factor: beyond it the next one limits."
)
REMARKS_CAPTION = "What the model assumes, and what of the evidence could not be used."
LAW_CAPTION = (
    "The Universal Scalability Law: contention (alpha) is the share of work that waits in line, coherence (beta) the "
    "cost of keeping in step, rate (gamma) the throughput of one request alone."
)
OPTIONS_CAPTION = (
    "What carries the load that is asked for, at today's demand of the bottleneck: more of the same (one server), or "
    "larger sizes of assessment.yaml, the cheapest first. None is used more than today's servers would be at the load "
    "that may be used, after all limits and deductions."
)
AUTOSCALER_CAPTION = (
    "The autoscalers that assessment.yaml describes, run over the recorded demand, minute by minute, and over what is "
    "asked for. A replica is one server. Turns: changes of direction within ten minutes. Fixed size: the least that "
    "serves the peak."
)
UNITS = {
    "not served": "fraction",
    "used": "fraction",
    "full at": "fraction",
    "growth a month": "fraction",
    "certainty": "fraction",
    "utilization": "fraction",
    "mean_s": "s",
    "p99_s": "s",
    "throughput": "requests/s",
    "load limit": "requests/s",
    "busiest hour": "requests/s",
    "busiest minute": "requests/s",
    "busiest hour by the date": "requests/s",
    "before": "requests/s",
    "after": "requests/s",
    "times today": "x",
    "what counts": "x",
    "then takes": "x",
    "useful factor": "x",
    "predicted": "requests/s",
    "measured": "requests/s",
    "error": "fraction",
    "response error": "fraction",
}
