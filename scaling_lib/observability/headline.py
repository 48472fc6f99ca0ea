"""The sentence that answers step 03: can we see the main request flow, and is somebody told?"""

from __future__ import annotations

from scaling_lib.observability.assess import Observability
from scaling_lib.observability.flow_findings import MOSTLY_BLIND, PARTLY_BLIND
from scaling_lib.observability.tree import NOBODY
from scaling_lib.words import listing, percent, plural


def headline(result: Observability) -> str:
    """The answer, then what is missing."""
    if result.coverage is None:
        reason = result.absent.get("coverage") or result.absent.get("spans")
        return f"Not measured: {reason.why if reason else 'no spans are given.'}"
    whole = result.coverage.whole
    words = "No" if whole.blind.low > MOSTLY_BLIND else "In part" if whole.blind.value > PARTLY_BLIND else "Yes"
    told = f"of {whole.blind} of the time that requests wait for, no span says what is done"
    seen = f"; {percent(whole.unseen.value)} is seen from the caller's side only" if whole.unseen.value > 0 else ""
    if result.coverage.doubtful:
        beyond = percent(result.coverage.outside)
        return (
            f"Not known: {beyond} of the spans lie beyond their parents, so that what they tell of the time is no fact."
            f"{_broken(result)}{_watched(result)}"
        )
    if result.coverage.mixed:
        each = listing([percent(each.blind.value) for each in result.coverage.recordings])
        told += f" (which describes none of the recordings: by itself {each})"
    return f"{words}: {told}{seen}.{_broken(result)}{_watched(result)}"


def _broken(result: Observability) -> str:
    """Whether traces break; calls that lose their context are among those that nothing joins."""
    assert result.coverage is not None  # noqa: S101 - the caller has looked
    table = result.coverage.propagation
    broken = table[(table["orphans"] > 0) | (table["unjoined"] > 0)]["service"]
    words = f" Traces break in {listing([str(name) or NOBODY for name in broken], 3)}" if len(broken) else ""
    lost = [f"from {row.caller} to {row.callee}" for row in result.coverage.lost.itertuples()]
    if not lost:
        return f"{words}." if words else ""
    return f"{words}: the context is lost {listing(lost, 3)}."


def _watched(result: Observability) -> str:
    """Who is not told, and what is seen by nobody else."""
    parts = []
    unwatched = [] if result.alerts is None else [each.slo.name for each in result.alerts.slos if each.state == "none"]
    if unwatched and "alerts" not in result.partly:
        parts.append(f"no alert watches {listing(unwatched, 2)}")
    if result.logs is not None:
        rows = result.logs.services.to_dict("records")
        without = [str(row["service"]) for row in rows if row["lines"] and row["with_id"].value == 0]
        if without:
            parts.append(f"the logs of {listing(without, 3)} lead to no trace")
    if result.silos is not None:
        alone = int((result.silos.services["state"] == "one team alone").sum())
        if alone:
            parts.append(f"{plural(alone, 'service')} {'is' if alone == 1 else 'are'} seen by one team alone")
        unseen = int((result.silos.services["state"] == "nobody").sum())
        if unseen:
            parts.append(f"no dashboard shows {plural(unseen, 'service')}")
    text = listing(parts)
    return f" {text[:1].upper()}{text[1:]}." if text else ""
