"""Recorded answers as a model."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from upright.core import DataError, Request, Response, Sample, UsageError, ask
from upright.models import ModelOptions, open_model

OPTIONS = ModelOptions()


def recorded(folder: Path, *rows: Any) -> str:
    path = folder / "answers.json"
    path.write_text(json.dumps(rows))
    return f"replay/{path}"


def answer(spec: str, prompt: str, **changes: Any) -> Response:
    sample = Sample(messages=ask(prompt), **changes)
    request = Request(
        model=spec, messages=sample.messages, replicate=sample.replicate, sample=sample
    )
    return asyncio.run(open_model(spec, OPTIONS).generate([request]))[0]


def test_answers_are_found_by_prompt_then_by_the_earlier_wording(tmp_path: Path) -> None:
    spec = recorded(tmp_path, {"prompt": "old", "res": "1"}, {"prompt": "new", "response": "2"})
    assert answer(spec, "new").text == "2"
    assert answer(spec, "newer", also_asked_as="old").text == "1"


def test_repetitions_get_their_own_answers_and_then_the_last(tmp_path: Path) -> None:
    spec = recorded(tmp_path, *({"prompt": "p", "res": str(k)} for k in range(2)))
    assert [answer(spec, "p", copy=k).text for k in range(3)] == ["0", "1", "1"]
    assert answer(spec, "p", replicate=1).text == "1"
    assert "no more" in (answer(spec, "p", replicate=2).error or ""), "not a draw of its own"


def test_what_was_not_recorded_is_an_error_and_never_an_empty_text(tmp_path: Path) -> None:
    spec = recorded(tmp_path, {"prompt": "a", "res": None}, {"prompt": "b", "res": ""})
    assert "null" in (answer(spec, "a").error or "")
    assert "no answer to this prompt" in (answer(spec, "c").error or "")
    assert answer(spec, "b") == Response(text="")


def test_json_lines_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(
        '{"prompt": "a", "res": "1", "label": 3}\n\n{"prompt": "b", "res": "\\ud800"}\n'
    )
    assert answer(f"replay/{path}", "b").text == "\\ud800"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[{"prompt": "a", "res": "x"}, 3]', "row 2: expected an object"),
        ('[{"prompt": 4, "res": "x"}]', "row 1: `prompt` must be text"),
        ('[{"prompt": "a", "res": 4}]', "row 1: the answer must be text"),
        ('[{"prompt": "a"}]', "holds no answers"),
        ('{"prompt": "a", "res": "x"}\n{"prompt"', "line 2 is not JSON"),
        ("[1, ", "is not JSON"),
    ],
)
def test_malformed_rows_name_file_and_row(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(DataError, match=f"bad.json.*{told}"):
        open_model(f"replay/{path}", OPTIONS)


def test_an_unknown_file_offers_its_neighbours(tmp_path: Path) -> None:
    recorded(tmp_path, {"prompt": "a", "res": "1"})
    with pytest.raises(UsageError, match=r"Did you mean answers\.json"):
        open_model(f"replay/{tmp_path}/answer.json", OPTIONS)
    with pytest.raises(UsageError, match="no folder"):
        open_model(f"replay/{tmp_path}/none/answers.json", OPTIONS)


def test_a_replay_is_not_cached() -> None:
    assert not open_model("mock/oracle", OPTIONS).cacheable
