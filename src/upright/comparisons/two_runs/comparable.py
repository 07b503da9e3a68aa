"""What of two runs may be compared: a number is only comparable with one made in the same way."""

from collections.abc import Iterator, Mapping
from typing import Any

from upright.comparisons.two_runs.pairing import Answers
from upright.comparisons.two_runs.result import Incomparable

CARD = {"version": "version", "temperature": "temperature", "max_tokens": "most tokens"}


def apart(
    infos: tuple[Mapping[str, Any], Mapping[str, Any]],
    answers: tuple[Mapping[str, Answers], Mapping[str, Answers]],
) -> Iterator[Incomparable]:
    """Benchmarks that cannot be compared, each with the first reason why."""
    a, b = answers
    for id in sorted(set(a) | set(b)):
        if id not in b:
            yield Incomparable(what=id, why="only in the baseline")
        elif id not in a:
            yield Incomparable(what=id, why="only in the candidate")
        elif why := _other_version(infos, id) or _other_judge(a[id], b[id]):
            yield Incomparable(what=id, why=why)


def _other_version(infos: tuple[Mapping[str, Any], Mapping[str, Any]], id: str) -> str:
    versions = [info.get("benchmarks", {}).get(id, {}).get("version", 1) for info in infos]
    if versions[0] == versions[1]:
        return ""
    return f"version {versions[0]} of the benchmark against version {versions[1]}"


def _other_judge(a: Answers, b: Answers) -> str:
    if not a.judges or not b.judges or a.judges[0] == b.judges[0]:
        return ""
    return f"judged by {a.judges[0]} against {b.judges[0]}"


def unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str, ...]:
    """What a reader must know of two runs that may nevertheless be compared."""
    found = []
    if a.get("upright") != b.get("upright"):
        found.append(f"Made by upright {a.get('upright')} and {b.get('upright')}.")
    for name in ("suite", "seed", "choices", "epochs", "until", "decide"):
        one, other = (info.get("settings", {}).get(name) for info in (a, b))
        if one != other:
            found.append(f"The setting {name} is {one} and {other}.")
    changed = _changed_data(a, b)
    if changed:
        found.append(f"Other data: {', '.join(changed)}. Only unchanged samples pair.")
    return tuple(found)


def _changed_data(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    one, other = a.get("data", {}), b.get("data", {})
    return [
        name
        for name in sorted(set(one) & set(other))
        if one[name].get("sha256") != other[name].get("sha256")
    ]


def notes(
    infos: tuple[Mapping[str, Any], Mapping[str, Any]], id: str, a: Answers, b: Answers
) -> tuple[str, ...]:
    """What differs in how one benchmark was run."""
    cards = [info.get("benchmarks", {}).get(id, {}) for info in infos]
    found = [
        f"{name} {cards[0].get(key)} against {cards[1].get(key)}"
        for key, name in CARD.items()
        if cards[0].get(key) != cards[1].get(key)
    ]
    chosen = [answers.picked for answers in (a, b)]
    if chosen[0] != chosen[1]:
        how = ["the likeliest option" if one else "free text" for one in chosen]
        found.append(f"{how[0]} against {how[1]}")
    return tuple(found)
