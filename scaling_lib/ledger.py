"""The evidence ledger: each source with its rows, range, gaps and rejects, and what each step can answer with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from scaling_lib.evidence.kinds import KINDS
from scaling_lib.evidence.quality import Quality
from scaling_lib.ledger_resources import Measured, capacity_answers
from scaling_lib.ledger_sources import broken_once, calm, examples_words, gathered
from scaling_lib.words import duration, listing, plural, told_once

COLUMNS = ["evidence", "source", "rows", "rejected", "from", "to", "remarks", "gaps", "format", "origin"]
MOST_ROUTES = 20  # in a terminal
WIDE = max(map(len, KINDS))  # of the column of kinds in a terminal
INDENT = " " * (WIDE + 3)


@dataclass(frozen=True)
class Question:
    """A question a step answers: about SLOs of the kinds in `slos`, or, without those, from requests with `column`."""

    step: str
    text: str
    slos: tuple[str, ...] = ()
    column: str = ""


QUESTIONS: tuple[Question, ...] = (
    Question("01", "Is each availability SLO met, and what of its budget is spent?", ("availability",)),
    Question("01", "Is each latency SLO met, and what of its budget is spent?", ("latency",)),
    Question(
        "01", "Would the burn-rate alerts have paged, how fast, how often for nothing?", ("availability", "latency")
    ),
    Question("01", "How long do the journeys take, at the median and in the tail?", column="duration"),
    Question("01", "Which SLO would the history have kept?"),
)


@dataclass(frozen=True, kw_only=True)
class Promise:
    """An SLO's kind, and what measures it: "requests", "metrics", or "" where nothing does, which lacks so much."""

    kind: str
    by: str = ""
    lacks: str = ""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What evidence an assessment has.

    sources: one Quality a source that was read or could not be; problems: why a kind as a whole failed, by kind;
    usable: the kinds that can be computed with; lacking: the columns ("status", "duration") some requests do not have.
    promises: one an SLO of availability or latency.
    routes: (service, route, requests) seen, busiest first; silent: journeys whose route no request matches, and
    unseen: whether that are all that have a route. resources: what measures each of them.
    """

    sources: tuple[Quality, ...]
    problems: Mapping[str, str]
    usable: frozenset[str]
    lacking: frozenset[str] = frozenset()
    promises: tuple[Promise, ...] = ()
    routes: tuple[tuple[str, str, int], ...] = ()
    silent: tuple[str, ...] = ()
    unseen: bool = False
    resources: tuple[Measured, ...] = ()

    @classmethod
    def of(
        cls,
        sources: Mapping[str, Iterable[Quality]],
        problems: Mapping[str, str],
        *,
        has_slos: bool,
        promises: Iterable[Promise] = (),
        lacking: Iterable[str] = (),
        routes: Iterable[tuple[str, str, int]] = (),
        silent: Iterable[str] = (),
        unseen: bool = False,
        resources: Iterable[Measured] = (),
    ) -> Ledger:
        """Gather the ledger from what was read by kind."""
        flat = tuple(quality for kind in KINDS for quality in gathered(calm(sources.get(kind, ()))))
        usable = {quality.kind for quality in flat if quality.rows and quality.kind not in problems}
        if has_slos:
            usable.add("slos")
        return cls(
            sources=flat,
            problems=dict(problems),
            usable=frozenset(usable),
            lacking=frozenset(lacking),
            promises=tuple(promises),
            routes=tuple(routes),
            silent=tuple(silent),
            unseen=unseen,
            resources=tuple(resources),
        )

    @property
    def broken(self) -> tuple[str, ...]:
        """Each problem with evidence that was given, as a sentence."""
        own = [quality.problem for quality in self.sources if quality.problem]
        return tuple(dict.fromkeys([*own, *self.problems.values()]))

    @property
    def absent(self) -> tuple[str, ...]:
        """The kinds that were not given at all."""
        given = {quality.kind for quality in self.sources} | set(self.problems) | self.usable
        return tuple(kind for kind in KINDS if kind not in given)

    def table(self) -> pd.DataFrame:
        """One row a source, and one a kind that is absent: the columns of COLUMNS, `from` and `to` in UTC."""
        rows = [_source_row(quality) for quality in self.sources]
        rows += [
            {"evidence": kind, "source": "not readable", "remarks": text}
            for kind, text in self.problems.items()
            if not self._told(text)
        ]
        rows += [
            {"evidence": kind, "source": "not given", "remarks": f"supply {KINDS[kind].supply}"} for kind in self.absent
        ]
        whole: list[dict[str, object]] = [
            {**dict.fromkeys(COLUMNS, ""), "rows": 0, "rejected": 0, **row} for row in rows
        ]
        frame = pd.DataFrame(whole, columns=COLUMNS)
        return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("from", "to")})

    def rejects(self) -> pd.DataFrame:
        """One row a reason for which rows were rejected, with examples as they stand in the source."""
        rows = [
            {
                "source": quality.source,
                "reason": reject.reason,
                "rows": reject.rows,
                "examples": " | ".join(reject.examples),
            }
            for quality in self.sources
            for reject in quality.rejected
        ]
        return pd.DataFrame(rows, columns=["source", "reason", "rows", "examples"])

    def answers(self) -> pd.DataFrame:
        """One row a question: step, question, can it be answered, with what; or what is missing."""
        return pd.DataFrame([self._answer(question) for question in QUESTIONS])

    def capacity_answers(self) -> pd.DataFrame:
        """The same of step 02."""
        latency = any(each.kind == "latency" for each in self.promises)
        return pd.DataFrame(capacity_answers(self.usable, latency=latency, resources=self.resources))

    def unanswered(self, kind: str) -> list[str]:
        """The questions without an answer that this kind of evidence would help to answer."""
        answers = self.answers()
        open_ = set(answers.loc[answers["answered"] == "no", "question"])
        return [each.text for each in QUESTIONS if each.text in open_ and kind in self._helps(each)]

    def _helps(self, question: Question) -> set[str]:
        if not question.slos:
            return {"requests"}
        if not self.promises:
            return {"slos", "requests", "metrics"}
        asked = any(each.kind in question.slos for each in self.promises)
        return {"requests", "metrics"} if asked else set()

    def text(self) -> str:
        """The ledger for a terminal."""
        lines = ["Evidence"]
        for quality in broken_once(self.sources):
            row = _source_row(quality)
            lines.append(f"  {quality.kind:<{WIDE}} {quality.source}  {row['format']}  {plural(quality.rows, 'row')}")
            if quality.start:
                gaps = f"; {row['gaps']}" if row["gaps"] else ""
                lines.append(f"{INDENT}{row['from']} to {row['to']} UTC{gaps}")
            lines += [
                f"{INDENT}rejected {reject.rows:,}: {reject.reason}{examples_words(reject.examples)}"
                for reject in quality.rejected
            ]
            lines += [f"{INDENT}{note}" for note in quality.notes]
            if quality.problem:
                lines.append(f"{INDENT}BROKEN: {told_once(quality.problem)}")
        lines += [
            f"  {kind:<{WIDE}} BROKEN: {told_once(text)}"
            for kind, text in self.problems.items()
            if not self._told(text)
        ]
        lines += [f"  {kind:<{WIDE}} not given: supply {KINDS[kind].supply}" for kind in self.absent]
        lines += self._routes_text()
        if self.resources:
            lines += ["", "Resources", *(f"  {each.name}: {each.text}" for each in self.resources)]
        lines += ["", "What it can answer"]
        answers = [*self.answers().itertuples(), *self.capacity_answers().itertuples()]
        lines += [f"  {row.step}  {row.answered:<7}  {row.question}  ({row.why})" for row in answers]
        return "\n".join(lines)

    def _routes_text(self) -> list[str]:
        if not self.routes:
            return []
        shown = self.routes[:MOST_ROUTES]
        wide = max(len(route) for _, route, _ in shown)
        more = f", the busiest {len(shown)} of {len(self.routes):,}" if len(shown) < len(self.routes) else ""
        lines = ["", f"Routes seen{more} (ids read {{id}})"]
        lines += [f"  {route:<{wide}}  {count:>11,}  {service}".rstrip() for service, route, count in shown]
        return lines

    def _told(self, text: str) -> bool:
        return any(quality.problem == text for quality in self.sources)

    def _answer(self, question: Question) -> dict[str, str]:
        answered, why = self._of_slos(question) if question.slos else self._of_requests(question)
        return {"step": question.step, "question": question.text, "answered": answered, "why": why}

    def _of_slos(self, question: Question) -> tuple[str, str]:
        asked = [each for each in self.promises if each.kind in question.slos]
        if not asked:
            one = f"SLOs of {question.slos[0]}" if len(question.slos) == 1 else KINDS["slos"].supply
            return "no", f"missing: {one}"
        lacks = listing(list(dict.fromkeys(each.lacks for each in asked if not each.by)))
        by = sorted({each.by for each in asked if each.by})
        if not by:
            return "no", f"missing: {lacks}"
        why = f"from {listing([*by, 'slos'])}"
        return ("in part", f"{why}; missing: {lacks}") if lacks else ("yes", why)

    def _of_requests(self, question: Question) -> tuple[str, str]:
        unmatched = f"no request matches the route of {listing(self.silent)}"
        if "requests" not in self.usable:
            return "no", f"missing: {KINDS['requests'].supply}"
        if question.column in self.lacking:
            return "no", f"missing: requests with a {question.column}"
        if self.unseen:
            return "no", f"missing: a right route; {unmatched}"
        return ("in part", f"from requests; {unmatched}") if self.silent else ("yes", "from requests")


def _source_row(quality: Quality) -> dict[str, object]:
    remarks = [quality.problem, *quality.notes]
    gap = max((gap.end - gap.start for gap in quality.gaps), default=None)
    return {
        "evidence": quality.kind,
        "source": quality.source,
        "format": quality.format,
        "origin": quality.origin or "not said",
        "rows": quality.rows,
        "rejected": quality.rejected_rows,
        "from": f"{quality.start:%Y-%m-%d %H:%M}" if quality.start else "",
        "to": f"{quality.end:%Y-%m-%d %H:%M}" if quality.end else "",
        "gaps": f"{plural(len(quality.gaps), 'gap')}, longest {duration(gap.total_seconds())}" if gap else "",
        "remarks": "; ".join(remark for remark in remarks if remark),
    }
