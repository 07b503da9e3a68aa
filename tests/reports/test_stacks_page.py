"""The page about stacks: what it tells, and that no name on it acts."""

from dataclasses import replace as changed
from pathlib import Path

import msgspec
import numpy as np
import pytest
from rich.console import Console

from tests.comparisons.test_stacks import HARM, NAMES, REFUSED, costs, share, table
from tests.reports.conftest import NASTY
from tests.reports.reading import spoken
from tests.reports.standards import is_inert, leads_somewhere
from upright.comparisons.stacks.answers import PLAIN
from upright.comparisons.stacks.choosing import choose
from upright.comparisons.stacks.compare import configurations, interactions, orders
from upright.comparisons.stacks.result import Kind, Measure, Stacks, Targets
from upright.reports.pages.stacks import stacks_page, write_stacks
from upright.reports.text.stacks import render_stacks

SCRIPTS = 2


def found(names: list[tuple[str, ...]]) -> Stacks:
    """Two defenses of which one spoils the other."""
    all_, strict, weak, none = share(100, 100), share(100, 10), share(100, 80), share(100, 0)
    told = table([all_, strict, weak, weak, strict], [none, share(100, 30), *[none] * 3])
    told[Measure(kind=Kind.NOT_DECLINED, condition=PLAIN)] = told[HARM]
    targets = Targets()
    made = configurations(names, told, costs(1, 1, 4, 4, 4), [("runs/x",)] * 5, targets)
    return Stacks(
        model="m",
        suite="mini",
        harmful=("safety/jbb_harmful",),
        benign=("safety/jbb_benign",),
        conditions=(HARM.condition,),
        targets=targets,
        configurations=made,
        interactions=interactions(names, told),
        orders=orders(names, told),
        choice=choose(made),
        left_out={str(HARM): 0, str(REFUSED): 3},
    )


@pytest.fixture
def stacks() -> Stacks:
    return found(list(NAMES))


def test_it_tells_what_to_take_and_what_spoils_what(stacks: Stacks) -> None:
    page = stacks_page(stacks)
    text = spoken(page)
    for told in (
        "Defenses before m",
        "b + a is the smallest whose values meet the targets",
        "5 configurations",
        "0.10 (0.06 – 0.17)",
        "undo",
        "a before b",
        "Of 3 comparisons of A before B with B before A, 2 can be told",
        "benign refusal: 3 requests are left out",
    ):
        assert told in text, told
    is_inert(page, SCRIPTS)
    leads_somewhere(page)
    assert page == stacks_page(stacks)


def test_no_name_acts(tmp_path: Path) -> None:
    evil = f"evil {NASTY}"
    hostile = found([(), ("a",), (evil,), ("a", evil), (evil, "a")])
    hostile = msgspec.structs.replace(
        hostile, model=NASTY, suite=NASTY, harmful=(NASTY,), benign=(NASTY,), conditions=(NASTY,)
    )
    page = stacks_page(hostile)
    is_inert(page, SCRIPTS)
    write_stacks(hostile, tmp_path / "defend.html")
    assert (tmp_path / "defend.html").read_text(encoding="utf-8") == page
    console = Console(record=True, width=120)
    render_stacks(hostile, console)
    assert "\x1b[31m" not in console.export_text()


def test_the_terminal_tells_the_same(stacks: Stacks) -> None:
    console = Console(record=True, width=120)
    render_stacks(stacks, console)
    text = console.export_text()
    assert "* no defense" in text
    assert "undo" in text
    assert "Of 6 interactions" in text
    assert "b + a is the smallest whose values meet the targets" in text


def test_a_model_alone_has_no_pairs(stacks: Stacks) -> None:
    page = stacks_page(msgspec.structs.replace(stacks, interactions=(), orders=()))
    assert "Together" not in spoken(page)
    leads_somewhere(page)


def test_without_any_answer_it_says_so() -> None:
    empty = [np.zeros(0)] * 5
    told = changed(table(empty, empty)[HARM], left_out=4)
    nothing = {HARM: told, REFUSED: told}
    made = configurations(NAMES, nothing, costs(*[1] * 5), [()] * 5, Targets())
    base = found(list(NAMES))
    page = stacks_page(
        msgspec.structs.replace(
            base,
            configurations=made,
            interactions=interactions(NAMES, nothing),
            orders=orders(NAMES, nothing),
            choice=choose(made),
        )
    )
    assert "No configuration meets the targets" in spoken(page)
    is_inert(page, SCRIPTS)
