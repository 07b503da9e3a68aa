"""upright serve-guarded: put defenses before a model, for any program that speaks OpenAI's API."""

from pathlib import Path
from typing import Annotated

import typer

from upright.cli import _options as options


def serve_guarded(
    model: options.Model,
    defenses: options.With = None,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    name: Annotated[
        str, typer.Option(help="The model's name for clients; default MODEL, or what follows its /")
    ] = "",
    key_env: Annotated[
        str, typer.Option(help="The environment variable with the key that clients must show.")
    ] = "",
    log: Annotated[
        Path | None, typer.Option(help="Append each decision to this file, one JSON a line.")
    ] = None,
    log_texts: Annotated[
        bool, typer.Option("--log-texts", help="Write questions and answers there, too.")
    ] = False,
    max_tokens: Annotated[int, typer.Option(min=1, help="Of an answer, at most.")] = 1024,
    waiting: Annotated[
        int, typer.Option(min=1, help="Questions under way at once; more are told to come back.")
    ] = 1000,
    base_url: options.BaseUrl = "",
    concurrency: options.Concurrency = 256,
    timeout: options.Timeout = 120.0,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    threads: options.Threads = None,
) -> None:
    """Serve a model behind defenses: what was measured is what is deployed.

    Clients change the address and nothing else. An answer is given out when it is whole and every
    defense has passed it; streaming clients get it in pieces from then on. The header
    X-Upright-Decisions says what each defense did; a refusal ends with content_filter. What the
    model behind cannot do (tools, n, stop, ...) is refused and not ignored. A failure behind is
    told as 502 or 503 and not asked again here: clients do. Examples:

        upright serve-guarded local/smollm2-135m-guarded --with erase_and_check --log log.jsonl

        upright serve-guarded openai/NAME --with smoothllm:copies=4 --with output_filter

        upright serve-guarded openai/NAME --base-url http://gpu:8000/v1 --with self_reminder

    Stop it with Ctrl-C: questions under way have half a minute.
    """
    given = locals()
    from upright.api import serve
    from upright.cli._job import job_of
    from upright.serving.terms import Place, Terms

    terms = Terms(names=(name,) if name else (), max_tokens=max_tokens, waiting=waiting)
    place = Place(host=host, port=port, key_env=key_env, log=log, texts=log_texts)
    # A run's longest answer is a setting; here it is the server's.
    job = job_of({key: value for key, value in given.items() if key != "max_tokens"})
    serve(
        model,
        job,
        terms,
        place,
        on_ready=lambda url: typer.echo(f"{model} behind {', '.join(job.defenses)}: {url}"),
    )
