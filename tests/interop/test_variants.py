"""Shapes that the fixtures do not have, written by hand after the tools' source code."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.interop.test_bad_files import lm_eval
from tests.interop.test_import import FIXTURES
from upright.api import import_run
from upright.runs.storing.store import Run


def imported(tmp_path: Path, name: str, content: bytes, **given: Any) -> Run:
    (tmp_path / name).write_bytes(content)
    return import_run(tmp_path / name, out=tmp_path / "runs", **given)


def inspect_log(**sample: Any) -> bytes:
    """The log of the fixture with one sample, changed."""
    log = json.loads((FIXTURES / "inspect" / "strong.json").read_text())
    log["samples"] = [log["samples"][0] | sample]
    log["results"]["total_samples"] = 1
    return json.dumps(log).encode()


def test_inspect_chats_parts_and_attachments(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "attachment://abc"},
                {"type": "image", "image": "data:..."},
            ],
        },
    ]
    run = imported(
        tmp_path,
        "a.json",
        inspect_log(input=turns, attachments={"abc": "Long."}, target=["a", "b"]),
    )
    row = run.samples.iloc[0]
    assert row.prompt == "Long.\n[image]"
    assert json.loads(row.messages)[0] == {"role": "system", "content": "Be brief."}
    assert row.target == '["a", "b"]'


@pytest.mark.parametrize(
    ("value", "metrics"),
    [
        ("P", {"abstaining": 0.5}),
        ("N", {"abstaining": 0.0}),
        (True, {"abstaining": 1.0}),
        ("yes", {"abstaining": 1.0}),
        (0.25, {"abstaining": 0.25}),
        ({"right": "C", "polite": 0.5}, {"abstaining.right": 1.0, "abstaining.polite": 0.5}),
    ],
)
def test_inspect_values(tmp_path: Path, value: object, metrics: Mapping[str, float]) -> None:
    run = imported(tmp_path, "a.json", inspect_log(scores={"abstaining": {"value": value}}))
    assert dict(zip(run.estimates.metric, run.estimates["value"], strict=True)) == metrics


def test_inspect_samples_that_failed_or_were_filtered(tmp_path: Path) -> None:
    error = {"message": "boom", "traceback": "", "traceback_ansi": ""}
    run = imported(tmp_path, "a.json", inspect_log(error=error, scores=None))
    assert (run.samples.outcome[0], run.samples.error[0]) == ("error", "boom")
    message = {"role": "assistant", "content": ""}
    output = {"choices": [{"message": message, "stop_reason": "content_filter"}]}
    run = imported(tmp_path, "b.json", inspect_log(output=output))
    assert run.samples.outcome[0] == "filtered"


def test_lm_eval_options_in_the_context(tmp_path: Path) -> None:
    """As Winogrande: each option completes another context, the ending is the same."""
    line = {
        "arguments": [["Ann is", " tall"], ["Bob is", " tall"]],
        "filtered_resps": [["-3.0", "False"], ["-1.0", "False"]],
        "target": 1,
    }
    row = imported(tmp_path, "s.jsonl", lm_eval(line), model="m").samples.iloc[0]
    assert (row.response, row.target) == ("Bob is", "Bob is")


def test_lm_eval_documents_that_occur_twice_are_one_cluster(tmp_path: Path) -> None:
    content = lm_eval({}, {"doc_id": 1}, {"doc_id": 2, "doc_hash": "b"})
    samples = imported(tmp_path, "s.jsonl", content, model="m").samples
    assert samples.sample_id.nunique() == 3
    assert list(samples.group) == ["", "a", ""]


def test_lm_eval_metrics_that_are_better_when_lower(tmp_path: Path) -> None:
    time = "2026-01-01T00-00-00.1"
    results = {"lm_eval_version": "0", "higher_is_better": {"t": {"acc": False}}}
    (tmp_path / f"results_{time}.json").write_text(json.dumps(results))
    run = imported(tmp_path, f"samples_t_{time}.jsonl", lm_eval({}), model="m")
    assert not run.estimates.higher_is_better[0]


def test_garak_of_earlier_versions(tmp_path: Path) -> None:
    """Bare texts for prompts and outputs, `model_*`, and detectors with their folder's name."""
    attempt = {
        "entry_type": "attempt",
        "status": 2,
        "probe_classname": "probes.lmrc.Profanity",
        "prompt": "Say it.",
        "outputs": ["No.", None],
        "detector_results": {"x.Y": [0.0, None]},
    }
    lines = [
        {
            "entry_type": "start_run setup",
            "plugins.model_type": "openai",
            "plugins.model_name": "m",
        },
        attempt,
        {
            "entry_type": "eval",
            "probe": "lmrc.Profanity",
            "detector": "detector.x.Y",
            "passed": 1,
            "total": 1,
        },
    ]
    content = "\n".join(json.dumps(line) for line in lines).encode()
    run = imported(tmp_path, "r.report.jsonl", content)
    assert run.info["model"]["id"] == "openai/m"
    assert list(run.samples.prompt) == ["Say it.", "Say it."]
    assert list(run.samples.outcome) == ["answered", "error"]


def test_promptfoo_chats_and_prompts_that_only_look_like_one(tmp_path: Path) -> None:
    file = json.loads((FIXTURES / "promptfoo" / "strong.json").read_text())
    results = file["results"]["results"] = file["results"]["results"][:2]
    results[0]["prompt"]["raw"] = (
        '[{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]'
    )
    results[1]["prompt"]["raw"] = '[{"role": no JSON'
    samples = imported(tmp_path, "p.json", json.dumps(file).encode()).samples
    assert list(samples.prompt) == ["U", '[{"role": no JSON']


def test_promptfoo_repeats_are_epochs(tmp_path: Path) -> None:
    file = json.loads((FIXTURES / "promptfoo" / "strong.json").read_text())
    results = file["results"]["results"]
    file["results"]["results"] = [results[0], results[0], results[2]]
    samples = imported(tmp_path, "p.json", json.dumps(file).encode()).samples
    assert list(samples.epoch) == [0, 1, 0]
    assert samples.sample_id.nunique() == 2
