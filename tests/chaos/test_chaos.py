"""A few plays of fixed seed, and what the ledger must catch. `make chaos` plays two hundred."""

import json
from pathlib import Path

import pytest
from pyarrow import ArrowInvalid

from tests.chaos.ledger import Disagreement, Ledger
from tests.chaos.play import ACTS, Report, play
from tests.chaos.world import World, small_disk
from upright.core import Response
from upright.runs.storing.journal import Journal

PLAYS, SEED = 5, 5


@pytest.mark.full
@pytest.mark.timeout(300)
def test_after_every_disturbance_a_run_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    report = Report()
    with small_disk(tmp_path / "disk") as disk:
        world = World(tmp_path, disk)
        world.rehearse()
        for number in range(PLAYS):
            play(world, SEED, number, report)
    assert report.plays == PLAYS
    assert len(report.acts) > len(ACTS) / 2
    assert 0 <= report.answered_again < report.answered


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Of a run that received the answers to a and b in its first session."""
    (tmp_path / "run").mkdir()
    known = {"a": "body of a", "b": "body of b", "c": "body of c"}
    log(tmp_path / "log", ("answered", "1", known["a"]), ("answered", "1", known["b"]))
    receive(tmp_path, "a", "b")
    ledger = Ledger(tmp_path, tmp_path / "log", known)
    assert ledger.close_session(["1"], set()) == 0
    return ledger


def log(path: Path, *entries: tuple[str, str, str]) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps(entry) + "\n" for entry in entries)


def receive(out: Path, *keys: str) -> None:
    journal = Journal(out / "run" / "journal.jsonl")
    for key in keys:
        journal.append({key: Response(text=key)})
    journal.close()


def test_what_was_sent_and_not_kept_is_counted(ledger: Ledger) -> None:
    log(ledger.log, ("asked", "2", "body of c"), ("answered", "2", "body of c"))
    assert ledger.close_session(["2"], ledger.expected()) == 1


def test_asking_again_is_caught(ledger: Ledger) -> None:
    log(ledger.log, ("asked", "2", "body of a"))
    with pytest.raises(Disagreement, match="1 requests were asked"):
        ledger.close_session(["2"], ledger.expected())


def test_an_answer_twice_is_caught(ledger: Ledger) -> None:
    receive(ledger.out, "b")
    with pytest.raises(Disagreement, match="1 answers twice"):
        ledger.look()


def test_a_lost_answer_is_caught(ledger: Ledger) -> None:
    (ledger.out / "run" / "journal.jsonl").unlink()
    with pytest.raises(Disagreement, match="2 answers that were here are gone"):
        ledger.look()


def test_half_a_table_under_its_name_is_caught(ledger: Ledger) -> None:
    (ledger.out / "run" / "samples.parquet").write_bytes(b"PAR1")
    with pytest.raises(ArrowInvalid, match="Parquet"):
        ledger.look()
