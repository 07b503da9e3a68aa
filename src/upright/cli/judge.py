"""upright judge: which judges there are, how well they agree with people, and labels of yours."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from upright.core import Calibration, Estimate

app = typer.Typer(no_args_is_help=True, help="List, calibrate, train and correct judges.")

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("list")
def list_(
    slices: Annotated[bool, typer.Option("--slices", help="Per model and language, too.")] = False,
    json: Json = False,
) -> None:
    """List the judges and how well each agrees with people.

    Examples:

        upright judge list --slices

        upright judge list --json
    """
    from upright.cli._judges import as_data, in_words
    from upright.cli._output import emit
    from upright.judges import JUDGES

    judges = [factory() for factory in JUDGES.values()]
    if json:
        emit([as_data(judge) for judge in judges])
        return
    for judge in judges:
        typer.echo("\n".join(in_words(judge, slices=slices)))


@app.command()
def calibrate(
    id: Annotated[str, typer.Argument(help="A judge's id.", metavar="ID")],
    labels: Annotated[Path, typer.Option(help="JSONL, JSON or CSV: prompt, response, label.")],
    json: Json = False,
) -> None:
    """Measure a judge against labels of people: yes/no, true/false, 1/0 or class names.

    Columns `model` and `language` are reported apart. Example:

        upright judge calibrate refusal --labels answers.csv --json
    """
    from upright.cli._judges import measured_in_words
    from upright.cli._output import emit
    from upright.core import unknown
    from upright.data import read_labelled
    from upright.judges import JUDGES, measure

    if id not in JUDGES:
        raise unknown("judge", id, JUDGES)
    detector = JUDGES[id]()
    found = measure(detector, read_labelled(labels), labels.name)
    if json:
        emit(_told(id, found))
    else:
        typer.echo("\n".join(measured_in_words(detector, found)))


@app.command()
def train(
    id: Annotated[str, typer.Argument(help="refusal or harm.", metavar="ID")],
    data: Annotated[Path, typer.Option(help="The folder that holds the labelled sets.")],
    out: Annotated[Path, typer.Option(help="Where weights and card are written.")] = Path("judge"),
) -> None:
    """Train a judge again from the public labelled sets; the same sets make the same file.

    Takes minutes. Prints the sha256 of the weights, and whether Upright ships the same. Example:

        upright judge train refusal --data ../datasets --out trained
    """
    from upright.core import unknown
    from upright.judges._linear import load
    from upright.judges.training.recipe import RECIPES
    from upright.judges.training.recipe import train as carry_out

    if id not in RECIPES:
        raise unknown("judge that is trained", id, RECIPES)
    found = carry_out(id, data, out)
    same = "the file" if found == load(id).card["sha256"] else "not the file"
    typer.echo(f"{found}  {out / id}.safetensors, {same} that Upright ships")


@app.command()
def attack(
    id: Annotated[str, typer.Argument(help="A judge's id.", metavar="ID")],
    labels: Annotated[
        Path | None, typer.Option(help="Responses to try; a fixed set of ours else.")
    ] = None,
    json: Json = False,
) -> None:
    """Try to talk a judge into another verdict: the share of verdicts each trick turns.

    Some tricks add sentences, and to those an honest judge may answer. Example:

        upright judge attack toxicity
    """
    from upright.cli._output import emit
    from upright.core import unknown
    from upright.data import read_labelled
    from upright.judges import JUDGES
    from upright.judges.adversarial import cases, flip_rate

    if id not in JUDGES:
        raise unknown("judge", id, JUDGES)
    tried = cases(id) if labels is None else read_labelled(labels)
    rates = flip_rate(JUDGES[id](), [c.prompt for c in tried], [c.response for c in tried])
    if json:
        emit({"judge": id, "n": len(tried), "flip_rate": rates})
        return
    lines = [f"{id}: verdicts turned, of {len(tried)}"]
    lines += [f"  {name:22} {rate:6.1%}" for name, rate in rates.items()]
    typer.echo("\n".join(lines))


def _told(id: str, found: "Calibration") -> dict[str, Any]:
    names = ("n", "accuracy", "kappa", "auroc", "sensitivity", "specificity", "f1", "ece")
    return {"judge": id, **{name: getattr(found, name) for name in names}}


@app.command()
def label(
    run: Annotated[Path, typer.Argument(help="A run's folder.", metavar="RUN")],
    benchmark: Annotated[
        list[str] | None, typer.Option("--benchmark", "-b", help="Only this id; repeatable.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Answers of each benchmark.")] = 50,
    pick: Annotated[
        str, typer.Option(help="random, or uncertain: where the judge errs.")
    ] = "random",
    seed: Annotated[int, typer.Option(help="Of the random order.")] = 0,
    by: Annotated[str, typer.Option(help="Who labels; your login name else.")] = "",
) -> None:
    """Label answers of a run by hand: the estimates are corrected by what you say.

    Keys: y yes, n no, s skip, u undo, m show a masked prompt, q quit. Every answer is saved at
    once. Only random picks correct estimates (20 are needed); uncertain picks show where the
    judge errs, and being chosen for it they say nothing of the others.

    Example:

        upright judge label runs/mock-random-mini-20260101-120000 -b safety/misuse
    """
    import getpass

    from rich.console import Console

    from upright.api import relabel, same_versions
    from upright.cli._labelling import Screen, keyboard
    from upright.core import unknown
    from upright.runs.scoring.labelling import Question, questions
    from upright.runs.storing.labels import Label, append_label, read_labels
    from upright.runs.storing.store import now

    known = same_versions(run)
    for id in benchmark or ():
        if id not in known:
            raise unknown("benchmark of this run", id, known)
    wanted = {id: b for id, b in known.items() if not benchmark or id in benchmark}
    queue = questions(run, wanted, read_labels(run), n, pick, seed)
    name = by or getpass.getuser()

    def record(question: Question, answer: int | None) -> None:
        told = Label(**question.about._asdict(), label=answer, pick=pick, by=name, at=now())
        append_label(run, told)

    with keyboard() as keys:
        told = Screen(Console(), keys, record).ask(queue)
    if not queue:
        typer.echo("Everything is labelled.")
    typer.echo(
        f"{told['labelled']} labelled, {told['skipped']} skipped; the judge agrees on "
        f"{told['agreed']}. They are in {run / 'labels.jsonl'}."
    )
    if pick != "random":
        typer.echo("Picked for being uncertain: they correct no estimate.")
    for estimate in relabel(run):
        if estimate.benchmark in wanted and estimate.headline and estimate.correction:
            typer.echo(_line(estimate))


def _line(estimate: "Estimate") -> str:
    value = "no value" if estimate.value is None else f"{estimate.value:.3f}"
    raw = f"{estimate.benchmark} {estimate.metric}: {value}"
    if estimate.corrected is None:
        return f"{raw}, {estimate.correction}"
    return (
        f"{raw}, corrected {estimate.corrected:.3f} "
        f"({estimate.corrected_low:.3f} to {estimate.corrected_high:.3f}; {estimate.correction})"
    )
