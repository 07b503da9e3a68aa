"""`upright defend`: alone and in stacks, with stored runs, going on where it stopped."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.front_door import here
from upright.api import verify

WORDS = ("defend", "mock/comply", "--limit", "2", "--out", "runs")
TWO = ("--with", "self_reminder", "--with", "erase_and_check")


def told(cwd: Path, *more: str) -> dict[str, Any]:
    done = here(*WORDS, *TWO, *more, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_configuration_is_an_ordinary_run(tmp_path: Path) -> None:
    found = told(tmp_path, "--stack", "--attack", "encoding:only=leet")
    stacks = found["stacks"]
    assert [one["defenses"] for one in stacks["configurations"]] == [
        [],
        ["self_reminder"],
        ["erase_and_check"],
        ["self_reminder", "erase_and_check"],
        ["erase_and_check", "self_reminder"],
    ]
    assert stacks["conditions"] == ["asked plainly", "encoding(leet)"]
    runs = [run for one in stacks["configurations"] for run in one["runs"]]
    assert len(set(runs)) == 10
    assert verify(tmp_path / found["path"] / runs[-1]).holds
    stored = json.loads((tmp_path / found["path"] / "defend.json").read_bytes())
    assert stored["stacks"] == stacks
    page = (tmp_path / found["path"] / "defend.html").read_text(encoding="utf-8")
    assert "erase_and_check + self_reminder" in page
    strings = json.loads(next((tmp_path / found["path"]).rglob("strings-*.json")).read_bytes())
    for row in strings["jailbreaks"]:
        assert row["prompt"] not in page


def test_the_same_command_makes_no_run_anew_and_another_one_does(tmp_path: Path) -> None:
    first = told(tmp_path)
    made = sorted((tmp_path / "runs").rglob("run.json"))
    assert told(tmp_path) == first
    assert sorted((tmp_path / "runs").rglob("run.json")) == made
    other = told(tmp_path, "--target-asr", "0.5")
    assert other["path"] == first["path"], "targets change no run"
    assert other["stacks"]["targets"]["attack_success"] == 0.5
    assert sorted((tmp_path / "runs").rglob("run.json")) == made
    assert told(tmp_path, "--seed", "1")["path"] != first["path"]


def test_what_was_not_finished_is_made(tmp_path: Path) -> None:
    first = told(tmp_path)
    run = tmp_path / first["path"] / first["stacks"]["configurations"][1]["runs"][0]
    info = json.loads((run / "run.json").read_bytes())
    (run / "run.json").write_text(json.dumps({**info, "status": "stopped"}))
    assert told(tmp_path) == first
    assert json.loads((run / "run.json").read_bytes())["status"] == "finished"


def test_an_adaptive_attack_is_made_for_every_stack(tmp_path: Path) -> None:
    found = told(tmp_path, "--attack", "encoding:only=leet", "--adaptive")
    assert found["stacks"]["conditions"][2] == "encoding(leet), adaptive"
    assert len(list((tmp_path / "runs").rglob("attack.json"))) == 1 + 3


def test_for_people_it_is_a_table_and_a_sentence(tmp_path: Path) -> None:
    done = here(*WORDS, *TWO, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "defenses, outermost first" in done.stdout
    assert "targets" in done.stdout
    assert "defend.html" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--with", "self_reminder", "--with", "self_reminder"), "each once"),
        (("--with", "smothllm"), "Did you mean smoothllm"),
        ((*TWO, "--adaptive"), "name an --attack"),
        ((*TWO, "--attack", "encodin"), "Did you mean encoding"),
        ((*TWO, "--harmful", "safety/misuse", "--attack", "encoding"), "leave out --harmful"),
        ((*TWO, "--harmful", "safety/jbb_benign"), "does not tell whether harm was given"),
        ((*TWO, "--benign", "ethics/moralchoice_low"), "does not count harmless requests"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = here(*WORDS, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "runs").exists()
