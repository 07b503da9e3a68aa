"""The engine on torch, where torch is installed: kept beginnings, and memory that runs out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models import tiny
from tests.models.test_batching import ask, one_by_one
from upright.models._batching import arranged, in_halves
from upright.models._checkpoint import load_checkpoint
from upright.models._decoding import Prompt, write
from upright.models.local import Local

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.folder(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture
def engine(folder: Path) -> Any:
    from upright.models._torch import open_torch  # noqa: PLC0415 - optional

    return open_torch(load_checkpoint(folder), "cpu", tiny.TWO_THREADS)


@pytest.fixture
def cramped(engine: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A memory that holds 400 tokens of keys and values."""
    forward = engine._model.forward

    def failing(*args: Any, **named: Any) -> Any:
        if named["attention_mask"].numel() > 400:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory.")
        return forward(*args, **named)

    monkeypatch.setattr(engine._model, "forward", failing)
    return engine


def prompts(count: int = 24) -> list[Prompt]:
    draw = np.random.default_rng(5)
    headers = [[int(t) for t in draw.integers(3, 250, n)] for n in (0, 100)]
    return [
        Prompt(
            [*headers[k % 2], *(int(t) for t in draw.integers(3, 250, k % 9 + 1))],
            6,
            options=([40, 41, 42], [50], [40 + k, 9]),
        )
        for k in range(count)
    ]


def test_batches_and_kept_beginnings_change_no_answer(engine: Any) -> None:
    engine.limits = engine.limits._replace(rows=5)
    asked = prompts()
    together = ask(engine, asked, list(arranged(asked, engine.limits)), tiny.END)
    alone = ask(engine, asked, one_by_one(len(asked)), tiny.END)
    np.testing.assert_allclose(together, alone, atol=1e-3)
    assert np.array_equal(np.argmax(together, axis=1), np.argmax(alone, axis=1))


def test_memory_that_runs_out_halves_the_batch_and_those_after_it(cramped: Any) -> None:
    asked = [p._replace(options=()) for p in prompts() if len(p.tokens) < 100]
    before = cramped.limits.tokens
    ends = frozenset([tiny.END])
    found = in_halves(lambda some: write(cramped, some, ends), asked * 5)
    assert found == [write(cramped, [p], ends)[0] for p in asked] * 5
    assert cramped.limits.tokens < before


def test_a_text_that_memory_does_not_hold_is_an_error_with_its_reason(
    cramped: Any, folder: Path
) -> None:
    from tests.models.test_local import answers, request  # noqa: PLC0415

    model = Local("tiny", load_checkpoint(folder), cramped, "")
    fits = [request(f"{k} " * 9) for k in range(20)]
    *answered, too_long = answers(model, *fits, request("x" * 420))
    assert not any(response.error for response in answered)
    assert "does not hold a prompt of 4" in (too_long.error or "")
    assert too_long.finish_reason == "error"


def test_a_cache_that_cannot_be_cut_is_not_kept(engine: Any) -> None:
    """As with a sliding window; nothing else changes."""
    engine.keep = lambda: None
    asked = prompts()
    kept_nothing = ask(engine, asked, list(arranged(asked, engine.limits)), tiny.END)
    alone = ask(engine, asked, one_by_one(len(asked)), tiny.END)
    np.testing.assert_allclose(kept_nothing, alone, atol=1e-3)


def test_texts_are_sampled_alike_alone_and_together(engine: Any) -> None:
    asked = [p._replace(options=(), temperature=0.8, seed=(k,)) for k, p in enumerate(prompts(6))]
    ends = frozenset([tiny.END])
    assert write(engine, asked, ends) == [write(engine, [p], ends)[0] for p in asked]
