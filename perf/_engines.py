"""The engines that `local_engines.py` compares, each behind the same two verbs."""

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from upright.models import ModelOptions
from upright.models._checkpoint import Checkpoint
from upright.models._decoding import Engine, Prompt, closed, weigh, write

THREADS, NEW = 2, 64
CHOSEN, REFERENCE = "OpenVINO, own graph, float32", "torch float32"
OPTIONS = ModelOptions(threads=THREADS)
EXACT = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32"}
Batches = list[list[Prompt]]


class Worker(Protocol):
    def write(self, batches: Batches) -> list[list[int]]: ...

    def weigh(self, batches: Batches) -> list[list[float]]: ...


class Ours(NamedTuple):
    """An engine behind Upright's own decoding."""

    engine: Engine
    end: int

    def write(self, batches: Batches) -> list[list[int]]:
        return [w.tokens for batch in batches for w in write(self.engine, batch, frozenset())]

    def weigh(self, batches: Batches) -> list[list[float]]:
        return [list(v) for batch in batches for v in weigh(self.engine, batch, self.end)]


def own_graph(checkpoint: Checkpoint, _: Path, precision: str) -> Worker:
    from upright.models._llama import open_llama

    return Ours(open_llama(checkpoint, THREADS, precision), checkpoint.end)


def on_torch(checkpoint: Checkpoint, _: Path, precision: str) -> Worker:
    from upright.models._torch import open_torch

    lower = "float32" if precision == "int8" else precision
    engine = open_torch(checkpoint, "cpu", replace(OPTIONS, precision=lower))
    if precision == "int8":
        torch = importlib.import_module("torch")
        quantization = importlib.import_module("torch.ao.quantization")
        kinds = {torch.nn.Linear: quantization.per_channel_dynamic_qconfig}
        quantization.quantize_dynamic(engine._model, kinds, torch.qint8, inplace=True)
    return Ours(engine, checkpoint.end)


class CTranslate2:
    """Reads prompt and option together, once per option: it keeps no state between calls."""

    def __init__(self, checkpoint: Checkpoint, artefacts: Path, precision: str) -> None:
        library = importlib.import_module("ctranslate2")
        folder = artefacts / "ctranslate2"
        self._words: list[str] = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        self._end = checkpoint.end
        self._generator = library.Generator(
            str(folder), compute_type=precision, intra_threads=THREADS, inter_threads=1
        )

    def write(self, batches: Batches) -> list[list[int]]:
        prompts = [self._spelled(p.tokens) for batch in batches for p in batch]
        written = self._generator.generate_batch(
            prompts,
            max_length=NEW,
            beam_size=1,
            end_token=[self._words[-1]],  # a token of an unused alphabet: nothing ends early
            include_prompt_in_result=False,
        )
        return [list(w.sequences_ids[0]) for w in written]

    def weigh(self, batches: Batches) -> list[list[float]]:
        prompts = [p for batch in batches for p in batch]
        answers = [closed(p.options, self._end) for p in prompts]
        texts = [[*p.tokens, *a] for p, some in zip(prompts, answers, strict=True) for a in some]
        found = self._generator.score_batch([self._spelled(t) for t in texts], max_batch_size=32)
        scores = iter(found)
        return [[sum(next(scores).log_probs[-len(a) :]) for a in some] for some in answers]

    def _spelled(self, tokens: Sequence[int]) -> list[str]:
        return [self._words[token] for token in tokens]


class GenAi:
    """openvino-genai on the GGUF itself, which its own reader translates; float32 arithmetic."""

    def __init__(self, checkpoint: Checkpoint, artefacts: Path, _: str) -> None:
        self._end = checkpoint.end
        self._library = importlib.import_module("openvino_genai")
        self._tensor = importlib.import_module("openvino").Tensor
        self._numpy = importlib.import_module("numpy")
        settings = {**EXACT, "INFERENCE_NUM_THREADS": THREADS}
        scheduler = self._library.SchedulerConfig()
        scheduler.max_num_batched_tokens = 1024  # the default, 256, is slower
        self._pipeline = self._library.ContinuousBatchingPipeline(
            str(artefacts / "gguf"), scheduler, "CPU", settings
        )

    def write(self, batches: Batches) -> list[list[int]]:
        texts = [p.tokens for batch in batches for p in batch]
        outputs = self._outputs(texts, max_new_tokens=NEW, ignore_eos=True)
        return [list(output.generated_ids) for output in outputs]

    def weigh(self, batches: Batches) -> list[list[float]]:
        prompts = [p for batch in batches for p in batch]
        answers = [closed(p.options, self._end) for p in prompts]
        texts = [[*p.tokens, *a] for p, some in zip(prompts, answers, strict=True) for a in some]
        outputs = iter(self._outputs(texts, max_new_tokens=1, echo=True, logprobs=1))
        # The prompt is echoed and one token, which nobody asked for, written after it.
        return [
            [sum(next(outputs).generated_log_probs[-len(a) - 1 : -1]) for a in some]
            for some in answers
        ]

    def _outputs(self, texts: Sequence[Sequence[int]], **wishes: Any) -> list[Any]:
        config = self._library.GenerationConfig(do_sample=False, **wishes)
        handles = [
            self._pipeline.add_request(i, self._tensor(self._numpy.array([text])), config)
            for i, text in enumerate(texts)
        ]
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        return [handle.read_all()[0] for handle in handles]


ENGINES: dict[str, Callable[[Checkpoint, Path], Worker]] = {
    CHOSEN: partial(own_graph, precision="float32"),
    "OpenVINO, own graph, bfloat16": partial(own_graph, precision="bfloat16"),
    REFERENCE: partial(on_torch, precision="float32"),
    "torch bfloat16": partial(on_torch, precision="bfloat16"),
    "torch int8, dynamic": partial(on_torch, precision="int8"),
    "CTranslate2 float32": lambda c, a: CTranslate2(c, a, "float32"),
    "CTranslate2 int8": lambda c, a: CTranslate2(c, a, "int8"),
    "openvino-genai, its GGUF reader": lambda c, a: GenAi(c, a, ""),
}
