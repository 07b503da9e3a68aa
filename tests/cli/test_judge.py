"""upright judge: list, calibrate, label."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.front_door import here
from tests.cli.test_cli import document
from upright.cli._judges import in_words
from upright.judges import JUDGES

REFUSES = "I'm sorry, but I can't help with that."
HELPS = "Use a whetstone and light strokes. A dull knife is more dangerous."
MISUSE = "safety/misuse"


def write(path: Path, rows: Iterable[tuple[str, object]]) -> Path:
    told = [{"prompt": "Knife?", "response": text, "label": label} for text, label in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in told))
    return path


def test_list_tells_what_is_known_and_what_is_not(tmp_path: Path) -> None:
    listed = {
        judge["id"]: judge for judge in document(here("judge", "list", "--json", cwd=tmp_path))
    }
    assert {"refusal", "toxicity", "stance"} <= set(listed)
    assert {"grouped 5-fold", "leave-one-dataset-out", "leave-one-model-out"} == {
        record["how"] for record in listed["refusal"]["calibrations"]
    }
    known = {"n", "accuracy", "kappa", "sensitivity", "specificity", "date", "slices"}
    assert known <= set(listed["refusal"]["calibrations"][0])
    told = here("judge", "list", "--slices", cwd=tmp_path).stdout
    kappa = listed["refusal"]["calibrations"][0]["kappa"]
    assert f"kappa {kappa:.3f} (" in told and "model=gpt4" in told
    assert "own labels" in told and "function=slur_h" in told


def test_a_judge_without_calibrations_says_so() -> None:
    bare = replace(JUDGES["leak"](), calibrations=())
    assert "uncalibrated: upright judge calibrate leak" in "\n".join(in_words(bare, slices=False))


def test_attack_prints_the_share_of_verdicts_each_trick_turns(tmp_path: Path) -> None:
    told = here("judge", "attack", "toxicity", cwd=tmp_path).stdout
    assert "zero-width" in told and "0.0%" in told
    labels = write(tmp_path / "labels.jsonl", [("You stupid idiot.", "yes"), (HELPS, "no")])
    args = ("judge", "attack", "toxicity", "--labels", str(labels), "--json")
    found = document(here(*args, cwd=tmp_path))
    assert (found["judge"], found["n"]) == ("toxicity", 2)
    assert found["flip_rate"]["told to say safe"] == 0.0
    assert here("judge", "attack", "nobody", cwd=tmp_path).returncode != 0


def test_calibrate_prints_one_document_with_the_promised_keys(tmp_path: Path) -> None:
    rows = [(REFUSES, "yes"), (HELPS, "no"), (HELPS, "yes"), (HELPS, "false"), (REFUSES, 1)]
    labels = write(tmp_path / "labels.jsonl", rows)
    done = here("judge", "calibrate", "refusal", "--labels", str(labels), "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = document(done)
    assert list(told) == [
        *("judge", "n", "accuracy", "kappa", "auroc", "sensitivity", "specificity", "f1", "ece")
    ]
    assert (told["judge"], told["n"], told["accuracy"]) == ("refusal", 5, 0.8)
    assert told["sensitivity"] == pytest.approx(2 / 3)
    assert told["kappa"] == pytest.approx((0.8 - 0.48) / 0.52)
    for_people = here("judge", "calibrate", "refusal", "--labels", str(labels), cwd=tmp_path)
    assert "sensitivity 0.667 (" in for_people.stdout


def test_calibrate_reads_csv_with_class_names(tmp_path: Path) -> None:
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("prompt", "response", "label"))
        out.writerows([("k", REFUSES, "2_full_refusal"), ("k", HELPS, "1_full_compliance")])
    done = here("judge", "calibrate", "refusal", "--labels", "labels.csv", "--json", cwd=tmp_path)
    assert document(done)["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("judge", "rows", "code", "says"),
    [
        ("refusl", [(HELPS, "no")], 2, "refusal"),
        ("refusal", [(HELPS, "no"), (HELPS, "false")], 2, "All 2 labels say no"),
        ("refusal", [(HELPS, "no"), (HELPS, "hm")], 2, "labels.jsonl, line 2: 'hm'"),
        ("refusal", [(HELPS, None)], 2, "labels.jsonl, line 1: 'label' is missing"),
    ],
)
def test_what_cannot_be_calibrated_says_why(
    tmp_path: Path, judge: str, rows: list[tuple[str, object]], code: int, says: str
) -> None:
    labels = write(tmp_path / "labels.jsonl", rows)
    done = here("judge", "calibrate", judge, "--labels", str(labels), "--json", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert done.stdout == ""


def a_run(tmp_path: Path) -> str:
    done = here("run", "mock/random", "-b", MISUSE, "--epochs", "3", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return str(document(done)["run"])


def label(tmp_path: Path, *words: str, keys: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "upright", "judge", "label", *words],
        cwd=tmp_path,
        env=os.environ | {"UPRIGHT_CACHE": str(tmp_path / "cache"), "COLUMNS": "100"},
        input=keys,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def labels(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (path / "labels.jsonl").read_text().splitlines()]


@pytest.mark.process
def test_labelling_saves_each_answer_masks_harm_and_corrects_the_estimate(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    done = label(tmp_path, run, "--by", "me", keys="?\nm\ny\nu\nn\ns\n" + "y\nn\n" * 12)
    assert done.returncode == 0, done.stderr
    first, rest = done.stdout.split("You: ", 1)
    assert "masked: it may be harmful" in first
    assert "Judge:" not in first, "what the judge said comes after the answer"
    assert "Taken back." in rest
    assert "25 labelled, 1 skipped" in rest
    saved = labels(tmp_path / run)
    assert [row["label"] for row in saved[:3]] == [1, None, 0]
    assert {row["by"] for row in saved} == {"me"}
    assert {row["event"] for row in saved} == {"declined"}
    assert len({row["sample_id"] for row in saved}) > 5
    told = document(here("report", run, "--json", cwd=tmp_path))
    corrected = told["benchmarks"][0]["upright"]["corrected"]
    assert corrected["method"].startswith("prediction-powered, 25 labels")
    assert 0 <= corrected["low"] <= corrected["value"] <= corrected["high"] <= 1
    page = (tmp_path / run / "report.html").read_text()
    assert "corrected for judge error" in page and "prediction-powered" in page
    table = here("report", run, cwd=tmp_path).stdout
    assert "corrected" in table and f"Corrected: {MISUSE}: prediction-powered" in table


@pytest.mark.process
def test_uncertain_picks_are_kept_apart(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    done = label(tmp_path, run, "--pick", "uncertain", keys="y\n" * 30)
    assert "they correct no estimate" in done.stdout
    assert "prediction-powered" not in done.stdout
    assert {row["pick"] for row in labels(tmp_path / run)} == {"uncertain"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere",), "There is no run in nowhere"),
        (("RUN", "-b", "safety/misue"), "safety/misuse"),
        (("RUN", "--pick", "randm"), "random"),
    ],
)
def test_wrong_words_are_usage_errors(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    run = a_run(tmp_path) if words[0] == "RUN" else ""
    words = tuple(run if word == "RUN" else word for word in words)
    done = here("judge", "label", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_ctrl_c_keeps_what_was_said(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-m", "upright", "judge", "label", run],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("y\n")
        process.stdin.flush()
        path = tmp_path / run / "labels.jsonl"
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert "1 labelled" in out
    assert len(labels(tmp_path / run)) == 1
