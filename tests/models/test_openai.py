"""The HTTP provider against a real server on the loopback."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.server import MEGABYTE, Server, serving
from upright.core import ModelError, ModelRefused, Request, Response, UsageError, ask
from upright.models import ModelOptions, open_model
from upright.models._chat import failure, to_responses
from upright.models._transport import Reply
from upright.models._waiting import asked_to_wait, duration, seconds

KEY = "sk-very-secret-0123456789"


def answers(server: Server, *requests: Request, **options: Any) -> list[Response]:
    """The responses to one batch."""

    async def generate() -> list[Response]:
        model = open_model("openai/test", ModelOptions(base_url=server.url, **options))
        try:
            return await model.generate(requests or [request()])
        finally:
            await model.close()

    return asyncio.run(generate())


def request(prompt: str = "Is 4 even?", **changes: Any) -> Request:
    return Request(model="openai/test", messages=ask(prompt, "Be brief."), **changes)


def test_an_answer_carries_text_reason_and_usage() -> None:
    with serving() as server:
        [response] = answers(server)
    assert response.text in ("Yes.", "No.")
    assert response.finish_reason == "stop"
    assert (response.prompt_tokens, response.completion_tokens) == (10, 5)
    assert response.latency > 0


@pytest.mark.parametrize(
    ("fault", "told"),
    [("401", "OPENAI_API_KEY"), ("404", "--base-url"), ("insufficient_quota", "used up")],
)
def test_what_will_never_work_is_refused_with_what_to_do(fault: str, told: str) -> None:
    with serving(rates={fault: 1.0}) as server, pytest.raises(ModelRefused, match=told):
        answers(server)


@pytest.mark.parametrize(
    "fault",
    ["429", "500", "disconnect", "truncated", "html", "no-choices", "garbage", "deep"],
)
def test_passing_failures_may_be_retried(fault: str) -> None:
    with serving(rates={fault: 1.0}) as server, pytest.raises(ModelError) as raised:
        answers(server)
    assert raised.value.retryable
    assert not isinstance(raised.value, ModelRefused)


def test_a_bad_request_is_not_retried() -> None:
    with serving(rates={"400": 1.0}) as server, pytest.raises(ModelError, match="too long") as e:
        answers(server)
    assert not e.value.retryable


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    with serving(rates={"429": 1.0}) as server, pytest.raises(ModelError) as raised:
        answers(server)
    assert raised.value.retry_after == 0.05
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 25 < (seconds(soon) or 0) <= 30
    assert seconds("") is None
    assert seconds("-3") == 0.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "3", "x-ratelimit-reset-requests": "9s"}, 3.0),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        (
            {
                "x-ratelimit-reset-requests": "1m0.5s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "20ms",
                "x-ratelimit-remaining-tokens": "12",
            },
            60.5,
        ),
        ({"x-ratelimit-reset-requests": "soon"}, None),
        ({}, None),
    ],
)
def test_quotas_say_how_long_to_wait(headers: dict[str, str], wait: float | None) -> None:
    assert asked_to_wait(headers) == wait


@pytest.mark.parametrize(("status", "wait"), [(429, 8.64), (400, None), (500, None), (503, None)])
def test_quotas_are_waited_for_only_where_one_was_exceeded(status: int, wait: float | None) -> None:
    """OpenAI tells their state with every reply."""
    told = {"x-ratelimit-remaining-requests": "9999", "x-ratelimit-reset-requests": "8.64s"}
    with pytest.raises(ModelError) as raised:
        failure("test", "http://here/v1", Reply(status, told, "{}"), str)
    assert raised.value.retry_after == wait


def test_durations() -> None:
    told = ("1h2m3s", "250ms", "2m", "7", "1.5s", "", "x")
    assert [duration(t) for t in told] == [3723.0, 0.25, 120.0, 7.0, 1.5, None, None]


@pytest.mark.parametrize(("fault", "overloaded"), [("429", True), ("500", False), ("html", False)])
def test_a_server_with_too_much_to_do_is_told_from_a_broken_one(
    fault: str, overloaded: bool
) -> None:
    with serving(rates={fault: 1.0}) as server, pytest.raises(ModelError) as raised:
        answers(server)
    assert raised.value.overloaded is overloaded


def test_a_slow_server_times_out() -> None:
    with serving(delay=0.5) as server, pytest.raises(ModelError, match=r"within 0\.1 s") as raised:
        answers(server, timeout=0.1)
    assert raised.value.retryable
    assert raised.value.overloaded


def test_nobody_there_is_a_mistake_in_the_command() -> None:
    with serving() as server:
        pass
    with pytest.raises(ModelRefused, match="Is the server running"):
        answers(server)


@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        ("nul", lambda text: "before\x00after" in text),
        ("megabyte", lambda text: len(text) > MEGABYTE),
        ("surrogates", lambda text: "half \\ud83d of a pair" in text),
    ],
)
def test_odd_texts_survive(fault: str, holds: Callable[[str], bool]) -> None:
    with serving(rates={fault: 1.0}) as server:
        [response] = answers(server)
    assert holds(response.text)
    response.text.encode()


@pytest.mark.parametrize("fault", ["filtered", "content_filter"])
def test_blocked_by_the_provider_is_an_outcome(fault: str) -> None:
    with serving(rates={fault: 1.0}) as server:
        [response] = answers(server)
    assert response.finish_reason == "content_filter"
    assert response.error is None


def test_newer_limits_are_learnt_once() -> None:
    async def two_calls(server: Server) -> None:
        model = open_model("openai/test", ModelOptions(base_url=server.url))
        for prompt in ("one", "two"):
            await model.generate([request(prompt)])
        await model.close()

    with serving(new_limit=True) as server:
        asyncio.run(two_calls(server))
    assert [entry["fault"] for entry in server.log] == ["new-limit", "", ""]


def test_repeats_share_a_call_and_count_its_usage_once() -> None:
    model = open_model(
        "openai/test", ModelOptions(base_url="http://127.0.0.1:1", repeats_per_call=2)
    )
    repeats = [request(temperature=1.0, epoch=e, seed=e) for e in range(3)]
    other = request("Is 5 even?", temperature=1.0)
    assert [len(b) for b in model.batches([*repeats, other])] == [2, 1, 1]
    with serving() as server:
        found = answers(server, *repeats[:2])
    assert [r.prompt_tokens for r in found] == [10, None]
    assert len(server.log) == 1


def test_options_are_chosen_by_log_probability() -> None:
    with serving() as server:
        [response] = answers(server, request(options=("Yes", "No", "Maybe")), logprobs=True)
    assert response.text == "No"
    assert response.finish_reason == "choice"
    assert response.option_logprobs == pytest.approx((-2.5, -0.1, -2.5))


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(key=KEY) as server:
        answers(server)
        monkeypatch.setenv("UPRIGHT_API_KEY", f"{KEY}x")
        with pytest.raises(ModelRefused) as raised:
            answers(server)
        model = open_model("openai/test", ModelOptions(base_url=server.url))
    assert KEY not in f"{model!r} {model.facts} {model.id} {raised.value}"


def test_the_address_is_part_of_the_id_but_its_login_is_not() -> None:
    model = open_model("openai/m", ModelOptions(base_url="http://me:word@host:8000/v1/"))
    assert model.id == "openai/m@host:8000"
    assert "word" not in str(model.facts)


def test_mistakes_are_explained_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "UPRIGHT_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match="set OPENAI_API_KEY"):
        open_model("openai/gpt")
    with pytest.raises(UsageError, match="not an http"):
        open_model("openai/gpt", ModelOptions(base_url="localhost:8000"))
    with pytest.raises(UsageError, match="Did you mean openai"):
        open_model("opnai/gpt")
    with pytest.raises(UsageError, match="names no model"):
        open_model("openai")


@pytest.mark.parametrize(
    "usage", [None, [1], "many", {"prompt_tokens": "many"}, {"prompt_tokens": -1}]
)
def test_odd_usage_does_not_cost_an_answer(usage: object) -> None:
    body = {"choices": [{"message": {"content": "Paris"}}], "usage": usage}
    [response] = to_responses(json.dumps(body), [request()], 0.0, str).responses
    assert (response.text, response.prompt_tokens) == ("Paris", None)


def test_text_in_parts_is_read() -> None:
    parts = [{"type": "text", "text": "Par"}, {"type": "text", "text": "is"}]
    body = {"choices": [{"message": {"content": parts}}]}
    [response] = to_responses(json.dumps(body), [request()], 0.0, str).responses
    assert response.text == "Paris"
