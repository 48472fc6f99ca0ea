"""What step 07 finds in the costs, and with the findings of the scans, all that it finds."""

from __future__ import annotations

from functools import partial

from scaling_lib.audit.money_findings import COMMAND, evidence, money_findings
from scaling_lib.audit.result import Audit
from scaling_lib.audit.scan_findings import scan_findings
from scaling_lib.audit.unit_costs import ServiceCost, UnitCosts
from scaling_lib.findings import Finding, Verdict
from scaling_lib.stats import Estimate
from scaling_lib.words import listing, number, percent

SMALL = 0.05  # of the usage, now or at k times the demand: a smaller service's growth is watched
_finding = partial(Finding, step="07", command=COMMAND)


def findings(result: Audit) -> list[Finding]:
    """What grows, what it costs and when the money is gone; single days; whose it is; scans; what is not known."""
    found: list[Finding] = []
    if result.costs is not None:
        found += [*_growing(result, result.costs), _unit_cost(result, result.costs), _far(result, result.costs)]
    return [*found, *money_findings(result), *scan_findings(result), *_absent(result)]


def far_share(result: Audit, service: ServiceCost) -> float:
    """Its share of the cost at k times the demand."""
    assert result.costs is not None  # noqa: S101 - the caller has looked
    return (service.far.cost.value if service.far else service.a_day) / result.costs.far.value


def growing(costs: UnitCosts) -> list[ServiceCost]:
    """The services whose cost grows faster than demand, the dearest first."""
    return [each for each in costs.services if each.growth == "faster than demand"]


def _growing(result: Audit, costs: UnitCosts) -> list[Finding]:
    found = []
    for each in growing(costs):
        assert each.elasticity is not None and each.curve is not None  # noqa: S101 - it would not be told
        then = far_share(result, each)
        verdict: Verdict = "act" if max(each.share, then) > SMALL else "watch"
        found.append(
            _finding(
                name="cost-grows-faster",
                subject=each.service,
                verdict=verdict,
                sentence=(
                    f"{each.service} grows faster than demand: 1% more requests cost {_points(each.elasticity)} more. "
                    f"It is "
                    f"{percent(each.share)} of the usage today, and would be {percent(then)} at "
                    f"{number(result.k)} times the demand."
                ),
                impact=each.elasticity,
                why=(
                    f"The law that fits best is {each.curve.best.law}, over {len(each.curve.cost):,} days and "
                    f"{number(each.curve.observed[1] / each.curve.observed[0])} times the lowest demand. Correlation: "
                    "something else that grew in the same time would look the same."
                ),
                evidence=evidence(result, "bills", "requests", "metrics"),
                action=(
                    f"Find what of {each.service} is written or kept per pair of things rather than per request (what "
                    "each request logs, retention, cross-zone traffic), and bound it."
                ),
                figure="growth",
            )
        )
    if not found:
        untold = [each.service for each in costs.services if each.growth == "not told"]
        verdict = "unknown" if len(untold) == len(costs.services) else "ok"
        rest = f" Of {listing(untold, 3)} it cannot be told." if untold else ""
        found.append(
            _finding(
                name="cost-grows-faster",
                verdict=verdict,
                sentence=f"No service's cost is seen to grow faster than demand.{rest}",
                why=" ".join(dict.fromkeys(each.why for each in costs.services if each.why)),
                evidence=evidence(result, "bills", "requests", "metrics"),
                figure="growth",
            )
        )
    return found


def _points(elasticity: Estimate) -> str:
    ends = f"{number(elasticity.low)} to {number(elasticity.high)}"
    return f"{number(elasticity.value)}% ({ends})"


def _unit_cost(result: Audit, costs: UnitCosts) -> Finding:
    whole = costs.months[costs.months["whole"]]
    trend, verdict = "", "ok"
    if len(whole) > 1:
        first, last = whole.iloc[0], whole.iloc[-1]
        moved = float(last["per_million"] / first["per_million"] - 1)
        verdict = "watch" if moved > SMALL else "ok"
        then, now = (number(float(row["per_million"])) for row in (first, last))
        trend = f" It went from {then} in {first['month']} to {now} in {last['month']}."
    good = ""
    if costs.per_good is not None and costs.then is not None:
        good = (
            f" A million good ones cost {costs.per_good}, where a million of all cost {costs.then}: the last "
            f"{costs.good_days} days."
        )
    return _finding(
        name="unit-cost",
        verdict="watch" if verdict == "watch" else "ok",
        sentence=f"A million requests cost {_money(costs.per_request)} of usage.{trend}",
        impact=costs.per_request,
        why=f"Effective cost of usage, without credits, purchases and taxes; requests of {result.demand_source}.{good}",
        evidence=evidence(result, "bills", "requests", "metrics"),
        action="Look at the services' elasticities: what does not grow with demand should be thinned out by it."
        if verdict == "watch"
        else "",
        figure="unit-cost",
    )


def _money(estimate: Estimate) -> str:
    """Without the unit's base, which the sentence says."""
    return str(Estimate(estimate.value, estimate.low, estimate.high, estimate.level, estimate.unit.partition("/")[0]))


def _far(result: Audit, costs: UnitCosts) -> Finding:
    reach = costs.k * costs.today / max((each.curve.observed[1] for each in costs.services if each.curve), default=1.0)
    told = "model-dependent" if reach > 2 else "extrapolated" if reach > 1 else "within the observed range"
    grows = costs.far.value / costs.whole.a_day
    verdict: Verdict = "watch" if told == "model-dependent" or grows > costs.k else "ok"
    return _finding(
        name="cost-at-demand",
        verdict=verdict,
        sentence=(
            f"At {number(costs.k)} times today's demand usage would cost {costs.far}, {number(grows)} times as much as "
            f"today: {told}."
        ),
        impact=costs.far,
        why=(
            f"Each service's laws added up; the ends hold every law that fits the days (AICc within 4), and the curve "
            f"of the whole. The demand asked for is {number(reach)} times the highest that was seen."
        ),
        evidence=evidence(result, "bills", "requests", "metrics"),
        action="Plan with the high end, and fit again as demand grows: beyond twice what was seen the law decides."
        if told == "model-dependent"
        else "",
        figure="curve",
    )


def _absent(result: Audit) -> list[Finding]:
    """What could not be told: broken evidence, and evidence that is not there."""
    found = []
    for name, absent in result.absent.items():
        found.append(
            _finding(
                name="not-measured" if not absent.broken else "broken-evidence",
                subject=name,
                verdict="unknown",
                sentence=absent.why,
                action=absent.supply,
            )
        )
    return found
