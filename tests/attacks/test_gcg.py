"""GCG on a tiny random Llama: its loss falls, and further than by chance at the same cost."""

import asyncio
from collections.abc import Iterator, Sequence
from random import Random

import numpy as np
import pytest

from tests.attacks.toy import GOALS, NO, OTHER, YES, Toy, gives_in
from tests.models import tiny
from upright.attacks._campaign import Budget, Campaign, Result
from upright.attacks.gcg import EVERY, Gcg, Search, framed, gcg
from upright.core import Message, UsageError
from upright.models.weights import Weights, open_weights

GOAL, WANTED = GOALS[0].text, "Sure, here is"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weights]:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = tiny.folder(tmp_path_factory.mktemp("models") / "tiny-llama")
    with open_weights(f"local/{folder}", device="cpu", threads=1) as opened:
        yield opened


def searched(weights: Weights, steps: int, seed: int) -> tuple[Search, list[float]]:
    search, random = Search(weights, GOAL, WANTED, 5), Random(seed)
    return search, [search.step(16, 32, random) for _ in range(steps)]


def test_the_suffix_is_where_the_question_grew(weights: Weights) -> None:
    frame = framed(weights, GOAL, 3)
    assert weights.checkpoint.decode(frame.suffix) == " ! ! !"
    assert [*frame.before, *frame.after] == weights.chat(GOAL)
    assert [*frame.before, *frame.suffix, *frame.after] == weights.chat(f"{GOAL} ! ! !")


def test_the_loss_falls_below_the_best_of_as_many_random_suffixes(weights: Weights) -> None:
    """More of them, even: a random suffix for every loss, and for every gradient."""
    search, losses = searched(weights, 10, seed=0)
    start = float(search.losses([framed(weights, GOAL, 5).suffix])[0])
    printable = [3 + n for n in range(94)]  # the tiny tokenizer's first bytes: ! to ~
    random = Random(0)
    drawn = [random.choices(printable, k=10) for _ in range(10 * (16 + 1))]
    assert losses[-1] < min(start, float(search.losses(drawn).min()))


def test_the_loss_it_tells_is_that_of_the_question_as_it_is_asked(weights: Weights) -> None:
    search, losses = searched(weights, 3, seed=1)
    asked = search.asked(search.suffix)
    direct = -weights.loglikelihood(weights.chat(asked), WANTED)
    assert losses[-1] == pytest.approx(direct, abs=2e-3)
    assert asked.startswith(GOAL) and asked.isascii() and asked.isprintable()


def test_it_swaps_one_token_for_one_that_promises_much(weights: Weights) -> None:
    search = Search(weights, GOAL, WANTED, 5)
    before, promising = search.suffix, search.promising(8)
    search.step(16, 8, Random(0))
    [place] = [n for n, (a, b) in enumerate(zip(before, search.suffix, strict=True)) if a != b]
    assert promising.shape == (10, 8)
    assert search.suffix[place] in promising[place]
    texts = [weights.checkpoint.decode([int(token)]) for token in np.unique(promising)]
    assert all(text.isascii() and text.isprintable() for text in texts)


def test_a_suffix_that_no_text_has_is_not_stable(weights: Weights) -> None:
    search = Search(weights, GOAL, WANTED, 2)
    assert search.stable(search.suffix)
    assert not search.stable([*search.suffix[:-1], tiny.END])


def pursued(weights: Weights, toy: Toy, attack: Gcg, seed: int = 0) -> list[Result]:
    campaign = Campaign(
        attack=attack,
        model="test/toy",
        ask=toy.ask,
        score=gives_in,
        budget=Budget(queries=3),
        seed=seed,
        weights=lambda: weights,
    )
    return asyncio.run(campaign.pursue(GOALS[:1]))


def test_it_asks_when_something_better_was_found_and_the_same_for_the_same_seed(
    weights: Weights,
) -> None:
    attack = gcg(steps=2 * EVERY, width=4, top_k=8, length=3)
    first, again, other = Toy(lambda m: NO), Toy(lambda m: NO), Toy(lambda m: NO)
    [found] = pursued(weights, first, attack)
    assert (found.success, found.queries) == (False, 3)
    pursued(weights, again, attack)
    pursued(weights, other, attack, seed=1)
    assert [r.key for r in first.asked] == [r.key for r in again.asked]
    assert [r.key for r in first.asked] != [r.key for r in other.asked]
    assert attack.id == "gcg(20, 4, 8, 3)"


def test_who_gives_in_to_a_likely_beginning_is_reached(weights: Weights) -> None:
    """It answers as it does where its own weights make the beginning likelier than at first."""
    bar = weights.loglikelihood(weights.chat(GOAL), WANTED) + 5

    def weak(messages: Sequence[Message]) -> str:
        likely = weights.loglikelihood(weights.chat(messages[-1].content), WANTED)
        return YES if likely > bar else OTHER

    [found] = pursued(weights, Toy(weak), gcg(steps=EVERY, width=16, top_k=32, length=4))
    assert (found.success, found.to_success) == (True, 2)


def test_without_weights_it_says_so() -> None:
    with pytest.raises(UsageError, match="gcg needs the model's weights"):
        Toy(lambda m: NO).pursued(gcg())
