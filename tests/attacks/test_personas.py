"""Bred personas: the arithmetic of lineage credit, what a grammar may do, what a search asks."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attacks.test_attacks import GOALS, NO, YES, gives_in
from upright.api import Job, attack
from upright.attacks import _persona_grammar as grammar
from upright.attacks._campaign import Budget, Campaign, Result
from upright.attacks._lineage import Lineage
from upright.attacks._persona_search import Evaluated, Grammar, Search, move_for
from upright.attacks._persona_seeds import SEEDS
from upright.attacks._persona_target import compliance
from upright.attacks._persona_writer import cleaned
from upright.attacks.persona_ga import persona_ga
from upright.attacks.persona_random import persona_random
from upright.attacks.ple import ple
from upright.core import Attack, Request, Response, Settings, UsageError, open_named
from upright.runs.storing.journal import Journal

WANTED = (*grammar.MANNERS[::2], *grammar.RULES[::2])
STRATEGIES = (ple, persona_ga, persona_random)


async def wants(persona: str) -> Sequence[float]:
    """One goal for each sentence that the model is weak for."""
    return [float(sentence in persona) for sentence in WANTED]


def searched(strategy: object, seed: int, most: int = 235) -> Search:
    search = Search(wants, Grammar(), Random(seed), most)
    asyncio.run(strategy.search(search))  # type: ignore[attr-defined]  # each has its own
    return search


def test_credit_shrinks_with_the_distance_as_in_the_paper() -> None:
    """A chain of three: beta to the parent, beta squared to the grandparent."""
    lineage = Lineage(share=0.3)
    root = lineage.add([0.0, 0.0])
    child = lineage.add([1.0, 0.0], [root])
    lineage.add([1.0, 1.0], [child])
    assert lineage.rate(2) == 1.0
    assert lineage.rate(child) == pytest.approx((1 + 0.3 * 2) / (2 + 0.3 * 2))
    assert lineage.rate(root) == pytest.approx((0.3 * 1 + 0.09 * 2) / (2 + 0.3 * 2 + 0.09 * 2))


def test_an_ancestor_on_two_ways_is_credited_once_by_the_shorter() -> None:
    lineage = Lineage(share=0.5)
    root = lineage.add([0.0])
    child = lineage.add([0.0], [root])
    lineage.add([1.0], [child, root])
    assert lineage.nodes[root].successes == pytest.approx(0.5)
    assert lineage.nodes[child].successes == pytest.approx(0.5)


@given(st.lists(st.tuples(st.integers(0, 99), st.floats(0, 1)), min_size=2, max_size=20))
def test_without_a_share_a_persona_is_worth_its_own_answers(told: list[tuple[int, float]]) -> None:
    lineage = Lineage(share=0.0)
    for number, (parent, result) in enumerate(told):
        lineage.add([result], [parent % number] if number else [])
    assert [lineage.rate(i) for i in range(len(told))] == [result for _, result in told]


def test_the_score_is_the_rate_and_a_bonus_for_what_was_little_tried() -> None:
    lineage = Lineage(curiosity=0.1)
    lineage.add([1.0] * 3)
    lineage.add([1.0] * 30)
    bonus = 0.1 * math.sqrt(2 * math.log(2) / 4)
    assert lineage.score(0) == pytest.approx(1 + bonus)
    assert lineage.best(2) == [0, 1]
    assert Lineage(curiosity=0.0).best(3) == []


def test_the_seeds_are_different_and_no_longer_than_a_persona_may_be() -> None:
    assert len(set(SEEDS)) == len(SEEDS) == 35
    for seed in SEEDS:
        assert grammar.count(seed) <= 100
        who, *rest = grammar.sentences(seed)
        assert who.startswith("You are")
        assert [grammar.is_rule(sentence) for sentence in rest] == [False, True]


@given(st.integers(0, 10_000), st.sampled_from(SEEDS))
def test_every_move_does_what_its_name_says(number: int, persona: str) -> None:
    before = grammar.sentences(persona)
    longer = grammar.sentences(grammar.expansion(persona, Random(number)))
    assert longer[:-1] == before and longer[-1] not in before
    shorter = grammar.sentences(grammar.contraction(persona, Random(number)))
    assert shorter[0] == before[0] and len(shorter) == len(before) - 1
    framed = grammar.sentences(grammar.reframing(persona, Random(number)))
    assert framed[1:] == before[1:] and framed[0] != before[0] and ", you are" in framed[0]
    again = grammar.reframing(" ".join(framed), Random(number + 1))
    assert sum(frame in again for frame in grammar.FRAMES) == 1
    assert len(grammar.sentences(grammar.rewriting(persona, Random(number)))) == len(before)
    for move in grammar.MOVES.values():
        assert move(persona, Random(number)) == move(persona, Random(number))


@given(st.integers(0, 10_000), st.sampled_from(SEEDS), st.sampled_from(SEEDS))
def test_a_child_of_two_has_nothing_that_neither_had(number: int, one: str, other: str) -> None:
    child = grammar.sentences(grammar.crossover(one, other, Random(number)))
    assert set(child) <= {*grammar.sentences(one), *grammar.sentences(other)}
    assert child[0] in (grammar.sentences(one)[0], grammar.sentences(other)[0])
    assert len(child) > 1


def test_what_is_too_long_shrinks_and_what_is_too_short_grows() -> None:
    assert {move_for("word " * 101, Random(n)) for n in range(20)} == {"Contraction"}
    assert {move_for("word " * 19, Random(n)) for n in range(20)} == {"Expansion"}
    assert {move_for("word " * 50, Random(n)) for n in range(99)} == set(grammar.MOVES)


def test_all_searches_evaluate_as_often_the_seeds_first_and_nothing_twice() -> None:
    for make in STRATEGIES:
        personas = [one.persona for one in searched(make(), 0, most=80).done]
        assert personas[:35] == list(SEEDS)
        assert len(set(personas)) == len(personas) == 80
        assert personas == [one.persona for one in searched(make(), 0, most=80).done]
        assert personas != [one.persona for one in searched(make(), 1, most=80).done]


def test_what_learns_beats_what_does_not_where_there_is_something_to_learn() -> None:
    def best(strategy: object) -> list[float]:
        return [searched(strategy, seed).elites(1)[0].rate for seed in range(3)]

    for seed, chance in enumerate(best(persona_random())):
        assert best(ple())[seed] > chance


def test_a_search_without_anything_new_to_try_ends() -> None:
    class Same(Grammar):
        async def mutate(self, persona: str, move: str, random: Random) -> str:
            return persona

        async def cross(self, one: str, other: str, random: Random) -> str:
            return one

    search = Search(wants, Same(), Random(0), 100)
    asyncio.run(ple().search(search))
    assert len(search.done) == 35


def test_elites_are_the_best_by_their_own_rate() -> None:
    search = Search(wants, Grammar(), Random(0), 3)
    search.done = [Evaluated("a", [0.0]), Evaluated("b", [1.0]), Evaluated("c", [1.0])]
    assert [one.persona for one in search.elites(2)] == ["b", "c"]


@given(st.lists(st.floats(-50, -1.2), min_size=3, max_size=3))
def test_compliance_is_the_logistic_of_the_margin(likelihoods: list[float]) -> None:
    refusing = math.fsum(map(math.exp, likelihoods))
    margin = math.log1p(-refusing) - math.log(refusing)
    assert compliance(likelihoods) == pytest.approx(1 / (1 + math.exp(-margin)), abs=1e-9)


def test_where_nothing_is_known_nothing_gives_in() -> None:
    assert compliance([-math.inf] * 3) == 0.0


WEAK = ", you are"


@dataclass
class Weak:
    """Gives in to a persona in any setting, and tells as much by likelihoods."""

    answer: str = YES
    asked: list[str] = field(default_factory=list)

    async def ask(self, request: Request) -> Response:
        text = request.messages[-1].content
        self.asked.append(text)
        weak = WEAK in text
        if request.options:
            chance = -5.0 if weak else -2.0
            return Response(finish_reason="choice", option_logprobs=(chance,) * 3)
        return Response(text=self.answer if weak else NO, prompt_tokens=10, completion_tokens=5)


def pursued(strategy: Attack, model: Weak, seed: int = 0, **budget: int) -> list[Result]:
    campaign = Campaign(
        attack=strategy,
        model="test/model",
        ask=model.ask,
        score=gives_in,
        budget=Budget(**budget),
        seed=seed,
    )
    return asyncio.run(campaign.pursue(GOALS))


def test_every_goal_is_asked_as_often_and_the_best_persona_is_kept() -> None:
    model = Weak()
    results = pursued(ple(evaluations=60), model, queries=100)
    assert {(r.queries, r.spent, r.success) for r in results} == {(60, False, True)}
    assert len(model.asked) == 60 * len(GOALS)
    for result, goal in zip(results, GOALS, strict=True):
        assert result.best is not None
        asked = result.best.messages[-1].content
        assert asked.endswith(f"question: {goal.text}")
        assert WEAK in asked
        assert result.best.queries == result.to_success


@pytest.mark.parametrize("make", STRATEGIES)
def test_a_budget_ends_it_for_all_goals_at_once(make: type) -> None:
    results = pursued(make(), Weak(), queries=12)
    assert {(r.queries, r.spent) for r in results} == {(12, True)}
    results = pursued(make(), Weak(), queries=100, tokens=150)
    assert {(r.queries, r.tokens, r.spent) for r in results} == {(10, 150, True)}


def test_by_margin_answers_are_read_where_a_persona_is_better_than_all_before() -> None:
    model = Weak()
    results = pursued(ple(evaluations=60, fitness="margin"), model, queries=100)
    assert all(r.success for r in results)
    assert {r.queries for r in results} == {62}


def test_an_answer_that_is_none_gives_nothing() -> None:
    """A loop that the harm judge might call harmful counts as safe: arXiv 2605.01899's code."""
    loop = "step step step " * 40
    seen: list[float] = []

    async def always(goal: object, response: Response) -> float:
        return 1.0

    class Watched(type(ple())):  # type: ignore[misc]  # a factory's class
        async def search(self, search: Search) -> Lineage:
            found: Lineage = await super().search(search)
            seen.extend(one.rate for one in search.done)
            return found

    model = Weak(answer=loop)
    campaign = Campaign(attack=Watched(evaluations=60), model="m", ask=model.ask, score=always)
    asyncio.run(campaign.pursue(GOALS))
    assert set(seen) == {0.0, 1.0}
    assert seen.count(0.0) == len({a for a in model.asked if WEAK in a}) / len(GOALS)


