"""`Finding`: one sentence with its verdict, impact, evidence and action; a step's `Conclusion` carries them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from scaling_lib.stats import Estimate
from scaling_lib.words import number, plural

Verdict = Literal["ok", "watch", "act", "unknown"]
VERDICTS: tuple[Verdict, ...] = ("act", "watch", "unknown", "ok")  # worst first
SHAPES: dict[Verdict, str] = {"act": "▲", "watch": "◆", "unknown": "?", "ok": "●"}
Origin = Literal["measured", "simulated", "assumed", "not said"]
FINDINGS_MIME = "application/vnd.scaling.findings+json"


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a finding's figures come from: a table, its rows and time range.

    table: the kind of evidence, such as "requests".
    rows: how many raw rows it rests on.
    start, end: ISO 8601 in UTC, "" where the evidence has no time.
    origin: "measured" (or not said to be simulated), "simulated", "assumed", or "not said" of what is no measurement.
    """

    table: str
    rows: int = 0
    start: str = ""
    end: str = ""
    origin: Origin = "measured"

    @property
    def origin_words(self) -> str:
        """The origin as it stands behind other words."""
        return "origin not said" if self.origin == "not said" else self.origin


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a reader should know.

    name: short and stable, lower case with dashes; with `step` and `subject` it identifies the finding across runs.
    subject: the journey, service or resource it is about, "" for the whole system.
    sentence: what was found, with its figure and interval.
    impact: how much, with unit; None where it cannot be said.
    why: what the verdict rests on and what was assumed, in a sentence or two.
    action: what to do next; "" where nothing is to be done.
    command: the line that shows it again.
    figure: the name of the figure in the step's page that shows it, "" if none.
    bites: days from the end of the evidence until it hurts ("days"), 0 where it does; None where that is not known.
    """

    step: str
    name: str
    verdict: Verdict
    sentence: str
    subject: str = ""
    impact: Estimate | None = None
    why: str = ""
    evidence: tuple[Source, ...] = ()
    action: str = ""
    command: str = ""
    figure: str = ""
    bites: Estimate | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"Finding {self.name}: verdict {self.verdict!r} is none of {', '.join(VERDICTS)}")


ALREADY = Estimate(0.0, 0.0, 0.0, unit="days")


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What a step concludes: the verdict of its worst finding, the sentence that answers its question, the findings.

    remarks: what of the evidence that it read was not used, sentences.
    In a notebook it shows itself; the headless runner reads it from the notebook's output.
    """

    step: str
    question: str
    verdict: Verdict
    sentence: str
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The conclusion in JSON's types."""
        plain: dict[str, Any] = json_types(asdict(self))
        return plain

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": self._text(), "text/html": self._html(), FINDINGS_MIME: self.as_dict()}

    def _text(self) -> str:
        lines = [f"{self.verdict}: {self.sentence}", *(f"- {f.verdict}: {f.sentence}" for f in self.findings)]
        return "\n".join([*lines, *(f"- not used: {remark}" for remark in self.remarks)])

    def _html(self) -> str:
        rows = "".join(_row(finding) for finding in self.findings)
        return (
            f'<div class="conclusion"><p class="verdict {self.verdict}"><strong>{SHAPES[self.verdict]} {self.verdict}'
            f"</strong> {html.escape(self.sentence)}</p>{rows}{self._unused()}</div>"
        )

    def _unused(self) -> str:
        items = "".join(f"<li>{html.escape(remark)}</li>" for remark in self.remarks)
        return f"<p>Not used of the evidence:</p><ul>{items}</ul>" if items else ""


def json_types(value: Any) -> Any:
    """The value in JSON's types, which have no NaN (null: not known) and no infinity (the text "Infinity")."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {key: json_types(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_types(inner) for inner in value]
    return value


def conclude(
    step: str, question: str, findings: Sequence[Finding], sentence: str = "", *, remarks: Sequence[str] = ()
) -> Conclusion:
    """A step's conclusion: findings ranked worst first, the sentence of the first unless one is given."""
    ranked = tuple(sorted(findings, key=lambda finding: VERDICTS.index(finding.verdict)))
    if not ranked:
        raise ValueError(f"step {step}: a conclusion needs at least one finding")
    return Conclusion(
        step=step,
        question=question,
        verdict=ranked[0].verdict,
        sentence=sentence or ranked[0].sentence,
        findings=ranked,
        remarks=tuple(remarks),
    )


def _row(finding: Finding) -> str:
    details = [
        ("Why we think so", finding.why),
        ("Impact", str(finding.impact) if finding.impact else ""),
        ("When it bites", _when(finding.bites)),
        ("Evidence", "; ".join(_source(source) for source in finding.evidence)),
        ("What to do", finding.action),
    ]
    body = "".join(f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in details if text)
    if finding.command:
        body += f"<dt>Show it again</dt><dd><code>{html.escape(finding.command)}</code></dd>"
    mark = f"{SHAPES[finding.verdict]} {finding.verdict}"
    return (
        f'<details class="finding {finding.verdict}"><summary><b>{mark}</b> {html.escape(finding.sentence)}'
        f"</summary><dl>{body}</dl></details>"
    )


def _when(bites: Estimate | None) -> str:
    if bites is None or math.isnan(bites.value):
        return ""
    if bites.high <= 0:
        return "it does already"
    if math.isinf(bites.value):
        return "" if math.isinf(bites.low) else f"in {number(bites.low)} days at the earliest, but not likely"
    return f"in {bites}"


def _source(source: Source) -> str:
    span = f", {source.start} to {source.end}" if source.start else ""
    return f"{source.table}, {plural(source.rows, 'row')}{span}, {source.origin_words}"
