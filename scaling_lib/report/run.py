"""A whole run: check the parameters, run the notebooks, write the report."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scaling_lib import __version__
from scaling_lib.assessment import assessment_file, open_assessment
from scaling_lib.errors import InvalidInput, ScalingError
from scaling_lib.findings import VERDICTS, Finding
from scaling_lib.report.execute import Job, Ran, execute
from scaling_lib.report.folder import begin, default_folder, finish
from scaling_lib.report.parameters import Notebook, bind, read_notebook
from scaling_lib.report.progress import Progress
from scaling_lib.report.summary import State, StepResult, Summary, write_summary
from scaling_lib.resources import example_folder, notebooks_folder
from scaling_lib.steps import STEPS
from scaling_lib.unread import BROKEN
from scaling_lib.words import listing, told_once

DEADLINE_S = 1800.0
CELL_TIMEOUT_S = 600.0


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """A finished run: the report's folder and what it concluded."""

    out: Path
    summary: Summary

    @property
    def failed(self) -> tuple[StepResult, ...]:
        """The steps that failed."""
        return tuple(step for step in self.summary.steps if step.state == "failed")

    @property
    def broken(self) -> tuple[Finding, ...]:
        """The findings of evidence that was given and cannot be read, or not all of it, each told once."""
        found = [finding for finding in self.summary.findings if finding.name == BROKEN]
        return tuple({finding.sentence: finding for finding in reversed(found)}.values())[::-1]


def run(
    assessment: str | Path = "",
    *,
    notebooks: str | Path = "",
    out: str | Path = "",
    steps: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    jobs: int = 0,
    deadline_s: float = DEADLINE_S,
    cell_timeout_s: float = CELL_TIMEOUT_S,
) -> RunResult:
    """Run the notebooks on an assessment, headless, and write their report.

    assessment: its folder or `assessment.yaml`, the example without one.
    notebooks: their folder, the suite's own without one.
    out: a new or empty folder, `reports/<system>/<UTC time>` without one.
    steps: numbers such as "01" or "1", all without; parameters: by name, for the notebooks that declare them.
    jobs: notebooks at a time, as many as there are processors when 0; deadline_s, cell_timeout_s: in seconds.

    Raises InvalidInput before anything runs: no such assessment, step or parameter, or a folder that cannot be written.
    A notebook that fails is part of the result, not an error.
    """
    file = assessment_file(assessment or example_folder())
    system = open_assessment(file).name
    found = _notebooks(Path(notebooks) if notebooks else notebooks_folder(), steps)
    given = dict(parameters or {})
    bound = bind(found, given)
    for notebook in found:
        if "assessment" in notebook.defaults:
            bound[notebook.name].setdefault("assessment", str(file))
    began = datetime.now(UTC)
    target = Path(out) if out else default_folder(system, began)
    room = begin(target)
    (room / "notebooks").mkdir()
    planned = [
        Job(notebook=notebook, parameters=bound[notebook.name], output=room / "notebooks" / notebook.path.name)
        for notebook in found
    ]
    try:
        ran = _execute(planned, jobs, deadline_s, cell_timeout_s, file, str(assessment))
    except KeyboardInterrupt as error:
        raise ScalingError(
            f"Stopped. What the notebooks showed until then is in {room / 'notebooks'}; remove {room} before the same "
            "--out is used again."
        ) from error
    command = _command(assessment, notebooks, steps, given)
    summary = _write(room, planned, ran, system=system, began=began, command=command)
    finish(room, target)
    return RunResult(out=target, summary=summary)


def _notebooks(folder: Path, steps: Sequence[str]) -> list[Notebook]:
    """The notebooks of the chosen steps, in the order of the checklist."""
    files = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    paths = {path.name[:2]: path for path in files}
    if len(paths) < len(files):
        raise InvalidInput(f"{folder}: found two notebooks of one number; expected one each. Rename one of them.")
    if not paths:
        raise InvalidInput(f"{folder}: found no notebook; expected files such as 01_slo.ipynb.")
    wanted = [step.zfill(2) for step in steps] or list(paths)
    for step in wanted:
        if step not in paths:
            raise InvalidInput(
                f"--step {step}: there is no such notebook; expected one of {listing(list(paths), most=20)}."
            )
    return [read_notebook(paths[step]) for step in sorted(set(wanted))]


def _execute(
    planned: Sequence[Job], jobs: int, deadline_s: float, cell_timeout_s: float, assessment: Path, named: str
) -> dict[str, Ran]:
    # an injected parameter cell is one more than the notebook has
    with Progress({job.notebook.name: job.notebook.cells + bool(job.parameters) for job in planned}) as progress:
        return execute(
            planned,
            workers=jobs or os.cpu_count() or 1,
            deadline_s=deadline_s,
            cell_timeout_s=cell_timeout_s,
            environment={"SCALING_ASSESSMENT": str(assessment), "SCALING_NAMED": named},
            progress=progress,
        )


