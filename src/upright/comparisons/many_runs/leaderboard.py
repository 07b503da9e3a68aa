"""A leaderboard: a profile per model with the intervals of its places, and no overall score.

What was measured here and what the paper printed are two parts that share no field. Where a run
has the `published` score set its place among the paper's models is a third.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import msgspec

from upright.comparisons.many_runs.analysis import Analysis, analyse
from upright.comparisons.many_runs.anomalies import Anomaly, anomalies
from upright.comparisons.many_runs.entries import (
    Entry,
    SetAside,
    Unread,
    comparable,
    read_runs,
)
from upright.comparisons.many_runs.measured import measured_table
from upright.comparisons.many_runs.placement import Placement, placements
from upright.comparisons.many_runs.rank_card import (
    AverageRank,
    RankCard,
    Ranked,
    RankRow,
    rank_card,
)
from upright.comparisons.many_runs.table import published_table
from upright.core import Dimension, UsageError
from upright.data.published import published

UPRIGHT = "upright"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A model's headline and its place. Withheld values have no place, and the reason is given;
    neither has a value beside which there is no other."""

    run: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_unscored: int
    withheld: str
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    tied: bool


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """One benchmark's headline over the comparable runs, best first."""

    benchmark: str
    dimension: str
    title: str
    metric: str
    higher_is_better: bool
    chance: float | None
    ceiling: float
    standings: tuple[Standing, ...]
    no_rank_interval: str


