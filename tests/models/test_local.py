"""Checkpoints on this machine, through the front door."""

import asyncio
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import upright
from tests.models import tiny
from upright.core import DataError, Model, Request, Response, Settings, UsageError, ask
from upright.models import ModelOptions, local, open_model
from upright.models._checkpoint import load_checkpoint
from upright.models._decoding import Cancelled, Engine, Prompt, Written, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.folder(tmp_path_factory.mktemp("models") / "tiny-llama")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return open_model(f"local/{folder}", tiny.TWO_THREADS)


def request(prompt: str = "Is 4 even?", **changes: Any) -> Request:
    messages = changes.pop("messages", ask(prompt))
    return Request(model="local/tiny", messages=messages, **{"max_tokens": 6} | changes)


def answers(model: Model, *requests: Request) -> list[Response]:
    return asyncio.run(model.generate(requests))


def without_latency(responses: list[Response]) -> list[tuple[object, ...]]:
    return [(r.text, r.finish_reason, r.completion_tokens, r.error) for r in responses]


def test_the_id_says_which_weights_and_which_precision(model: Model, folder: Path) -> None:
    fingerprint = load_checkpoint(folder).fingerprint
    assert model.id == f"local/tiny-llama@{fingerprint}"
    lower = open_model(f"local/{folder}", replace(tiny.TWO_THREADS, precision="bfloat16"))
    assert lower.id == f"local/tiny-llama@{fingerprint}-bfloat16"
    facts = model.facts
    assert facts["precision"] == "float32"
    assert facts["device"] == "cpu"
    assert facts["source"] == str(folder)
    assert len(facts["weights_sha256"]) == 64


def test_an_answer_is_what_the_plain_network_writes(model: Model, folder: Path) -> None:
    checkpoint = load_checkpoint(folder)
    asked = request(messages=ask("Hi?", "Be brief."))
    text = checkpoint.encode(asked.messages)
    written: list[int] = []
    while len(written) < asked.max_tokens:
        token = int(tiny.logits([*text, *written], tiny.tensors())[-1].argmax())
        if token == tiny.END:
            break
        written.append(token)
    [response] = answers(model, asked)
    assert response.text == checkpoint.decode(written)
    assert response.finish_reason == ("stop" if len(written) < asked.max_tokens else "length")
    assert (response.prompt_tokens, response.completion_tokens) == (len(text), len(written))
    assert response.latency > 0


def test_answers_come_in_order_and_do_not_depend_on_their_neighbours(model: Model) -> None:
    requests = [
        request("a long one " * 30),
        request("short", max_tokens=12),
        request("Is it?", options=("Yes", "No")),
        request("sampled", temperature=1.0, seed=3),
        request("x" * 5000),
        request("sampled", temperature=1.0, seed=4),
        request("a long one " * 29, messages=ask("and?", "You are terse. " * 20)),
    ]
    together = without_latency(answers(model, *requests))
    assert together == [without_latency(answers(model, one))[0] for one in requests]
    assert together[3] != together[5]


def test_the_option_chosen_is_the_likeliest(model: Model, folder: Path) -> None:
    checkpoint = load_checkpoint(folder)
    asked = request(options=("Yes", "Yes, but", "No", "Maybe"))
    [response] = answers(model, asked)
    prompt = checkpoint.encode(asked.messages)
    direct = []
    for option in asked.options:
        tokens = [*checkpoint.encode_answer(option), tiny.END]  # one option begins another
        chances = tiny.log_softmax(tiny.logits([*prompt, *tokens], tiny.tensors()))
        places = range(len(prompt) - 1, len(prompt) - 1 + len(tokens))
        direct.append(sum(chances[p, t] for p, t in zip(places, tokens, strict=True)))
    assert response.option_logprobs == pytest.approx(direct, abs=1e-3)
    assert response.text == asked.options[max(range(4), key=direct.__getitem__)]
    assert response.finish_reason == "choice"
    twins = answers(model, request(options=("B", "B")))[0]
    assert twins.text == "B"
    assert len(set(twins.option_logprobs or ())) == 1


def test_what_does_not_fit_is_an_error_with_its_reason(model: Model) -> None:
    """Never a cut prompt: an answer to half a question is no answer to the question."""
    free, closed, fits = answers(
        model,
        request("x" * 2048),
        request("x" * 1980, options=("y" * 60, "n")),
        request("x" * 1990, max_tokens=512),
    )
    for response in (free, closed):
        assert response.finish_reason == "error"
        assert "context window holds 2,048" in (response.error or "")
        assert response.text == ""
    assert "the answer needs 61" in (closed.error or "")
    assert fits.error is None
    assert (fits.prompt_tokens or 0) + (fits.completion_tokens or 0) <= 2048


