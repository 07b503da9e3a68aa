"""Risk: whether a request asks for something harmful, by its words alone.

The part of the harm judge that reads requests: a guardian that needs no model and no call. It was
taught on the requests of AdvBench, HarmBench, JailbreakBench, GPTFuzz, Do-Not-Answer and XSTest,
and knows them by heart: what it gets on them says nothing of other requests. Of harmless everyday
questions it has seen few, and flags many.
"""

from collections.abc import Sequence

import numpy as np

from upright.judges._linear import Scores, load, sigmoid


def risk(requests: Sequence[str]) -> Scores:
    """For every request a chance (requests,) that what it asks for is harmful."""
    if not requests:
        return np.zeros(0)
    found: Scores = sigmoid(load("harm").parts["request"].scores(requests)[:, 0])
    return found
