"""Options of attacks and defenses: what is out of range is refused before anything is asked."""

import pytest

from upright.core import UsageError, open_named


@pytest.mark.parametrize(
    ("room", "spec", "said"),
    [
        (
            "defenses",
            "synonym_substitution:share=2.5",
            "share is a number, between 0 and 1, not 2.5",
        ),
        ("defenses", "smoothllm:share=1.5", "share is a number, between 0 and 1, not 1.5"),
        ("defenses", "hard_gate:threshold=2.5", "threshold is a number, between 0 and 1, not 2.5"),
        ("defenses", "advisor:threshold=2.5", "threshold is a number, between 0 and 1, not 2.5"),
        ("defenses", "output_filter:threshold=50", "between 0 and 1, not 50"),
        ("defenses", "erase_and_check:threshold=1.01", "between 0 and 1, not 1.01"),
        ("defenses", "in_context_refusal:shots=3", "between 1 and 2, not 3"),
        ("defenses", "in_context_refusal:shots=0", "between 1 and 2, not 0"),
        ("defenses", "paraphrase:tokens=0", "tokens is a whole number, 1 or more, not 0"),
        ("defenses", "smoothllm:copies=true", "copies is a whole number, not True"),
        ("defenses", "smoothllm:seed=-1", "seed is a whole number, 0 or more, not -1"),
        ("defenses", "smoothllm:share=NaN", "share is a number, not 'NaN'"),
        ("attacks", "crescendo:rounds=0", "rounds is a whole number, 1 or more, not 0"),
        ("attacks", "pair:streams=0", "streams is a whole number, 1 or more, not 0"),
        ("attacks", "pair:depth=0", "depth is a whole number, 1 or more, not 0"),
        ("attacks", "gcg:top_k=0", "top_k is a whole number, 1 or more, not 0"),
        ("attacks", "ple:share=3", "share is a number, between 0 and 1, not 3"),
        ("attacks", "ple:parents=0", "parents is a whole number, 1 or more, not 0"),
        ("attacks", "persona_ga:evaluations=0", "evaluations is a whole number, 1 or more, not 0"),
        ("attacks", "random_search:tries=0", "tries is a whole number, 1 or more, not 0"),
        ("attacks", "random_search:length=2", "most=4 neighbours cannot change"),
    ],
)
def test_a_number_out_of_its_range_is_refused_with_the_range(
    room: str, spec: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as told:
        open_named(room, spec)
    assert str(told.value).startswith(f"{spec.partition(':')[0]}: ")
