"""Where a paper's own rank card differs from the card that its numbers give.

Nothing here knows an anomaly: what the paper's card shows (`data/published`) is compared with
the card rebuilt from the paper's table.
"""

from collections.abc import Iterator

import msgspec

from upright.comparisons.many_runs.rank_card import RankCard, RankRow, rank_card
from upright.comparisons.many_runs.table import Table, published_table
from upright.data.published import CardRow, Published, published


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """kind: direction, place, ties, label or average order."""

    kind: str
    columns: tuple[str, ...]
    models: tuple[str, ...] = ()
    told: str


def anomalies(facts: Published | None = None) -> tuple[Anomaly, ...]:
    """Every difference between the paper's card, as far as it is known, and the rebuilt one."""
    facts = facts or published()
    table = published_table(facts)
    card = rank_card(table, with_intervals=False)
    found = [anomaly for row in facts.card.rows for anomaly in _of_row(row, facts, table, card)]
    return (*found, *_labels(facts), *_average_order(facts, table, card))


def _of_row(shown: CardRow, facts: Published, table: Table, card: RankCard) -> Iterator[Anomaly]:
    rebuilt = card.row(shown.column)
    if rebuilt is None:
        return
    if any(rebuilt.rank(model) != place for model, place in shown.places.items()):
        backwards = _backwards(table, shown.column).row(shown.column)
        if backwards and all(backwards.rank(m) == place for m, place in shown.places.items()):
            yield _direction(shown, rebuilt, facts.card.shown)
        else:
            yield _places(shown, rebuilt)
    if shown.ties and shown.ties != facts.card.ties:
        yield from _ties(shown, rebuilt, facts.card.shown, facts.card.ties)


def _backwards(table: Table, key: str) -> RankCard:
    return rank_card(table, [key], with_intervals=False)


def _direction(shown: CardRow, rebuilt: RankRow, top: int) -> Anomaly:
    models = tuple(shown.places)
    where = ", ".join(f"{m} {_nth(p)} instead of {_rank(rebuilt, m)}" for m, p in _items(shown))
    order = ", ".join(f"{r.model} {r.value:.3g}" for r in rebuilt.ranks[:top])
    way = ("descending", "ascending")[rebuilt.higher_is_better]
    return Anomaly(
        kind="direction",
        columns=(shown.column,),
        models=models,
        told=f"ranked {way}, against the metric's direction: it shows {where}. "
        f"The right order: {order}.",
    )


def _places(shown: CardRow, rebuilt: RankRow) -> Anomaly:
    """One or several models in a wrong place; one that shares it with another value is named."""
    values = {r.model: r.value for r in rebuilt.ranks}
    wrong = {m: p for m, p in _items(shown) if rebuilt.rank(m) != p}
    parts = []
    for model, place in wrong.items():
        beside = [m for m, p in _items(shown) if p == place and values[m] != values[model]]
        tied = "".join(f", shared with {m} ({values[m]:.3g})" for m in beside)
        right = _rank(rebuilt, model)
        parts.append(f"{model} ({values[model]:.3g}) {_nth(place)}{tied}; it ranks {right}")
    return Anomaly(
        kind="place",
        columns=(shown.column,),
        models=tuple(wrong),
        told=f"shows {'; and '.join(parts)}.",
    )


def _ties(shown: CardRow, rebuilt: RankRow, top: int, rule: str) -> Iterator[Anomaly]:
    """Only where the places shown hold equal values: elsewhere the rule makes no difference."""
    groups: dict[float, list[str]] = {}
    for ranked in rebuilt.ranks:
        if ranked.tied and ranked.rank <= top:
            groups.setdefault(ranked.value, []).append(ranked.model)
    if groups:
        equal = "; ".join(f"{' = '.join(models)} ({value:.3f})" for value, models in groups.items())
        yield Anomaly(
            kind="ties",
            columns=(shown.column,),
            models=tuple(model for models in groups.values() for model in models),
            told=f"ties are {shown.ties} where elsewhere they are {rule}: {equal}.",
        )


def _labels(facts: Published) -> Iterator[Anomaly]:
    """Rows labelled with the kind of another: interchanged, where each bears the other's label."""
    wrong: dict[str, tuple[str, str]] = {}
    for row in facts.card.rows:
        column = facts.column(row.column)
        if row.kind and column and row.kind not in column.subtask:
            wrong[row.column] = row.kind, column.subtask
    if wrong:
        labels = {kind for kind, _ in wrong.values()}
        swapped = all(any(label in own for _, own in wrong.values()) for label in labels)
        each = ", ".join(f"{key} as {kind}" for key, (kind, _) in wrong.items())
        yield Anomaly(
            kind="label",
            columns=tuple(wrong),
            told=f"labels are {'interchanged' if swapped else 'wrong'}: the card has {each}.",
        )


def _average_order(facts: Published, table: Table, card: RankCard) -> Iterator[Anomaly]:
    """The chart of average ranks, explained by ranking one column backwards where that does."""
    shown = facts.card.average_order
    if shown == card.order:
        return
    keys = [column.key for column in table.columns]
    causes = [key for key in keys if _backwards(table, key).order == shown]
    moved = tuple(m for m, right in zip(shown, card.order, strict=True) if m != right)
    because = (
        f"exactly what ranking {' or '.join(causes)} backwards gives"
        if causes
        else "which no single column ranked backwards explains"
    )
    yield Anomaly(
        kind="average order",
        columns=tuple(causes),
        models=moved,
        told=f"the chart of average ranks puts {len(moved)} models in another place than the "
        f"columns' own directions do, {because}.",
    )


def _items(shown: CardRow) -> list[tuple[str, int]]:
    return list(shown.places.items())


def _rank(row: RankRow, model: str) -> str:
    rank = row.rank(model)
    return "nowhere" if rank is None else _nth(rank)


def _nth(place: int) -> str:
    special = {1: "st", 2: "nd", 3: "rd"}
    return f"{place}{'th' if place % 100 in (11, 12, 13) else special.get(place % 10, 'th')}"
