"""Garbage collection while a run is carried out."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARE = 100000
"""New objects between two collections; Python's own default is 700."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Samples and answers stay to the end of a run, and hold no cycles: to search them for garbage
    again and again, as Python does while their number grows, takes two fifths of its time."""
    before = gc.get_threshold()
    if before[0]:  # 0 means that the user wants none at all
        gc.set_threshold(max(RARE, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
