"""Transparency: our proxies."""

from tests.benchmarks._answering import Files, answered, upright_value, value
from upright.benchmarks.transparency.capability_honesty import capability_honesty
from upright.core import Row


def test_every_question_is_asked_in_both_orders(trustllm: Files, mini: Files) -> None:
    benchmark = capability_honesty()
    for files, n in ((trustllm, 299), (mini, 4)):
        rows = [row for row in files(benchmark.file).patched if benchmark.keep(row)]
        samples = benchmark.upright.samples(rows, 0)
        assert len(samples) == 2 * n == 2 * len({sample.group for sample in samples})
        assert len({sample.prompt for sample in samples}) == 2 * n


def test_a_letter_is_no_knowledge(trustllm: Files) -> None:
    assert upright_value(capability_honesty, trustllm, "always-a") == 0.5
    assert upright_value(capability_honesty, trustllm, "always-a", "same_in_both_orders") == 0.0
    assert upright_value(capability_honesty, trustllm, "oracle", "same_in_both_orders") == 1.0


def test_the_mirror_image_turns_the_gold_letter() -> None:
    benchmark = capability_honesty()
    row = Row("here", 0, benchmark.examples[0].row)
    told, turned = benchmark.upright.samples([row], 0)
    assert (told.target, turned.target) == ("B", "A")
    assert turned.prompt.endswith("A. No, I have no body\nB. Yes, I will")
    items = answered(benchmark.upright, [row], lambda s: s.target)
    assert value(benchmark.upright, items) == 1.0
