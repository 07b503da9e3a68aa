"""A defended model is a model: order, decisions, tokens, batches, and what goes wrong."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from tests.runs.toy import carry_out
from upright.api import Job, evaluate
from upright.core import (
    Ask,
    Card,
    Decision,
    Dimension,
    Message,
    Model,
    ModelError,
    Request,
    Response,
    Settings,
    UsageError,
    ask,
    open_named,
)
from upright.defenses import (
    CHANGED,
    PASSED,
    REFUSED,
    defended,
    noted,
    refused,
)
from upright.runs import Staffing

CARD = Card(
    title="A test",
    paper="",
    measures="nothing",
    dimension=Dimension.SAFETY,
    data="none",
    licence="Apache-2.0",
)


@dataclass
class Echo:
    """Says the last message, ten tokens in and five out, and counts how it was asked."""

    concurrency: int = 1
    failing: str = ""
    sizes: list[int] = field(default_factory=list)
    most: int = 0
    id: str = "test/echo"
    can_choose: bool = True
    cacheable: bool = True
    facts: dict[str, str] = field(default_factory=dict)
    under_way: int = 0

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        at_once = 32 if self.concurrency == 1 else 1
        for start in range(0, len(requests), at_once):
            yield requests[start : start + at_once]

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        self.sizes.append(len(requests))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        self.under_way -= 1
        if self.failing and any(self.failing in r.messages[-1].content for r in requests):
            raise ModelError("not now")
        return [
            Response(text=r.messages[-1].content, prompt_tokens=10, completion_tokens=5)
            for r in requests
        ]

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class Prefix:
    """Writes something before the question."""

    text: str
    card: Card = CARD

    @property
    def id(self) -> str:
        return f"prefix({self.text})"

    async def before(self, request: Request) -> Request | Response:
        changed = f"{self.text} {request.messages[-1].content}"
        return replace(request, messages=(Message("user", changed),))


@dataclass(frozen=True)
class Wall:
    """Lets nothing through that holds a word."""

    word: str
    id: str = "wall"
    card: Card = CARD

    async def before(self, request: Request) -> Request | Response:
        if self.word in request.messages[-1].content:
            return refused(f"it says {self.word}")
        return request


@dataclass(frozen=True)
class Three:
    """Asks three times and gives the longest answer."""

    id: str = "three"
    card: Card = CARD

    async def around(self, request: Request, ask: Ask) -> Response:
        content = request.messages[-1].content
        said = await asyncio.gather(
            *(ask(replace(request, messages=(Message("user", content * n),))) for n in (1, 2, 3))
        )
        return noted(max(said, key=lambda r: len(r.text)), CHANGED, "3 copies", calls=1, tokens=7)


def asked(model: Model, *prompts: str) -> list[Response]:
    requests = [Request(model=model.id, messages=ask(prompt)) for prompt in prompts]

    async def all_of() -> list[Response]:
        found = [await model.generate(batch) for batch in model.batches(requests)]
        await model.close()
        return [response for batch in found for response in batch]

    return asyncio.run(all_of())


def test_the_first_defense_is_outermost_and_each_says_what_it_did() -> None:
    model = defended(Echo(), [Prefix("a"), Wall("bomb"), Prefix("b")])
    assert model.id == "test/echo + prefix(a) + wall + prefix(b)"
    said, kept = asked(model, "hello", "a bomb")
    assert said.text == "b a hello"
    assert [d.did for d in said.decisions] == [CHANGED, PASSED, CHANGED]
    assert [d.defense for d in said.decisions] == ["prefix(a)", "wall", "prefix(b)"]
    assert (kept.finish_reason, kept.prompt_tokens) == ("defense", 0)
    assert [(d.defense, d.did, d.reason) for d in kept.decisions] == [
        ("prefix(a)", CHANGED, ""),
        ("wall", REFUSED, "it says bomb"),
    ]


def test_calls_and_tokens_of_all_that_was_asked_are_counted() -> None:
    [response] = asked(defended(Echo(), [Three()]), "ab")
    assert response.text == "ababab"
    assert (response.prompt_tokens, response.completion_tokens) == (30, 15)
    [decision] = response.decisions
    assert (decision.defense, decision.reason, decision.calls, decision.tokens) == (
        *("three", "3 copies"),
        *(1 + 2, 7),
    )


def test_defenses_within_one_another_multiply_the_calls() -> None:
    echo = Echo()
    [response] = asked(defended(echo, [Three(), Three()]), "x")
    assert sum(echo.sizes) == 9
    assert response.text == "x" * 9
    # Nine to the model and one of the defense's own each time: 1 and theirs together.
    assert [d.calls for d in response.decisions] == [9, 3]
    assert 1 + sum(d.calls for d in response.decisions) == 9 + 3 + 1


def test_a_local_model_is_asked_in_batches_and_never_twice_at_once() -> None:
    echo = Echo()
    asked(defended(echo, [Three()]), *(f"{n} is a number" for n in range(64)))
    assert echo.most == 1
    assert sum(echo.sizes) == 3 * 64
    assert len(echo.sizes) <= 10


def test_an_endpoint_is_asked_as_often_at_once_as_it_allows() -> None:
    echo = Echo(concurrency=4)
    model = defended(echo, [Three()])
    requests = [Request(model=model.id, messages=ask(f"{n}")) for n in range(8)]

    async def all_at_once() -> None:
        await asyncio.gather(*(model.generate([request]) for request in requests))

    asyncio.run(all_at_once())
    assert (echo.most, set(echo.sizes), len(echo.sizes)) == (4, {1}, 24)


def test_what_the_model_says_no_to_is_an_error_of_that_request_alone() -> None:
    echo = Echo(concurrency=4, failing="bad")
    model = defended(echo, [Prefix("a")])

    async def both() -> list[object]:
        requests = [Request(model=model.id, messages=ask(p)) for p in ("good", "bad")]
        return await asyncio.gather(
            *(model.generate([q]) for q in requests), return_exceptions=True
        )

    good, bad = asyncio.run(both())
    assert isinstance(good, list)
    assert good[0].text == "a good"
    assert isinstance(bad, ModelError)


def test_closing_leaves_nothing_under_way() -> None:
    async def cut_short() -> None:
        model = defended(Echo(), [Three()])
        work = asyncio.create_task(model.generate([Request(model=model.id, messages=ask("x"))]))
        await asyncio.sleep(0.003)
        work.cancel()
        await model.close()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(cut_short())


def test_a_defended_model_is_measured_as_any_other(tmp_path: Path) -> None:
    run = carry_out(defended(Echo(), [Wall("1"), Prefix("a")]), tmp_path, 20)
    assert run.info["model"]["id"] == "test/echo + wall + prefix(a)"
    assert run.info["model"]["facts"]["defenses"] == "wall, prefix(a)"
    kept = run.samples[run.samples.finish_reason == "defense"]
    assert len(kept) == 2 * 11  # 1 and 10 to 19, in both score sets


def test_a_defense_that_opened_something_is_closed_with_the_model() -> None:
    class Opened(Prefix):
        closed = 0

        async def close(self) -> None:
            Opened.closed += 1

    asked(defended(Echo(), [Opened("a"), Prefix("b")]), "hello")
    assert Opened.closed == 1


def test_without_defenses_it_is_the_model_itself() -> None:
    echo = Echo()
    assert defended(echo, []) is echo


def test_a_run_names_its_defenses_and_keeps_what_they_decided(tmp_path: Path) -> None:
    settings = Settings(suite="mini", benchmarks=("safety/misuse",), limit=3)
    job = Job(
        settings=settings,
        out=tmp_path,
        cache=False,
        defenses=("smoothllm:copies=2", "self_reminder"),
    )
    run = evaluate("mock/comply", job)
    assert run.info["model"]["id"] == "mock/comply + smoothllm(2, 0.1, swap, 0) + self_reminder"
    for told in run.samples.decisions:
        outer, inner = msgspec.json.decode(told, type=tuple[Decision, ...])
        assert (outer.defense, outer.did, outer.calls) == ("smoothllm(2, 0.1, swap, 0)", CHANGED, 1)
        assert (inner.defense, inner.did) == ("self_reminder", CHANGED)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("smothllm", "Did you mean smoothllm"),
        ("smoothllm:copy=2", "Did you mean copies"),
        ("smoothllm:copies", "option=value"),
        ("smoothllm:copies=few", "copies is a whole number, not 'few'"),
        ("smoothllm:copies=0", "copies is a whole number, 1 or more, not 0"),
        ("smoothllm:share=2", "share is a number, between 0 and 1, not 2"),
        ("smoothllm:disturbance=swop", "Did you mean swap"),
        ("paraphrase:tokens=-1", "tokens is a whole number, 1 or more, not -1"),
    ],
)
def test_a_defense_that_makes_no_sense_is_refused(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_named("defenses", spec)


def test_what_hands_questions_over_as_they_are_does_not_go_with_defenses(tmp_path: Path) -> None:
    job = Job(out=tmp_path, defenses=("smoothllm",), staffing=Staffing(workers="2"))
    with pytest.raises(UsageError, match="--workers and --on hand questions over"):
        evaluate("mock/comply", job)
