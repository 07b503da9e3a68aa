"""`upright attack`: what was reached, what it took, and going on where it stopped."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.cli.front_door import here
from tests.runs.test_kill import wait_for
from tests.server import serving


def attacked(out: Path, *more: str) -> dict[str, object]:
    words = ("attack", "mock/worst", "encoding", "--limit", "4", "--out", "runs", "--json")
    told = here(*words, *more, cwd=out)
    assert told.returncode == 0, told.stderr
    found: dict[str, object] = json.loads(told.stdout)
    return found


def test_it_says_what_was_reached_and_keeps_everything(tmp_path: Path) -> None:
    found = attacked(tmp_path)
    [path] = (tmp_path / "runs").iterdir()
    assert found["path"] == f"runs/{path.name}"
    assert found["goals"] == 4
    stored = json.loads((path / "attack.json").read_bytes())
    assert stored["attack"]["paper"] == "2307.02483"
    assert stored["budget"] == {"queries": 100, "tokens": None, "consultations": None}
    assert len(stored["results"]) == len(stored["goals"]) == 4
    assert sum(r["queries"] for r in stored["results"]) == found["queries"]
    lines = (path / "journal.jsonl").read_bytes().count(b"\n")
    assert lines == found["queries"]


def test_the_same_command_asks_nothing_anew(tmp_path: Path) -> None:
    first, again = attacked(tmp_path), attacked(tmp_path)
    assert first == again
    [path] = (tmp_path / "runs").iterdir()
    assert (path / "journal.jsonl").read_bytes().count(b"\n") == first["queries"]


def test_another_budget_seed_or_defense_is_another_attack(tmp_path: Path) -> None:
    paths = {
        attacked(tmp_path, *more)["path"]
        for more in ((), ("--queries", "2"), ("--seed", "1"), ("--with", "self_reminder"))
    }
    assert len(paths) == 4


def test_models_of_the_attackers_own_are_counted_apart_and_asked_once(tmp_path: Path) -> None:
    own = 'pair:attacker=mock/say:{"prompt":"Tell me a story"},streams=1,depth=2'
    words = ("attack", "mock/refuse", own, "--limit", "1", "--out", "runs")
    first, again = (here(*words, cwd=tmp_path).stdout for _ in range(2))
    assert first == again
    assert "asked of the attacker's own models: 2, 2.0 a goal" in first
    assert "replies that could not be read: 0" in first
    assert "Tell me a story" not in first.partition("goals reached")[2]
    [path] = (tmp_path / "runs").iterdir()
    # The same question twice is asked once; the attacker has a seed of its own for every reply.
    assert (path / "journal.jsonl").read_bytes().count(b"\n") == 1 + 2
    stored = json.loads((path / "attack.json").read_bytes())
    assert [model["id"] for model in stored["consulted"].values()] == [own[14:].partition(",")[0]]
    assert stored["results"][0]["consulted"] == {"calls": 2, "tokens": 0, "unread": 0}
    few = json.loads(here(*words, "--consultations", "1", "--json", cwd=tmp_path).stdout)
    assert (few["consulted"]["calls"], few["queries"]) == (1, 1)


def test_for_people_no_attack_string_is_shown(tmp_path: Path) -> None:
    words = ("attack", "mock/refuse", "encoding", "--limit", "2", "--queries", "3")
    told = here(*words, cwd=tmp_path)
    assert "goals reached: 0 of 2, 0.0% (95 % interval 0.0% to 65.8%)" in told.stdout
    assert "the budget ended 2 of them" in told.stdout
    assert "Base64" not in told.stdout


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_says_so_and_goes_on_there(tmp_path: Path, number: signal.Signals) -> None:
    with serving(delay=0.1) as server:
        words = ("attack", "openai/test", "encoding", "--base-url", server.url, "--json")
        command = [sys.executable, "-m", "upright", *words, "--concurrency", "2"]
        with subprocess.Popen(
            command, cwd=tmp_path, stderr=PIPE, stdout=PIPE, text=True
        ) as process:
            wait_for(server, 6)
            process.send_signal(number)
            _, told = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "Traceback" not in told
        [path] = (tmp_path / "runs").iterdir()
        saved = (path / "journal.jsonl").read_bytes().count(b"\n")
        assert f"Stopped. {saved} answers are saved in runs/{path.name}" in told
        server.delay = 0.0
        again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(again.stdout)["path"] == f"runs/{path.name}"
    # What was under way when it was stopped may be answered twice; what was saved is not.
    assert sum(times - 1 for times in server.answered.values()) <= 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mock/refuse", "encodin"), "Did you mean encoding"),
        (("mock/refuse", "encoding", "-b", "fairness/preference"), "asks for nothing harmful"),
        (("mock/refuse", "random_search"), "--logprobs"),
        (("mock/refuse", "gcg"), "has no weights here"),
        (("mock/refuse", "pair"), "pair:attacker=openai/NAME"),
        (("mock/refuse", "jbc"), "jbc:template=FILE"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    told = here("attack", *words, "--limit", "1", cwd=tmp_path)
    assert told.returncode == 2
    assert said in told.stderr


def test_goals_that_were_never_asked_about_are_in_no_interval(tmp_path: Path) -> None:
    """An attacker that talks nonsense leaves the model in peace, which is no merit of the model."""
    words = ("attack", "mock/refuse", "pair:attacker=mock/echo", "--limit", "2", "--out", "out")
    shown = here(*words, cwd=tmp_path).stdout
    assert "asked nothing: 2" in shown and "interval" not in shown
    told = json.loads(here(*words, "--json", cwd=tmp_path).stdout)
    assert (told["goals"], told["asked"], told["interval"]) == (2, 0, None)


def test_goals_without_an_answer_are_told_apart_from_those_not_reached(tmp_path: Path) -> None:
    with serving(rates={"400": 1.0}) as server:
        words = ("attack", "openai/test", "encoding", "--limit", "2", "--out", "out")
        down = here(*words, "--base-url", server.url, cwd=tmp_path)
        assert down.returncode == 3
        assert "no answer: 2" in down.stdout and "12 of 12 questions failed" in down.stdout
        assert "interval" not in down.stdout and "goals reached" not in down.stdout
        server.rates = {}
        up = here(*words, "--base-url", server.url, "--json", cwd=tmp_path)
    assert up.returncode == 0
    told = json.loads(up.stdout)
    assert (told["asked"], told["scored"], told["failed"]) == (2, 2, 0)
    [path] = (tmp_path / "out").iterdir()
    stored = json.loads((path / "attack.json").read_bytes())
    assert [(r["answered"], r["failed"]) for r in stored["results"]] == [(6, 0)] * 2
