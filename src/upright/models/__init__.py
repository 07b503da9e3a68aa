"""One handle on a model: answers over HTTP, from a local model, replayed, or mocked.

A model is named by a spec, `PREFIX/NAME`: the prefix is the file here that knows how to open
it, the name is for that file to read. Other packages join through the entry-point group
`upright`: the entry point's name is `models/PREFIX`, its value a module with `open_PREFIX()`.
"""

import importlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from upright.core import Model, UsageError, printable, unknown


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """How a model is reached and used. Each provider reads the options it knows.

    base_url        an OpenAI-compatible server; "" means OPENAI_BASE_URL, then OpenAI itself
    concurrency     calls under way at once; None means the provider's own default
    timeout         seconds one call may take
    max_attempts    how often a run asks before it gives an answer up (handed to the run)
    hedge           a second call where one takes far longer than most, for 5 % of calls at most
    rpm, tpm        requests and tokens per minute at most (handed to the run)
    batch           through an endpoint's batch API: within a day, at half the price
    repeats_per_call    repeats of a prompt asked in one call (`n`), where the server can
    logprobs        let an endpoint choose among options by log-probability
    seed            of a server's own random choices, where it takes one
    device          for local models: cpu, cuda, or auto (a GPU if torch sees one)
    precision       for local models: float32, bfloat16, or auto (float32 on a CPU)
    threads         for local models on a CPU; None leaves the choice to the engine
    """

    base_url: str = ""
    concurrency: int | None = None
    timeout: float = 120.0
    max_attempts: int = 6
    hedge: bool = False
    rpm: int | None = None
    tpm: int | None = None
    batch: bool = False
    repeats_per_call: int = 1
    logprobs: bool = False
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None


DEFAULTS = ModelOptions()


def open_model(spec: str, options: ModelOptions = DEFAULTS) -> Model:
    """The model that a spec such as `openai/gpt-4o-mini` names."""
    known = providers()
    if spec != printable(spec):
        raise UsageError(f"{printable(spec)!r} is no model: it holds bytes that are no text.")
    prefix, _, name = spec.partition("/")
    if prefix not in known:
        raise unknown("model provider", prefix, known)
    if not name:
        raise UsageError(f"{spec!r} names no model. Write {prefix}/NAME.")
    model: Model = getattr(importlib.import_module(known[prefix]), f"open_{prefix}")(name, options)
    return model


@cache
def providers() -> dict[str, str]:
    """Every prefix and its module, without importing any: files that know how to open theirs."""
    files = sorted(Path(__file__).parent.glob("[!_]*.py"))
    opening = [p.stem for p in files if f"def open_{p.stem}(name: str, " in p.read_text("utf-8")]
    found = {prefix: f"{__name__}.{prefix}" for prefix in opening}
    for point in entry_points(group="upright"):
        room, _, prefix = point.name.partition("/")
        if room == "models":
            found[prefix] = point.value
    return found