def test_what_the_template_refuses_is_an_error_with_its_reason(tmp_path: Path) -> None:
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('No system turns.') }}"
        "{% endif %}{{ messages[0].content }}"
    )
    place = tiny.folder(tmp_path, words=tiny.WORDS | {"chat_template": template})
    stern = open_model(f"local/{place}", tiny.TWO_THREADS)
    refused, answered, empty = answers(
        stern, request(messages=ask("Hi", "Be brief.")), request("Hi"), request("")
    )
    assert refused.error == "The model's chat template refuses: No system turns."
    assert answered.error is None
    assert empty.error == "The prompt is empty."


def test_a_batch_is_of_one_kind_and_of_similar_lengths(model: Model) -> None:
    requests = [
        request(f"{k} {'word ' * (k * 37 % 60)}", options=("Yes", "No") if k % 3 == 0 else ())
        for k in range(120)
    ]
    requests.append(request("x" * 4000))
    batches = list(model.batches(requests))
    assert sorted(r.key for batch in batches for r in batch) == sorted(r.key for r in requests)
    assert len(batches) > 4
    for batch in batches:
        assert len(batch) <= 32
        assert len({bool(r.options) for r in batch}) == 1
        width = max(len(r.messages[0].content) for r in batch)
        assert len(batch) == 1 or len(batch) * width <= 8192
    free = [sorted(len(r.messages[0].content) for r in b) for b in batches if not b[0].options]
    spreads = [(lengths[0], lengths[-1]) for lengths in free if lengths[0] < 4000]
    assert all(a[0] >= b[1] for a, b in pairwise(spreads))


def test_equal_system_prompts_come_side_by_side(model: Model) -> None:
    requests = [request(messages=ask(f"{k}" * 8, "AB"[k % 2] * 900)) for k in range(10)]
    for batch in model.batches(requests):
        systems = [r.messages[0].content for r in batch]
        assert systems == sorted(systems)


def test_a_cancelled_call_stops_and_the_next_one_works(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, stopped = threading.Event(), threading.Event()

    def endless(
        engine: Engine, prompts: list[Prompt], _: object, cancelled: Any, __: object
    ) -> list[Written]:
        began.set()
        try:
            return write(engine, prompts, frozenset(), cancelled)
        except Cancelled:
            stopped.set()
            raise

    async def cancelled() -> list[Response]:
        monkeypatch.setattr(local, "write", endless)
        slow = asyncio.create_task(model.generate([request(max_tokens=1900)] * 8))
        await asyncio.to_thread(began.wait, 60)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        monkeypatch.undo()
        return await model.generate([request()])

    assert asyncio.run(cancelled())[0].error is None
    assert stopped.is_set()


def test_a_measurement_from_question_to_number(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path / "cache"))
    job = upright.Job(
        settings=Settings(benchmarks=("truthfulness/external",), limit=4),
        model_options=tiny.TWO_THREADS,
        out=tmp_path,
    )
    run = upright.evaluate(f"local/{folder}", job)
    assert set(run.samples.response) <= {"Supports", "Refutes"}
    assert len(run.samples) == 4
    assert set(run.samples.outcome) == {"answered"}
    again = upright.evaluate(f"local/{folder}", job)
    assert list(again.samples.response) == list(run.samples.response)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tiny-lama", r"no local model or folder .*Did you mean .*/tiny-llama.*hf download"),
        ("tiny-llama/config.json", "is a file. Name the folder"),
        ("", r"holds no config\.json"),
    ],
)
def test_a_wrong_name_is_explained(folder: Path, name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_model(f"local/{folder.parent}/{name}")


def test_the_embedded_model_is_offered_for_a_slip() -> None:
    with pytest.raises(UsageError, match=r"Did you mean smollm2-135m"):
        open_model("local/smolm2-135m")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (ModelOptions(device="gpu"), "no device 'gpu'"),
        (ModelOptions(precision="float16"), "no precision 'float16'. Did you mean"),
    ],
)
def test_a_wrong_option_is_explained(folder: Path, options: ModelOptions, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        open_model(f"local/{folder}", options)


def test_what_needs_torch_says_why_and_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    place = tiny.folder(tmp_path, tiny.CONFIG | {"architectures": ["Qwen2ForCausalLM"]})
    with pytest.raises(UsageError, match=r"Qwen2ForCausalLM.*pip install 'upright\[weights\]'"):
        open_model(f"local/{place}")


def test_weights_that_are_no_tensors_are_refused(tmp_path: Path) -> None:
    (tiny.folder(tmp_path) / "model.safetensors").write_bytes(b"<html>")
    with pytest.raises(DataError, match=r"model\.safetensors is not a safetensors file"):
        open_model(f"local/{tmp_path}", tiny.TWO_THREADS)
