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

from upright.judges._ngrams import Features
from upright.judges._spoken import spoken
from upright.judges.harm import NUMBERS, forms, joined, products
from upright.judges.training import fit, harm_table, refusal, rows
from upright.judges.training.fit import Flags, Floats, Head, Ids

RESPONSE = Features(head=1000, tail=300, opening=24, words=(1, 2), chars=(), bits=18)
REQUEST = Features(head=400, tail=100, opening=6, words=(1, 2), chars=(4,), bits=17)
LEAST = 4
PENALTY = {"content": 1.0, "request": 0.3}
MIX_PENALTY = 30.0
FOLDS = 5
WEIGHTS = {
    "jbb": 2.0, "harmbench": 2.0, "do_not_answer": 0.5, "gptfuzz": 0.4, "artifacts": 0.7,
    "xstest": 0.4, "seeds": 0.3,
}  # fmt: skip


RARE = 8.0
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
    """

    pairs: list[rows.Labelled]
    weights: Floats
    responses: csr_array
    requests: csr_array
    request_head: Head
    reactions: Floats
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
    groups = np.unique(keys, return_inverse=True)[1]
    responses = [row.response for row in told]
    content = fit.design(responses, RESPONSE)
    request = fit.design(texts, REQUEST)
    blank = np.zeros(len(told))
    return Prepared(
        pairs=told,
        weights=np.array([weight(row) for row in told]),
        responses=fit.only(content, fit.shared_bins(content, groups[: len(told)], LEAST)),
        requests=fit.only(request, fit.shared_bins(request, groups, 2)),
        request_head=Head(
            "request",
            np.concatenate((blank, [sign for _, sign, _ in asked])),
            np.concatenate((blank, [weight for _, _, weight in asked])),
        ),
        reactions=_reactions(data, told),
        forms=forms(goals, responses),
        groups=groups,
    )


def _reactions(data: Path, told: list[rows.Labelled]) -> Floats:
    """The refusal judge's scores, for rows that it was taught with from fits without them."""
    learned = refusal.prepared(refusal.examples(data))
    scores, sigmoids = refusal.cross_validated(learned)
    whole = refusal.assembled(learned, sigmoids)
    found = whole.scores([spoken(row.response, whole.features.head) for row in told])
    unseen = {
        (e.row.prompt, e.row.response): scores[i]
        for i, e in enumerate(learned.examples)
        if not e.practised
    }
    for index, row in enumerate(told):
        found[index] = unseen.get((row.prompt, row.response), found[index])
    return found


@dataclass(frozen=True)
class Parts:
    """The content and the request head as fitted without some rows, and their sigmoids."""

    content: tuple[Floats, float]
    request: tuple[Floats, float]

    def scores(self, told: Prepared, which: Ids) -> Floats:
        """Raw scores (rows, 2)."""
        content, request = self.content, self.request
        return np.stack(
            [
                told.responses[which] @ content[0] + content[1],
                told.requests[which] @ request[0] + request[1],
            ],
            axis=1,
        )


def content_head(told: Prepared) -> Head:
    return Head("content", np.where(told.yes, 1.0, -1.0), told.weights)


def parts(told: Prepared, without: Flags, precision: float = fit.ROUGH) -> Parts:
    """Both heads, fitted without the rows of some prompts (`without` covers pairs and requests)."""
    content, request = content_head(told), told.request_head
    n = len(told.pairs)
    seen = np.flatnonzero(~without[:n] & (content.weights > 0))
    asked = np.flatnonzero(~without & (request.weights > 0))
    return Parts(
        fit.ridge(told.responses, content, seen, PENALTY["content"], precision),
        fit.ridge(told.requests, request, asked, PENALTY["request"], precision),
    )


SCALE = np.array([4.0, 4.0])
"""Raw scores lie around -1 and 1; the mixture's other numbers are wider."""


def numbers(told: Prepared, raw: Floats) -> Floats:
    return joined(raw * SCALE, told.reactions, told.forms)


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
    return Mix(fit.logistic(wide, told.yes[seen], weights, MIX_PENALTY), middle, scale)


def out_of_fold(told: Prepared, folds: Ids) -> Floats:
    """Raw scores of both heads for every pair, by fits that never saw its prompt."""
    raw = np.zeros((len(told.pairs), 2))
    for fold in np.unique(folds):
        without = folds == fold
        which = np.flatnonzero(without[: len(raw)])
        raw[which] = parts(told, without).scores(told, which)
    return raw


def cross_validated(told: Prepared, folds: Ids) -> tuple[Floats, Floats]:
    """Numbers and mixture scores of every pair; neither stage saw its prompt.

    The refusal scores among the numbers did see some prompts: the refusal judge learns from
    jailbroken answers to them. The figures are a little too good for that.
    """
    n = len(told.pairs)
    every, scores = np.zeros((n, len(NUMBERS))), np.zeros(n)
    nested = _nested(told, folds)
    for fold, raw in enumerate(nested):
        found = numbers(told, raw)
        inside = folds[:n] == fold
        mix = mixed(told, found, np.flatnonzero(~inside))
        every[inside], scores[inside] = found[inside], mix.scores(found[inside])
    return every, scores


def _nested(told: Prepared, folds: Ids) -> list[Floats]:
    """For every fold f raw scores of all pairs, each by fits without f and without its own."""
    n, count = len(told.pairs), int(folds.max()) + 1
    raw = [np.zeros((n, 2)) for _ in range(count)]
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
    final = parts(told, np.zeros(len(told.groups), np.bool_), fit.EXACT)
    raw = out_of_fold(told, folds)
    mix = mixed(told, numbers(told, raw), np.arange(len(told.pairs)))
    heads = [
        fit.Fitted("content", final.content[0], round(final.content[1], 2), SCALE[0], 0.0),
        fit.Fitted("request", final.request[0], round(final.request[1], 2), SCALE[1], 0.0),
    ]
    linear = {
        "content": fit.assembled(heads[:1], RESPONSE),
        "request": fit.assembled(heads[1:], REQUEST),
    }
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
