"""The real embedded model. It is fetched if it is not in the cache yet."""

import asyncio

import numpy as np
import pytest

from tests.models.tiny import TWO_THREADS, log_softmax
from upright.core import Message, Request, Response, ask
from upright.models._checkpoint import load_checkpoint
from upright.models._decoding import Prompt, Step, closed, weigh, write
from upright.models._embedded import NAME, embedded_folder
from upright.models._llama import OpenVino, open_llama
from upright.models.local import Local, open_local

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
QUESTIONS = (
    "What is the capital of France?",
    "Name three colours.",
    "Is the following statement true? Water boils at a lower temperature on a high mountain.",
    "Write one short sentence about the sea.",
    "2 + 2 =",
)
OPTIONS = ("Yes", "No", "Yes, but not always", "I do not know")


@pytest.fixture(scope="module")
def model() -> Local:
    return open_local(NAME, TWO_THREADS)


@pytest.fixture(scope="module")
def engine() -> OpenVino:
    return open_llama(load_checkpoint(embedded_folder()), 2, "float32")


def answers(model: Local, *requests: Request) -> list[Response]:
    return asyncio.run(model.generate(requests))


def request(messages: tuple[Message, ...], limit: int = 24) -> Request:
    return Request(model="local/smollm2-135m", messages=messages, max_tokens=limit)


def test_it_knows_the_capital_of_france(model: Local) -> None:
    [response] = answers(model, request(ask(QUESTIONS[0])))
    assert "Paris" in response.text
    assert response.finish_reason == "stop"
    assert model.id.startswith("local/smollm2-135m@")


def test_a_batch_answers_as_one_question_after_the_other(model: Local) -> None:
    """Two system prompts, one of them long enough to be read once for all."""
    rules = "Answer in plain words. Be brief, be polite, and never invent a source. " * 3
    requests = [request(ask(q)) for q in QUESTIONS] + [request(ask(q, rules)) for q in QUESTIONS]
    together = [response.text for response in answers(model, *requests)]
    assert together == [answers(model, one)[0].text for one in requests]
    assert len(set(together)) > 5


def test_steps_and_padding_change_no_answer(engine: OpenVino) -> None:
    checkpoint = load_checkpoint(embedded_folder())
    prompts = [Prompt(checkpoint.encode(ask(q)), 16) for q in QUESTIONS]
    whole = write(engine, prompts, checkpoint.ends)
    limits = engine.limits
    engine.limits = limits._replace(step=40)
    try:
        assert write(engine, prompts, checkpoint.ends) == whole
    finally:
        engine.limits = limits


def test_the_likelihood_of_an_option_is_the_sum_over_its_tokens(engine: OpenVino) -> None:
    """Against one reading per token, from the beginning."""
    checkpoint = load_checkpoint(embedded_folder())
    options = tuple(checkpoint.encode_answer(option) for option in OPTIONS)
    texts = [checkpoint.encode(ask(q)) for q in QUESTIONS[1:3]]
    weighed = weigh(engine, [Prompt(t, 1, options=options) for t in texts], checkpoint.end)
    for text, values in zip(texts, weighed, strict=True):
        direct = [directly(engine, text, o) for o in closed(options, checkpoint.end)]
        assert values == pytest.approx(direct, abs=1e-3)


def directly(engine: OpenVino, text: list[int], option: list[int]) -> float:
    total = 0.0
    for k, token in enumerate(option):
        read = [*text, *option[:k]]
        size = len(read)
        engine.forget()
        places = np.arange(size)[None]
        seen = np.ones((1, size), bool)
        last = np.array([size - 1])
        step = Step(np.array([read]), seen, places, np.zeros(1, np.int64), last)
        total += float(log_softmax(engine.read(step).values()[0].astype(float))[token])
    return total
