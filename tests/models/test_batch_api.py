"""The batch API of an endpoint, against a stand-in on the loopback."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.batch_server import BatchServer, serving_batches
from tests.cli.front_door import here
from tests.runs.toy import carry_out
from tests.server import plain_answer, serving
from upright.api import Job, preview
from upright.core import ModelRefused, Request, Response, Settings, UsageError, ask
from upright.models import ModelOptions, _batch_api, open_model
from upright.models._batch_api import BatchEndpoint
from upright.models._batch_wire import Site
from upright.runs import open_run

KEY = "sk-very-secret-0123456789"
PROMPTS = [f"Is {number} even?" for number in range(12)]


def endpoint(server: BatchServer, said: list[str] | None = None, **options: Any) -> BatchEndpoint:
    """One that does not wait between two looks; its keys do not depend on the server's port."""
    site = Site("test", "openai/test", server.url, server.url, server.key, None, "max_tokens")
    told = [] if said is None else said
    return BatchEndpoint(site, ModelOptions(**options), first_wait=0.0, tell=told.append)


def requests(prompts: list[str] = PROMPTS, **changes: Any) -> list[Request]:
    return [Request(model="openai/test", messages=ask(p), **changes) for p in prompts]


def answers(model: BatchEndpoint, asked: list[Request]) -> list[Response]:
    async def generate() -> list[Response]:
        try:
            return await model.generate(asked)
        finally:
            await model.close()

    return asyncio.run(generate())


def texts(responses: list[Response]) -> list[str]:
    return [response.text for response in responses]


RIGHT = [plain_answer(prompt) for prompt in PROMPTS]


def test_answers_come_in_the_order_of_the_questions() -> None:
    said: list[str] = []
    with serving_batches() as server:
        model = endpoint(server, said)
        found = answers(model, requests())
    assert texts(found) == RIGHT
    assert (found[0].finish_reason, found[0].prompt_tokens) == ("stop", 10)
    assert len(server.made) == 1
    assert model.facts["mode"] == "batch"
    assert (model.facts["batches"], model.facts["served_as"]) == ("batch_0", "test-model")
    assert "12 to be answered. It goes on when this run is stopped" in said[0]
    assert said[-1].endswith("completed, 12 of 12 answered")


def test_a_run_needs_nothing_else(tmp_path: Path) -> None:
    with serving_batches() as server:
        run = carry_out(endpoint(server), tmp_path)
    assert set(server.asked.values()) == {1}
    assert run.info["calls"] == {"planned": 40, "asked": 40, "from_cache": 0, "errors": 0}
    assert run.info["model"]["facts"]["mode"] == "batch"
    assert open_run(run.path).samples.value.notna().all()


def test_answers_are_shared_with_the_plain_endpoint() -> None:
    plain, batch = (
        open_model("openai/test", ModelOptions(base_url="http://127.0.0.1:1/v1", batch=batch))
        for batch in (False, True)
    )
    assert isinstance(batch, BatchEndpoint)
    assert batch.id == plain.id


@pytest.mark.parametrize("fate", ["500", "expired", "missing"])
def test_what_failed_for_a_reason_that_may_pass_is_asked_once_more(fate: str) -> None:
    with serving_batches(fates={PROMPTS[3]: [fate], PROMPTS[5]: [fate, fate]}) as server:
        found = answers(endpoint(server), requests())
    assert [len(made["lines"]) for made in server.made] == [12, 2]
    assert found[3].text == RIGHT[3]
    assert [at for at, response in enumerate(found) if response.error] == [5]


def test_a_question_that_will_never_do_is_an_error_of_its_own() -> None:
    with serving_batches(fates={PROMPTS[3]: ["400"], PROMPTS[5]: ["blocked"]}) as server:
        found = answers(endpoint(server), requests())
    assert len(server.made) == 1
    assert found[3].error == "HTTP 400: too long"
    assert (found[5].error, found[5].finish_reason) == (None, "content_filter")
    assert sum(response.text != "" for response in found) == 10


def test_a_failure_of_an_earlier_batch_is_asked_anew() -> None:
    with serving_batches(fates={PROMPTS[3]: ["400"]}) as server:
        answers(endpoint(server), requests())
        assert texts(answers(endpoint(server), requests())) == RIGHT
    assert [len(made["lines"]) for made in server.made] == [12, 1]


@pytest.mark.parametrize("end", ["expired", "cancelled"])
def test_what_a_batch_answered_before_its_time_was_up_is_kept(end: str) -> None:
    fates = {prompt: ["expired"] for prompt in PROMPTS[:4]}
    with serving_batches(ends=[end], fates=fates) as server:
        found = answers(endpoint(server), requests())
    assert texts(found) == RIGHT
    assert [len(made["lines"]) for made in server.made] == [12, 4]


