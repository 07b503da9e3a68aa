"""The front door: what is printed where, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.front_door import here
from upright.cli._progress import steps_bar
from upright.data.rows import MINI

CHEAP = ("--benchmark", "truthfulness/external")


def upright(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, with a cache of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("UPRIGHT_", "OPENAI_"))}
    return subprocess.run(
        [sys.executable, "-m", "upright", *words],
        cwd=cwd,
        env=kept | {"UPRIGHT_CACHE": str(cwd / "cache")} | env,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """stdout must be one JSON document and nothing else."""
    return json.loads(done.stdout)


def test_the_front_door_loads_nothing_heavy() -> None:
    """`--help` and `list`, after each other in a new process: neither torch nor numpy nor a
    runtime."""
    code = (
        "import sys\n"
        "from upright.cli import main\n"
        "heavy = 'torch transformers openvino numpy scipy pandas pyarrow aiohttp'.split()\n"
        "for words in ('--help', 'list', 'run --help', 'judge --help', 'findings -h'):\n"
        "    sys.argv = ['upright', *words.split()]\n"
        "    try:\n        main()\n    except SystemExit:\n        pass\n"
        "    loaded = [m for m in heavy if m in sys.modules]\n"
        "    if loaded:\n        sys.exit(f'{words} loaded {loaded}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Usage: ") == 4, "each did what it was asked to"


def test_run_prints_one_json_document_of_the_promised_shape(tmp_path: Path) -> None:
    done = here("run", "mock/oracle", *CHEAP, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = document(done)
    assert told["model"] == "mock/oracle"
    (result,) = told["benchmarks"]
    assert (result["id"], result["dimension"]) == ("truthfulness/external", "truthfulness")
    assert (result["n"], result["n_unscored"], result["outcomes"]) == (16, 0, {"answered": 16})
    headline = result["upright"]
    assert headline["metric"] == "macro_f1"
    assert headline["value"] == headline["high"] == 1.0
    assert 0 < headline["low"] < 1
    assert headline["higher_is_better"] is True
    assert result["published"] is None, "the mini set is not the paper's data"
    run = tmp_path / told["run"]
    assert {p.name for p in run.iterdir()} >= {
        "run.json",
        "journal.jsonl",
        "samples.parquet",
        "estimates.parquet",
        "report.html",
    }


def test_run_for_people_ends_with_the_path_of_the_report(tmp_path: Path) -> None:
    done = upright("run", "mock/random", *CHEAP, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "external" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("Report: ")
    assert (tmp_path / last.removeprefix("Report: ")).is_file()


def test_report_of_a_stored_run_says_the_same_again(tmp_path: Path) -> None:
    told = document(here("run", "mock/random", *CHEAP, "--json", cwd=tmp_path))
    again = document(here("report", told["run"], "--json", cwd=tmp_path))
    assert again == told


def test_score_counts_missing_answers_and_exits_with_3(tmp_path: Path) -> None:
    rows = json.loads((MINI / "truthfulness" / "external.json").read_text())
    answers = [{"prompt": r["prompt"], "res": "Answer: Supports."} for r in rows[:8]]
    (tmp_path / "answers.json").write_text(json.dumps(answers))
    words = ("score", "answers.json", *CHEAP, "--suite", "mini", "--json")
    done = here(*words, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    (result,) = document(done)["benchmarks"]
    assert (result["n"], result["n_unscored"]) == (16, 8)
    assert result["outcomes"]["error"] == 8
    assert result["upright"]["value"] is None, "over 5 % unscored: the headline is withheld"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "mock/orcale"), "oracle"),
        (("run", "opneai/gpt"), "openai"),
        (("run", "replay/nothing.json"), "nothing.json"),
        (("run", "mock/oracle", "-b", "safety/jailbrake"), "safety/jailbreak"),
        (("run", "mock/oracle", "-d", "saftey"), "safety"),
        (("run", "mock/oracle", "--suite", "trustlm"), "trustllm"),
        (("run", "mock/oracle", "--choices", "txt"), "text"),
        (("list", "benchmark"), "benchmarks"),
        (("check", "ethics/emotion"), "ethics/emotional_awareness"),
        (("run", "mock/oracle", "--judge", "mock/echo", "--judge", "mock/echo"), "--judge-votes"),
        (("run", "mock/oracle", "--judge-sample", "30"), "--judge MODEL"),
    ],
)
def test_wrong_names_offer_the_nearest_and_exit_with_2(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    done = here(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("upright: ") and says in done.stderr
    assert done.stdout == ""


def test_dry_run_counts_without_asking(tmp_path: Path) -> None:
    words = ("run", "mock/oracle", *CHEAP, "--dry-run", "--price", "1", "2", "--json")
    told = document(here(*words, cwd=tmp_path))
    assert (told["samples"], told["calls"], told["from_cache"]) == (16, 16, 0)
    assert told["price"] > 0
    assert not (tmp_path / "runs").exists()


def test_keys_never_reach_the_run_directory(tmp_path: Path) -> None:
    done = here("run", "mock/oracle", *CHEAP, cwd=tmp_path, OPENAI_API_KEY="sk-secret-123")
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "runs").rglob("*"):
        if path.is_file():
            assert b"sk-secret-123" not in path.read_bytes(), path
    assert "sk-secret-123" not in done.stdout + done.stderr
    doctor = here("doctor", cwd=tmp_path, OPENAI_API_KEY="sk-secret-123")
    assert "sk-secret-123" not in doctor.stdout + doctor.stderr
    assert "OPENAI_API_KEY" in doctor.stdout
    assert "0 MiB of at most 2,048 (UPRIGHT_CACHE_LIMIT)" in doctor.stdout
    doctor = here("doctor", cwd=tmp_path, UPRIGHT_CACHE_LIMIT="lots")
    assert doctor.returncode == 1
    assert "UPRIGHT_CACHE_LIMIT='lots' is no size" in doctor.stdout
    (tmp_path / "file").touch()
    doctor = here("doctor", cwd=tmp_path, UPRIGHT_CACHE=str(tmp_path / "file"))
    assert (doctor.returncode, "file cannot be written" in doctor.stdout) == (1, True)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_full_disk_is_named_and_the_run_goes_on_afterwards(tmp_path: Path) -> None:
    command = f"{sys.executable} -m upright run mock/echo -d privacy"
    env = os.environ | {"UPRIGHT_CACHE": str(tmp_path / "cache")}
    limited = ["bash", "-c", f"trap '' XFSZ; ulimit -f 8; {command}"]
    done = subprocess.run(
        limited, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "To go on there: upright run mock/echo -d privacy" in done.stderr
    again = here("run", "mock/echo", "-d", "privacy", cwd=tmp_path)
    assert again.returncode in (0, 3), again.stderr
    assert len(list((tmp_path / "runs").iterdir())) == 1, "the same run was finished"


def test_a_report_that_cannot_be_written_is_said_after_the_profile(tmp_path: Path) -> None:
    run = tmp_path / document(here("run", "mock/random", *CHEAP, "--json", cwd=tmp_path))["run"]
    page = run / "report.html"
    page.unlink()
    (run / "report.html.unfinished").mkdir()  # as good as a full disk, for root too
    done = here("report", str(run), cwd=tmp_path)
    assert done.returncode == 2
    assert "external" in done.stdout
    assert f"To write the report later: upright report {run}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not page.exists()


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("moment", ["upright.runs.plan.make_samples", "upright.reports.write_page"])
def test_ctrl_c_says_how_to_go_on_at_any_moment(tmp_path: Path, moment: str) -> None:
    code = (
        "import sys, signal\n"
        "from unittest import mock\n"
        "from upright.cli import main\n"
        f"sys.argv = ['upright', 'run', 'mock/random', *{CHEAP}]\n"
        # To this thread: one that is sent to the process may be met by another, a moment later.
        "stop = lambda *_: signal.raise_signal(signal.SIGINT)\n"
        f"with mock.patch('{moment}', stop):\n    main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"UPRIGHT_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "stopped. Run the same command again to go on." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "openai/x", "--base-url", "http://[::1"), "is not an http"),
        (("run", "openai/x", "--base-url", "http://h:99999/v1"), "is not an http"),
        (("run", "openai/x", "--base-url", "http://me:pw@h/v1"), "holds a login"),
        (("run", "mock/random", "--judge-votes", "3"), "There is no judge model for --judge-votes"),
        (("run", "mock/random", "--judge-itself"), "no judge model for --judge-itself"),
        (("run", "mock/random", "--price", "1", "2"), "--price is for --dry-run"),
        (("run", "mock/random", "--dry-run", "--price", "1", "-2"), "Invalid value for '--price'"),
        (("run", "mock/random", "--tpm", "20"), "--tpm 20 has no room for a question"),
        (("run", "mock/random", "--tpm", "20", "--dry-run"), "or allow shorter answers"),
        (("run", "mock/random", "--data", "."), "The suite mini comes with Upright"),
        (("check", "safety/misuse", "--data", "."), "leave --data out"),
        (("run", "local/x", "--base-url", "http://h/v1"), "name openai/MODEL"),
        (("run", "mock/random", "--batch"), "--batch goes through OpenAI's batch API"),
        (("score", "deep.jsonl", *CHEAP), "deep.jsonl, line 1 is not JSON"),
        (("score", ".", *CHEAP), "is a folder"),
    ],
)
def test_odd_input_is_explained(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "deep.jsonl").write_text('{"prompt":' + "[" * 100_000)
    done = here(*words, cwd=tmp_path, UPRIGHT_API_KEY="sk-secret-123")
    assert done.returncode == 2
    assert says in done.stderr
    assert "pw@" not in done.stderr


@pytest.mark.filterwarnings("default")
def test_warnings_are_for_people(tmp_path: Path) -> None:
    broken = tmp_path / "runs" / "broken"
    broken.mkdir(parents=True)
    (broken / "run.json").write_text("{")
    (broken / "journal.jsonl").write_text("an answer")
    done = here("run", "mock/oracle", *CHEAP, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "upright: runs/broken/run.json is damaged." in done.stderr
    assert "UprightWarning" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("report", "gone"),
        ("pack", "gone"),
        ("card", "gone"),
        ("compare", "gone", "gone"),
        ("verify", "gone"),
        ("leaderboard", "gone"),
        ("findings", "gone"),
        ("export", "gone", "--to", "csv"),
        ("judge", "label", "gone"),
        ("run", "mock/random", "--until", "0.03", "--like", "gone"),
    ],
)
def test_every_verb_ends_with_2_where_there_is_no_run(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = here(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("upright: ") and "gone" in done.stderr


def test_list_and_data_verify_speak_json(tmp_path: Path) -> None:
    listed = document(here("list", "--json", cwd=tmp_path))
    assert {"id", "folder", "title"} <= set(listed[0])
    verified = document(here("data", "verify", "--json", cwd=tmp_path))
    assert {f["state"] for f in verified["files"]} == {"missing"}
    assert [f["dataset"] for f in verified["files"]].count("trustllm") == 24


def test_check_passes_on_our_own_and_says_so(tmp_path: Path) -> None:
    done = here("check", "truthfulness/external", "-v", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "the oracle reaches" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("run", "mock/refuse", "-b", "safety/misus"),
        ("attack", "mock/refuse", "encodin"),
        ("defend", "mock/refuse", "--with", "smothllm"),
    ],
)
def test_nothing_comes_before_what_is_refused_at_once(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    told = here(*words, cwd=tmp_path)
    assert told.returncode != 0
    assert told.stderr.startswith("upright: ")


def test_a_bar_is_drawn_once_there_is_something_to_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with steps_bar():
        pass
    assert capsys.readouterr().err == ""
    with steps_bar() as draw:
        draw("goals", 1, 3)
    assert "goals" in (drawn := capsys.readouterr().err) and "1/3" in drawn
