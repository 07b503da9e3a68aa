"""The options of the verbs that measure, each with its help."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str, typer.Argument(help="local/smollm2-135m, openai/NAME, replay/FILE, mock/NAME.")
]
Suite = Annotated[
    str,
    typer.Option(
        help="mini (ships with Upright), trustllm (the paper's 24 files), or another dataset of "
        "`upright data list`. A suite runs the benchmarks that have a file in it."
    ),
]
Dimensions = Annotated[
    list[str] | None, typer.Option("--dimension", "-d", help="Only this dimension; repeatable.")
]
Benchmarks = Annotated[
    list[str] | None, typer.Option("--benchmark", "-b", help="Only this id; repeatable.")
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Samples per benchmark: stratified, pairs whole.")
]
Until = Annotated[
    float | None,
    typer.Option(
        help="Stop a benchmark once all its samples would surely (95 %) give the same headline "
        "to this half-width, such as 0.03. What is no mean (F1, correlations) runs in full.",
    ),
]
Like = Annotated[
    str,
    typer.Option(
        help="With --until: the folder of a finished run of a similar model on the same data "
        "(version before, base model). The more verdicts agree, the sooner benchmarks stop.",
    ),
]
Decide = Annotated[
    float | None,
    typer.Option(
        help="Stop a benchmark once its headline is surely (95 %) above or below this bound, such "
        "as 0.9; with --until, whichever comes first. What stays undecided runs in full.",
    ),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Repeats of every sample.")]
ScoreSet = Annotated[
    str, typer.Option(help="upright (corrected), published (the original toolkit's), or both.")
]
Data = Annotated[Path | None, typer.Option(help="A folder that holds datasets.")]
Judge = Annotated[
    list[str] | None,
    typer.Option(help="A judge model, where rules are weak; repeatable: the majority decides."),
]
JudgeVotes = Annotated[
    int, typer.Option(min=1, help="Ask each judge so often (at temperature 1); majority.")
]
JudgeSample = Annotated[
    int | None,
    typer.Option(
        help="Ask judges about so many answers of each score set, drawn at random (20 or more): "
        "they correct what the local judge says of all answers, and replace nothing.",
    ),
]
JudgeBaseUrl = Annotated[str, typer.Option(help="The judge's server, if another.")]
JudgeItself = Annotated[
    bool, typer.Option("--judge-itself", help="Let the model judge its own answers.")
]
AttackStrings = Annotated[
    str,
    typer.Option(
        help="A file of JailbreakBench's artifacts: ask its stored prompts instead of the harmful "
        "behaviours (with --suite jbb -b safety/jbb_harmful).",
        metavar="FILE",
    ),
]
BaseUrl = Annotated[str, typer.Option(help="An OpenAI-compatible server, for every openai/NAME.")]
Batch = Annotated[
    bool,
    typer.Option("--batch", help="Through OpenAI's batch API: within a day, at half the price."),
]
Logprobs = Annotated[
    bool, typer.Option("--logprobs", help="Let an endpoint pick options by log-probability.")
]
RepeatsPerCall = Annotated[
    int, typer.Option(min=1, help="Repeats of a prompt asked in one call (`n`).")
]
Concurrency = Annotated[int | None, typer.Option(min=1, help="Calls under way at once.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds a call may take.")]
MaxAttempts = Annotated[int, typer.Option(min=1, help="Tries before an error outcome.")]
Hedge = Annotated[
    bool,
    typer.Option(
        "--hedge",
        help="Ask an endpoint a second time where a call takes longer than 95 % of the recent "
        "ones; the first answer counts. At most 5 % more calls.",
    ),
]
Rpm = Annotated[
    int | None, typer.Option(min=1, help="Requests per minute at most, of each model by itself.")
]
Tpm = Annotated[
    int | None, typer.Option(min=1, help="Tokens per minute at most, of each model by itself.")
]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        help="A defense before the model, such as smoothllm or smoothllm:copies=4; repeatable, "
        "the first outermost. See: upright list defenses",
    ),
]
Workers = Annotated[
    str, typer.Option(help="Processes that ask: a number, or auto (as many as cores and work).")
]
On = Annotated[str, typer.Option(help="Ask from a cluster: ray, or ray://HOST:PORT.")]
Shards = Annotated[
    str, typer.Option(help="Where workers that share no disk write, such as s3://bucket/folder.")
]
Device = Annotated[str, typer.Option(help="For local models: cpu, cuda, or auto.")]
Precision = Annotated[str, typer.Option(help="For local models: float32, bfloat16, or auto.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads of a local model.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Longest answer, in tokens.")]
Choices = Annotated[
    str, typer.Option(help="auto: closed options by likelihood where possible; or text.")
]
Seed = Annotated[int, typer.Option(help="Of every random choice.")]
Out = Annotated[Path, typer.Option(help="Where run folders are made.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Ask everything anew.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be asked and what it costs.")
]
Price = Annotated[
    tuple[float, float] | None,
    typer.Option(help="For --dry-run: per million tokens in and out.", metavar="IN OUT", min=0),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
RUNS = Path("runs")
