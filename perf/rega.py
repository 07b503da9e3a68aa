"""What ReGA tells of prompts, layer by layer, beside what words, length and surprise tell.

    PYTHONPATH=... python perf/rega.py local/smollm2-135m --data DATA --states FOLDER \
        --figure docs/rega.svg > table.md

Needs torch. Hidden states are read once, about ten minutes on one core, and kept in the folder
(about 2 GB); a second call takes a minute.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from _detectors import Terms, area, auroc, shape
from _gathered import Gathered, gathered
from _lines import lines

from upright.core import Interval
from upright.defenses._abstract_chain import chain, hitting, hitting_within, prism, unsafe_states
from upright.defenses._abstract_model import Abstraction, AbstractModel
from upright.defenses._probe import Probe
from upright.defenses._rega_monitor import fitted
from upright.stats.intervals import wilson
from upright.stats.logistic import Flags, Reals, said, taught

SEEDS = 10
AFTER = (1, 5, 20)
"""Tokens within which an unsafe state may be reached."""


class Known(NamedTuple):
    """Scores of all prompts by each detector, and of the first comparison's conversations."""

    prompts: Mapping[str, Reals]
    conversations: Mapping[str, Reals]


def model_of(
    found: Gathered, layer: int, seed: int = 0, *, prompts_alone: bool = False
) -> AbstractModel:
    """Fitted on the training prompts and conversations, as in the paper, or on the prompts."""
    every = zip(found.training.paths(layer), found.texts, strict=True)
    pairs = [(p, t) for p, t in every if not prompts_alone or len(t.tokens) == t.prompt_tokens]
    safe = np.array([text.safe for _, text in pairs])
    return Abstraction(seed=seed).fit([path for path, _ in pairs], safe)


def by_words(found: Gathered) -> dict[str, Reals]:
    """What needs no hidden state."""
    fitted_on = found.prompts_fitted_on
    yes = np.arange(len(fitted_on)) >= sum(not t.safe for t in found.texts) // 2
    asked = [p for c in found.comparisons for side in (c.harmful, c.safe) for p in side]
    return {
        "length, punctuation": Probe.fit(shape(fitted_on), yes).log_odds(shape(asked)),
        "TF-IDF": _of_terms(fitted_on, asked, yes),
        "perplexity": -found.surprise,
    }


def _of_terms(fitted_on: Sequence[str], asked: Sequence[str], yes: Flags) -> Reals:
    terms = Terms(fitted_on)
    return said(taught(terms.table(fitted_on), yes), terms.table(asked))


def by_states(found: Gathered, layer: int) -> Known:
    """ReGA, its moves alone, and a linear probe on the last token, in one layer."""
    safe = np.array([text.safe for text in found.texts])
    trained = np.stack([path[-1] for path in found.training.paths(layer)])
    whole = model_of(found, layer)
    short = model_of(found, layer, prompts_alone=True)
    paths = [*found.prompts.paths(layer), *found.conversations.paths(layer)]
    scores = {
        "linear probe": Probe.fit(trained, safe).log_odds(np.stack([path[-1] for path in paths])),
        "moves alone": np.array([whole.scores(path, labels=False)[-1] for path in paths]),
        "ReGA, prompts alone": np.array([short.score(path) for path in paths]),
        "ReGA": np.array([whole.score(path) for path in paths]),
    }
    first = found.comparisons[0]
    spoken = len(first.harmful) + len(first.safe)
    return Known(
        {name: each[:-spoken] for name, each in scores.items()},
        {name: np.minimum(each[:spoken], each[-spoken:]) for name, each in scores.items()},
    )


def parts(found: Gathered) -> Iterator[tuple[str, slice, Flags]]:
    """Each comparison: its name and kind, its place among all prompts, and which are safe."""
    start = 0
    for c in found.comparisons:
        size = len(c.harmful) + len(c.safe)
        yield f"{c.name} ({c.kind})", slice(start, start + size), np.arange(size) >= len(c.harmful)
        start += size


def told(interval: Interval, sign: str = "") -> str:
    return f"{interval.value:{sign}.3f} ({interval.low:{sign}.3f} to {interval.high:{sign}.3f})"


def compare(found: Gathered, layer: int) -> None:
    states = by_states(found, layer)
    scores = {**by_words(found), **states.prompts}
    print(f"\nAUROC at layer {layer}, 95 % bootstrap intervals\n")
    print("| prompts | n harmful, safe | " + " | ".join(scores) + " | ReGA minus TF-IDF |")
    print("| --- | --- | " + "--- | " * (len(scores) + 1))
    for name, where, safe in parts(found):
        cells = [told(auroc(s[where], safe)) for s in scores.values()]
        gain = told(auroc(scores["ReGA"][where], safe, scores["TF-IDF"][where]), "+")
        print(f"| {name} | {(~safe).sum()}, {safe.sum()} | {' | '.join(cells)} | {gain} |")
    name, _, safe = next(parts(found))
    cells = [told(auroc(s, safe)) for s in states.conversations.values()]
    counts = f"{(~safe).sum()}, {safe.sum()}"
    print(f"| the same, with answers | {counts} | | | | {' | '.join(cells)} | |")


