"""Which prompts go together: less is read, nothing is lost, and no answer changes."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import tiny
from tests.models.test_decoding import END, ENDS, VOCABULARY, Hashing
from upright.models._batching import arranged, in_halves
from upright.models._decoding import (
    Beginning,
    Engine,
    Limits,
    Logits,
    OutOfMemory,
    Prompt,
    Step,
    weigh,
    write,
)
from upright.models._llama import OpenVino, shape_of

CONTEXT = 4096
HEADERS: tuple[list[int], ...] = ([], [1, 2, 3] * 40, [1, 2, 3] * 30 + [4] * 30)


def ask(
    engine: Engine, prompts: Sequence[Prompt], batches: Sequence[Sequence[int]], end: int = END
) -> list[tuple[float, ...]]:
    """The likelihoods, batch by batch, with what is kept from each to the next."""
    beginning = Beginning()
    found: dict[int, tuple[float, ...]] = {}
    for places in batches:
        values = weigh(engine, [prompts[place] for place in places], end, beginning)
        found |= dict(zip(places, values, strict=True))
    return [found[place] for place in range(len(prompts))]


def one_by_one(count: int) -> list[list[int]]:
    return [[place] for place in range(count)]


@st.composite
def some_prompts(draw: st.DrawFn) -> list[Prompt]:
    text = st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=9)
    options = st.sampled_from([(), ([3], [4]), ([3, 5], [4], [3, 6, 1]), ([3], [3, 4])])
    one = st.tuples(st.sampled_from(HEADERS), text, options, st.integers(1, 4))
    told = draw(st.lists(one, min_size=1, max_size=12))
    return [Prompt([*header, *text], n, options=options) for header, text, options, n in told]


limits = st.builds(
    Limits,
    st.just(CONTEXT),
    rows=st.integers(1, 6),
    tokens=st.sampled_from([1, 150, 400, 8192]),
    apart=st.sampled_from([1, 64, 1000]),
)
quick = settings(max_examples=40, deadline=None, derandomize=True)


@quick
@given(some_prompts(), limits)
def test_every_prompt_is_in_one_batch_of_its_kind_within_the_limits(
    prompts: list[Prompt], limits: Limits
) -> None:
    batches = list(arranged(prompts, limits))
    assert sorted(place for batch in batches for place in batch) == list(range(len(prompts)))
    for batch in batches:
        assert len({bool(prompts[place].options) for place in batch}) == 1
        assert len(batch) <= limits.rows
        read = max(len(prompts[place].tokens) for place in batch) * len(batch)
        assert len(batch) == 1 or read <= limits.tokens


@quick
@given(some_prompts(), limits)
def test_no_answer_depends_on_its_batch(prompts: list[Prompt], limits: Limits) -> None:
    """Each prompt asked alone, and in batches that go on from what was kept."""
    engine, beginning = Hashing(), Beginning()
    engine.limits = limits
    for places in arranged(prompts, limits):
        batch = [prompts[place] for place in places]
        if batch[0].options:
            for prompt, values in zip(batch, weigh(engine, batch, END, beginning), strict=True):
                assert values == pytest.approx(weigh(Hashing(), [prompt], END)[0], abs=1e-5)
        else:
            together = write(engine, batch, ENDS, beginning=beginning)
            assert together == [write(Hashing(), [prompt], ENDS)[0] for prompt in batch]


def test_a_header_is_read_once_for_all_batches() -> None:
    header, count = [1, 2, 3] * 100, 40
    prompts = [
        Prompt([*header, *[k % 11 + 1] * (k % 7 + 1)], 1, options=([3], [4])) for k in range(count)
    ]
    engine = Hashing()
    engine.limits = engine.limits._replace(rows=8)
    ask(engine, prompts, list(arranged(prompts, engine.limits)))
    assert sum(engine.sizes) < len(header) + count * 8


def test_a_kept_beginning_may_be_longer_or_another() -> None:
    """Behind [1, 2, 3, ...] comes what shares half of it, then what shares none."""
    long, half, other = [1, 2, 3] * 40, [1, 2, 3] * 20 + [5] * 60, [7] * 120
    prompts = [
        Prompt([*h, k, 4], 1, options=([3], [4, 6])) for h in (long, half, other) for k in (8, 9)
    ]
    engine = Hashing()
    engine.limits = engine.limits._replace(apart=50)
    kept = ask(engine, prompts, [[0, 1], [2, 3], [4, 5], [0, 1]])
    alone = ask(Hashing(), prompts, one_by_one(len(prompts)))
    np.testing.assert_allclose(kept, alone, atol=1e-5)


def test_short_instructions_and_lone_texts_make_no_family() -> None:
    texts = [[1, 2, 3, k, *[k] * (k * 5 % 17)] for k in range(4, 12)]
    prompts = [Prompt(text, 1, options=([3], [4])) for text in texts]
    [batch] = arranged(prompts, Limits(CONTEXT))
    widths = [len(texts[place]) for place in batch]
    assert widths == sorted(widths, reverse=True)


def test_options_of_one_token_take_no_rows() -> None:
    prompts = [Prompt([5] * 100, 1, options=([3], [4], [6], [7]))] * 8
    assert [len(b) for b in arranged(prompts, Limits(CONTEXT, tokens=808))] == [8]
    several = [p._replace(options=([3, 1], [4, 1], [6, 1], [7, 1])) for p in prompts]
    assert [len(b) for b in arranged(several, Limits(CONTEXT, tokens=816))] == [2] * 4


class Cramped(Hashing):
    """Holds so many tokens and no more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def read(self, step: Step) -> Logits:
        if step.seen.size > self._most:
            self.forget()
            raise OutOfMemory
        return super().read(step)


@pytest.mark.parametrize("most", [70, 110, 300])
def test_what_memory_does_not_hold_is_asked_in_halves(most: int) -> None:
    prompts = [Prompt([k + 1] * 25, 20) for k in range(11)]
    cramped = Cramped(most)
    found = in_halves(lambda some: write(cramped, some, ENDS), prompts)
    assert found == write(Hashing(), prompts, ENDS)


def test_one_text_too_large_for_memory_has_no_answer_and_the_others_have_theirs() -> None:
    prompts = [Prompt([k + 1] * n, 5) for k, n in enumerate((3, 30, 9))]
    found = in_halves(lambda some: write(Cramped(20), some, ENDS), prompts)
    short = write(Hashing(), [prompts[0], prompts[2]], ENDS)
    assert found == [short[0], None, short[1]]


def test_a_llama_answers_alike_in_every_batch() -> None:
    """The real engine, whose kept state is cut and gone on from."""
    engine = OpenVino(shape_of(tiny.CONFIG), tiny.tensors(), threads=2)
    draw = np.random.default_rng(3)
    headers = [[int(t) for t in draw.integers(3, 250, n)] for n in (0, 90, 150)]
    headers.append([*headers[2][:100], *headers[1][:30]])
    prompts = [
        Prompt(
            [*headers[k % 4], *(int(t) for t in draw.integers(3, 250, k % 13 + 1))],
            1,
            options=([40, 41, 42], [50], [40 + k, 9]),
        )
        for k in range(40)
    ]
    engine.limits = engine.limits._replace(rows=6)
    together = ask(engine, prompts, list(arranged(prompts, engine.limits)), tiny.END)
    alone = ask(engine, prompts, one_by_one(len(prompts)), tiny.END)
    np.testing.assert_allclose(together, alone, atol=1e-3)
    assert np.array_equal(np.argmax(together, axis=1), np.argmax(alone, axis=1))
