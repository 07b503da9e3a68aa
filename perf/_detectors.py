"""Detectors of harmful prompts: ReGA, and what it must be measured beside. High scores are safe."""

import re
import string
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from upright.core import Interval
from upright.stats.bootstrap import bootstrap
from upright.stats.logistic import Flags, Reals


def shape(prompts: Sequence[str]) -> Reals:
    """Length and punctuation, (prompts, features): nothing of what is said."""
    marks = "?.,!:;'\"-"
    told = [
        [
            np.log1p(len(p)),
            len(p.split()),
            len(p) / (1 + len(p.split())),
            *(p.count(mark) for mark in marks),
            sum(c in string.punctuation for c in p),
            sum(c.isupper() for c in p),
            sum(c.isdigit() for c in p),
            p.count("\n"),
            p.rstrip().endswith("?"),
            p.rstrip().endswith("."),
        ]
        for p in prompts
    ]
    return np.array(told, float)


class Terms:
    """Words and pairs of words that some prompts hold, and how rare each is."""

    def __init__(self, prompts: Sequence[str]) -> None:
        known = Counter(term for prompt in prompts for term in set(_terms(prompt)))
        self._places = {term: place for place, term in enumerate(sorted(known))}
        counts = np.array([known[term] for term in self._places])
        self._rarity = np.log((1 + len(prompts)) / (1 + counts)) + 1

    def table(self, prompts: Sequence[str]) -> csr_array:
        """Term frequency times inverse document frequency, rows of length 1."""
        values, columns, starts = [np.zeros(0)], [np.zeros(0, np.int32)], [0]
        for prompt in prompts:
            counts = Counter(t for t in _terms(prompt) if t in self._places)
            places = np.array([self._places[term] for term in counts], np.int32)
            row = np.array(list(counts.values()), float) * self._rarity[places]
            values.append(row / max(float(np.linalg.norm(row)), 1e-9))
            columns.append(places)
            starts.append(starts[-1] + len(places))
        parts = (np.concatenate(values), np.concatenate(columns), np.array(starts, np.int32))
        return csr_array(parts, shape=(len(prompts), len(self._places)))


def _terms(prompt: str) -> list[str]:
    words = re.findall(r"\w+", prompt.lower())
    return [*words, *(f"{a} {b}" for a, b in pairwise(words))]


def auroc(scores: Reals, safe: Flags, beside: Reals | None = None) -> Interval:
    """How often a safe prompt scores higher than a harmful one, ties counted half; or how much
    more often than by other scores of the same prompts. 95 %, bootstrap over prompts."""
    above = _above(scores, safe)
    if beside is not None:
        above = above - _above(beside, safe)

    def statistic(weights: Reals) -> Reals:
        good, bad = weights[:, safe], weights[:, ~safe]
        won = np.einsum("dg,gb,db->d", good, above, bad, optimize=True)
        with np.errstate(invalid="ignore"):
            share: Reals = won / (good.sum(axis=1) * bad.sum(axis=1))
        return share

    return bootstrap(statistic, np.arange(len(scores)), (-1.0 if beside is not None else 0.0, 1.0))


def area(scores: Reals, safe: Flags) -> float:
    """The AUROC alone."""
    return float(_above(scores, safe).mean())


def _above(scores: Reals, safe: Flags) -> Reals:
    good, bad = scores[safe][:, None], scores[~safe][None, :]
    won: Reals = (good > bad) + 0.5 * (good == bad)
    return won
