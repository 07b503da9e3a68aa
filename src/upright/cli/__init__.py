"""The front door: one thin file per verb.

Verbs import what they need when they run, so that `upright --help` stays instant.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import typer

from upright import __version__
from upright.cli import (
    attack,
    card,
    check,
    compare,
    data,
    defend,
    doctor,
    export,
    findings,
    import_,
    judge,
    leaderboard,
    pack,
    repair,
    report,
    run,
    score,
    serve_guarded,
    verify,
)
from upright.cli import list as list_verb
from upright.core.errors import UprightError, UprightWarning

INTERRUPTED = 130
"""The exit code by which typer tells of Ctrl-C."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Measure how far a language model can be trusted.\n\n"
    "Start with: upright run local/smollm2-135m\n\n"
    "Exit codes: 0 fine; 1 the answer is no (worse, not proven, a failed check), or the work broke "
    "off (Ctrl-C, a model that is gone); 2 the command cannot be carried out as given: an option, "
    "or a run, file or folder that it names, is of no use; 3 done, but something is left out.",
)
app.command("run", epilog=run.MORE)(run.run)
app.command("score")(score.score)
app.command("attack")(attack.attack)
app.command("defend")(defend.defend)
app.command("report")(report.report)
app.command("compare")(compare.compare)
app.command("pack")(pack.pack)
app.command("verify")(verify.verify)
app.command("leaderboard")(leaderboard.leaderboard)
app.command("findings")(findings.findings)
app.command("card")(card.card)
app.command("import")(import_.import_)
app.command("export")(export.export)
app.command("repair")(repair.repair)
app.command("serve-guarded")(serve_guarded.serve_guarded)
app.command("list")(list_verb.list_)
app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.add_typer(data.app, name="data")
app.add_typer(judge.app, name="judge")


@app.callback(invoke_without_command=True)
def version(
    show: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if show:
        typer.echo(f"upright {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; our errors and warnings are shown without a place in the code."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _shown(warnings.showwarning)
            app()
    except UprightError as error:
        sys.stderr.write(f"upright: {error}\n")
        sys.exit(error.exit_code)
    except SystemExit as ended:
        if ended.code != INTERRUPTED:
            raise
        sys.stderr.write("upright: stopped. Run the same command again to go on.\n")
        sys.exit(UprightError.exit_code)


def _shown(usually: Callable[..., None]) -> Callable[..., None]:
    """How a warning is shown: others than ours as usually."""

    def show(message: Warning | str, category: type[Warning], *place: Any) -> None:
        if issubclass(category, UprightWarning):
            sys.stderr.write(f"upright: {message}\n")
        else:
            usually(message, category, *place)

    return show
