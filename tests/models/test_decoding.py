"""From tokens to answers, with an engine that shows whether a row sees what it should."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.tiny import log_softmax
from upright.models._decoding import (
    Cancelled,
    Floats,
    Limits,
    Logits,
    Prompt,
    Step,
    Tokens,
    Written,
    closed,
    weigh,
    write,
)

VOCABULARY = 12
END = 0
"""Also what rows are padded with, as in many models."""
ENDS = frozenset([END])
PREFIXES = (0, 3, 80)
"""Tokens in common; 80 are worth reading apart as soon as two texts share them."""


def said(text: Tokens) -> Floats:
    """Logits that depend on every token of a text and its place, and on nothing else."""
    draw = np.random.default_rng([len(text), *text])
    return draw.normal(scale=2.0, size=VOCABULARY).astype(np.float32)


class Hashing:
    """An engine whose logits are a hash of what each row may see.

    Checks what every engine relies on: padding stays where it was, places count real tokens.
    """

    def __init__(self, step: int = 1024) -> None:
        self.limits = Limits(context=4096, step=step)
        self.facts: dict[str, str] = {}
        self.sizes: list[int] = []
        self.forget()

    def forget(self) -> None:
        self._texts: list[list[int]] = []
        self._seen = np.zeros((0, 0), bool)

    def keep(self) -> list[int]:
        [text] = self._texts
        return text

    def go_back(self, kept: list[int], length: int) -> None:
        self._texts = [kept[:length]]
        self._seen = np.ones((1, length), bool)

    def read(self, step: Step) -> Logits:
        rows, width = step.tokens.shape
        self.sizes.append(rows * width)
        if self._texts:
            self._texts = [list(self._texts[parent]) for parent in step.parents]
            assert np.array_equal(step.seen[:, :-width], self._seen[step.parents])
        else:
            assert step.seen.shape == (rows, width)
            self._texts = [[] for _ in range(rows)]
        self._seen = step.seen
        return Logits(self._asked(step))

    def _asked(self, step: Step) -> Floats:
        width = step.tokens.shape[1]
        asked = {int(place): np.zeros(0, np.float32) for place in step.wanted}
        for place, token in enumerate(step.tokens.flat):
            row, column = divmod(place, width)
            if step.seen[row, column - width]:
                assert step.positions[row, column] == len(self._texts[row])
                self._texts[row].append(int(token))
                if place in asked:
                    asked[place] = said(self._texts[row])
        return np.array([asked[int(place)] for place in step.wanted]).reshape(-1, VOCABULARY)


def written(prompt: Prompt) -> Written:
    """What greedy decoding is: no batch, no padding, no engine."""
    answer: list[int] = []
    while len(answer) < prompt.limit:
        token = int(said([*prompt.tokens, *answer]).argmax())
        if token == END:
            return Written(answer, stopped=True)
        answer.append(token)
    return Written(answer, stopped=False)


def likelihood(prompt: Tokens, option: Tokens) -> float:
    text = [*prompt, *option]
    chances = (log_softmax(said(text[:n]).astype(float)) for n in range(len(prompt), len(text)))
    return float(sum(c[token] for c, token in zip(chances, option, strict=True)))


def tokens(least: int, most: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, VOCABULARY - 1), min_size=least, max_size=most)


@st.composite
def batches(draw: st.DrawFn, temperature: float = 0.0) -> list[Prompt]:
    """Prompts of different lengths that may begin alike, each with a limit and a seed."""
    shared = list(range(1, 11)) * 8
    shared = shared[: draw(st.sampled_from(PREFIXES))]
    texts = draw(st.lists(tokens(1, 9), min_size=1, max_size=5))
    return [
        Prompt([*shared, *text], draw(st.integers(1, 8)), temperature, (seed, 7))
        for seed, text in enumerate(texts)
    ]


steps = st.sampled_from([1, 3, 7, 50, 1024])
quick = settings(max_examples=25, deadline=None, derandomize=True)


@quick
@given(batches(), steps)
def test_batches_padding_sharing_and_steps_change_no_answer(
    prompts: list[Prompt], step: int
) -> None:
    engine = Hashing(step)
    assert write(engine, prompts, ENDS) == [written(prompt) for prompt in prompts]
    assert max(engine.sizes) <= max(step, len(prompts))


@quick
@given(batches(temperature=0.8), steps)
def test_a_sampled_answer_depends_on_its_own_seed_only(prompts: list[Prompt], step: int) -> None:
    together = write(Hashing(step), prompts, ENDS)
    assert together == [write(Hashing(), [prompt], ENDS)[0] for prompt in prompts]


def test_other_seeds_sample_other_answers() -> None:
    prompts = [Prompt([5], 12, 1.0, (seed,)) for seed in range(8)]
    assert len({tuple(answer.tokens) for answer in write(Hashing(), prompts, frozenset())}) == 8


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tokens_are_sampled_as_often_as_likely(temperature: float) -> None:
    draws = 2000
    prompts = [Prompt([6, 2], 1, temperature, (seed,)) for seed in range(draws)]
    answers = write(Hashing(step=draws * 2), prompts, frozenset())
    found = np.bincount([a.tokens[0] for a in answers], minlength=VOCABULARY) / draws
    expected = np.exp(log_softmax(said([6, 2]).astype(float) / temperature))
    spread = np.sqrt(expected * (1 - expected) / draws)
    assert (abs(found - expected) < 4 * spread).all()


@quick
@given(batches(), st.lists(tokens(1, 5), min_size=1, max_size=4), steps)
def test_likelihoods_are_the_sum_of_log_softmax(
    prompts: list[Prompt], options: list[list[int]], step: int
) -> None:
    asked = [prompt._replace(options=tuple(options)) for prompt in prompts]
    for prompt, values in zip(prompts, weigh(Hashing(step), asked, END), strict=True):
        direct = [likelihood(prompt.tokens, option) for option in closed(options, END)]
        assert values == pytest.approx(direct, abs=1e-4)


def test_each_prompt_may_have_options_of_its_own() -> None:
    prompts = [
        Prompt([1, 2], 1, options=([3], [4, 5])),
        Prompt([9], 1, options=([6, 6, 6], [7, 8], [1])),
    ]
    for prompt, values in zip(prompts, weigh(Hashing(), prompts, END), strict=True):
        direct = [likelihood(prompt.tokens, option) for option in prompt.options]
        assert values == pytest.approx(direct, abs=1e-5)


def test_where_an_option_begins_another_that_it_ends_counts() -> None:
    yes, but = [4], [4, 5, 6]
    assert closed([yes, but], END) == [[4, END], [4, 5, 6, END]]
    assert closed([[], but], END) == [[END], [4, 5, 6, END]]
    assert closed([yes, yes], END) == [[4, END], [4, END]]
    assert closed([[4, 7], but], END) == [[4, 7], but]
    (values,) = weigh(Hashing(), [Prompt([1], 1, options=(yes, but))], END)
    assert values == pytest.approx(
        [likelihood([1], [*yes, END]), likelihood([1], [*but, END])], abs=1e-5
    )


class Counting(Hashing):
    """Says the same whatever it has read, and counts its rows."""

    def __init__(self, always: Callable[[Tokens], int]) -> None:
        super().__init__()
        self._always = always

    def _asked(self, step: Step) -> Floats:
        super()._asked(step)
        width = step.tokens.shape[1]
        rows = [self._texts[int(place) // width] for place in step.wanted]
        return np.eye(VOCABULARY, dtype=np.float32)[[self._always(row) for row in rows]]


def ended_after(text: Tokens) -> int:
    """Ends as many tokens after the beginning as the first token says."""
    return END if len(text) > text[0] else 11


def test_rows_that_have_ended_leave_the_batch() -> None:
    engine = Counting(ended_after)
    answers = write(engine, [Prompt([n], 100) for n in (1, 3, 3, 5)], ENDS)
    assert [len(a.tokens) for a in answers] == [1, 3, 3, 5]
    assert all(a.stopped for a in answers)
    assert engine.sizes == [4, 4, 3, 3, 1, 1]


def test_an_answer_at_its_limit_was_not_ended_by_the_model() -> None:
    answers = write(Counting(ended_after), [Prompt([9], 1), Prompt([9], 4), Prompt([2], 3)], ENDS)
    assert answers == [
        Written([11], stopped=False),
        Written([11] * 4, stopped=False),
        Written([11] * 2, stopped=True),
    ]


def test_any_of_several_end_tokens_ends_an_answer() -> None:
    assert write(Counting(ended_after), [Prompt([4], 9)], frozenset([END, 11])) == [
        Written([], stopped=True)
    ]


def test_nobody_waits_for_a_cancelled_answer() -> None:
    engine = Counting(lambda text: 11)
    with pytest.raises(Cancelled):
        write(engine, [Prompt([1], 1000)], ENDS, lambda: len(engine.sizes) >= 3)
    assert len(engine.sizes) == 3


def test_a_common_beginning_is_read_once() -> None:
    prompts = [Prompt([1] * 100 + [k], 1) for k in range(2, 6)]
    engine = Hashing()
    write(engine, prompts, ENDS)
    assert sum(engine.sizes) == 100 + 4


def test_equal_prompts_share_all_but_their_last_token() -> None:
    engine = Hashing()
    first, second = write(engine, [Prompt([7] * 80, 1)] * 2, ENDS)
    assert first == second == written(Prompt([7] * 80, 1))
    assert engine.sizes == [79, 2]