def refusals(found: Gathered, layer: int) -> None:
    """What the defense would refuse, at the thresholds that were fitted."""
    watch = fitted(found.training.paths(layer), found.texts)
    scores = np.array([watch.prompt(path) for path in found.prompts.paths(layer)])
    print("\n| prompts | threshold | harmful refused | safe refused |\n| --- | --- | --- | --- |")
    for name, where, safe in parts(found):
        for rule, threshold in watch.thresholds.items():
            below = scores[where] < threshold
            told = " | ".join(rate(below[side]) for side in (~safe, safe))
            print(f"| {name} | `{rule}` | {told} |")


def rate(refused: Flags) -> str:
    low, high = wilson(float(refused.mean()), len(refused))
    return f"{refused.mean():.1%} ({low:.1%} to {high:.1%})"


def sweep(found: Gathered, figure: Path | None) -> None:
    """All layers but the embedding, which says the same of all prompts: they end in one token."""
    layers = range(1, found.training.table.shape[0])
    rega: dict[str, list[float]] = {name: [] for name, _, _ in parts(found)}
    linear: dict[str, list[float]] = {name: [] for name in rega}
    for layer in layers:
        states = by_states(found, layer).prompts
        for name, where, safe in parts(found):
            rega[name].append(area(states["ReGA"][where], safe))
            linear[name].append(area(states["linear probe"][where], safe))
    print("\nAUROC by layer: ReGA, linear probe\n")
    print("| layer | " + " | ".join(rega) + " |\n| ---: | " + "--- | " * len(rega))
    for place, layer in enumerate(layers):
        row = [f"{rega[name][place]:.3f}, {linear[name][place]:.3f}" for name in rega]
        print(f"| {layer} | {' | '.join(row)} |")
    if figure:
        axes = ("layer", "AUROC: ReGA solid, linear probe dashed; grey: chance")
        figure.write_text(lines("What each layer tells", axes, rega, linear, first=1, low=0.2))


def stability(found: Gathered, layer: int) -> None:
    print(f"\n{SEEDS} seeds of k-means at layer {layer}: mean AUROC (lowest to highest)\n")
    paths = found.prompts.paths(layer)
    runs = []
    for seed in range(SEEDS):
        model = model_of(found, layer, seed)
        scores = np.array([model.score(path) for path in paths])
        runs.append([area(scores[where], safe) for _, where, safe in parts(found)])
    for (name, _, _), areas in zip(parts(found), np.array(runs).T, strict=True):
        print(f"- {name}: {areas.mean():.3f} ({areas.min():.3f} to {areas.max():.3f})")


def chain_of(found: Gathered, layer: int) -> None:
    model = model_of(found, layer)
    unsafe, moves = unsafe_states(model), chain(model)
    safe = np.array([text.safe for text in found.texts])
    ends = [int(model.path(path[-1:])[0]) for path in found.training.paths(layer)]
    counts = np.bincount(ends, minlength=len(unsafe))
    mixed = sum(0.1 < s < 0.9 for s in model.safety[counts > 0])
    print(f"\nThe chain at layer {layer}: {int(unsafe.sum())} of {len(unsafe)} states unsafe; ")
    print(f"{mixed} states mixed (safety 0.1 to 0.9); {int((~model.moves.any(axis=1)).sum())} ")
    print("states no safe text moves on from.\n")
    here = np.array(ends)
    print("| an unsafe state is reached | from safe texts' ends | from harmful texts' ends |")
    print("| --- | ---: | ---: |")
    rows = {f"within {n} tokens": hitting_within(moves, unsafe, n) for n in AFTER}
    for what, chances in {**rows, "some time": hitting(moves, unsafe)}.items():
        print(f"| {what} | {chances[here[safe]].mean():.3f} | {chances[here[~safe]].mean():.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--states", type=Path, required=True)
    parser.add_argument("--figure", type=Path, help="draw the layers here, as an SVG")
    parser.add_argument("--prism", type=Path, help="write the chain here, for a model checker")
    given = parser.parse_args()
    found = gathered(given.model, given.data, given.states)
    layer = found.training.table.shape[0] // 2
    print(f"# {given.model}, fitted on {len(found.texts)} texts")
    compare(found, layer)
    refusals(found, layer)
    stability(found, layer)
    chain_of(found, layer)
    sweep(found, given.figure)
    if given.prism:
        given.prism.write_text(prism(model_of(found, layer)))


if __name__ == "__main__":
    main()
