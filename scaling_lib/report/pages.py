"""The report's pages: HTML from what the notebooks hold, by our own templates; all text from data is escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any
from zlib import crc32

import jinja2
import mistune
from markupsafe import Markup

from scaling_lib.findings import SHAPES, Finding, Source
from scaling_lib.names import slug
from scaling_lib.report.content import Block, Content
from scaling_lib.report.sanitize import clean
from scaling_lib.report.summary import StepResult, Summary
from scaling_lib.unread import BROKEN
from scaling_lib.words import duration, plural

MARKS: dict[str, str] = {"no conclusion": "–", "failed": "✕"} | dict(SHAPES.items())
WORDS: dict[str, str] = {"unknown": "not known"}


@dataclass(frozen=True, kw_only=True)
class Page:
    """One step's page: what came of it, and what its notebook holds."""

    result: StepResult
    content: Content


def step_page(page: Page, pages: Sequence[Page], summary: Summary, parameters: dict[str, Any]) -> str:
    """A step's page: verdict, main figure, how sure, what to do, the rest of the notebook with its code folded away."""
    place = [each.result.step for each in pages].index(page.result.step)
    findings = page.content.conclusion.findings if page.content.conclusion else ()
    main = _main_figure(page.content.blocks, findings)
    return _render(
        "step.html",
        page=page,
        summary=summary,
        parameters=parameters,
        previous=pages[place - 1].result if place else None,
        following=pages[place + 1].result if place + 1 < len(pages) else None,
        findings=findings,
        remarks=page.content.conclusion.remarks if page.content.conclusion else (),
        actions=_actions(findings),
        main=main,
        sections=_sections(page.content.blocks, main),
        figures={
            block.name for block in page.content.blocks if block.kind in ("figure", "html", "image") and block.name
        },
    )


def index_page(pages: Sequence[Page], summary: Summary) -> str:
    """The first page: verdict, what to do first, what is not known, the steps, the findings, the evidence."""
    ranked = {_told(finding): finding for finding in reversed(summary.findings)}  # of what is told twice the first
    ranked = dict(reversed(ranked.items()))
    concluded = [page.content.conclusion for page in pages if page.content.conclusion]
    ledger = next((b for p in pages for b in p.content.blocks if p.result.step == "00" and b.name == "ledger"), None)
    return _render(
        "index.html",
        summary=summary,
        pages=pages,
        steps={page.result.step: page.result for page in pages},
        findings=[finding for finding in ranked.values() if finding.verdict != "ok"],
        good=[finding for finding in ranked.values() if finding.verdict == "ok"],
        first=next(
            (finding for finding in summary.findings if finding.action and finding.verdict in ("act", "watch")), None
        ),
        unknown=[finding for finding in summary.findings if finding.verdict == "unknown"],
        failed=[page.result for page in pages if page.result.state == "failed"],
        ledger=ledger,
        remarks=list(dict.fromkeys(remark for each in concluded for remark in each.remarks)) if ledger is None else [],
        figures={page.result.step: {block.name for block in page.content.blocks if block.name} for page in pages},
    )


def _told(finding: Finding) -> tuple[str, ...]:
    """What a reader has to be told once: a fault of the evidence is the same in every step that read it."""
    step = "" if finding.name == BROKEN else finding.step
    return (step, finding.name, finding.subject)


def _main_figure(blocks: Sequence[Block], findings: Sequence[Finding]) -> Block | None:
    """The figure the worst finding points at, else the first."""
    drawn = {block.name: block for block in blocks if block.kind in ("figure", "image")}
    wanted = next((finding.figure for finding in findings if slug(finding.figure) in drawn and finding.figure), "")
    return drawn.get(slug(wanted)) if wanted else next(iter(drawn.values()), None)


def _actions(findings: Sequence[Finding]) -> list[tuple[str, list[Finding]]]:
    """What to do, each action once, with the findings that ask for it."""
    asked = [finding for finding in findings if finding.action and finding.verdict != "ok"]
    grouped: dict[str, list[Finding]] = {}
    for finding in asked:
        grouped.setdefault(finding.action, []).append(finding)
    return list(grouped.items())


def _sections(blocks: Sequence[Block], main: Block | None) -> list[Block]:
    """The notebook's blocks without the main figure, adjacent code as one, and no heading over nothing."""
    rest = [block for block in blocks if block is not main]
    rest = [block for place, block in enumerate(rest) if not _bare(rest, place)]
    kept: list[Block] = []
    for code, run in groupby(rest, key=lambda block: block.kind == "code"):
        group = list(run)
        kept += [Block(kind="code", content="\n\n".join(block.content for block in group))] if code else group
    return kept


def _bare(blocks: Sequence[Block], place: int) -> bool:
    """A heading alone, with nothing to read until the next one: its figure or conclusion stands at the page's top."""
    block = blocks[place]
    if block.kind != "markdown" or not block.content.startswith("#") or "\n" in block.content.strip():
        return False
    after = next((later for later in blocks[place + 1 :] if later.kind != "code"), None)
    return after is None or (after.kind == "markdown" and after.content.startswith("#"))


def _render(template: str, **values: Any) -> str:
    environment = _environment()
    script, style = (_file(name) for name in ("report.js", "report.css"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return environment.get_template(template).render(
        script=Markup(script),  # noqa: S704 - our own file
        style=Markup(style),  # noqa: S704 - our own file
        digest=digest,
        **values,
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("scaling_lib.report", "template"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "markdown": _markdown,
        "clean": lambda html: Markup(clean(html)),  # noqa: S704 - cleaned
        "json_block": _json_block,
        "moment": _moment,
        "source": _source,
        "anchor": _anchor,
        "slug": slug,
        "duration": duration,
    }
    environment.globals |= {"MARKS": MARKS, "WORDS": WORDS}
    return environment


@cache
def _file(name: str) -> str:
    from importlib.resources import files

    return (files("scaling_lib.report") / "template" / name).read_text(encoding="utf-8")


def _markdown(text: str) -> Markup:
    """Markdown as HTML, a first-level heading read as second: the page's title is the only first."""
    lines = [f"#{line}" if line.startswith("# ") else line for line in text.splitlines()]
    made = mistune.create_markdown(escape=True, plugins=["table"])("\n".join(lines))
    return Markup(clean(str(made).replace("<h1", "<h2").replace("</h1", "</h2")))  # noqa: S704 - cleaned


def _json_block(text: str) -> Markup:
    """JSON for a script element that no browser runs: nothing in it can end the element."""
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))  # noqa: S704


def _moment(text: str) -> str:
    """An ISO time as people read it, in UTC; seconds only where there are some."""
    return text[:19].replace("T", " ").removesuffix(":00")


def _source(source: Source) -> str:
    rows = f", {plural(source.rows, 'row')}" if source.rows else ""
    times = f", {_moment(source.start)} to {_moment(source.end)} UTC" if source.start else ""
    return f"{source.table}{rows}{times}, {source.origin_words}"


def _anchor(finding: Finding) -> str:
    """Its words, and its whole identity in eight digits: long or foreign names may share the words."""
    identity = f"{finding.step} {finding.name} {finding.subject}"
    return f"finding-{slug(f'{finding.name} {finding.subject}')}-{crc32(identity.encode()):08x}"
