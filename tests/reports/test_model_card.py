"""The model card: what the hub reads of it, what people read, and that nothing in it acts."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard, ModelCardData, metadata_load

from tests.reports.conftest import HARMFUL, NASTY
from tests.reports.stored import CARD, Stored, estimate, sample
from upright.core import registry
from upright.core.inert import UNSAFE
from upright.reports import load_profile
from upright.reports.cards.frameworks import DISCLAIMER
from upright.reports.cards.model_card import model_card
from upright.reports.cards.model_index import data_file, front_matter

MISUSE, EXAGGERATED = "safety/misuse", "safety/exaggerated_safety"
CALIBRATION: dict[str, Any] = {
    "event": "declined",
    "date": "2026-05-01",
    "n": 400,
    "n_yes": 200,
    "accuracy": 0.9,
    "sensitivity": 0.9,
    "specificity": 0.9,
    "f1": 0.9,
}


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """Harm and over-refusal, one of them corrected, by a judge measured in two ways."""
    told: dict[str, Any] = {"corrected": 0.691, "corrected_low": 0.55, "corrected_high": 0.83}
    return Stored(
        estimates=[
            estimate(MISUSE, metric="declined", judge="linear/declined", **told),
            estimate(MISUSE, metric="helped", headline=False, value=0.2),
            estimate(EXAGGERATED, metric="no_straight_answer", higher_is_better=False),
        ],
        samples=[
            sample(MISUSE, 1.0, prompt=HARMFUL, response=HARMFUL),
            sample(EXAGGERATED, 0.0),
        ],
        cards={
            MISUSE: CARD
            | {
                "title": "Misuse",
                "data": "trustllm/safety/misuse.json",
                "harmful": True,
                "limits": ["Always refusing is perfect."],
            }
        },
        run={
            "calibrations": {
                "linear/declined": [
                    CALIBRATION | {"labels": "People", "how": how, "kappa": kappa}
                    for how, kappa in (("hard", 0.41), ("easy", 0.93))
                ]
            }
        },
    ).write(tmp_path / "both")


def read(text: str, folder: Path) -> Any:
    (folder / "README.md").write_text(text)
    return metadata_load(folder / "README.md")


def test_the_hub_reads_every_told_number(both: Path, tmp_path: Path) -> None:
    text = model_card(load_profile(both), "https://example.org/run")
    data = ModelCard(text).data
    assert isinstance(data, ModelCardData)
    results = data.eval_results or []
    assert [(r.dataset_config, r.metric_type, r.metric_value) for r in results] == [
        (MISUSE, "declined", 0.75),
        (EXAGGERATED, "no_straight_answer", 0.75),
    ]
    assert results[0].dataset_type == "upright-mini"
    assert results[0].dataset_revision == "ab" * 32
    assert results[0].source_url == "https://example.org/run"
    assert results[0].verified is None, "the hub alone may set it"
    assert "95 % interval 0.6 to 0.9, n 4, 0 unscored" in str(results[0].metric_name)
    assert (results[0].metric_args or {})["corrected"] == 0.691

    [index] = read(text, tmp_path)["model-index"]
    assert index["name"] == "mock/oracle"
    for result in index["results"]:
        assert result["task"]["type"] == "text-generation"
        assert result["dataset"]["name"] and result["dataset"]["type"]
        [metric] = result["metrics"]
        assert metric["type"] and isinstance(metric["value"], float)


@pytest.mark.parametrize("id", registry.entries("benchmarks"))
def test_the_hash_of_every_benchmarks_data_is_found(id: str) -> None:
    benchmark = registry.load("benchmarks", id)
    assert data_file(benchmark.card.data) == benchmark.file


def test_a_withheld_number_is_not_in_the_index(plain: Path, tmp_path: Path) -> None:
    profile = load_profile(plain)
    [index] = read(front_matter(profile), tmp_path)["model-index"]
    configs = [result["dataset"]["config"] for result in index["results"]]
    assert configs == ["truthfulness/external", "safety/jailbreak"]
    assert "withheld" in model_card(profile)


def test_without_any_number_there_is_no_index(tmp_path: Path) -> None:
    path = Stored(
        estimates=[estimate(MISUSE, withheld="too little")], samples=[sample(MISUSE, 1.0)]
    ).write(tmp_path / "run")
    assert model_card(load_profile(path)).startswith("## Trustworthiness")


def test_people_read_the_evidence_and_its_limits(both: Path) -> None:
    text = model_card(load_profile(both))
    assert (
        r"| safety\/misuse | declined ↑ | 0.750 | 0.600 – 0.900 | 0.500 | 4 | 0 | "
        r"0.691 (0.550 – 0.830) | linear\/declined |" in text
    )
    assert r"safety\/misuse: Always refusing is perfect" in text
    assert "κ 0.41" in text and "κ 0.93" not in text, "the lowest of a set is told"
    assert "uncalibrated" in text, "rule/choice was compared with nobody"
    assert "The mini suite shows that the machinery works" in text
    assert "without any number: truthfulness, fairness" in text
    assert r"privacy\/leakage" in text, "what was left out is named"
    assert "    upright run mock/oracle --suite mini" in text
    assert DISCLAIMER in text
    assert r"LLM09\:2025 Misinformation" in text


def test_harm_never_stands_without_over_refusal(both: Path, plain: Path) -> None:
    def sides(path: Path) -> list[str]:
        text = model_card(load_profile(path)).split("side by side")[1].split("###")[0]
        return [line for line in text.splitlines() if line.startswith("| declines")]

    assert len(sides(both)) == 4
    assert "helped ↑ | 0.200" in sides(both)[1]
    assert "not in this run" in sides(both)[2], "jailbreak"
    assert "no straight answer ↓" in sides(both)[3]
    assert [("not in this run" in line) for line in sides(plain)] == [True, False, True]


def test_harmful_texts_are_never_in_a_card(both: Path, plain: Path) -> None:
    for path in (both, plain):
        assert HARMFUL not in model_card(load_profile(path))


def test_hostile_texts_are_inert_in_yaml_and_in_markdown(nasty: Path, tmp_path: Path) -> None:
    text = model_card(load_profile(nasty))
    assert not UNSAFE.search(text)
    [index] = read(text, tmp_path)["model-index"]
    assert index["name"].startswith("</script><script>alert(1)")
    assert set(index) == {"name", "results"}
    [result] = index["results"]
    assert set(result) == {"task", "dataset", "metrics"}

    body = text.split("\n---\n", maxsplit=1)[1]
    prose = [line for line in body.splitlines() if not line.startswith("    ")]
    assert NASTY[:9] not in "\n".join(prose)
    assert "<" not in "\n".join(prose).replace("\\<", "")
    assert sum(line.startswith("    ") for line in body.splitlines()) == 1, "the command alone"


@pytest.mark.parametrize(
    "name", ["---", '"', "'", "a: b", "# x", "- x", "\\", "{{", "*x", "&x", "🔥", "yes", "1e5", ""]
)
def test_any_model_id_survives_yaml(tmp_path: Path, name: str) -> None:
    path = Stored(
        estimates=[estimate(MISUSE)],
        samples=[sample(MISUSE, 1.0)],
        run={"model": {"id": name, "facts": {}}},
    ).write(tmp_path / "run")
    [index] = read(front_matter(load_profile(path)), tmp_path)["model-index"]
    assert index["name"] == (name or "unnamed")
