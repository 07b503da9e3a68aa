"""What is asked, and which part of it under a limit."""

from collections import Counter
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.toy import SUITE, endpoint, numbers, planned, to_sample, toy
from upright.core import Benchmark, Model, Row, Sample, Settings, ask, finished
from upright.models import ModelOptions, open_model
from upright.runs import Price, forecast, make_plan
from upright.runs.subset import take

MODEL = endpoint("http://127.0.0.1:1")
CHOOSER = open_model("openai/test", ModelOptions(base_url="http://127.0.0.1:1", logprobs=True))


def test_both_score_sets_share_the_questions_they_have_in_common() -> None:
    plan = planned(MODEL, 10)
    assert plan.size == 20
    assert len(plan.requests) == 10


def test_a_model_that_sees_the_sample_is_asked_for_every_item() -> None:
    assert len(planned(open_model("mock/oracle"), 10).requests) == 20


def test_published_needs_the_papers_data() -> None:
    plan = planned(MODEL, 10, Settings(suite="mini"))
    assert {item.score_set for item in plan.items} == {"upright"}


def test_published_sees_raw_rows_and_upright_patched_ones() -> None:
    def rows(benchmark: object, patched: bool) -> list[Row]:
        return list(numbers(4 if patched else 6))

    plan = make_plan({"truthfulness/toy": toy()}, rows, MODEL, SUITE)
    assert Counter(i.score_set for i in plan.items) == {"upright": 4, "published": 6}


def options(model: Model, benchmark: Benchmark, settings: Settings = SUITE) -> tuple[str, ...]:
    return next(planned(model, 40, settings, benchmark).items).request.options


def test_options_are_offered_where_benchmark_model_and_user_agree() -> None:
    by_likelihood = toy(options_by_likelihood=True)
    in_text = msgspec.structs.replace(SUITE, choices="text")
    assert options(CHOOSER, by_likelihood) == ("Yes", "No")
    assert not options(CHOOSER, toy())
    assert not options(CHOOSER, by_likelihood, in_text)
    assert not options(MODEL, by_likelihood)


def test_every_repeat_draws_anew_and_the_same_way_again() -> None:
    settings = msgspec.structs.replace(SUITE, epochs=3, score_sets=("upright",))
    warm = replace(toy(), temperature=1.0)
    plan = planned(MODEL, 5, settings, warm)
    assert len({i.request.seed for i in plan.items}) == len(plan.requests) == 15
    assert plan.hash == planned(MODEL, 5, settings, warm).hash
    other = msgspec.structs.replace(settings, seed=1)
    assert plan.hash != planned(MODEL, 5, other, warm).hash


def test_a_forecast_counts_calls_tokens_and_price() -> None:
    told = forecast(planned(MODEL, 10), price=Price(prompt=1.0, completion=2.0))
    assert (told.samples, told.calls, told.from_cache) == (20, 10, 0)
    assert told.completion_tokens == 10 * 8
    assert told.price == pytest.approx((told.prompt_tokens + 2 * 80) / 1e6)
    assert forecast(planned(MODEL, 10)).price is None


def grouped(spec: list[tuple[str, int]]) -> list[Sample]:
    """Samples by (stratum, size of group)."""
    return finished(
        [
            Sample(messages=ask(f"{k} {n}"), group=f"g{k}", slices={"s": stratum})
            for k, (stratum, size) in enumerate(spec)
            for n in range(size)
        ]
    )


@given(
    spec=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=20),
    limit=st.integers(1, 30),
)
def test_a_limit_takes_whole_groups_and_every_stratum(
    spec: list[tuple[str, int]], limit: int
) -> None:
    samples = grouped(spec)
    taken = take(samples, limit, seed=0)
    sizes = Counter(s.group for s in samples)
    assert all(sizes[g] == n for g, n in Counter(s.group for s in taken).items())
    assert 0 < len(taken) <= max(limit, min(sizes.values()))
    assert taken == [s for s in samples if s in taken]
    if limit >= 3 * 3:  # room for the largest group of every stratum
        assert {s.stratum for s in taken} == {s.stratum for s in samples}


def test_a_limit_picks_the_same_groups_however_they_are_asked() -> None:
    plain = grouped([("a", 2), ("b", 2)] * 20)
    reworded = finished(
        [msgspec.structs.replace(s, messages=ask(f"Please: {s.prompt}")) for s in plain]
    )
    picked = [{s.group for s in take(samples, 20, 0)} for samples in (plain, reworded)]
    assert picked[0] == picked[1]
    assert picked[0] != {s.group for s in take(plain, 20, seed=1)}


def test_a_limit_keeps_the_proportions_of_the_strata() -> None:
    taken = take(grouped([("a", 1)] * 75 + [("b", 1)] * 25), 20, seed=0)
    assert Counter(s.stratum for s in taken) == {"a": 15, "b": 5}


def test_no_limit_takes_everything() -> None:
    samples = finished([to_sample(row) for row in numbers(5)])
    assert take(samples, None, 0) == take(samples, 5, 0) == samples
