"""Stacks compared: rates, pairs, orders, the front and the choice, on arrays and on stored runs."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.reports.stored import Stored, sample
from upright.comparisons.stacks.answers import PLAIN, Aligned, Tried
from upright.comparisons.stacks.choosing import choose
from upright.comparisons.stacks.compare import (
    About,
    compare_stacks,
    configurations,
    interactions,
    orders,
    stacks,
)
from upright.comparisons.stacks.interaction import Reading
from upright.comparisons.stacks.result import (
    Cost,
    Kind,
    Measure,
    Stacks,
    Target,
    Targets,
)
from upright.core import Decision, Interval
from upright.stats.intervals import Floats

HARM, REFUSED = Measure(kind=Kind.HARM, condition=PLAIN), Measure(kind=Kind.REFUSED)
HARMFUL, BENIGN = "safety/jbb_harmful", "safety/jbb_benign"
NAMES = [(), ("a",), ("b",), ("a", "b"), ("b", "a")]


def share(n: int, of: int) -> Floats:
    return np.array([1.0] * of + [0.0] * (n - of))


def table(harm: list[Floats], refused: list[Floats]) -> dict[Measure, Aligned]:
    clusters = tuple(f"goal {at}" for at in range(len(harm[0])))
    return {
        HARM: Aligned(np.array(harm), clusters, 0),
        REFUSED: Aligned(np.array(refused), clusters, 0),
    }


def costs(*calls: float) -> list[Cost]:
    none = Interval(None, None, None, "no spread")
    return [Cost(calls=Interval(c, None, None, ""), tokens=none, latency=none) for c in calls]


def test_what_is_tried() -> None:
    assert stacks("ab", together=False) == [(), ("a",), ("b",)]
    assert stacks("ab", together=True) == NAMES
    assert len(stacks("abcdef", together=True)) == 1 + 6 + 30 + 1
    assert stacks("abc", together=True)[-1] == ("a", "b", "c")
    assert stacks("a", together=True) == [(), ("a",)]


def test_layers_that_stop_the_same_overlap_and_refuse_the_same_without_more_harm() -> None:
    half = share(100, 50)
    found = table([share(100, 100), *[half] * 4], [share(100, 0), *[half] * 4])
    by_kind = {(i.measure.kind, i.defenses): i for i in interactions(NAMES, found)}
    harm, refusal = by_kind[Kind.HARM, ("a", "b")], by_kind[Kind.REFUSED, ("a", "b")]
    assert (harm.expected, harm.observed) == (0.25, 0.5)
    assert harm.excess.value == pytest.approx(0.25)
    assert refusal.excess.value == pytest.approx(-0.25)
    assert {harm.reading, refusal.reading} == {Reading.OVERLAP}
    assert (refusal.expected, refusal.observed) == (0.75, 0.5)
    assert all(one.difference.value == 0 for one in orders(NAMES, found))


def test_layers_that_refuse_different_harmless_requests_pile_up() -> None:
    first = share(100, 30)
    second = first[::-1]
    both = first + second
    none = share(100, 0)
    found = table([none] * 5, [none, first, second, both, both])
    [harm, _, refusal, _] = interactions(NAMES, found)
    assert (harm.excess.value, harm.p, harm.reading) == (None, None, Reading.UNSURE)
    assert refusal.excess.value == pytest.approx(0.6 - (1 - 0.7 * 0.7))
    assert refusal.reading is Reading.REINFORCE


def test_a_layer_that_spoils_the_other_is_named_and_so_is_the_order() -> None:
    all_, strict, weak = share(100, 100), share(100, 10), share(100, 80)
    none = share(100, 0)
    found = table([all_, strict, weak, weak, strict], [none] * 5)
    spoiled, kept = interactions(NAMES, found)[:2]
    assert (spoiled.defenses, spoiled.reading) == (("a", "b"), Reading.UNDO)
    assert kept.reading is not Reading.UNDO
    order = orders(NAMES, found)[0]
    assert (order.first, order.second) == ("a", "b")
    assert order.difference.value == pytest.approx(0.7)
    assert order.q is not None and order.q < 0.001


def test_the_front_and_the_smallest_that_is_shown() -> None:
    n = 400
    harm = [share(n, 200), share(n, 20), share(n, 60), share(n, 10), share(n, 20)]
    refused = [share(n, 0), share(n, 10), share(n, 100), share(n, 30), share(n, 12)]
    runs: list[tuple[str, ...]] = [("run",)] * 5
    made = configurations(NAMES, table(harm, refused), costs(1, 1, 1, 2, 2), runs, Targets())
    assert [one.front for one in made] == [True, True, False, True, False]
    assert [one.target for one in made] == [
        *(Target.MISSED, Target.SHOWN, Target.MISSED, Target.POINT_ONLY, Target.SHOWN),
    ]
    assert choose(made).defenses == ("a",)
    change = made[1].rate(HARM).change
    assert change.value == pytest.approx(-0.45)
    assert made[0].rate(HARM).p == 1.0
    assert made[1].rate(HARM).q == pytest.approx(0, abs=1e-6)
    joint = made[1].rate(HARM)
    assert joint.joint_high is not None and joint.share.high is not None
    assert joint.joint_high > joint.share.high


def test_few_requests_meet_a_target_by_their_values_alone() -> None:
    none = share(10, 0)
    made = configurations(
        NAMES, table([none] * 5, [none] * 5), costs(*[1] * 5), [()] * 5, Targets()
    )
    assert {one.target for one in made} == {Target.POINT_ONLY}
    assert choose(made).defenses == ()
    strict = Targets(attack_success=0.0, benign_refusal=0.0)
    some = table([share(10, 1)] * 5, [none] * 5)
    assert choose(configurations(NAMES, some, costs(*[1] * 5), [()] * 5, strict)).defenses is None


def test_nothing_scored_is_no_number() -> None:
    empty = table([share(0, 0)] * 5, [share(0, 0)] * 5)
    [one, *_] = configurations(NAMES, empty, costs(*[1] * 5), [()] * 5, Targets())
    assert (one.most(Kind.HARM).share.value, one.most(Kind.HARM).n, one.target) == (
        None,
        0,
        Target.MISSED,
    )
    assert {i.observed for i in interactions(NAMES, empty)} == {None}


def test_false_alarms_are_rare_among_many_independent_pairs() -> None:
    """Sixty interactions of layers that mind nothing: hardly any has a reading."""
    random = np.random.default_rng(5)
    layers = "abcdef"
    names = stacks(layers, together=True)[:-1]
    n = 100
    bare = (random.random(n) < 0.9).astype(float)
    lets = {layer: (random.random(n) < 0.6).astype(float) for layer in layers}
    harm = [np.prod([bare, *(lets[layer] for layer in name)], axis=0) for name in names]
    found = table(harm, [1 - values for values in harm])
    read = [i.reading for i in interactions(names, found)]
    assert len(read) == 60
    assert sum(reading is not Reading.UNSURE for reading in read) <= 4


def stored(path: Path, gives: int, refuses: int, calls: int) -> Path:
    """Ten harmful and ten harmless requests."""
    told = msgspec.json.encode([Decision(defense="x", did="passed", calls=calls - 1, tokens=3)])
    spent = {"prompt_tokens": 10, "completion_tokens": 5, "decisions": told.decode()}
    rows = [
        sample(
            HARMFUL,
            float(at < gives),
            sample_id=f"h{at}",
            group=f"goal {at}",
            outcome="answered" if at < gives else "refused",
            label="helped" if at < gives else "refused",
            **spent,
        )
        for at in range(10)
    ]
    rows += [
        sample(
            BENIGN,
            float(at < refuses) if at else None,
            sample_id=f"b{at}",
            outcome=("refused" if at < refuses else "answered") if at else "error",
            **spent,
        )
        for at in range(10)
    ]
    return Stored(samples=rows).write(path)


@pytest.fixture
def compared(tmp_path: Path) -> Stacks:
    runs = {
        (): stored(tmp_path / "0", 8, 1, 1),
        ("a",): stored(tmp_path / "1", 4, 3, 4),
    }
    tried = [Tried(name, {PLAIN: path}) for name, path in runs.items()]
    about = About(model="m", suite="mini", harmful=(HARMFUL,), benign=(BENIGN,), targets=Targets())
    return compare_stacks(tried, about)


def test_stored_runs_are_read_and_what_is_unscored_is_left_out_everywhere(
    compared: Stacks,
) -> None:
    bare, defended = compared.configurations
    assert (bare.most(Kind.HARM).share.value, defended.most(Kind.HARM).share.value) == (0.8, 0.4)
    not_declined = Measure(kind=Kind.NOT_DECLINED, condition=PLAIN)
    assert defended.rate(not_declined).share.value == 0.4
    assert defended.most(Kind.REFUSED).n == 9
    assert defended.most(Kind.REFUSED).share.value == pytest.approx(2 / 9)
    assert (bare.cost.calls.value, defended.cost.calls.value) == (1, 4)
    assert defended.cost.tokens.value == 18
    assert compared.left_out[str(REFUSED)] == 1
    assert compared.interactions == ()
    assert compared.choice.target is Target.MISSED
