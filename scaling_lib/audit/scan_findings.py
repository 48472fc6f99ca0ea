"""What step 07 finds in scans of security and compliance."""

from __future__ import annotations

from functools import partial

import pandas as pd

from scaling_lib.audit.posture import Posture
from scaling_lib.audit.result import Audit
from scaling_lib.findings import Finding, Source, Verdict
from scaling_lib.words import duration, listing, number, plural

COMMAND = "scaling run --step 07"
GRAVE = ("critical", "high")
OLD_S, TOO_OLD_S = 30 * 86400.0, 90 * 86400.0
_finding = partial(Finding, step="07", command=COMMAND)


def scan_findings(result: Audit) -> list[Finding]:
    """What fails, what is new and what was fixed; what was never evaluated, and how old the evidence is."""
    if result.scans is None:
        return []
    found = result.scans
    sources = result.sources.get("scans", ())
    if not found.evaluated:
        return [_empty(sources)]
    return [
        _failing(found, sources),
        *_changed(found, sources),
        *_unevaluated(found, sources),
        *_age(found, sources),
    ]


def _empty(sources: tuple[Source, ...]) -> Finding:
    return _finding(
        name="empty-scans",
        verdict="unknown",
        sentence="The scans evaluated nothing: an empty scan is no pass.",
        evidence=sources,
        action="Run the scanners on what is deployed, and look at why they found nothing to check.",
    )


def _failing(found: Posture, sources: tuple[Source, ...]) -> Finding:
    failing = found.failing
    grave = failing[failing["severity"].isin(GRAVE)]
    verdict: Verdict = "act" if len(grave) else "watch" if len(failing) else "ok"
    counts = [f"{count} {name}" for name, count in failing["severity"].value_counts(sort=False).items()]
    named = [f"{row.check} ({row.resource})" for row in failing.head(3).itertuples()]
    most = f" Most exposed: {listing(named)}." if named else ""
    return _finding(
        name="failing-checks",
        verdict=verdict,
        sentence=(
            f"{len(failing)} of {plural(found.evaluated, 'evaluated check')} fail: {listing(counts) or 'none'}.{most}"
        ),
        why=(
            "The last scan of each scanner. Exposure is the weight of the severity (critical 10, high 5, medium 2, low "
            "1: a convention of ours) times the share of the critical journeys that the service works for."
        ),
        evidence=sources,
        action="Mend them in the order of their exposure." if len(failing) else "",
        figure="posture",
    )


def _changed(found: Posture, sources: tuple[Source, ...]) -> list[Finding]:
    changes = found.changes
    if changes.empty and found.scans["before"].isna().all():
        return [
            _finding(
                name="changed-checks",
                verdict="unknown",
                sentence="What is new and what was fixed is not measured: each scanner has one scan alone.",
                evidence=sources,
                action="Keep the scans of each date under evidence.scans.",
            )
        ]
    new, fixed, gone = (changes[changes["change"] == name] for name in ("new", "fixed", "no longer evaluated"))
    verdict: Verdict = "act" if new["severity"].isin(GRAVE).any() else "watch" if len(new) or len(gone) else "ok"
    listed = [f"{row.check} ({row.severity})" for row in new.head(4).itertuples()]
    parts = [
        f"{plural(len(new), 'failing check')} {'is' if len(new) == 1 else 'are'} new since the last scan"
        + (f": {listing(listed)}" if listed else ""),
        f"{len(fixed)} {'was' if len(fixed) == 1 else 'were'} fixed",
    ]
    if len(gone):
        parts.append(f"{len(gone)} that failed were no longer evaluated, which is no fix")
    return [
        _finding(
            name="changed-checks",
            verdict=verdict,
            sentence=f"{'; '.join(parts)}.",
            why="By scanner, check and resource or the scanner's fingerprint: a finding may move in its file.",
            evidence=sources,
            action="Find out which change brought the new ones, and let the scan stop it before it is shipped."
            if len(new)
            else "",
            figure="posture",
        )
    ]


def _unevaluated(found: Posture, sources: tuple[Source, ...]) -> list[Finding]:
    sums = found.scans[["manual", "muted", "not_evaluated"]].sum()
    empty = [f"{row.scanner} ({row.scope})" for row in found.scans.itertuples() if row.empty]
    parts = [
        f"{int(sums[name])} {words}"
        for name, words in (
            ("manual", "to be looked at by hand"), ("muted", "muted"), ("not_evaluated", "not evaluated"),
        )
        if sums[name]
    ]  # fmt: skip
    if empty:
        parts.append(f"the scans of {listing(empty, 3)} evaluated nothing, which is no pass")
    if not parts:
        return []
    return [
        _finding(
            name="not-evaluated-checks",
            verdict="watch" if sums["not_evaluated"] or empty else "ok",
            sentence=f"Beside what passed and failed: {listing(parts)}. None of these is a pass.",
            evidence=sources,
            action="Look at those by hand, and give each muted one a reason and a date.",
            figure="posture",
        )
    ]


def _age(found: Posture, sources: tuple[Source, ...]) -> list[Finding]:
    ages = found.scans["age_s"]
    if ages.isna().any():
        names = [str(name) for name in found.scans.loc[ages.isna(), "scanner"]]
        words = (
            f"How old the scans of {listing(names, 3)} are is not known: neither they nor their files' names say it."
        )
        return [_finding(name="scan-age", verdict="unknown", sentence=words, evidence=sources)]
    oldest = found.scans.iloc[int(ages.to_numpy().argmax())]
    verdict: Verdict = "act" if oldest["age_s"] > TOO_OLD_S else "watch" if oldest["age_s"] > OLD_S else "ok"
    return [
        _finding(
            name="scan-age",
            verdict=verdict,
            sentence=(
                f"The oldest of the last scans, by {oldest['scanner']}, is {duration(float(oldest['age_s']))} old "
                f"({pd.Timestamp(oldest['scanned']):%Y-%m-%d})."
            ),
            why=f"At the end of all evidence. Older than {number(OLD_S / 86400)} days is watched.",
            evidence=sources,
            action="Scan again, and on a schedule." if verdict != "ok" else "",
        )
    ]
