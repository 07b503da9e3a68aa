"""All answers in the page: complete, inert, worst first, within the budget and the time."""

import json
import random
from itertools import accumulate
from pathlib import Path

import pytest

from tests.reports.conftest import HARMFUL, NASTY
from tests.reports.reading import answers, spoken
from tests.reports.stored import Stored, estimate, sample
from upright.core.inert import inert
from upright.reports import load_profile, render_page
from upright.reports.answers import Fate, in_turns, rank
from upright.reports.pages.table import answer_table

SET, FATE, VALUE, ID = 1, 2, 4, 8


def test_every_answer_of_both_score_sets_is_there(plain: Path) -> None:
    texts, rows = answers(render_page(load_profile(plain)))
    assert len(rows) == 17
    ids = {texts[row[ID]] for row in rows}
    assert {"right", "wrong", "half", "lost", "other", "broken", "held", "u2", "s6"} <= ids
    assert [row[SET] for row in rows] == [0] * 16 + [1], "the upright set first"


def test_each_text_is_there_once(plain: Path) -> None:
    texts, _ = answers(render_page(load_profile(plain)))
    assert len(texts) == len(set(texts))


def test_the_worst_of_each_benchmark_come_first(plain: Path) -> None:
    profile = load_profile(plain)
    order = {b.id: i for i, b in enumerate(profile.benchmarks)}
    turns = in_turns(rank(profile), order)
    assert [r.benchmark for r in turns[:3]] == list(order)
    external = [r for r in turns if r.benchmark == "truthfulness/external"]
    fates = [r.fate for r in external if r.score_set == "upright"]
    assert fates == [Fate.LOST, Fate.LOST, Fate.UNSCORED, Fate.FULL]


def test_the_lower_the_better_is_heeded(plain: Path) -> None:
    profile = load_profile(plain)
    texts, rows = answers(render_page(profile))
    broken = next(row for row in rows if texts[row[ID]] == "broken")
    assert (broken[FATE], broken[VALUE]) == (Fate.LOST, 1.0)


def test_its_texts_are_inert(nasty: Path) -> None:
    texts, _ = answers(render_page(load_profile(nasty)))
    assert inert(NASTY) in texts
    for text in texts:
        told = text if isinstance(text, str) else text[0]
        assert inert(told) == told


def test_harmful_text_is_in_no_readable_part_unmasked(plain: Path) -> None:
    page = render_page(load_profile(plain))
    texts, _ = answers(page)
    assert HARMFUL in texts, "packed, for the script that masks it"
    assert page.count(HARMFUL) == 2, "prompt and answer, within a mask"


def test_five_megabytes_of_text_are_cut_and_counted(tmp_path: Path) -> None:
    stored = Stored(
        estimates=[estimate("safety/misuse")],
        samples=[sample("safety/misuse", 0.0, response="</script>" * 600_000)],
    )
    page = render_page(load_profile(stored.write(tmp_path / "long")))
    assert len(page) < 500_000
    texts, _ = answers(page)
    (cut,) = [text for text in texts if not isinstance(text, str)]
    assert len(cut[0]) + cut[1] == 5_400_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10,000 answers as real ones are: 28 benchmarks, no text twice, 350 + 340 characters."""
    draw = random.Random(0)
    words = ["".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(8_000)]
    often = list(accumulate(1 / (place + 1) for place in range(len(words))))

    def text(characters: int) -> str:
        """As frequent words as in a language: it compresses as little as real answers do."""
        return " ".join(draw.choices(words, cum_weights=often, k=max(1, characters // 7)))

    ids = [f"safety/b{i}" for i in range(28)]
    rows = [
        sample(
            ids[i % 28],
            draw.choice([0.0, 1.0]),
            sample_id=f"{draw.getrandbits(64):016x}",
            prompt=text(350),
            response=text(340),
            slices=json.dumps({"kind": f"k{i % 9}"}),
        )
        for i in range(10_000)
    ]
    stored = Stored(estimates=[estimate(id, n=357) for id in ids], samples=rows)
    return stored.write(tmp_path_factory.mktemp("large") / "run")


@pytest.mark.full
def test_ten_thousand_answers_are_a_page_of_three_megabytes(large: Path) -> None:
    page = render_page(load_profile(large))
    assert len(page) < 3_000_000
    _, rows = answers(page)
    assert len(rows) > 5_000
    left_out = 10_000 - len(rows)
    assert f"{left_out:,} are left out to keep it small" in spoken(page)
    assert all(row[FATE] == Fate.LOST for row in rows[:4_000]), "the worst are kept"


def test_a_smaller_budget_keeps_fewer_and_says_so(large: Path) -> None:
    profile = load_profile(large)
    table = answer_table(profile, rank(profile), budget=300_000)
    assert sum(map(len, table.blocks)) <= 300_000
    assert 0 < table.kept < table.total == 10_000
    assert table.clip == 400, "texts are cut harder before answers are left out"