def _command(assessment: str | Path, notebooks: str | Path, steps: Sequence[str], given: Mapping[str, Any]) -> str:
    parts = ["scaling", "run", *([str(assessment)] if assessment else [])]
    parts += [part for step in steps for part in ("--step", step.zfill(2))]
    parts += [part for name, value in given.items() for part in ("-p", name, str(value))]
    parts += ["--notebooks", str(notebooks)] if notebooks else []
    return shlex.join(parts)


def _write(
    room: Path, jobs: Sequence[Job], ran: Mapping[str, Ran], *, system: str, began: datetime, command: str
) -> Summary:
    """Write pages, tables and `findings.json` from the executed notebooks; what failed is marked."""
    from scaling_lib.report.content import Content, read_content
    from scaling_lib.report.data import write_table, write_text
    from scaling_lib.report.pages import Page, index_page, step_page

    pages: list[Page] = []
    for job in jobs:
        content = read_content(job.output) if job.output.exists() else Content()
        for name, table in content.tables.items():
            write_table(table, room / "tables" / job.notebook.name, name)
        for name, text in content.files.items():
            write_text(text, room / "tables" / job.notebook.name, name)
        pages.append(Page(result=_result(job, ran[job.notebook.name], content), content=content))
    summary = _summary([page.result for page in pages], _ranked(pages), system, began, command)
    for page, job in zip(pages, jobs, strict=True):
        html = step_page(page, pages, summary, dict(job.parameters))
        (room / page.result.page).write_text(html, encoding="utf-8")
    (room / "index.html").write_text(index_page(pages, summary), encoding="utf-8")
    if any(block.kind == "figure" for page in pages for block in page.content.blocks):
        shutil.copyfile(_plotly(), room / "plotly.min.js")
    write_summary(summary, room)
    return summary


def _plotly() -> Path:
    from importlib.util import find_spec

    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        raise InvalidInput("plotly: is not installed where the report is written; `pip install plotly`.")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def _result(job: Job, ran: Ran, content: Any) -> StepResult:
    name = job.notebook.name
    known = STEPS.get(name[:2])
    conclusion = content.conclusion
    state: State = conclusion.verdict if conclusion else "no conclusion"
    sentence = conclusion.sentence if conclusion else content.problem or "The notebook ran, and concluded nothing."
    if ran.state == "failed":
        state, sentence = "failed", told_once(ran.error)
    title = known.title if known and known.name == name[3:] else name[3:].replace("_", " ").capitalize()
    asked = known.question if known and known.name == name[3:] else ""
    return StepResult(
        step=name[:2],
        name=name,
        title=title,
        question=(conclusion.question if conclusion else "") or asked or content.heading or title,
        state=state,
        sentence=sentence,
        page=f"{name}.html",
        notebook=f"notebooks/{name}.ipynb",
        seconds=round(ran.seconds, 3),
    )


def _ranked(pages: Sequence[Any]) -> tuple[Finding, ...]:
    """The findings of the steps that did not fail, worst first, each step's own order kept.

    What is only to be watched in the evidence follows what is to be watched in the system.
    """
    concluded = [page.content.conclusion for page in pages if page.content.conclusion and page.result.state != "failed"]
    found = [finding for conclusion in concluded for finding in conclusion.findings]
    return tuple(
        sorted(found, key=lambda each: (VERDICTS.index(each.verdict), (each.verdict, each.step) == ("watch", "00")))
    )


def _summary(
    steps: Sequence[StepResult], findings: tuple[Finding, ...], system: str, began: datetime, command: str
) -> Summary:
    ranks = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
    concluded = [
        (ranks[step.state], step.step == "00", step.step, step.state, step.sentence)  # 00 says what there is, no answer
        for step in steps
        if step.state in ranks
    ]
    failed = [step.title for step in steps if step.state == "failed"]
    if failed:  # what it would have said is not known: all is well only if the others are worse
        concluded.append((ranks["unknown"], False, "", "unknown", f"Not all is known: {listing(failed)} failed."))
    *_, verdict, sentence = min(concluded, default=(0, False, "", "unknown", "No step gave an answer."))
    starts = [source.start for finding in findings for source in finding.evidence if source.start]
    ends = [source.end for finding in findings for source in finding.evidence if source.end]
    return Summary(
        system=system,
        suite=__version__,
        assessed=f"{began:%Y-%m-%dT%H:%M:%SZ}",
        evidence_start=min(starts, default=""),
        evidence_end=max(ends, default=""),
        command=command,
        verdict=verdict,
        sentence=sentence,
        steps=tuple(steps),
        findings=findings,
    )
