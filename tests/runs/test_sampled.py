"""A judge model reads a random sample and corrects what the local judge says of everything."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.runs.test_judging import Said, verdict
from tests.runs.toy import HURRIED, RUBRIC, planned, toy
from upright.cli._output import incomplete
from upright.core import (
    Answer,
    Benchmark,
    Metric,
    Outcome,
    Request,
    Response,
    Ruling,
    Settings,
    UsageError,
    Verdict,
)
from upright.core.settings import LEAST_SAMPLE
from upright.models import open_model
from upright.reports import load_profile, render_terminal, write_page
from upright.reports.cards.model_card_judges import judges_section
from upright.reports.pages.run import render_page
from upright.reports.provenance import sampled_in_words
from upright.runs import Options, Run, forecast, relabel, run
from upright.runs.scoring.verify import verify
from upright.runs.storing.labels import Label, append_label
from upright.runs.subset import draw
from upright.stats.correction import LABELS
from upright.stats.metrics import macro, mean, target

ID, COUNT, N = "truthfulness/toy", 400, 100
GONE = Response(text="Hm.")
METRICS = (
    Metric(name="right", compute=mean(), event="right", by=("parity",)),
    Metric(name="refused", compute=mean(lambda i: float(i.verdict.outcome == Outcome.REFUSED))),
)


class Lenient:
    """A local judge that says yes to every answer about a number that is not a multiple of 4."""

    id = "rule/lenient"
    calibrations = ()

    def judge(self, answers: Any) -> list[Verdict]:
        return [
            Verdict(
                outcome=Outcome.ANSWERED,
                value=float(number(a.sample.prompt) % 4 > 0),
                judge=self.id,
            )
            for a in answers
        ]


def number(prompt: str) -> int:
    return int(next(word for word in prompt.split() if word.isdigit()))


def strict(request: Request) -> Response:
    """A judge model that says yes to even numbers only."""
    text = str(request.messages[-1].content)
    asked = next(line for line in text.split("\n") if line.startswith("Is "))
    return verdict("no" if number(asked) % 2 else "yes")


def benchmark(**changes: Any) -> Benchmark:
    return toy(**{"rubric": RUBRIC, "metrics": METRICS, "judge": Lenient(), **changes})


def sampled(out: Path, n: int | None = N, say: Any = strict, votes: int = 1, **changes: Any) -> Run:
    settings = Settings(suite="mini", judge=("said",), judge_sample=n, judge_votes=votes)
    model = open_model("mock/random")
    plan = planned(model, COUNT, settings, benchmark(**changes))
    return run(plan, model, [Said(say)], Options(out=out, patience=HURRIED))


def whole(done: Run, metric: str = "right") -> Any:
    return done.estimates.query(f"metric == '{metric}' and slice == ''").iloc[0]


PLACES = st.lists(st.tuples(st.text(max_size=4), st.integers(0, 3)), unique=True)


@given(PLACES, st.integers(0, 40), st.integers(0, 5), st.randoms())
def test_any_beginning_of_a_draw_is_the_shorter_draw(
    places: list[tuple[str, int]], n: int, seed: int, random: Any
) -> None:
    drawn = draw(places, n, seed)
    assert draw(places, n // 2, seed) == drawn[: n // 2]
    shuffled = list(places)
    random.shuffle(shuffled)
    assert draw(shuffled, n, seed) == drawn
    assert len(set(drawn)) == min(n, len(places))


def test_every_answer_is_drawn_equally_often() -> None:
    places = [(f"s{i}", 0) for i in range(20)]
    counts = dict.fromkeys(places, 0)
    for seed in range(2000):
        for place in draw(places, 5, seed):
            counts[place] += 1
    assert all(abs(count - 500) < 5 * (2000 * 0.25 * 0.75) ** 0.5 for count in counts.values())


def test_the_sample_corrects_and_the_local_judge_keeps_its_number(tmp_path: Path) -> None:
    done = sampled(tmp_path)
    found = whole(done)
    assert found.value == pytest.approx(0.75), "as the lenient judge counts"
    assert set(done.samples.judge) == {"rule/lenient"}
    assert found.judge == "rule/lenient"
    assert found.corrected_low <= 0.5 <= found.corrected_high < found.low
    assert found.correction.startswith("prediction-powered, 100 labels")
    assert found.correction.endswith("verdicts of said, asked about 100 of 400 answers")
    refused = whole(done, "refused")
    assert (refused.value, refused.corrected) == (0.0, 0.0), "a plain mean of no event"
    assert done.info["settings"]["judge_sample"] == N
    assert done.info["judge_sample"] == {"read": N, "of": COUNT, "unread": 0}
    assert done.info["judge_calls"]["asked"] == N
    opinions = pd.read_parquet(done.path / "verdicts.parquet")
    assert opinions.groupby("judge").size().to_dict() == {"said": N, "rule/lenient": N}
    assert done.info["agreement"][ID]["upright"]["n"] == N


def test_a_sample_of_everything_is_the_judge_models_own_number(tmp_path: Path) -> None:
    everything = sampled(tmp_path / "a", n=COUNT)
    replaced = sampled(tmp_path / "b", n=None)
    one, other = whole(everything), whole(replaced)
    assert (one.corrected, one.corrected_low) == pytest.approx((other.value, other.low))
    assert replaced.info["judge_sample"] is None


def test_a_larger_sample_reads_the_smaller_one_again(tmp_path: Path) -> None:
    def read(n: int) -> set[str]:
        done = sampled(tmp_path / str(n), n=n)
        return set(pd.read_parquet(done.path / "verdicts.parquet").sample_id)

    assert read(40) < read(80)


def people(done: Run, count: int) -> None:
    """People who say that nothing is right."""
    for id in done.samples.sample_id.head(count):
        told = Label(
            benchmark=ID, score_set="upright", sample_id=id, epoch=0, event="right", label=0
        )
        append_label(done.path, told)


def relabelled(done: Run) -> Any:
    relabel(done.path, lambda id: benchmark())
    return whole(Run(done.path))


def test_people_come_before_a_judge_model_and_may_take_it_back(tmp_path: Path) -> None:
    done = sampled(tmp_path)
    before = whole(done)
    people(done, LABELS - 1)
    assert relabelled(done).corrected == before.corrected, "too few"
    people(done, 60)
    after = relabelled(done)
    assert after.correction.endswith("labels on this run")
    assert after.corrected < 0.1
    assert verify(done.path, lambda id: benchmark()).holds
    for id in done.samples.sample_id.head(60):
        append_label(
            done.path,
            Label(
                benchmark=ID, score_set="upright", sample_id=id, epoch=0, event="right", label=None
            ),
        )
    assert relabelled(done).correction == before.correction
    assert relabelled(done).corrected == before.corrected


@pytest.mark.parametrize("unread", [4, 30])
def test_unread_answers_are_missing_and_counted(tmp_path: Path, unread: int) -> None:
    """Up to 5 % of the sample; above that nobody knows what is missing."""
    seen: dict[str, int] = {}

    def say(request: Request) -> Response:
        place = seen.setdefault(request.messages[-1].content, len(seen))
        return GONE if place < unread else strict(request)

    done = sampled(tmp_path, say=say)
    found = whole(done)
    told = f"asked about 100 of 400 answers, {unread} unread"
    assert f"; {unread} verdicts could not be read" in sampled_in_words(load_profile(done.path).run)
    if unread == 4:
        assert found.correction.startswith("prediction-powered, 96 labels")
        assert found.correction.endswith(told)
    else:
        assert np.isnan(found.corrected)
        assert f"said was {told}; 5 % missing is the most" in found.correction


@pytest.mark.parametrize("reply", [GONE, Response(error="gone", finish_reason="error")])
def test_a_judge_model_that_gave_no_verdict_at_all_is_told_at_the_end(
    tmp_path: Path, reply: Response
) -> None:
    profile = load_profile(sampled(tmp_path, say=lambda request: reply).path)
    console = Console(width=300, record=True, file=io.StringIO())
    render_terminal(profile, console)
    told = "No verdict could be read, so none corrects a number"
    assert told in console.export_text()
    assert told in render_page(profile)
    assert incomplete(profile), "the command ends with 3"


def test_a_verdict_without_a_value_is_missing_too(tmp_path: Path) -> None:
    labels = {**RUBRIC.labels, "yes": Ruling(Outcome.UNPARSED)}
    rubric = replace(RUBRIC, labels=labels)
    found = whole(sampled(tmp_path, rubric=rubric))
    assert "without a value; 5 % missing is the most" in found.correction


class Silent(Lenient):
    """It leaves one answer in fifty unscored."""

    def judge(self, answers: Any) -> list[Verdict]:
        said = super().judge(answers)
        return [
            Verdict(outcome=Outcome.UNPARSED, value=None) if at % 50 == 0 else verdict
            for at, verdict in enumerate(said)
        ]


def test_what_the_local_judge_left_unscored_stays_out_of_both_numbers(tmp_path: Path) -> None:
    done = sampled(tmp_path, n=COUNT, judge=Silent())
    found = whole(done)
    assert (found.n, found.n_unscored) == (COUNT, 8)
    assert done.info["judge_sample"]["read"] == COUNT
    assert found.correction.endswith("asked about 392 of 392 answers")
    kept = [n % 2 == 0 for n in range(COUNT) if n % 50]
    assert found.corrected == pytest.approx(np.mean(kept))
    assert verify(done.path, lambda id: benchmark(judge=Silent())).holds


def test_answers_that_need_no_judge_model_count_as_the_local_judge_says(tmp_path: Path) -> None:
    def needed(answer: Answer) -> bool:
        return number(answer.sample.prompt) % 2 == 1

    done = sampled(tmp_path, asks_judge=needed)
    found, asked = whole(done), done.info["judge_sample"]["read"]
    assert 30 < asked < 70
    assert found.correction.startswith("prediction-powered, 100 labels")
    assert found.correction.endswith(
        f"asked about {asked} of 400 answers, {100 - asked} drawn needed none"
    )
    assert done.info["judge_calls"]["asked"] == asked
    assert found.corrected_low <= 0.25 <= found.corrected_high
    assert verify(done.path, lambda id: benchmark(asks_judge=needed)).holds


def test_what_is_no_plain_mean_says_so(tmp_path: Path) -> None:
    metrics = (
        Metric(name="balanced", compute=macro(target)),
        Metric(name="some", compute=mean(lambda i: i.value or None)),
    )
    done = sampled(tmp_path, metrics=metrics)
    assert done.info["judge_sample"] == {"read": N, "of": COUNT, "unread": 0}
    for name in ("balanced", "some"):
        assert whole(done, name).correction == (
            "not corrected: it is no plain mean, and the sample of said corrects nothing else"
        )
    assert verify(done.path, lambda id: benchmark(metrics=metrics)).holds
    assert set(sampled(tmp_path / "no", n=None, metrics=metrics).estimates.correction) == {""}


def test_nothing_is_asked_where_nothing_could_be_corrected(tmp_path: Path) -> None:
    metrics = (Metric(name="balanced", compute=macro(target)),)
    done = sampled(tmp_path, metrics=metrics)
    assert done.info["judge_calls"]["asked"] == 0
    assert done.info["judge_sample"] == {"read": 0, "of": COUNT, "unread": 0}
    assert "the sample of said corrects nothing else" in whole(done, "balanced").correction
    settings = Settings(suite="mini", judge=("said",), judge_sample=N)
    model = open_model("mock/random")
    assert forecast(planned(model, 50, settings, benchmark(metrics=metrics))).judge_calls == 0


def test_without_a_rubric_there_is_no_sample(tmp_path: Path) -> None:
    done = sampled(tmp_path, rubric=None)
    assert done.info["judge_sample"] == {"read": 0, "of": 0, "unread": 0}
    assert "was not measured against people" in whole(done).correction


def tampered(done: Run, column: str, value: Any) -> list[str]:
    """What is unproven after one stored verdict of the judge model was changed."""
    path = done.path / "verdicts.parquet"
    table = pq.read_table(path)
    at = table.column_names.index(column)
    cells = table[column].to_pylist()
    cells[table["local"].to_pylist().index(False)] = value
    pq.write_table(table.set_column(at, column, pa.array(cells, table.schema[at].type)), path)
    return [f"{w.what}: {w.why}" for w in verify(done.path, lambda id: benchmark()).unproven]


def test_a_stored_sample_is_verified(tmp_path: Path) -> None:
    done = sampled(tmp_path, votes=3)
    found = verify(done.path, lambda id: benchmark())
    assert found.holds
    assert (found.taken, found.verdicts) == (N, COUNT)
    assert found.numbers == len(done.estimates)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("value", 0.5, "which its rubric does not say"),
        ("outcome", None, "corrected is claimed to be"),
        ("sample_id", "another", "it is not among the answers that were drawn"),
    ],
)
def test_a_tampered_verdict_is_noticed(tmp_path: Path, column: str, value: Any, told: str) -> None:
    wrong = tampered(sampled(tmp_path), column, value)
    assert any(told in one for one in wrong)
    assert any("corrected is claimed to be" in one for one in wrong)


def test_a_forecast_counts_the_sample(tmp_path: Path) -> None:
    model = open_model("mock/random")

    def calls(n: int | None, votes: int = 1) -> int:
        settings = Settings(
            suite="mini", judge=("a", "b"), judge_sample=n, judge_votes=votes, epochs=2
        )
        return forecast(planned(model, 50, settings, benchmark())).judge_calls

    assert calls(None) == 200
    assert calls(30) == 60
    assert calls(30, votes=3) == 180
    assert calls(500) == 200


def test_the_sample_is_part_of_the_plan() -> None:
    model = open_model("mock/random")
    hashes = {
        planned(model, 5, Settings(suite="mini", judge=("a",), judge_sample=n)).hash
        for n in (None, 20, 30)
    }
    assert len(hashes) == 3


def test_a_sample_needs_a_judge_and_enough_answers() -> None:
    assert LEAST_SAMPLE == LABELS
    with pytest.raises(UsageError, match="Add --judge MODEL"):
        Settings(judge_sample=200)
    with pytest.raises(UsageError, match="20 or more, not 19"):
        Settings(judge="said", judge_sample=19)


def test_reports_tell_how_much_was_read_and_saved(tmp_path: Path) -> None:
    done = sampled(tmp_path, votes=2)
    profile = load_profile(done.path)
    console = Console(width=300, record=True, file=io.StringIO())
    render_terminal(profile, console)
    told = "said asked about 100 of 400 answers, drawn at random; 600 calls saved"
    shown = console.export_text()
    assert f"Judge sample: {told}" in shown
    assert "corrected" in shown
    assert "verdicts of said, asked about 100 of 400 answers" in shown
    write_page(profile, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert told in page
    assert "Value corrected for judge error" in page
    assert any(told in line for line in judges_section(profile))
    assert json.loads((done.path / "run.json").read_text())["judge_sample"]["read"] == N
