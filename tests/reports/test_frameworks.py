"""The frameworks as data: nothing in them points to what is not there."""

import json
from collections.abc import Callable, Iterator

import pytest

from upright.benchmarks.safety.misuse import kind
from upright.core import UsageError, registry
from upright.data.rows import DataFile
from upright.reports.cards.frameworks import DISCLAIMER, Evidence, Item, framework, frameworks

ITEMS = [(one.id, item) for one in frameworks().values() for item in one.items]


def parts() -> Iterator[tuple[str, Evidence]]:
    for _, item in ITEMS:
        for part in item.evidence:
            for id in part.benchmarks:
                yield id, part


def test_the_four_are_there() -> None:
    assert list(frameworks()) == ["eu-ai-act", "mlcommons", "nist-ai-rmf", "owasp-llm"]
    with pytest.raises(UsageError, match="owasp-llm"):
        framework("owasp")


def test_every_benchmark_exists_and_has_the_metric() -> None:
    known = registry.entries("benchmarks")
    for id, part in parts():
        assert id in known
        if part.metric:
            metrics = registry.load("benchmarks", id).upright.metrics
            assert part.metric in {metric.name for metric in metrics}


def test_every_kind_of_request_is_in_the_papers_data(
    trustllm: Callable[[str], DataFile],
) -> None:
    kinds = {f"kind={kind(row)}" for row in trustllm("safety/misuse.json").patched}
    named = {name for id, part in parts() if id == "safety/misuse" for name in part.slices}
    assert named
    assert named <= kinds


@pytest.mark.parametrize(("id", "item"), ITEMS, ids=[f"{id} {item.id}" for id, item in ITEMS])
def test_every_item_has_a_source_and_says_what_it_leaves_open(id: str, item: Item) -> None:
    source = framework(id).sources[item.source]
    assert source.document and source.version and source.checked
    assert source.url.startswith("https://")
    assert item.title and item.not_evidenced.endswith(".")
    assert all(part.of and part.benchmarks for part in item.evidence)


def test_ids_are_unique_and_complete() -> None:
    for one in frameworks().values():
        ids = [item.id for item in one.items]
        assert len(set(ids)) == len(ids)
    assert [i.id for i in framework("owasp-llm").items] == [f"LLM{n:02}:2025" for n in range(1, 11)]
    assert len(framework("mlcommons").items) == 12
    nist = [item.id for item in framework("nist-ai-rmf").items]
    assert [id for id in nist if id.startswith("AI 600-1")] == [
        f"AI 600-1 2.{n}" for n in range(1, 13)
    ]
    assert [id for id in nist if id.startswith("MEASURE")] == [
        f"MEASURE 2.{n}" for n in range(1, 14)
    ]


def test_no_word_claims_compliance() -> None:
    told = json.dumps([(one.title, one.note) for one in frameworks().values()]).lower()
    assert "compliant" not in told and "certif" not in told
    assert "not compliance" in DISCLAIMER
