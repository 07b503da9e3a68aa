"""What the harm judge learns: the content of harmful answers, harmful requests, and the mix.

Trained on JailbreakBench, HarmBench, Do-Not-Answer and GPTFuzz (people's labels), on attacked
responses that Llama-3-70B judged, and on what follows from other labels: a compliant answer to a
safe question and a refusal are harmless. BeaverTails is for evaluation only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from upright.judges._linear import Linear, load
from upright.judges._ngrams import Features
from upright.judges.harm import NUMBERS, forms, joined, products
from upright.judges.training import fit, harm_table, refusal, rows
from upright.judges.training.fit import Flags, Floats, Head, Ids
from upright.stats.agreement import confusion, kappa

RESPONSE = Features(head=1000, tail=300, opening=24, words=(1, 2), chars=(), bits=18)
REQUEST = Features(head=400, tail=100, opening=6, words=(1, 2), chars=(4,), bits=17)
LEAST = 4
PENALTY = {"content": 1.0, "request": 0.3}
MIX_PENALTY = 100.0
TURNS = tuple(step / 10 for step in range(-10, 11))
"""Thresholds to choose from."""
PEOPLE = ("jbb", "harmbench", "do_not_answer")
CONTENTS = {
    "content": ("jbb", "harmbench", "do_not_answer", "gptfuzz", "artifacts", "xstest", "seeds"),
    "attacked": ("jbb", "harmbench", "artifacts"),
    "asked": ("do_not_answer",),
}
"""What reads responses: by all sets, by answers to attacks, by answers to plain questions."""
FOLDS = 5
WEIGHTS = {
    "jbb": 2.0, "harmbench": 2.0, "do_not_answer": 0.5, "gptfuzz": 0.4, "artifacts": 0.7,
    "xstest": 0.4, "seeds": 0.3,
}  # fmt: skip


RARE = 6.0
"""Harmful answers of Do-Not-Answer, 3 in 100, count so much more."""


def weight(row: rows.Labelled) -> float:
    source = row.source.split("/")[0]
    rare = source == "do_not_answer" and row.label == "1"
    return WEIGHTS[source] * (RARE if rare else 1.0)


def pairs(data: Path) -> list[rows.Labelled]:
    """Requests, responses, and 1 for harmful."""
    return [
        *rows.jailbreakbench(data), *rows.harmbench(data), *rows.gptfuzz(data),
        *_with(rows.do_not_answer(data)), *rows.artifacts(data), *_harmless(data),
    ]  # fmt: skip


def _with(found: Iterator[rows.Labelled]) -> Iterator[rows.Labelled]:
    for row in found:
        yield rows.Labelled(row.source, row.model, row.prompt, row.response, row.label[-1])


def _harmless(data: Path) -> Iterator[rows.Labelled]:
    """What cannot be harmful: compliance with a safe question, and refusals."""
    for row in rows.xstest(data):
        safe = "contrast" not in row.source
        if row.label[0] == "2" or (safe and row.label[0] == "1"):
            yield rows.Labelled("xstest", row.model, row.prompt, row.response, "0", silver=True)


def requests(data: Path) -> list[tuple[str, float, float]]:
    """Requests, +1 for harmful or -1, and their weight."""
    harmful: list[str] = []
    for file, field in HARMFUL:
        harmful += [row[field] for row in rows.table(data / file)]
    safe = [row["Goal"] for row in rows.table(data / "jbb/benign-behaviors.csv")]
    for row in rows.table(data / "xstest/xstest_prompts.csv"):
        (harmful if row["type"].startswith("contrast") else safe).append(row["prompt"])
    share = len(harmful) / len(safe)
    return [(t, 1.0, 1.0) for t in dict.fromkeys(harmful)] + [
        (t, -1.0, share) for t in dict.fromkeys(safe)
    ]


HARMFUL = (
    ("advbench/harmful_behaviors.csv", "goal"),
    ("harmbench/harmbench_behaviors_text_all.csv", "Behavior"),
    ("jbb/harmful-behaviors.csv", "Goal"),
    ("gptfuzz/question_list.csv", "text"),
    ("do_not_answer/do_not_answer_en.csv", "question"),
)
FILES = {
    "jbb/harmful-behaviors.csv": "MIT",
    "jbb/benign-behaviors.csv": "MIT",
    "gptfuzz/question_list.csv": "MIT",
    "advbench/harmful_behaviors.csv": "MIT",
    "do_not_answer/do_not_answer_en.csv": "Apache-2.0",
    "xstest/xstest_prompts.csv": "CC-BY-4.0",
    **refusal.FILES,
}
"""With jbb/attack-artifacts (MIT), 18 files, for goals on the shared side of the split."""


@dataclass(frozen=True)
class Prepared:
    """Pairs with everything that is known of them before the harm judge learns.

    `requests` has a row for every pair, then one for every labelled request; so do `groups`.
    `reactions` are the responses as the refusal judge sees them, `refusals` what it learns from,
    and `refusal_groups` the group of each of its examples, -1 where no pair shares the prompt.
    """

    pairs: list[rows.Labelled]
    weights: Floats
    responses: csr_array
    content_kept: Flags
    requests: csr_array
    request_kept: Flags
    request_head: Head
    reactions: csr_array
    refusals: refusal.Prepared
    refusal_groups: Ids
    reading: Floats
    forms: Floats
    groups: Ids

    @property
    def yes(self) -> Flags:
        return np.array([row.label == "1" for row in self.pairs])

    @property
    def sources(self) -> list[str]:
        return [row.source.split("/")[0] for row in self.pairs]


def prepared(data: Path) -> Prepared:
    told, asked = pairs(data), requests(data)
    goals = [row.goal for row in told]
    texts = goals + [text for text, _, _ in asked]
    keys = [row.group for row in told] + [rows.key(text) for text, _, _ in asked]
    names, groups = np.unique(keys, return_inverse=True)
    responses = [row.response for row in told]
    content = fit.design(responses, RESPONSE)
    content_kept = fit.shared_bins(content, groups[: len(told)], LEAST)
    request = fit.design(texts, REQUEST)
    request_kept = fit.shared_bins(request, groups, 2)
    blank = np.zeros(len(told))
    refusals = refusal.prepared(refusal.examples(data))
    known = {name: index for index, name in enumerate(names)}
    return Prepared(
        pairs=told,
        weights=np.array([weight(row) for row in told]),
        responses=fit.only(content, content_kept),
        content_kept=content_kept,
        requests=fit.only(request, request_kept),
        request_kept=request_kept,
        request_head=Head(
            "request",
            np.concatenate((blank, [sign for _, sign, _ in asked])),
            np.concatenate((blank, [weight for _, _, weight in asked])),
        ),
        reactions=refusals.seen(responses),
        refusals=refusals,
        refusal_groups=np.array([known.get(e.row.group, -1) for e in refusals.examples]),
        reading=np.array(load("refusal").card["reading"]),
        forms=forms(goals, responses),
        groups=groups,
    )


@dataclass(frozen=True)
class Parts:
    """The content, the request and the refusal heads as fitted without some rows."""

    contents: fit.Fitted
    request: fit.Fitted
    reaction: fit.Fitted

    def scores(self, told: Prepared, which: Ids) -> Floats:
        """Scores (rows, SCORES): contents, request, and the four of the refusal judge."""
        return np.hstack(
            [
                SCALE * self.contents.scores(told.responses[which]),
                SCALE * self.request.scores(told.requests[which]),
                refusal.read_by(told.reading, self.reaction.scores(told.reactions[which])),
            ]
        )


def parts(told: Prepared, without: Flags) -> Parts:
    """All heads, fitted without the rows of some prompts (`without` is about pairs and requests).

    The refusal heads, too, see no row of these prompts. How their scores are read is fixed: that
    is 11 numbers, fitted to labels of refusal.
    """
    gone = np.isin(told.refusal_groups, told.groups[without])
    contents, request = heads(told, without)
    return Parts(
        fit.fitted(told.responses, contents, PENALTY["content"], fit.ROUGH),
        fit.fitted(told.requests, [request], PENALTY["request"], fit.ROUGH),
        told.refusals.fitted(gone),
    )


def heads(told: Prepared, without: Flags) -> tuple[list[Head], Head]:
    """The heads that read responses, and the one that reads requests."""
    asked, n = told.request_head, len(told.pairs)
    weights = np.where(without[:n], 0.0, told.weights)
    sources, targets = np.array(told.sources), np.where(told.yes, 1.0, -1.0)
    return (
        [
            Head(name, targets, np.where(np.isin(sources, of), weights, 0.0))
            for name, of in CONTENTS.items()
        ],
        Head("request", asked.targets, np.where(without, 0.0, asked.weights)),
    )


SCALE = 4.0
"""Raw scores lie around -1 and 1; the mixture's other numbers are wider."""
SCORES = len(CONTENTS) + 1 + len(refusal.HEADS)


