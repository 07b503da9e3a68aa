"""Similarity of texts by their words: no model, no vocabulary, no download."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from upright.judges._plain import words

# Words that say nothing of what a text is about.
STOP = frozenset(
    """a an and are as at be been but by can could did do does for from had has have he her his how
    i if in into is it its me my no not of on or our she should so some such than that the their
    them then there these they this those to too us was we were what when which who will with would
    you your""".split()  # noqa: SIM905
)


def similarity(texts: Sequence[str]) -> NDArray[np.float64]:
    """Cosines (n, n) of the texts' word vectors, 1 + log(count) per word, without stop words.

    Identical texts have 1, texts without a common word 0. An empty text is like nothing, itself
    included. Paraphrases in other words look different: this is a floor, not a meaning.
    """
    vocabulary: dict[str, int] = {}
    rows, columns, weights = [], [], []
    for row, text in enumerate(texts):
        for word, count in content(text).items():
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
            weights.append(1.0 + math.log(count))
    shape = (len(texts), max(1, len(vocabulary)))
    vectors = csr_array((weights, (rows, columns)), shape=shape, dtype=np.float64)
    norms = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    products = np.asarray((vectors @ vectors.T).todense(), dtype=np.float64)
    cosines: NDArray[np.float64] = np.zeros_like(products)
    scale = np.outer(norms, norms)
    np.divide(products, scale, out=cosines, where=scale > 0)
    return cosines.clip(0.0, 1.0)


def content(text: str) -> Counter[str]:
    """The content words of a text; where it has none its other words, else its signs."""
    said = words(text)
    return Counter([w for w in said if w not in STOP] or said or text.split())
