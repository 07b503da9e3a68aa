"""What a model finds likely, against the same network in plain numpy."""

import asyncio
import gc
import weakref
from collections.abc import Sequence
from copy import copy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import tiny
from tests.models.test_decoding import Hashing, likelihood
from upright.core import UsageError
from upright.models._decoding import follow
from upright.models.reading import Reader, SharedReader, open_reader

TEXTS = (
    "Hello, how are you?",
    "No.",
    "caf\u00e9 \U0001f600",
    "A longer text than the others. " * 9,
)
SHARED = "The same long beginning, which is read once for all of them, because it is long. "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.folder(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="module")
def reader(folder: Path) -> Reader:
    return open_reader(f"local/{folder}", tiny.TWO_THREADS)


def directly(text: str) -> np.ndarray:
    tokens = tiny.tokenizer().encode(text).ids
    chances = tiny.log_softmax(tiny.logits(tokens, tiny.tensors()))
    return chances[np.arange(len(tokens) - 1), tokens[1:]]


def test_likelihoods_are_those_of_the_network(reader: Reader) -> None:
    found = reader.log_likelihoods(TEXTS)
    for text, one in zip(TEXTS, found, strict=True):
        np.testing.assert_allclose(one, directly(text), atol=1e-3)


def test_a_beginning_in_common_changes_nothing(reader: Reader) -> None:
    texts = [SHARED, *(SHARED + text for text in TEXTS), SHARED]
    for text, one in zip(texts, reader.log_likelihoods(texts), strict=True):
        np.testing.assert_allclose(one, directly(text), atol=1e-3)


def test_what_has_nothing_before_it_has_no_likelihood(reader: Reader) -> None:
    sizes = [len(one) for one in reader.log_likelihoods(["", "a", "ab"])]
    assert sizes == [0, 0, 1]
    assert reader.log_likelihoods([]) == []


def test_past_the_context_window_a_text_goes_on_in_another(
    folder: Path, tmp_path: Path, reader: Reader
) -> None:
    config = tiny.CONFIG | {"max_position_embeddings": 8}
    short = open_reader(f"local/{tiny.folder(tmp_path / 'short', config)}", tiny.TWO_THREADS)
    text = "abcdefghijklmnopqrst"
    [found] = short.log_likelihoods([text])
    pieces = ["abcdefgh", "hijklmno", "opqrst"]
    np.testing.assert_allclose(found, np.concatenate([directly(p) for p in pieces]), atol=1e-3)
    assert [len(one) for one in short.log_likelihoods([text[:8], text[:9]])] == [7, 8]


def test_what_is_asked_at_one_moment_is_read_together(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[list[str]] = []
    read = reader.log_likelihoods

    def noted(texts: Sequence[str]) -> list[np.ndarray]:
        rounds.append(list(texts))
        return read(texts)

    monkeypatch.setattr(reader, "log_likelihoods", noted)
    opened: list[Reader] = []
    shared = SharedReader(lambda: opened.append(reader) or reader)  # type: ignore[func-returns-value]

    async def both() -> list[np.ndarray]:
        found = await asyncio.gather(*map(shared.log_likelihoods, TEXTS))
        return [*found, await shared.log_likelihoods(TEXTS[0])]

    found = asyncio.run(both())
    assert rounds == [list(TEXTS), [TEXTS[0]]]
    assert len(opened) == 1
    for text, one in zip([*TEXTS, TEXTS[0]], found, strict=True):
        np.testing.assert_allclose(one, directly(text), atol=1e-3)


def test_closed_it_gives_the_reader_back_and_opens_another_when_asked(reader: Reader) -> None:
    """A filter that stands in thirty stacks would else hold a model in each."""
    opened: list[weakref.ref[Reader]] = []

    def opening() -> Reader:
        made = copy(reader)
        opened.append(weakref.ref(made))
        return made

    shared = SharedReader(opening)

    async def asked_and_closed() -> None:
        await shared.log_likelihoods(TEXTS[0])
        await shared.close()

    for times in (1, 2):
        asyncio.run(asked_and_closed())
        gc.collect()
        assert [made() for made in opened] == [None] * times


def test_only_local_models_read(folder: Path) -> None:
    with pytest.raises(UsageError, match="only local/NAME and local/DIR"):
        open_reader("openai/gpt-4o")
    assert open_reader(f"local/{folder}", tiny.TWO_THREADS).id.startswith("local/")


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.integers(1, 11), min_size=2, max_size=30), min_size=1, max_size=5),
    st.lists(st.integers(1, 11), max_size=20),
    st.sampled_from([1, 7, 1024]),
)
def test_no_batch_and_no_step_size_changes_a_likelihood(
    texts: list[list[int]], beginning: list[int], step: int
) -> None:
    texts = [[*beginning, *text] for text in texts]
    for text, found in zip(texts, follow(Hashing(step), texts), strict=True):
        assert found == pytest.approx(
            [likelihood(text[:i], [text[i]]) for i in range(1, len(text))], abs=1e-5
        )