def test_a_batch_that_is_not_accepted_says_why_and_is_no_answer_later() -> None:
    errors = [
        {"code": "token_limit_exceeded", "message": f"Enqueued tokens of {KEY}", "line": None}
    ]
    with serving_batches(key=KEY, ends=["failed"], errors=errors) as server:
        with pytest.raises(ModelRefused, match="--concurrency 1") as raised:
            answers(endpoint(server), requests())
        assert "Enqueued tokens of ***" in str(raised.value)
        assert texts(answers(endpoint(server), requests())) == RIGHT
    assert len(server.made) == 2


def test_another_name_of_the_limit_is_learnt_for_the_second_batch() -> None:
    with serving_batches(fates={"*": ["new-limit"] * 24}) as server:
        assert texts(answers(endpoint(server), requests())) == RIGHT
    limits = [
        {"max_tokens", "max_completion_tokens"} & {*m["lines"][0]["body"]} for m in server.made
    ]
    assert limits == [{"max_tokens"}, {"max_completion_tokens"}]


def test_at_openai_the_name_is_known_that_all_its_models_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model = open_model("openai/test", ModelOptions(batch=True))
    assert isinstance(model, BatchEndpoint)
    body = json.loads(model._line(requests()[0]))["body"]
    assert body["max_completion_tokens"] == 512
    assert "max_tokens" not in body


def test_a_used_up_quota_stops_the_run_and_what_was_answered_is_not_paid_again() -> None:
    with serving_batches(fates={prompt: ["quota"] for prompt in PROMPTS[:2]}) as server:
        with pytest.raises(ModelRefused, match="used up"):
            answers(endpoint(server), requests())
        assert texts(answers(endpoint(server), requests())) == RIGHT
    assert [len(made["lines"]) for made in server.made] == [12, 2]


def test_lines_that_mean_nothing_change_nothing() -> None:
    asked = requests()
    unknown = {"custom_id": "../../etc", "response": {"status_code": 200, "body": None}}
    extra = [b"", b"\xff\x00", b"[]", b'{"custom_id": 7}', json.dumps(unknown).encode()]
    with serving_batches(extra=extra) as server:
        assert texts(answers(endpoint(server), asked)) == RIGHT


def test_of_two_answers_to_one_question_the_first_counts() -> None:
    asked = requests()
    body = {"choices": [{"message": {"content": "First."}}]}
    first = {"custom_id": asked[0].key, "response": {"status_code": 200, "body": body}}
    with serving_batches(extra=[json.dumps(first).encode()]) as server:
        assert texts(answers(endpoint(server), asked)) == ["First.", *RIGHT[1:]]


def test_an_id_that_leads_elsewhere_is_not_followed() -> None:
    with serving_batches() as server:
        answers(endpoint(server), requests())
        server.batches["batch_0"]["output_file_id"] = "../models"
        with pytest.raises(ModelRefused, match=r"an id that is none: \.\./models"):
            answers(endpoint(server), requests())
    assert not any("models" in call for call in server.log)


def test_a_file_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("upright.models._batch_wire.MOST_FILE", 1000)
    with serving_batches() as server, pytest.raises(ModelRefused, match="without end"):
        answers(endpoint(server), requests())


@pytest.mark.parametrize("fault", ["429", "500", "disconnect"])
def test_looking_goes_on_whatever_befalls_a_look(fault: str) -> None:
    faults = [("GET /batches/", fault)] * (_batch_api.LOOKS - 1)
    with serving_batches(faults=faults, looks=2) as server:
        assert texts(answers(endpoint(server), requests())) == RIGHT
    assert not server.faults
    assert len(server.made) == 1


def test_where_nobody_answers_any_more_the_batch_is_left_alone_and_found_again() -> None:
    with serving_batches(faults=[("GET /batches/", "500")] * _batch_api.LOOKS) as server:
        with pytest.raises(ModelRefused, match="The batch goes on"):
            answers(endpoint(server), requests())
        assert texts(answers(endpoint(server), requests())) == RIGHT
    assert len(server.made) == 1


@pytest.mark.parametrize(
    "call", ["GET /batches", "POST /files", "POST /batches", "GET /files/file-1/content"]
)
@pytest.mark.parametrize("fault", ["429", "500", "disconnect", "lost"])
def test_a_call_that_fails_is_made_again_and_nothing_is_paid_twice(
    call: str, fault: str, tmp_path: Path
) -> None:
    with serving_batches(faults=[(call, fault)]) as server:
        run = carry_out(endpoint(server), tmp_path)
    assert not server.faults
    assert run.info["calls"]["errors"] == 0
    assert len(server.made) == 1


def test_what_an_earlier_batch_holds_is_not_asked_again_whatever_the_rest_is() -> None:
    with serving_batches(page=1) as server:
        answers(endpoint(server), requests(PROMPTS[:9]))
        answers(endpoint(server), requests(["Something else?"]))
        assert texts(answers(endpoint(server), requests(PROMPTS[2:]))) == RIGHT[2:]
    assert [len(made["lines"]) for made in server.made] == [9, 1, 3]
    assert set(server.asked.values()) == {1}


