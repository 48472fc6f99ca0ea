"""The sentence that answers step 07: what grows faster than demand?"""

from __future__ import annotations

from scaling_lib.audit.findings import far_share, growing
from scaling_lib.audit.result import Audit
from scaling_lib.words import listing, number, percent, plural


def headline(result: Audit) -> str:
    """What grows, when the money is gone, and what scanners say."""
    return " ".join(part for part in (_costs(result), _budgets(result), _scans(result)) if part)


def _costs(result: Audit) -> str:
    if result.costs is None:
        parts = ("bills", "usage", "requests", "costs")
        reason = next((result.absent[name] for name in parts if name in result.absent), None)
        return f"Costs against demand are not measured: {reason.why if reason else 'no bills are given.'}"
    times = result.costs.far.value / result.costs.whole.a_day
    costs = f"at {number(result.k)} times the demand usage costs {number(times)} times as much"
    told = growing(result.costs)
    if not told:
        return f"No cost is seen to grow faster than demand; {costs}."
    named = [
        f"{each.service} (elasticity {each.elasticity}, {percent(far_share(result, each))} of the cost then)"
        for each in told
    ]
    return f"{listing(named, 2)} {'grows' if len(told) == 1 else 'grow'} faster than demand; {costs}."


def _budgets(result: Audit) -> str:
    gone = [(each.date, name) for name, each in result.budgets.items() if each.date is not None]
    if not gone:
        return ""
    date, name = min(gone)
    return f"The budget {name} is spent on {date:%Y-%m-%d}."


def _scans(result: Audit) -> str:
    if result.scans is None:
        return "Security and compliance are not measured." if "scans" in result.absent else ""
    if not result.scans.evaluated:
        return "The scans evaluated nothing."
    count, new = len(result.scans.failing), int((result.scans.changes["change"] == "new").sum())
    words = f"{plural(count, 'check')} of security {'fails' if count == 1 else 'fail'}"
    return f"{words}, {new} of them new." if new else f"{words}."