class RunName(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    model: str
    path: str
    suite: str
    started: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured here. `averages` are over the benchmarks in which every run has a place."""

    runs: tuple[RunName, ...]
    boards: tuple[Board, ...]
    averages: tuple[AverageRank, ...]
    averaged_columns: int
    rank_method: str
    average_method: str
    analysis: Analysis


class LaterModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model added to the published table after the paper, and what is wrong with its cells."""

    model: str
    values: dict[str, float]
    faults: dict[str, str]


class PublishedBoard(msgspec.Struct, frozen=True, kw_only=True):
    """The paper's card, rebuilt. `as_published` are the average places as the paper ranked: with
    the columns named in `inverted` ranked backwards."""

    paper: str
    source: str
    card: RankCard
    anomalies: tuple[Anomaly, ...]
    inverted: tuple[str, ...]
    as_published: tuple[AverageRank, ...]
    later: tuple[LaterModel, ...]
    analysis: Analysis


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    """`set_aside`: numbers that compare with no other; `unread`: paths that gave no run."""

    measured: Measured | None
    placements: tuple[Placement, ...]
    published: PublishedBoard | None
    set_aside: tuple[SetAside, ...]
    unread: tuple[Unread, ...]


def leaderboard(paths: Iterable[Path | str] = (), *, with_published: bool = False) -> Leaderboard:
    """Rank stored runs by every benchmark they share, and place them among the paper's models."""
    entries, unread = read_runs(paths)
    if not entries and not with_published:
        raise UsageError("There is nothing to rank: name runs, or ask for the paper's: --published")
    measured, aside = _measured(entries) if entries else (None, [])
    places, unplaced = placements(entries)
    if entries and not places and not _compares(measured):
        raise UsageError(_nothing(entries, aside, unread))
    return Leaderboard(
        measured=measured,
        placements=tuple(places),
        published=published_board() if with_published else None,
        set_aside=(*aside, *unplaced),
        unread=tuple(unread),
    )


@cache
def published_board() -> PublishedBoard:
    """The paper's own models."""
    facts = published()
    table = published_table(facts)
    found = anomalies(facts)
    inverted = tuple(key for a in found if a.kind == "average order" for key in a.columns)
    return PublishedBoard(
        paper=facts.paper,
        source=facts.source,
        card=rank_card(table),
        anomalies=found,
        inverted=inverted,
        as_published=rank_card(table, inverted).averages,
        later=tuple(_later(model.id) for model in facts.models if model.later),
        analysis=analyse(table),
    )


def _later(id: str) -> LaterModel:
    facts = published()
    model = next(model for model in facts.models if model.id == id)
    pairs = zip(facts.columns, model.values, strict=True)
    values = {column.key: value for column, value in pairs if value is not None}
    return LaterModel(model=id, values=values, faults=model.faults)


def _measured(entries: Sequence[Entry]) -> tuple[Measured, list[SetAside]]:
    table, aside = measured_table(entries)
    card = rank_card(table)
    ids = dict.fromkeys(id for e in entries for id, name in e.estimates if name == UPRIGHT)
    boards = [board for id in ids if (board := _board(entries, id, card.row(id)))]
    order = [str(dimension) for dimension in Dimension]
    boards.sort(key=lambda b: order.index(b.dimension) if b.dimension in order else len(order))
    measured = Measured(
        runs=tuple(_name(entry) for entry in entries),
        boards=tuple(boards),
        averages=card.averages if len(entries) > 1 else (),
        averaged_columns=card.averaged_columns if len(entries) > 1 else 0,
        rank_method=card.rank_method,
        average_method=card.average_method,
        analysis=analyse(table),
    )
    return measured, aside


def _name(entry: Entry) -> RunName:
    facts = entry.facts
    return RunName(
        label=entry.label,
        model=facts.model.id,
        path=str(entry.path),
        suite=str(facts.settings.get("suite", "")),
        started=facts.started,
    )


def _board(entries: Sequence[Entry], id: str, row: RankRow | None) -> Board | None:
    kept, _ = comparable(entries, id, UPRIGHT)
    headlines = {entry.label: entry.headline(id, UPRIGHT) for entry in kept}
    first = next((estimate for estimate in headlines.values() if estimate), None)
    if first is None:
        return None
    ranks = {r.model: r for r in row.ranks} if row and len(row.ranks) > 1 else {}
    standings = [_standing(entry, id, ranks.get(entry.label)) for entry in kept]
    last = len(standings) + 1
    return Board(
        benchmark=id,
        dimension=first.dimension,
        title=kept[0].facts.benchmarks[id].title if id in kept[0].facts.benchmarks else "",
        metric=first.metric,
        higher_is_better=first.higher_is_better,
        chance=first.chance,
        ceiling=first.ceiling,
        standings=tuple(sorted(standings, key=lambda s: s.rank or last)),
        no_rank_interval=row.no_interval if row and ranks else "",
    )


def _standing(entry: Entry, id: str, ranked: Ranked | None) -> Standing:
    estimate = entry.headline(id, UPRIGHT)
    assert estimate is not None, "comparable() keeps runs that have it"
    shown = estimate.told
    return Standing(
        run=entry.label,
        value=estimate.value if shown else None,
        low=estimate.low if shown else None,
        high=estimate.high if shown else None,
        n=estimate.n,
        n_unscored=estimate.n_unscored,
        withheld="" if shown else estimate.withheld or f"no value ({estimate.method})",
        rank=ranked.rank if ranked else None,
        rank_low=ranked.low if ranked else None,
        rank_high=ranked.high if ranked else None,
        tied=ranked.tied if ranked else False,
    )


def _compares(measured: Measured | None) -> bool:
    return measured is not None and any(len(board.standings) > 1 for board in measured.boards)


def _nothing(entries: Sequence[Entry], aside: Sequence[SetAside], unread: Sequence[Unread]) -> str:
    """Why no two numbers compare, and what to do."""
    reasons = [f"{one.run}, {one.benchmark}: {one.reason}" for one in aside]
    reasons += [f"{one.path}: {one.reason}" for one in unread]
    if len(entries) == 1:
        reasons.append("there is one run, without the published score set on the paper's data")
    told_all = "\n".join(f"  {reason}" for reason in reasons[:20]) or "  they share no benchmark"
    return (
        f"Nothing here is comparable:\n{told_all}\n"
        "Measure the models with the same command: the same suite, benchmarks and judge."
    )
