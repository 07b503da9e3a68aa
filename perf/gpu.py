"""How fast is the engine on torch on a GPU, and in which batches?

Llamas of two shapes with random weights read random tokens, so that neither a network nor a
tokenizer is needed: speed depends on neither. Beside Upright's engine stands the plain loop
over transformers, one text after the other. Both are asked the same questions, and how often
they choose the same option is told. All of it within a budget of seconds; what comes too late
is left out and named.

    PYTHONPATH=src python perf/gpu.py            # needs torch, transformers, numpy, msgspec, jinja2
    PYTHONPATH=src python perf/gpu.py --tiny     # a minute's rehearsal on a CPU
    PYTHONPATH=src python perf/gpu.py --model local/smollm2-135m

With --model the weights are real, and so are the questions and texts: the mini suite's.
Then transformers in batches of 64 rows stands beside them too (`_hf_batches.py`), and what
Upright chooses and writes is compared with that; without --model, with the plain loop.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import torch
from _hf_batches import ROWS, in_batches
from _mini import requests_of, spread
from transformers import AutoModelForCausalLM, LlamaConfig

from upright.core import Request
from upright.models import ModelOptions, mock
from upright.models._batching import arranged, in_halves
from upright.models._checkpoint import Checkpoint, load_checkpoint
from upright.models._decoding import Beginning, Prompt, closed, weigh, write
from upright.models._folders import folder_of
from upright.models._torch import Torch, load_module

END = 2
NEW, OPTIONS, HEADER = 64, 4, 600
SENTENCE = "Read all of what follows, think of what the words mean, and then answer in few words. "
Contender = partial[list[Any]]


class Shape(NamedTuple):
    layers: int
    hidden: int
    inner: int
    heads: int
    shared: int
    vocabulary: int
    context: int = 2048


SHAPES = {
    "135M": Shape(30, 576, 1536, 9, 3, 49152),  # SmolLM2-135M
    "1.1B": Shape(22, 2048, 5632, 32, 4, 32000),  # TinyLlama
}
PRECISIONS = ("bfloat16", "float32")
TINY = {"tiny": Shape(2, 64, 128, 4, 2, 512)}


class Work(NamedTuple):
    """Questions of different lengths, some with a header in common; texts to go on from."""

    questions: list[Prompt]
    headed: list[Prompt]
    texts: list[Prompt]
    end: int = END


def random_model(shape: Shape, device: str, precision: str) -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.shared,
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.context,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=END,
        pad_token_id=0,
    )
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, precision))
    return model.eval()


def random_work(shape: Shape, count: int) -> Work:
    """Options of one token for half of the questions, as letters are, else of up to eight."""
    draw = np.random.default_rng(0)

    def some(length: int) -> list[int]:
        return [int(token) for token in draw.integers(3, shape.vocabulary, length)]

    def prompt(header: Sequence[int], number: int) -> Prompt:
        lengths = draw.integers(1, 9, OPTIONS) if number % 2 else [1] * OPTIONS
        options = tuple(some(int(length)) for length in lengths)
        return Prompt([*header, *some(int(draw.integers(60, 200)))], NEW, options=options)

    header = some(HEADER)
    texts = [prompt((), number)._replace(options=()) for number in range(count)]
    return Work(
        [prompt((), number) for number in range(count)],
        [prompt(header, number) for number in range(count)],
        texts,
    )


def real_work(checkpoint: Checkpoint, count: int) -> Work:
    """Evenly spaced ones of the mini suite; a header of as many tokens as at random."""
    chooser = replace(mock.open_mock("echo", ModelOptions()), can_choose=True)
    asked = requests_of(chooser)
    header = checkpoint.encode_answer(SENTENCE * HEADER)[:HEADER]

    def prompt(request: Request) -> Prompt:
        options = tuple(tuple(checkpoint.encode_answer(option)) for option in request.options)
        return Prompt(checkpoint.encode(request.messages), NEW, options=options)

    questions = spread([prompt(request) for request in asked if request.options], count)
    return Work(
        questions,
        [one._replace(tokens=[*header, *one.tokens]) for one in questions],
        spread([prompt(request) for request in asked if not request.options], count),
        checkpoint.end,
    )


def ours(engine: Torch, end: int, prompts: Sequence[Prompt]) -> list[Any]:
    """As `upright run` asks: options weighed, or texts written without an end."""
    beginning = Beginning()
    found: dict[int, Any] = {}

    def answered(some: Sequence[Prompt]) -> list[Any]:
        if some[0].options:
            return list(weigh(engine, some, end, beginning))
        return [w.tokens for w in write(engine, some, frozenset(), beginning=beginning)]

    for places in arranged(prompts, engine.limits):
        answers = in_halves(answered, [prompts[place] for place in places])
        found.update(zip(places, answers, strict=True))
    return [found[place] for place in range(len(prompts))]


def plain(model: Any, end: int, prompts: Sequence[Prompt]) -> list[Any]:
    """One text after the other; each option together with its prompt."""
    with torch.inference_mode():
        return [_weighed(model, end, p) if p.options else _written(model, p) for p in prompts]


def _weighed(model: Any, end: int, prompt: Prompt) -> list[float]:
    values = []
    for option in closed(prompt.options, end):
        text = torch.tensor([[*prompt.tokens, *option]], device=model.device)
        chances = model(input_ids=text).logits[0, -len(option) - 1 : -1].float().log_softmax(-1)
        asked = torch.tensor(option, device=model.device)[:, None]
        values.append(float(chances.gather(1, asked).sum()))
    return values


def _written(model: Any, prompt: Prompt) -> list[int]:
    text = torch.tensor([list(prompt.tokens)], device=model.device)
    written = model.generate(
        text,
        attention_mask=torch.ones_like(text),
        max_new_tokens=prompt.limit,
        do_sample=False,
    )
    return [int(token) for token in written[0, text.shape[1] :]]


class Clock:
    """What is left of the budget."""

    def __init__(self, budget: float, device: str) -> None:
        self._end, self._device = time.perf_counter() + budget, device

    @property
    def left(self) -> float:
        return self._end - time.perf_counter()

    def timed(self, work: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
        self._wait()
        start = time.perf_counter()
        found = work()
        self._wait()
        return time.perf_counter() - start, found

    def _wait(self) -> None:
        if self._device == "cuda":
            torch.cuda.synchronize()


def contenders(
    model: Any, work: Work, asked: argparse.Namespace
) -> Iterator[tuple[str, int, Contender]]:
    """Each with its rows."""
    if asked.model:
        name = f"transformers, {ROWS} rows"
        yield name, ROWS, partial(in_batches, model, work.end)
    for rows in asked.rows:
        engine = Torch(model, model.device.type)
        step = asked.step or engine.limits.step
        engine.limits = engine.limits._replace(rows=rows, step=step)
        yield f"Upright, {rows} rows", rows, partial(ours, engine, work.end)


def measured(
    model: Any, work: Work, asked: argparse.Namespace, clock: Clock, few: int
) -> Iterator[str]:
    """The cells of a table, row by row: the plain loop on few items, then each contender."""
    loop = partial(plain, model, work.end)
    loop([work.questions[0], work.texts[0]])  # kernels are chosen and loaded at first use
    parts = (work.questions[:few], work.headed[:few], work.texts[: max(1, few // 8)])
    told = [clock.timed(partial(loop, part)) for part in parts]
    base = [len(part) / took for part, (took, _) in zip(parts, told, strict=True)]
    yield f"plain loop | {base[0]:,.1f} | {base[1]:,.1f} | {base[2] * NEW:,.0f} | | | {_memory()}"
    for name, rows, contender in contenders(model, work, asked):
        if clock.left < 0:
            yield f"{name} | left out: no time | | | | |"
            continue
        # Small batches are slow: fewer of them.
        most, texts = (asked.count,) * 2 if asked.model else (max(few, 2 * rows), max(4, 2 * rows))
        parts = (work.questions[:most], work.headed[:most], work.texts[:texts])
        for part in parts:
            contender(part[:rows])  # kernels are chosen and loaded at the first batch of a shape
        runs = [clock.timed(partial(contender, part)) for part in parts]
        speeds = [len(part) / took for part, (took, _) in zip(parts, runs, strict=True)]
        times = [f"({a / b:.1f}x)" for a, b in zip(speeds, base, strict=True)]
        pairs = [list(zip(a, b, strict=False)) for (_, a), (_, b) in zip(runs, told, strict=True)]
        if contender.func is in_batches:
            told = runs  # of more items than the loop had time for
        yield (
            f"{name} | {speeds[0]:,.1f} {times[0]} | {speeds[1]:,.1f} {times[1]} "
            f"| {speeds[2] * NEW:,.0f} {times[2]} | {_agreement(pairs[0] + pairs[1])} "
            f"| {_same(pairs[2])} | {_memory()}"
        )


def _agreement(pairs: Sequence[tuple[Any, Any]]) -> str:
    """Same choices, and how far log-likelihoods lie apart."""
    same = sum(int(np.argmax(a)) == int(np.argmax(b)) for a, b in pairs)
    # numpy's maximum, unlike Python's, is never silent about a value that is no number.
    most = np.max([abs(x - y) for a, b in pairs for x, y in zip(a, b, strict=True)])
    return f"{same}/{len(pairs)}, {most:.1g}"


def _same(pairs: Sequence[tuple[Any, Any]]) -> str:
    """How many texts are the same to their end."""
    return f"{sum(list(a) == list(b) for a, b in pairs)}/{len(pairs)}"


def _memory() -> str:
    if not torch.cuda.is_available():
        return ""
    most = torch.cuda.max_memory_allocated() / 2**20
    torch.cuda.reset_peak_memory_stats()
    return f"{most:,.0f}"


def networks(asked: argparse.Namespace, device: str, count: int) -> Iterator[tuple[str, Any, Work]]:
    """Each in both precisions."""
    if asked.model:
        checkpoint = load_checkpoint(folder_of(asked.model.removeprefix("local/")))
        work = real_work(checkpoint, count)
        for precision in PRECISIONS:
            yield asked.model, load_module(checkpoint, device, precision), work
        return
    for network, shape in (TINY if asked.tiny else SHAPES).items():
        for precision in PRECISIONS:
            yield network, random_model(shape, device, precision), random_work(shape, count)


def main() -> None:
    parser = argparse.ArgumentParser(description="The engine on torch, in batches of many sizes.")
    parser.add_argument("--tiny", action="store_true", help="a small network, few questions")
    parser.add_argument("--model", help="a local model with weights of its own: local/NAME")
    parser.add_argument("--rows", type=int, nargs="+", default=[1, 8, 32, 128, 512])
    parser.add_argument("--step", type=int, help="tokens read at once; the engine's own number")
    parser.add_argument("--count", type=int, default=512, help="questions and texts")
    parser.add_argument("--budget", type=float, default=180.0, help="seconds")
    asked = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    clock = Clock(asked.budget, device)
    name = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    count, few = (24, 8) if asked.tiny else (asked.count, 32)
    packages = ", ".join(f"{package} {version(package)}" for package in ("torch", "transformers"))
    print(f"{name}; {packages}; {count} questions and texts, {torch.get_num_threads()} threads\n")
    print(
        "| network | precision | who | samples/s | samples/s behind a header | new tokens/s "
        "| same choices, nats | same texts | peak MiB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for network, model, work in networks(asked, device, count):
        # Texts have no end: all are as long, whoever writes them.
        model.generation_config.eos_token_id = None
        model.generation_config.pad_token_id = 0
        for cells in measured(model, work, asked, clock, few):
            print(
                f"| {network} | {str(model.dtype).removeprefix('torch.')} | {cells} |", flush=True
            )
    print(f"\n{asked.budget - clock.left:.0f} s")


if __name__ == "__main__":
    main()