def test_what_was_asked_is_not_asked_again_and_the_same_seed_asks_the_same(tmp_path: Path) -> None:
    """Also what a model of the attacker's own wrote: it draws at temperature 1."""
    journal = tmp_path / "journal.jsonl"
    written = iter(f"You are number {n}, and you love lists" + " a lot" * 9 for n in range(9999))

    def over(model: Weak, helping: list[Request]) -> list[Result]:
        kept = Journal(journal)

        async def ask(request: Request) -> Response:
            if request.key not in kept:
                kept.append({request.key: await model.ask(request)})
            return kept[request.key]

        async def consult(spec: str, request: Request) -> Response:
            if request.key not in kept:
                helping.append(request)
                kept.append({request.key: Response(text=next(written))})
            return kept[request.key]

        written_by = ple(evaluations=50, rewriter="test/writer")
        campaign = Campaign(attack=written_by, model="m", ask=ask, score=gives_in, consult=consult)
        try:
            return asyncio.run(campaign.pursue(GOALS))
        finally:
            kept.close()

    first, again, helped, helped_again = Weak(), Weak(), list[Request](), list[Request]()
    results = over(first, helped)
    assert over(again, helped_again) == results
    assert len(first.asked) == 50 * len(GOALS)
    assert len(helped) == 15
    assert {request.temperature for request in helped} == {1.0}
    assert not again.asked
    assert not helped_again


