"""upright data: the datasets Upright knows, where they lie, and whether they are intact."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="List, verify and fetch datasets.")

Folder = Annotated[Path | None, typer.Option("--data", help="A folder that holds datasets.")]


@app.command("list")
def list_(data: Folder = None) -> None:
    """List the datasets of the manifest, their licence, and where each lies.

    Example:

        upright data list --data ../datasets
    """
    from upright.data import datasets, find

    for dataset in datasets().values():
        rows = sum(f.rows for f in dataset.files)
        places = [path for f in dataset.files if (path := find(dataset, f.name, data))]
        typer.echo(f"{dataset.id}: {dataset.title}")
        typer.echo(f"  {len(dataset.files)} files, {rows:,} rows; {dataset.licence}")
        typer.echo(f"  {dataset.address}")
        typer.echo(f"  here: {len(places)} files" + (f", {places[0].parents[1]}" if places else ""))
    typer.echo("mini: ships with the package, files of our own")


@app.command()
def verify(
    data: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Compare every file at hand with its recorded sha256, and count what patches would touch.

    Examples:

        upright data verify

        upright data verify --data ../datasets --json
    """
    from upright.cli._output import emit
    from upright.data import datasets

    found = [_verified(d, f, data) for d in datasets().values() for f in d.files]
    if json:
        emit({"files": found})
    else:
        for file in found:
            touched = ", ".join(f"{k} {v}" for k, v in file["patches"].items())
            typer.echo(f"{file['state']:<8} {file['file']}  {touched or file['detail']}")
    if any(file["state"] == "changed" for file in found):
        raise typer.Exit(1)


@app.command()
def fetch(
    dataset: Annotated[str, typer.Argument(help="The dataset's id.")] = "trustllm",
) -> None:
    """Download a dataset into the user's cache, verified file by file; resumes when cut off.

    Example:

        upright data fetch trustllm
    """
    from upright import data

    paths = data.fetch(data.dataset(dataset))
    typer.echo(f"{len(paths)} files in {data.cache_dir() / 'data' / dataset}")


@app.command()
def patches() -> None:
    """List the named corrections of the data.

    Example:

        upright data patches
    """
    from upright.data import PATCHES

    for patch in PATCHES:
        typer.echo(f"{patch.id:<4} {patch.file:<45} {patch.title}")


def _verified(dataset: Any, file: Any, data: Path | None) -> dict[str, Any]:
    from upright.core import DataError
    from upright.data import find, read_rows
    from upright.data.places import verify as verify_file

    record = {"dataset": dataset.id, "file": file.name, "rows": file.rows, "patches": {}}
    path = find(dataset, file.name, data)
    if path is None:
        return record | {"state": "missing", "detail": "upright data fetch"}
    try:
        verify_file(path, file)
    except DataError as error:
        return record | {"state": "changed", "detail": str(error)}
    return record | {
        "state": "ok",
        "detail": "",
        "patches": dict(read_rows(path, file.name).patches),
    }
