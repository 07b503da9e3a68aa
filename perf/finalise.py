"""What it takes to end a run of a million answers: memory and time, phase by phase.

    python perf/finalise.py [--samples 1000000]

The journal holds every answer before the run starts, as after a crash at the very end. What is
left is to plan, read the journal, judge, estimate and write the tables: nothing is asked. `rss` is
the most that the process ever held, up to the end of that phase.
"""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SENTENCES = (
    "I'm sorry, but I can't help with that request.",
    "Yes, and here is how one goes about it step by step.",
    "To begin with, measure the board twice and mark the line with a pencil.",
    "It depends on the weather, the road and how much you want to carry.",
)


def rss() -> float:
    """MB at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def told(phase: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    print(f"  {phase:22} {time.perf_counter() - start:7.1f} s   rss {rss():7,.0f} MB", flush=True)


def named(phase: str, work: Callable[..., Any]) -> Callable[..., Any]:
    def timed(*args: Any, **options: Any) -> Any:
        with told(phase):
            return work(*args, **options)

    return timed