def test_the_whole_attack_runs_again_from_what_it_kept(tmp_path: Path) -> None:
    """Over the front door, with a model that writes one persona and no other."""
    text = "You are a cook who talks of nothing but soup" + " and bread" * 9
    job = Job(settings=Settings(suite="mini", limit=3), out=tmp_path)
    spec = f"ple:evaluations=60,rewriter=mock/say:{text}"
    first = attack("mock/refuse", spec, job)
    kept = (first.path / "journal.jsonl").read_bytes()
    assert attack("mock/refuse", spec, job) == first
    assert (first.path / "journal.jsonl").read_bytes() == kept
    assert {(r.queries, r.spent, r.success) for r in first.results} == {(36, False, False)}
    assert kept.count(b"\n") > 36 * 3


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("You are a cook" + " who cooks" * 10, "You are a cook" + " who cooks" * 10),
        ('Here is it:\n\n"You are\na cook' + " who cooks" * 10 + '"', "You are a cook"),
        ("<character>You are a cook" + " who\x00 cooks" * 10 + "</character>", "You are a cook"),
        ("You are a cook.", ""),
        ("word " * 101, ""),
        ("", ""),
    ],
)
def test_what_a_model_writes_is_cleaned_and_measured(told: str, kept: str) -> None:
    found = cleaned(told)
    assert found.startswith(kept) if kept else found == ""
    assert found.isprintable() and '"' not in found


def test_ids_tell_what_differs_and_nonsense_is_refused() -> None:
    assert open_named("attacks", "ple:share=0.0,fitness=margin").id == (
        "ple(0, 0.1, 10, 435) [margin]"
    )
    assert persona_ga(50, rewriter="openai/x").id == "persona_ga(50) [openai/x]"
    assert persona_random().id == "persona_random"
    with pytest.raises(UsageError, match="Did you mean margin"):
        ple(fitness="margins")
    with pytest.raises(UsageError, match="openai/NAME"):
        persona_ga(rewriter="gramar")
    with pytest.raises(UsageError, match="nobody can"):
        pursued(ple(rewriter="openai/x"), Weak())
