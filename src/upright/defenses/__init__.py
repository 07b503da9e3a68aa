"""One file per inference-time defense: model in, model out.

A defense looks at what goes in (`Before`) or stands around the call (`Around`); `defended` puts
any number of them before a model, the first outermost, and the result is a model again.
"""

from upright.defenses._defended import (
    CHANGED,
    FINISH,
    PASSED,
    REFUSAL,
    REFUSED,
    Defended,
    defended,
    noted,
    refused,
    through,
)

__all__ = [
    "CHANGED",
    "FINISH",
    "PASSED",
    "REFUSAL",
    "REFUSED",
    "Defended",
    "defended",
    "noted",
    "refused",
    "through",
]
