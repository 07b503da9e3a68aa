"""The JSON document: its keys are a promise to other programs."""

import json
from pathlib import Path

from upright.reports import document, load_profile

SCORE_SET = {
    *("metric", "value", "low", "high", "higher_is_better", "chance", "n", "n_unscored"),
    *("method", "judge", "withheld", "column", "outcomes", "others", "corrected", "correction"),
}


def test_it_has_the_promised_keys(plain: Path) -> None:
    told = document(load_profile(plain))
    assert told["run"] == str(plain)
    assert told["model"] == "mock/oracle"
    external = told["benchmarks"][0]
    assert set(external) == {
        *("id", "dimension", "n", "n_unscored", "outcomes", "upright", "published", "imported")
    }
    assert set(external["upright"]) == set(external["published"]) == SCORE_SET


def test_counts_are_those_of_the_upright_score_set(plain: Path) -> None:
    external = document(load_profile(plain))["benchmarks"][0]
    assert (external["n"], external["n_unscored"]) == (4, 1)
    assert external["published"]["n_unscored"] == 1
    assert sum(external["outcomes"].values()) == external["n"]


def test_it_is_json_without_nan(plain: Path) -> None:
    told = json.loads(json.dumps(document(load_profile(plain)), allow_nan=False))
    others = told["benchmarks"][0]["upright"]["others"]
    assert others[1]["slice"] == "source=scifact"
    assert others[1]["value"] is None


def test_a_withheld_value_stays_withheld(plain: Path) -> None:
    ood = document(load_profile(plain))["benchmarks"][2]["upright"]
    assert ood["value"] is ood["low"] is ood["high"] is None
    assert ood["withheld"] == "30.0 % could not be scored"


def test_an_absent_score_set_is_null(plain: Path) -> None:
    assert document(load_profile(plain))["benchmarks"][1]["published"] is None


def test_hostile_text_is_valid_json(nasty: Path) -> None:
    json.loads(json.dumps(document(load_profile(nasty)), allow_nan=False))
