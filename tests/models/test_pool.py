"""One model behind many tasks: whoever asks is answered, or told why not."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from upright.core import Request, Response, StoreError, ask
from upright.models._pool import Pool
from upright.models.mock import Mock


@dataclass(frozen=True)
class Replying(Mock):
    """Says what it is asked, once per request but for the last `missing`."""

    missing: int = 0

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        said = [Response(text=request.messages[-1].content) for request in requests]
        return said[: len(said) - self.missing]


class Unsorted(Replying):
    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        yield requests[:1]
        raise StoreError("The response cache cannot be used.")


def request(prompt: str) -> Request:
    return Request(model="mock/x", messages=ask(prompt))


def asked(model: Mock, *requests: Request) -> list[Response | BaseException]:
    """What each of the tasks gets that ask at the same moment."""

    async def ask_all() -> list[Response | BaseException]:
        pool = Pool(model)
        answers = (pool.ask(one) for one in requests)
        async with asyncio.timeout(10):  # nobody waits for ever
            return await asyncio.gather(*answers, return_exceptions=True)

    return asyncio.run(ask_all())


def texts(answers: Sequence[Response | BaseException]) -> list[str]:
    return [one.text if isinstance(one, Response) else str(one) for one in answers]


def test_each_gets_the_answer_to_its_own_question() -> None:
    assert texts(asked(Replying("x"), request("a"), request("b"))) == ["a", "b"]


def test_one_question_may_be_asked_twice_at_once() -> None:
    one = request("a")
    assert texts(asked(Replying("x"), one, request("b"), one)) == ["a", "b", "a"]


def test_what_cannot_be_put_in_batches_is_said_to_those_who_asked() -> None:
    answers = asked(Unsorted("x"), request("a"), request("b"))
    assert texts(answers) == ["a", "The response cache cannot be used."]


def test_a_model_that_answers_too_few_is_a_bug_that_shows() -> None:
    answers = asked(Replying("x", missing=1), request("a"), request("b"))
    assert texts(answers)[0] == "a"
    with pytest.raises(ValueError, match="shorter"):
        raise answers[1]  # type: ignore[misc]