@dataclass(frozen=True)
class Mix:
    weights: Floats
    middle: Floats
    scale: Floats

    def scores(self, found: Floats) -> Floats:
        scores: Floats = products((found - self.middle) / self.scale) @ self.weights
        return scores


def mixed(told: Prepared, found: Floats, seen: Ids) -> Mix:
    """The mixture, fitted on the numbers of the rows `seen`."""
    some, weights = found[seen], told.weights[seen]
    middle = np.average(some, axis=0, weights=weights).round(2)
    scale = np.sqrt(np.average((some - middle) ** 2, axis=0, weights=weights)).round(2) + 0.01
    wide = products((some - middle) / scale)
    found = fit.logistic(wide, told.yes[seen], weights, MIX_PENALTY)
    found[0] -= threshold(told, wide @ found, seen)
    return Mix(found, middle, scale)


def threshold(told: Prepared, scores: Floats, seen: Ids) -> float:
    """Where the verdict turns: where agreement with people is best on average over their sets.

    The sets differ in how much is harmful. It is chosen on the rows that the mixture is fitted to.
    """
    yes, sources = told.yes[seen], np.array(told.sources)[seen]
    sets = [sources == name for name in PEOPLE if yes[sources == name].any()]
    best = {
        turn: sum(kappa(confusion(yes[own], scores[own] > turn)).value or 0.0 for own in sets)
        for turn in TURNS
    }
    return max(TURNS, key=lambda turn: (round(best[turn], 6), -abs(turn)))


