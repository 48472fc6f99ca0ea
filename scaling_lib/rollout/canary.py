"""A canary of an assessment, judged by what was recorded of its two versions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from scaling_lib.assessment import Assessment
from scaling_lib.capacity import Absent
from scaling_lib.capacity.attempts import Attempts
from scaling_lib.config_evidence import Canary, CanaryMetric
from scaling_lib.errors import NotMeasured
from scaling_lib.evidence.metrics import Metrics, read_metrics
from scaling_lib.evidence.quality import Quality
from scaling_lib.evidence.requests import RequestSource
from scaling_lib.evidence.requests.versions import read_versions
from scaling_lib.evidence.slos import SLO
from scaling_lib.findings import Source
from scaling_lib.rollout.counts import TOLERATED, judge_counts
from scaling_lib.rollout.judge import CanaryJudgement, Guardrail, judge
from scaling_lib.rollout.kayenta import KayentaScores, kayenta_scores
from scaling_lib.rollout.kayenta_config import read_kayenta
from scaling_lib.rollout.sample_ratio import sample_ratio
from scaling_lib.rollout.samples import judge_samples
from scaling_lib.rollout.sides import (
    Floats,
    Selectors,
    Sides,
    increase,
    sides_of_metrics,
    sides_of_requests,
    versioned,
)
from scaling_lib.words import listing

EVIDENCE = "evidence"


@dataclass(frozen=True, kw_only=True)
class Tolerated:
    """What is taken: failures and slow requests more, as shares of all; threshold_s: slow is longer, None: no SLO.

    assumed: whether no SLO and no entry says how many failures are.
    """

    failures: float
    slow: float
    threshold_s: float | None
    assumed: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedCanary:
    """A canary, its evidence, and what they say together.

    judgement: None where its evidence cannot be read. kayenta: what Kayenta's judge would say; unmeasured: the metrics
    of its config of which there is none here, which Kayenta would not count. absent: what could not be told, and why.
    """

    canary: Canary
    tolerated: Tolerated
    sides: Sides | None
    judgement: CanaryJudgement | None
    kayenta: KayentaScores | None
    unmeasured: tuple[str, ...]
    absent: Mapping[str, Absent]
    sources: tuple[Source, ...]


def judged_canary(system: Assessment, canary: Canary, *, level: float = 0.95) -> JudgedCanary:
    """Judge one canary; what cannot be told is said in `absent`, nothing is raised for it."""
    tried = Attempts()
    tolerated = _tolerated(canary, tried("SLOs", system.slos) or ())
    quality: list[Quality] = []
    metrics = tried("metrics", partial(_metrics, system, canary, quality)) if canary.metrics else None
    sides = tried(EVIDENCE, partial(_sides, system, canary, metrics, tolerated, quality))
    more = {each.name: found for each in canary.more if (found := _points(canary, each, metrics, tried)) is not None}
    judgement = None
    if sides is not None:
        judgement = tried("judgement", partial(_judged, canary, sides, more, tolerated, level))
    scores: KayentaScores | None = None
    unmeasured: tuple[str, ...] = ()
    if canary.kayenta and sides is not None:
        held = tried("Kayenta", partial(_kayenta, system, canary, sides, more))
        scores, unmeasured = held or (None, ())
    return JudgedCanary(
        canary=canary,
        tolerated=tolerated,
        sides=sides,
        judgement=judgement,
        kayenta=scores,
        unmeasured=unmeasured,
        absent={name: each for name, each in tried.absent.items() if name != "SLOs"},
        sources=tuple(map(source_of, (each for each in quality if each.rows))),
    )


def _tolerated(canary: Canary, slos: Sequence[SLO]) -> Tolerated:
    own = [each for each in slos if canary.journey and each.journey == canary.journey]
    available = next((1 - each.target for each in own if each.kind == "availability"), None)
    latency = next((each for each in own if each.kind == "latency" and each.threshold_s is not None), None)
    failures = canary.tolerated if canary.tolerated is not None else available
    return Tolerated(
        failures=TOLERATED if failures is None else round(failures, 12),
        slow=TOLERATED if latency is None else round(1 - latency.target, 12),
        threshold_s=None if latency is None else latency.threshold_s,
        assumed=failures is None,
    )


def _metrics(system: Assessment, canary: Canary, quality: list[Quality]) -> Metrics:
    asked = {"total": canary.total, "errors": canary.errors, "buckets": canary.buckets}
    asked |= {each.name: each.gauge or each.counter for each in canary.more}
    queries = {name: selector for name, selector in asked.items() if selector}
    sources = [
        each.model_copy(update={"queries": queries}) if each.url and queries and not each.queries else each
        for each in canary.metrics
    ]
    found = read_metrics(list(map(system.metric_source, sources)))
    quality += found.quality
    return found


def _sides(
    system: Assessment, canary: Canary, metrics: Metrics | None, tolerated: Tolerated, quality: list[Quality]
) -> Sides:
    journey = next((each for each in system.journeys if each.name == canary.journey), None)
    if canary.requests:
        rows = read_versions(
            [RequestSource(**system.described(each)) for each in canary.requests],
            [canary.canary, canary.baseline],
            route=journey.route if journey else "",
            service=journey.service if journey else "",
        )
        quality += rows.quality
        return sides_of_requests(canary, rows.frame, tolerated.threshold_s)
    if metrics is None:
        raise NotMeasured(f"Canary {canary.name}: its metrics cannot be read.")
    named = journey.metrics if journey else None
    return sides_of_metrics(
        canary,
        metrics,
        Selectors(
            total=canary.total or (named.total if named else ""),
            errors=canary.errors or (named.errors if named and not canary.total else ""),
            buckets=canary.buckets or (named.buckets if named and not canary.total else ""),
        ),
        tolerated.threshold_s,
    )


def _points(
    canary: Canary, metric: CanaryMetric, metrics: Metrics | None, tried: Attempts
) -> tuple[Floats, Floats] | None:
    """A further metric by step, of both versions at the same moments; nothing of a side where it was not seen."""
    if metrics is None:
        return None

    def read() -> tuple[Floats, Floats]:
        both = pd.concat([_series(canary, metric, metrics, name) for name in (canary.canary, canary.baseline)], axis=1)
        kept = both.dropna() if both.notna().any().all() else both
        one, other = (kept.iloc[:, place].dropna().to_numpy(dtype=np.float64) for place in (0, 1))
        return one, other

    return tried(metric.name, read)


def _series(canary: Canary, metric: CanaryMetric, metrics: Metrics, name: str) -> pd.Series[float]:
    selector = versioned(metric.gauge or metric.counter, canary, name)
    if metric.gauge:
        rows = metrics.select(selector)
        return rows.groupby("time")["value"].mean()
    rise = increase(metrics, selector)
    seconds = rise.index.to_series().diff().dt.total_seconds().median()
    return rise / (seconds if seconds == seconds else 1.0)


def _judged(
    canary: Canary, sides: Sides, more: Mapping[str, tuple[Floats, Floats]], tolerated: Tolerated, level: float
) -> CanaryJudgement:
    one, other = sides.canary, sides.baseline
    found = []
    for name, counts, baseline, taken, went in (
        ("failures", one.failures, other.failures, tolerated.failures, "failed"),
        ("refused requests", one.refused, other.refused, max(tolerated.failures, TOLERATED), "were refused (4xx)"),
        ("slow requests", one.slow, other.slow, tolerated.slow, "took too long"),
    ):
        if name == "refused requests" and not counts[0] + baseline[0] > 0:
            continue
        if math.isnan(counts[0]) or math.isnan(baseline[0]):
            if name == "slow requests":
                continue
            counts = baseline = (0.0, 0.0)  # nobody says which failed
        judged = judge_counts(counts, baseline, tolerated=taken, looks=canary.looks, level=level, went=went)
        found.append(Guardrail(name=name, judgement=judged, seen=round(counts[1])))
    samples = {"latency": (one.latencies, other.latencies), **more}
    for each in canary.more:
        samples.setdefault(each.name, (np.empty(0), np.empty(0)))
    described = {each.name: each for each in canary.more}
    for name, (values, beside) in samples.items():
        metric = described.get(name)
        judgement = judge_samples(
            values,
            beside,
            worse=metric.worse if metric else "increase",
            tolerated=metric.tolerated if metric else canary.slower,
            looks=canary.looks,
            level=level,
            unit="" if metric else "s",
            what=name if metric else "latencies",
        )
        found.append(
            Guardrail(
                name=name, judgement=judgement, seen=len(values), must_have_data=metric is None or metric.must_have_data
            )
        )
    ratio = None
    if one.requests > 0 and other.requests > 0:
        ratio = sample_ratio((one.requests, other.requests), (canary.share, 1 - canary.share))
    return judge(found, ratio=ratio, level=level)


def _kayenta(
    system: Assessment, canary: Canary, sides: Sides, more: Mapping[str, tuple[Floats, Floats]]
) -> tuple[KayentaScores, tuple[str, ...]]:
    config = read_kayenta(system.folder / canary.kayenta)
    points = {
        name: (sides.canary.points[name], sides.baseline.points[name])
        for name in ("failures", "latency")
        if name in sides.canary.points and name in sides.baseline.points
    } | dict(more)
    names = [each.name for each in config.metrics]
    known = {name: values for name, values in points.items() if name in names}
    if not known:
        raise NotMeasured(
            f"{canary.kayenta}: names {listing(names)}, none of which is measured of this canary; measured are "
            f"{listing(list(points)) or 'none'}.",
            supply="Name the metrics there as here: failures, latency, or those under `more`.",
        )
    return kayenta_scores(config, known), tuple(name for name in names if name not in known)


def source_of(quality: Quality) -> Source:
    """What a finding says of a source of evidence."""
    return Source(
        table=quality.kind,
        rows=quality.rows,
        start=f"{quality.start:%Y-%m-%dT%H:%M:%SZ}" if quality.start else "",
        end=f"{quality.end:%Y-%m-%dT%H:%M:%SZ}" if quality.end else "",
        origin="simulated" if quality.origin == "simulated" else "measured",
    )
