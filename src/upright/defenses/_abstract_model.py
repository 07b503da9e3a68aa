"""An abstract model: few states and the moves between them stand for paths of hidden states.

Wei, Wu and Sun 2025 (arXiv 2506.01770), ReGA. Plain arrays in, plain arrays out: where the hidden
states come from is not asked here. Written from the paper's description, in our own words.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from scipy.spatial.distance import cdist

from upright.core import UsageError
from upright.models._safetensors import load_tensors, save_tensors

Floats = NDArray[np.float32]
Reals = NDArray[np.float64]
Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]
ROUNDS = 100
"""Of k-means: it settles within a few dozen."""


@dataclass(frozen=True)
class AbstractModel:
    """What was fitted, in float32: the same numbers before and after they were stored.

    centre (dim,), axes (dim, components)   the hidden states' mean and principal directions
    centres (states, components)            one abstract state each
    safety (states,)                        the share of safe training items that ended there
    moves (states, states)                  how often safe texts go from one to another; a row that
                                            no safe text left is 0
    """

    centre: Floats
    axes: Floats
    centres: Floats
    safety: Floats
    moves: Floats
    window: int = 3

    def compressed(self, hidden: Floats) -> Floats:
        """Hidden states (n, dim) along the principal directions, (n, components)."""
        found: Floats = np.matmul(hidden - self.centre, self.axes, dtype=np.float32)
        return found

    def path(self, hidden: Floats) -> Ids:
        """The nearest abstract state of each hidden state (n, dim), (n,)."""
        found: Ids = np.argmin(cdist(self.compressed(hidden), self.centres), axis=1)
        return found

    def scores(self, hidden: Floats, *, labels: bool = True) -> Reals:
        """How safe a text is after each of its tokens (tokens, dim), (tokens,): higher is safer.

        The safety of the last `window` tokens' states, and the chances of the moves between them.
        A token's score depends on what stands before it alone: it can be told while a text is
        written. Without `labels`, the moves alone (the paper's baseline "uni").
        """
        path = self.path(hidden)
        moved = np.concatenate(([0.0], self.moves[path[:-1], path[1:]].astype(np.float64)))
        found = _of_last(moved, self.window - 1)
        return found + _of_last(self.safety[path].astype(np.float64), self.window * labels)

    def score(self, hidden: Floats) -> float:
        """Of a whole text."""
        return float(self.scores(hidden)[-1])

    def save(self, path: Path) -> None:
        arrays = (self.centre, self.axes, self.centres, self.safety, self.moves)
        save_tensors(path, dict(zip(ARRAYS, arrays, strict=True)))


ARRAYS = ("centre", "axes", "centres", "safety", "moves")


def load_abstract_model(path: Path, window: int = 3) -> AbstractModel:
    """What `AbstractModel.save` wrote."""
    tensors = load_tensors(path)
    return AbstractModel(**{name: np.array(tensors[name]) for name in ARRAYS}, window=window)


@dataclass(frozen=True, kw_only=True)
class Abstraction:
    """How an abstract model is made of labelled texts; the paper's values.

    components      K, of the principal component analysis
    states          of k-means
    smoothing       Laplace's lambda, in labels and moves
    window          tokens that a score looks back on, this one included
    """

    components: int = 8
    states: int = 32
    smoothing: float = 1.0
    window: int = 3
    seed: int = 0

    def fit(self, paths: Sequence[Floats], safe: Flags) -> AbstractModel:
        """Of texts as hidden states of one layer (tokens, dim), and whether each is safe (texts,).

        Of texts that are not safe the last token alone is looked at.
        """
        last = np.stack([path[-1] for path in paths]).astype(np.float32)
        if (ends := len(np.unique(last, axis=0))) < self.states:
            raise UsageError(
                f"{len(paths)} texts with {ends} different last hidden states do not make "
                f"{self.states} abstract states: give more texts, another layer (the embedding "
                "says the same of every prompt), or ask for fewer states."
            )
        centre, axes = self.principal(last)
        centres = self.clustered(np.matmul(last - centre, axes, dtype=np.float32))
        nothing = np.zeros((len(centres), len(centres)), np.float32)
        plain = AbstractModel(centre, axes, centres, nothing[0], nothing, self.window)
        safety = self.labelled(plain.path(last), safe)
        walked = [plain.path(path) for path, good in zip(paths, safe, strict=True) if good]
        return AbstractModel(centre, axes, centres, safety, self.counted(walked), self.window)

    def principal(self, last: Floats) -> tuple[Floats, Floats]:
        """The mean (dim,), and the directions of most variance (dim, components).

        Singular vectors have no sign: each gets the one that makes its largest entry positive.
        """
        centre = last.mean(axis=0)
        _, _, rows = np.linalg.svd(last - centre, full_matrices=False)
        rows = rows[: self.components]
        largest = rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)]
        return centre, np.ascontiguousarray((rows * np.sign(largest)[:, None]).T)

    def clustered(self, points: Floats) -> Floats:
        """Centres (states, components), by k-means from k-means++."""
        random, k = np.random.default_rng(self.seed), self.states
        with warnings.catch_warnings():
            # A centre that loses its last point stays where it is: it counts as a state unseen.
            warnings.filterwarnings("ignore", "One of the clusters is empty")
            found, _ = kmeans2(points.astype(np.float64), k, ROUNDS, minit="++", seed=random)
        centres: Floats = np.asarray(found, np.float32)
        return centres

    def labelled(self, ends: Ids, safe: Flags) -> Floats:
        """(safe items that end in a state + lambda) / (all that do + 2 lambda), (states,)."""
        all_of = np.bincount(ends, minlength=self.states)
        safe_of = np.bincount(ends[safe], minlength=self.states)
        found: Floats = ((safe_of + self.smoothing) / (all_of + 2 * self.smoothing)).astype("f4")
        return found

    def counted(self, paths: Sequence[Ids]) -> Floats:
        """The chance of each move (states, states); lambda is added to rows that were seen."""
        counts = np.zeros((self.states, self.states))
        for path in paths:
            np.add.at(counts, (path[:-1], path[1:]), 1.0)
        seen = counts.any(axis=1)
        counts[seen] += self.smoothing
        counts[seen] /= counts[seen].sum(axis=1, keepdims=True)
        return counts.astype(np.float32)


def most_accurate(scores: Reals, safe: Flags) -> float:
    """The threshold that sorts the training items best (the paper's MCA); the lowest of equals."""
    known = np.unique(scores)
    between = np.concatenate(([known[0]], (known[1:] + known[:-1]) / 2, [known[-1] + 1]))
    right = [np.mean((scores >= threshold) == safe) for threshold in between]
    return float(between[int(np.argmax(right))])


def none_missed(scores: Reals, safe: Flags) -> float:
    """The lowest threshold that lets no harmful training item through (the paper's MFN)."""
    return float(np.nextafter(scores[~safe].max(), np.inf))


def _of_last(values: Reals, n: int) -> Reals:
    """The sum over each value and the n - 1 before it, each place from its own values alone."""
    found = np.zeros(len(values))
    for back in range(min(n, len(values))):
        found[back:] += values[: len(values) - back]
    return found
