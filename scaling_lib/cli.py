"""The command `scaling`. Each error is one paragraph on stderr; heavy imports wait until a command needs them."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import click

from scaling_lib import __version__
from scaling_lib.errors import InvalidInput, ScalingError
from scaling_lib.resources import example_folder

FAILED = 1
WRONG_USE = 2


def main() -> None:
    """Run the command; exits 0 when it ran, 2 on wrong use or input.

    Exits 1 when a step failed, given evidence cannot be read, or `--fail-on` was met.
    """
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]  # wherever it stands
    try:
        status = scaling.main(arguments, standalone_mode=False, prog_name="scaling")
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        status = WRONG_USE
    except click.exceptions.Abort:
        status = _say("stopped.", FAILED)
    except click.UsageError as error:
        hint = f" `{error.ctx.command_path} --help` lists what is allowed." if error.ctx else ""
        status = _say(error.format_message() + hint, WRONG_USE)
    except click.ClickException as error:
        status = _say(error.format_message(), WRONG_USE)
    except Exception as error:
        if len(arguments) < len(sys.argv) - 1:
            raise
        status = _say(_paragraph(error), WRONG_USE if isinstance(error, InvalidInput) else FAILED)
    sys.exit(status if isinstance(status, int) else 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="scaling")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def scaling(debug: bool) -> None:
    """Do the critical journeys keep their promise, and what can the evidence not tell?

    DIR is the folder of an assessment.yaml; without it the commands take the bundled example.
    """


@scaling.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Write a commented assessment.yaml into DIR; never overwrites one."""
    file = folder / "assessment.yaml"
    template = Path(__file__).with_name("assessment_template.yaml").read_text(encoding="utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as target:
            target.write(template)
    except FileExistsError as error:
        raise InvalidInput(
            f"{error.filename}: is there already, and is never overwritten. Choose another folder."
        ) from error
    except OSError as error:
        raise InvalidInput(f"{file}: cannot be written ({error.strerror}). Choose another folder.") from error
    click.echo(f"Wrote {file}. Fill it in, then: scaling check {folder}")


@scaling.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def check(folder: Path | None) -> int:
    """List the evidence, and what it can answer.

    Exits 1 if some of it was given and cannot be read; evidence that is absent, and rejected rows, are no failure.
    """
    from scaling_lib.assessment import open_assessment

    system = open_assessment(folder or example_folder())
    ledger = system.evidence()
    lines, broken = list[str](), False
    if system.config.changes:
        from scaling_lib.bottlenecks.changes_given import changes_given

        lines, broken = changes_given(system)
    if system.config.canaries:
        from scaling_lib.rollout.canaries_given import canaries_given

        more, unread = canaries_given(system)
        lines, broken = [*lines, *more], broken or unread
    if system.config.options:
        from scaling_lib.architecture import options_given

        given, unread = options_given(system)
        lines, broken = [*lines, *given], broken or unread
    for line in [*ledger.text().split("\n"), *lines]:
        click.echo(_printable(line))
    return FAILED if ledger.broken or broken else 0


@scaling.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--step", "steps", multiple=True, metavar="NN", help="Only this step, such as 01; may be given again.")
@click.option("-p", "parameters", nargs=2, multiple=True, metavar="NAME VALUE", help="A notebook's parameter.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Notebooks at a time; by default one a processor.")
@click.option("--out", type=click.Path(path_type=Path), help="A new or empty folder; default reports/<system>/<time>.")
@click.option("--fail-on", type=click.Choice(["act", "watch"]), help="Exit 1 if a step's verdict is this or worse.")
@click.option("--deadline", type=click.FloatRange(min=1), default=1800, show_default=True, help="Seconds for the run.")
@click.option(
    "--cell-timeout", type=click.FloatRange(min=1), default=600, show_default=True, help="Seconds for one cell."
)
@click.option("--notebooks", type=click.Path(path_type=Path), help="A folder of notebooks instead of the suite's own.")
def run(
    folder: Path | None,
    steps: tuple[str, ...],
    parameters: tuple[tuple[str, str], ...],
    jobs: int,
    out: Path | None,
    fail_on: str | None,
    deadline: float,
    cell_timeout: float,
    notebooks: Path | None,
) -> int:
    """Run the notebooks headless and write the report.

    Exits 1 if a step failed, if some evidence that was given cannot be read, or if --fail-on is met.
    """
    from scaling_lib.report import run as run_report

    signal.signal(signal.SIGTERM, _interrupt)
    result = run_report(
        folder or "",
        notebooks=notebooks or "",
        out=out or "",
        steps=steps,
        parameters=dict(parameters),
        jobs=jobs,
        deadline_s=deadline,
        cell_timeout_s=cell_timeout,
    )
    click.echo(_printable(f"{result.summary.verdict}: {result.summary.sentence}"))
    click.echo(str(result.out / "index.html"))
    for finding in result.broken:
        _say(finding.sentence if finding.why in finding.sentence else f"{finding.sentence} {finding.why}", FAILED)
    return FAILED if result.broken else _status([step.state for step in result.summary.steps], fail_on)


@scaling.command()
@click.argument("record", metavar="RECORD", type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def recheck(record: Path, folder: Path | None) -> int:
    """Tell whether a decision record of step 06 still holds by the evidence of DIR.

    Exits 1 if a line of it does not hold, or cannot be checked.
    """
    from scaling_lib.architecture import recheck as look_again
    from scaling_lib.assessment import open_assessment

    found = look_again(record, open_assessment(folder or example_folder()))
    for line in found.lines:
        click.echo(_printable(f"{line.word:<17}  {line.text}"))
    click.echo(f"The decision {'holds' if found.holds else 'does not hold'}.")
    return 0 if found.holds else FAILED


@scaling.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def lab(folder: Path | None) -> None:
    """Open JupyterLab on the notebooks.

    They are copied into DIR/notebooks, or scaling-notebooks without DIR; a copy that is there already stays as it is.
    """
    from scaling_lib.assessment import assessment_file
    from scaling_lib.report.lab import environment, place_notebooks

    assessment = assessment_file(folder or example_folder())
    target = (folder.parent if folder.is_file() else folder) / "notebooks" if folder else Path("scaling-notebooks")
    for line in place_notebooks(target):
        click.echo(line)
    sys.stdout.flush()
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={target.resolve()}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container there is no one else; it listens on loopback alone
    os.execve(sys.executable, command, environment(assessment))  # noqa: S606 - JupyterLab takes over this process


@scaling.command()
@click.option("--services", type=click.IntRange(1, 200), default=1, show_default=True, help="How many assessments.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A new folder for them.")
@click.option("--seed", type=click.IntRange(min=0), default=20261124, show_default=True, help="Other seed, other data.")
@click.option("--days", type=click.IntRange(14, 730), default=90, show_default=True, help="Days of traffic.")
def demo(services: int, out: Path, seed: int, days: int) -> None:
    """Write simulated assessments, a folder each, with what is planted in them in truth.yaml."""
    from tqdm import tqdm

    from scaling_lib.demo import write_assessments

    made = write_assessments(out, services=services, seed=seed, days=days)
    quiet = not sys.stderr.isatty()
    folders = list(tqdm(made, "Simulating", services, leave=False, delay=2, disable=quiet, unit=" assessments"))
    what = f"{services} assessments" if services > 1 else "an assessment"
    click.echo(f"Wrote {what} into {out}. Next: scaling check {folders[0]}")


@scaling.command()
@click.argument("before", metavar="A", type=click.Path(path_type=Path))
@click.argument("after", metavar="B", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="List the findings that did not change too.")
@click.option(
    "--fail-on", type=click.Choice(["worse"]), help="Exit 1 if a finding is new and to be acted on, or worse."
)
def compare(before: Path, after: Path, everything: bool, fail_on: str | None) -> int:
    """Show what changed from report A to report B: findings that are new, worse, moved, better or gone."""
    from scaling_lib.roadmap import compare as compare_runs
    from scaling_lib.roadmap import read_findings
    from scaling_lib.roadmap.text import comparison_text

    found = compare_runs(read_findings(before), read_findings(after))
    for line in comparison_text(found, everything=everything).split("\n"):
        click.echo(_printable(line))
    return FAILED if fail_on and found.is_worse else 0


def _status(states: list[str], fail_on: str | None) -> int:
    bad = {"act": {"failed", "act"}, "watch": {"failed", "act", "watch"}}.get(fail_on or "", {"failed"})
    return FAILED if bad & set(states) else 0


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _paragraph(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, ScalingError):
        return text
    return f"{type(error).__name__}: {text}. This is a fault of the suite; `scaling --debug ...` shows where."


def _printable(text: str) -> str:
    """Text from data may carry codes that steer a terminal; they are shown as blanks."""
    return "".join(character if character.isprintable() else " " for character in text)


def _say(text: str, status: int) -> int:
    click.echo(f"scaling: {_printable(text)}", err=True)
    return status
