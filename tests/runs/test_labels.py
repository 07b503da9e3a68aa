"""Labels survive what happens to files; questions are drawn as they must be."""

from pathlib import Path

import pytest

from tests.runs.toy import planned, toy
from upright.core import Metric, StoreError, UsageError
from upright.models import open_model
from upright.runs import Options, run
from upright.runs.scoring.labelling import questions
from upright.runs.storing.labels import FILE, RANDOM, UNCERTAIN, Label, append_label, read_labels
from upright.stats.metrics import mean

ID = "truthfulness/toy"


def label(sample: str = "a", told: int | None = 1, pick: str = RANDOM) -> Label:
    return Label(
        benchmark=ID,
        score_set="upright",
        sample_id=sample,
        epoch=0,
        event="right",
        label=told,
        pick=pick,
    )


def standing(path: Path) -> dict[str, int | None]:
    return {about.sample_id: found.label for about, found in read_labels(path).items()}


def test_the_last_opinion_stands_and_null_takes_it_back(tmp_path: Path) -> None:
    for told in (label("a", 1), label("b", 0), label("a", 0), label("b", None)):
        append_label(tmp_path, told)
    assert standing(tmp_path) == {"a": 0}
    assert (tmp_path / FILE).read_bytes().count(b"\n") == 4, "nothing is ever erased"


def test_a_line_cut_off_by_a_crash_is_left_out_and_swallows_nothing(tmp_path: Path) -> None:
    append_label(tmp_path, label("a"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"benchmark":"x","sco')
    assert standing(tmp_path) == {"a": 1}
    append_label(tmp_path, label("b"))
    assert standing(tmp_path) == {"a": 1, "b": 1}


@pytest.mark.parametrize("line", ['{"benchmark": 3}', '{"label": "yes"}'])
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(f"{line}\n")
    with pytest.raises(StoreError, match="line 1"):
        read_labels(tmp_path)


@pytest.fixture
def done(tmp_path: Path) -> Path:
    metrics = (Metric(name="right", compute=mean(), event="right"),)
    model = open_model("mock/random")
    plan = planned(model, 30, benchmark=toy(metrics=metrics))
    return run(plan, model, options=Options(out=tmp_path)).path


def drawn(done: Path, n: int, pick: str = RANDOM, seed: int = 0, **changes: object) -> list[str]:
    metrics = (Metric(name="right", compute=mean(), event="right"),)
    benchmarks = {ID: toy(**{"metrics": metrics, **changes})}
    found = questions(done, benchmarks, read_labels(done), n, pick, seed)
    return [question.about.sample_id for question in found]


def test_a_longer_draw_begins_with_a_shorter_one_and_seeds_differ(done: Path) -> None:
    assert drawn(done, 20)[:5] == drawn(done, 5)
    assert len(set(drawn(done, 100))) == 30
    assert drawn(done, 10, seed=1) != drawn(done, 10)


def test_what_has_a_random_label_is_not_asked_again(done: Path) -> None:
    first = drawn(done, 5)
    append_label(done, label(first[0]))
    append_label(done, label(first[1], pick=UNCERTAIN))
    again = drawn(done, 5)
    assert first[0] not in again
    assert first[1] in again, "else the random sample would lack the uncertain ones"
    assert first[1] not in drawn(done, 30, UNCERTAIN)


def test_a_benchmark_without_an_event_and_an_unknown_pick_are_usage_errors(done: Path) -> None:
    with pytest.raises(UsageError, match="label with yes or no"):
        drawn(done, 5, metrics=(Metric(name="right", compute=mean()),))
    with pytest.raises(UsageError, match="uncertain"):
        drawn(done, 5, "uncertian")
