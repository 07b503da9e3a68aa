"""upright card: a method's label, a section for a model card, coverage of a public framework."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from upright.reports import Profile

WEB = ("https://", "http://")


def card(
    run: Annotated[
        Path,
        typer.Argument(
            help="A run's folder; or the id of a benchmark, attack, defense or repair.",
            metavar="RUN|ID",
        ),
    ],
    out: Annotated[Path | None, typer.Option(help="Write the card here, not on stdout.")] = None,
    source: Annotated[
        str, typer.Option(help="Where the run or its report can be read.", metavar="URL")
    ] = "",
    framework: Annotated[
        str,
        typer.Option(
            help="Show coverage of nist-ai-rmf, eu-ai-act, owasp-llm or mlcommons instead.",
            metavar="NAME",
        ),
    ] = "",
    json: Annotated[
        bool,
        typer.Option("--json", help="With an ID or --framework: one JSON document on stdout."),
    ] = False,
) -> None:
    """Write a model card's section in Markdown, with a Hugging Face model-index.

    With --framework it shows coverage of a public one, never compliance. With the id of a method,
    what that is, which paper it follows, and where it stops. Examples:

        upright card smoothllm

        upright card runs/v1 --out card.md

        upright card runs/v1 --framework owasp-llm
    """
    from upright.cli._output import up_to_date
    from upright.cli.list import room_of
    from upright.core.errors import UsageError
    from upright.reports import load_profile

    if not (framework or out or source or run.exists()) and (room := room_of(str(run))):
        _label(room, str(run), json=json)
        return
    if framework and (out or source):
        raise UsageError("--framework prints its coverage: it takes no --out and no --source.")
    if json and not framework:
        raise UsageError("--json needs --framework: a card is Markdown. For all numbers: report.")
    if source and not source.startswith(WEB):
        raise UsageError(f"--source must be a web address, not {source!r}.")
    up_to_date(run)
    profile = load_profile(run)
    if framework:
        _coverage(profile, framework, json=json)
    else:
        _card(profile, out, source)


def _label(room: str, id: str, *, json: bool) -> None:
    from upright.cli._output import emit
    from upright.cli.list import card_of

    card = card_of(room, id)
    if json:
        emit({"id": id, "room": room, **asdict(card)})
        return
    paper = f"https://arxiv.org/abs/{card.paper}" if card.paper else "no paper"
    typer.echo(f"{card.title}  ({room.removesuffix('s')} {id})")
    typer.echo(f"{card.measures}\n")
    for name, told in (
        ("dimension", card.dimension),
        ("paper", paper),
        ("access", card.access),
        ("data", card.data),
        ("licence", card.licence),
    ):
        typer.echo(f"{name:<10} {told}")
    typer.echo("\nlimits" if card.limits else "")
    for limit in card.limits:
        typer.echo(f"- {limit}")


def _coverage(profile: "Profile", id: str, *, json: bool) -> None:
    from upright.cli._output import console, emit
    from upright.reports.cards.coverage import coverage, coverage_document
    from upright.reports.cards.frameworks import framework
    from upright.reports.text.coverage import render_coverage

    covered = coverage(profile, framework(id))
    if json:
        emit(coverage_document(profile, covered))
    else:
        render_coverage(profile, covered, console())


def _card(profile: "Profile", out: Path | None, source: str) -> None:
    from upright.reports.cards.model_card import model_card
    from upright.runs.storing.tables import write_whole

    text = model_card(profile, source).encode()
    if out:
        write_whole(out, lambda file: file.write_bytes(text))
    else:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
