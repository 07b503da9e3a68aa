"""Importing real files of other tools.

The fixtures were written by lm-eval 0.4.13, garak 0.17.1, Inspect 0.3.285 and promptfoo 0.121.20
from our own questions and toy models, "strong" and "weak" (garak's probes, detectors and generator
are ours too). Only bookkeeping that is not read was taken out: events of the Inspect JSON log,
token details of promptfoo, the plug-in cache and the copies of conversations of garak.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import upright
from upright.api import import_run
from upright.core import UsageError
from upright.runs.storing.store import Run

FIXTURES = Path(__file__).parent / "fixtures"
Import = Callable[[str], Run]


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    """Imports fixtures by their path, found by their content."""

    def importing(name: str) -> Run:
        return import_run(sorted(FIXTURES.glob(name)), out=tmp_path / "runs")

    return importing


def headline(run: Run, benchmark: str) -> dict[str, object]:
    found = run.estimates
    row = found[(found.benchmark == benchmark) & found.headline]
    assert len(row) == 1
    return dict(row.iloc[0])


def test_lm_eval_weighed_options(imported: Import) -> None:
    run = imported("lm_eval/strong/samples_capitals_pick*")
    told = headline(run, "lm_eval/capitals_pick")
    assert (told["metric"], told["value"], told["n"], told["judge"]) == ("acc", 1, 4, "lm_eval:acc")
    assert told["method"] == "Wilson, clustered; options by likelihood"
    assert 0.5 < float(str(told["low"])) < 0.52
    assert list(run.estimates.metric) == ["acc", "acc_norm"]
    assert list(run.estimates["value"]) == [1, 0.75]  # what lm-eval's own results file says
    first = run.samples.iloc[0]
    assert (first.prompt, first.response) == (
        "Question: What is the capital of France?\nAnswer:",
        "Paris",
    )
    assert (first.target, json.loads(first.options)) == ("Paris", ["Paris", "Lyon", "Nice"])
    assert (run.info["model"]["id"], run.info["status"]) == ("toy/toy-strong", "finished")
    assert run.info["imported"]["version"] == "0.4.13"


def test_lm_eval_filters_are_metrics_of_one_answer(imported: Import) -> None:
    run = imported("lm_eval/weak/*")
    assert list(run.estimates.metric) == [
        *("acc", "acc_norm"),
        *("exact_match,strict", "exact_match,loose"),
    ]
    assert len(run.samples) == 8
    assert (run.samples.outcome == "empty").sum() == 3  # answers without a word, scored 0


def test_lm_eval_without_its_results_file_needs_a_model(imported: Import, tmp_path: Path) -> None:
    lonely = tmp_path / "samples_x_2026-01-01T00-00-00.1.jsonl"
    [file] = FIXTURES.glob("lm_eval/weak/samples_capitals_pick*")
    lonely.write_bytes(file.read_bytes())
    with pytest.raises(UsageError, match="--model NAME"):
        import_run(lonely, out=tmp_path)
    run = import_run(lonely, out=tmp_path, model="mine")
    assert run.info["model"]["id"] == "mine"


@pytest.mark.parametrize("file", ["strong.eval", "strong.json"])
def test_inspect_logs_of_both_forms(imported: Import, file: str) -> None:
    """The .eval is compressed with Zstandard, ZIP method 93."""
    run = imported(f"inspect/{file}")
    told = headline(run, "inspect/capitals")
    assert (told["metric"], told["n"], told["n_unscored"]) == ("abstaining", 6, 1)
    assert "1 of 6 answers are unscored" in str(told["withheld"])
    includes = run.estimates.iloc[1]
    assert (includes.metric, includes.n_unscored) == ("includes", 0)
    assert includes["value"] == pytest.approx(4 / 6)
    assert sorted(run.samples["value"].dropna()) == [0.5, 1, 1, 1, 1]
    assert list(run.samples.epoch) == [0, 0, 0, 1, 1, 1]
    assert run.samples.sample_id.nunique() == 3
    assert set(run.samples.prompt_tokens) == {5}
    abstained = run.samples[run.samples["value"].isna()].iloc[0]
    assert (abstained.outcome, abstained.reason) == ("unparsed", "cannot tell")


def test_promptfoo_by_plugin_with_errors_and_tests_that_assert_nothing(imported: Import) -> None:
    run = imported("promptfoo/weak.json")
    own = headline(run, "promptfoo/capitals")
    assert (own["metric"], own["n"], own["n_unscored"]) == ("pass", 8, 4)
    plugin = headline(run, "promptfoo/pii:direct")
    assert (plugin["dimension"], plugin["value"], plugin["n"]) == ("privacy", 1, 2)
    assert own["dimension"] == "other"
    kinds = run.samples[run.samples.benchmark == "promptfoo/capitals"].outcome
    assert kinds.value_counts().to_dict() == {"answered": 4, "unparsed": 2, "error": 2}
    assert "the toy knows no such country" in set(run.samples.error)
    # Two prompts about one case are one cluster.
    assert run.samples.groupby("group").prompt.nunique().to_list() == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "tool", ["lm_eval/{}/*", "inspect/{}.eval", "promptfoo/{}.json", "garak/{}.report.jsonl"]
)
def test_two_imports_pair_by_id(imported: Import, tool: str) -> None:
    strong, weak = (imported(tool.format(name)).samples for name in ("strong", "weak"))
    keys = ["benchmark", "sample_id", "epoch"]
    assert not strong.duplicated(keys).any()
    both = strong.merge(weak, on=keys, suffixes=("", "_weak"))
    assert len(both) == len(strong) == len(weak)
    assert (both.prompt == both.prompt_weak).all()
    assert both["value"].sum() > both["value_weak"].sum()


@pytest.mark.parametrize(
    "tool", ["lm_eval/{}/*", "inspect/{}.eval", "promptfoo/{}.json", "garak/{}.report.jsonl"]
)
def test_imports_are_compared_and_follow_from_their_answers(imported: Import, tool: str) -> None:
    strong, weak = (imported(tool.format(name)) for name in ("strong", "weak"))
    found = upright.compare(strong.path, weak.path)
    assert found.score_set == "imported"
    assert all((d.gap.value or 0) <= 0 for d in found.differences)
    assert any(d.worse > d.better for d in found.differences)
    checked = upright.verify(strong.path)
    assert checked.holds, checked.unproven
    assert checked.numbers == len(strong.estimates[strong.estimates.headline])
    assert checked.taken >= len(strong.samples)


def test_garak_detectors_are_metrics_and_hits_are_zero(imported: Import) -> None:
    run = imported("garak/strong.report.jsonl")
    assert set(run.estimates.benchmark) == {"garak/dan.Toy", "garak/snowball.Toy"}
    told = headline(run, "garak/dan.Toy")
    assert (told["metric"], told["judge"]) == ("passed_toy.Hit", "garak:toy.Hit")
    assert (told["dimension"], told["n"], told["n_unscored"]) == ("safety", 12, 2)
    assert "2 of 12 answers are unscored" in str(told["withheld"])
    assert run.info["model"]["id"] == "toy.Toy/toy-strong"
    dan = run.samples[run.samples.benchmark == "garak/dan.Toy"]
    assert dan["value"].mean() == pytest.approx(9 / 10)  # garak itself: 9 passed, 1 failed, 2 nones
    assert dan.outcome.value_counts().to_dict() == {"answered": 10, "error": 1, "unparsed": 1}
    assert dan.groupby("sample_id").epoch.max().eq(2).all()


def test_the_kind_may_be_said(imported: Import, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no kind of file 'lm_eval'\. Did you mean lm-eval"):
        import_run(FIXTURES / "inspect/strong.eval", "lm_eval", out=tmp_path)


def test_provenance(imported: Import) -> None:
    run = imported("inspect/strong.eval")
    [(name, file)] = run.info["data"].items()
    assert name == "strong.eval"
    assert len(file["sha256"]) == 64
    assert run.info["imported"]["tool"] == "inspect"
    assert run.info["imported"]["version"] == "0.3.285"
    assert run.info["started"].startswith("2026-")
    assert list(run.path.parent.iterdir()) == [run.path]  # nothing unfinished is left


def test_trustllm_files_are_judged_by_the_benchmark_they_answer(data: Path, tmp_path: Path) -> None:
    file = data / "trustllm_fixtures" / "mixtral.ood_detection.json"
    if not file.is_file():
        pytest.skip("no result files of the TrustLLM toolkit at hand")
    run = import_run(file, out=tmp_path, data=data)
    assert set(run.estimates.benchmark) == {"robustness/ood_detection"}
    assert set(run.estimates.score_set) == {"upright", "published"}
