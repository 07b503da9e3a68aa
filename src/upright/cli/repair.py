"""upright repair: change a local model's weights, and keep the result as another local model."""

from typing import Annotated

import typer

from upright.cli import _options as options


def repair(
    method: Annotated[str, typer.Argument(help="See: upright list repairs", metavar="METHOD")],
    model: Annotated[
        str, typer.Argument(help="A local model: local/NAME or local/DIR.")
    ] = "local/smollm2-135m",
    out: Annotated[
        str, typer.Option(help="The new model's name in the cache; default MODEL-guarded.")
    ] = "",
    data: options.Data = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
) -> None:
    """Repair a local model; the result is local/OUT, for every run to open.

    Needs torch: pip install 'upright[weights]'. Runs on the CPU. Stopped with Ctrl-C, it leaves
    nothing behind, and an earlier OUT as it was.

    Examples:

        upright repair refusal_tuning --data ../datasets

        upright repair refusal_tuning local/models/mine --out mine-guarded --threads 2

        upright run local/smollm2-135m-guarded
    """
    from upright.api import repair as carry_out
    from upright.cli._progress import steps_bar
    from upright.core import registry

    method_with_seed = registry.load("repairs", method, seed=seed)
    with steps_bar() as on_step:
        folder = carry_out(method_with_seed, model, out, data, threads, on_step)
    typer.echo(f"local/{folder.name}  {folder}")