def out_of_fold(told: Prepared, folds: Ids) -> Floats:
    """Scores of all heads for every pair, by fits that never saw its prompt."""
    raw = np.zeros((len(told.pairs), SCORES))
    for fold in np.unique(folds):
        without = folds == fold
        which = np.flatnonzero(without[: len(raw)])
        raw[which] = parts(told, without).scores(told, which)
    return raw


def cross_validated(told: Prepared, folds: Ids) -> tuple[Floats, Floats]:
    """Numbers and mixture scores of every pair; no stage saw its prompt."""
    n = len(told.pairs)
    every, scores = np.zeros((n, len(NUMBERS))), np.zeros(n)
    nested = _nested(told, folds)
    for fold, raw in enumerate(nested):
        found = joined(raw, told.forms)
        inside = folds[:n] == fold
        mix = mixed(told, found, np.flatnonzero(~inside))
        every[inside], scores[inside] = found[inside], mix.scores(found[inside])
    return every, scores


def _nested(told: Prepared, folds: Ids) -> list[Floats]:
    """For every fold f raw scores of all pairs, each by fits without f and without its own."""
    n, count = len(told.pairs), int(folds.max()) + 1
    raw = [np.zeros((n, SCORES)) for _ in range(count)]
    for one in range(count):
        for other in range(one, count):
            made = parts(told, (folds == one) | (folds == other))
            for fold, of in ((one, other), (other, one)):
                which = np.flatnonzero(folds[:n] == of)
                raw[fold][which] = made.scores(told, which)
    return raw


def trained(data: Path) -> fit.Trained:
    """The judge, what its card says, and the files it was made from."""
    told = prepared(data)
    folds = fit.folds_of(told.groups, FOLDS)
    every, scores = cross_validated(told, folds)
    raw = out_of_fold(told, folds)
    mix = mixed(told, joined(raw, told.forms), np.arange(len(told.pairs)))
    linear = assembled(told)
    tensors: dict[str, NDArray[np.float32] | NDArray[np.float16]] = {
        "mix": fit.coarse(mix.weights).astype(np.float16),
        "middle": mix.middle.astype(np.float32),
        "scale": mix.scale.astype(np.float32),
    }
    records = harm_table.records(told, every, scores)
    records += harm_table.others(told, data, linear, tensors)
    card = {
        "numbers": NUMBERS,
        "calibrations": records,
        "baselines": harm_table.baselines(told),
    }
    return fit.Trained(linear, tensors, card, FILES)


def assembled(told: Prepared) -> dict[str, Linear]:
    """The content and the request head, fitted on everything."""
    contents, request = heads(told, np.zeros(len(told.groups), np.bool_))
    out = {}
    for part, some, seen, kept, features in (
        ("content", contents, told.responses, told.content_kept, RESPONSE),
        ("request", [request], told.requests, told.request_kept, REQUEST),
    ):
        made = fit.fitted(seen, some, PENALTY[part], fit.EXACT)
        scaled = fit.Fitted(SCALE * made.weights, SCALE * made.bias)
        out[part] = fit.assembled([head.name for head in some], scaled, kept, features)
    return out