def test_an_earlier_batch_whose_answers_are_gone_is_asked_anew() -> None:
    with serving_batches() as server:
        answers(endpoint(server), requests())
        server.faults = [("GET /files", "404")]
        assert texts(answers(endpoint(server), requests())) == RIGHT
    assert len(server.made) == 2


def test_many_questions_become_several_batches_of_any_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_batch_api, "MOST_REQUESTS", 16)
    with serving_batches(looks=0) as server:
        run = carry_out(endpoint(server), tmp_path)
    assert len(server.made) > 2
    assert all(0 < len(made["lines"]) <= 16 for made in server.made)
    assert set(server.asked.values()) == {1}
    assert run.info["calls"]["asked"] == 40


def test_files_stay_below_their_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = requests()
    with serving_batches() as server:
        model = endpoint(server)
    size = max(len(model._line(request)) for request in asked)
    monkeypatch.setattr(_batch_api, "MOST_BYTES", 3 * size)
    groups = list(model.batches(asked))
    assert all(sum(len(model._line(q)) for q in group) <= 3 * size for group in groups)
    assert sorted(q.key for group in groups for q in group) == sorted(q.key for q in asked)
    monkeypatch.setattr(_batch_api, "MOST_BYTES", 1)
    assert len(list(model.batches(asked))) == 12
    assert list(model.batches([])) == []


def test_with_one_of_several_batches_saved_the_others_are_still_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Grouped anew, the rest is one group and no longer half of one."""
    monkeypatch.setattr(_batch_api, "MOST_REQUESTS", 24)
    with serving_batches(looks=0, faults=[("GET /batches/batch_1", "401")]) as server:
        with pytest.raises(ModelRefused):
            carry_out(endpoint(server, concurrency=1), tmp_path)
        made = len(server.made)
        run = carry_out(endpoint(server), tmp_path)
    assert made == len(server.made) == 2
    assert set(server.asked.values()) == {1}
    assert run.info["calls"]["errors"] == 0


def test_a_server_without_a_batch_api_says_so() -> None:
    with (
        serving_batches(missing=True) as server,
        pytest.raises(ModelRefused, match=r"has no batch API .* run without --batch"),
    ):
        answers(endpoint(server), requests())
    with serving() as plain:
        server.url = plain.url
        with pytest.raises(ModelRefused, match="has no batch API"):
            answers(endpoint(server), requests())
    with pytest.raises(ModelRefused, match="Is the server running"):
        answers(endpoint(server), requests())


def test_the_key_is_shown_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with serving_batches(key=KEY, fates={PROMPTS[0]: ["400"]}) as server:
        model = endpoint(server, said)
        found = answers(model, requests())
        monkeypatch.setenv("UPRIGHT_API_KEY", f"{KEY}x")
        wrong = open_model("openai/test", ModelOptions(base_url=server.url, batch=True))
        assert isinstance(wrong, BatchEndpoint)
        with pytest.raises(ModelRefused, match="refused the key") as raised:
            answers(wrong, requests())
    assert KEY not in f"{said} {found} {model!r} {model.facts} {wrong.facts} {raised.value}"


def test_what_a_batch_cannot_do_is_said_before_anything_is_asked() -> None:
    for given in ({"rpm": 5}, {"tpm": 5}, {"hedge": True}, {"repeats_per_call": 2}):
        options = ModelOptions(base_url="http://127.0.0.1:1", batch=True, **given)
        with pytest.raises(UsageError, match="leave out --batch"):
            open_model("openai/test", options)
    options = ModelOptions(base_url="http://127.0.0.1:1", batch=True)
    for settings in (Settings(until=0.1), Settings(decide=0.9)):
        with pytest.raises(UsageError, match=f"Leave out {settings.stopping} or --batch"):
            preview("openai/test", Job(settings=settings, model_options=options))
    with pytest.raises(UsageError, match="--no-cache"):
        preview("openai/test", Job(model_options=options, cache=False))


def command(server: BatchServer) -> list[str]:
    words = "run openai/test --batch -b safety/misuse --limit 4 --out runs --base-url"
    return [*words.split(), server.url]


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_waits_the_same_command_fetches_the_answers(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving_batches(held=True) as server:
        program = [sys.executable, "-m", "upright", *command(server)]
        env = {**os.environ, "UPRIGHT_CACHE": str(tmp_path / "cache")}
        with subprocess.Popen(
            program, cwd=tmp_path, env=env, stderr=subprocess.PIPE, text=True
        ) as process:
            deadline = time.monotonic() + 60
            while not any(call.startswith("GET /batches/") for call in server.log):
                assert time.monotonic() < deadline, process.poll()
                time.sleep(0.01)
            process.send_signal(number)
            _, told = process.communicate(timeout=30)
        assert number == signal.SIGKILL or "To go on: " in told
        assert "goes on when this run is stopped" in " ".join(told.split())
        server.release()
        again = here(*command(server), cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert len(list((tmp_path / "runs").iterdir())) == 1
    assert len(server.made) == 1
    assert set(server.asked.values()) == {1}
