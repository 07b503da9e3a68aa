"""What each defense adds to an answer's latency, served by `upright serve-guarded`.

    python perf/guarded.py [--questions 200] [--at-once 200] [--latency 0.1]

A stand-in for the model answers after `latency` seconds. The guarded server is a process of its
own, as is the stand-in; the same questions go to the stand-in itself, to the server without any
defense, and to the server behind each. One at a time: what a user waits longer. Many at once: what
a server under load makes of it.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from _made_up import SPEC, prompts
from engine import seen, serving

DEFENSES = (
    *("self_reminder", "in_context_refusal", "smoothllm:copies=4", "smoothllm"),
    # Made-up questions are flagged; at this threshold none is, and each is checked in full.
    *("output_filter", "erase_and_check:threshold=1"),
)
HERE = Path(__file__).parent


class Told(NamedTuple):
    """Milliseconds of one answer, and answers per second."""

    middle: float
    slow: float
    rate: float


@contextmanager
def guarded(upstream: str, defenses: Sequence[str]) -> Iterator[str]:
    """The address of a server behind these defenses; none are allowed here."""
    words = [sys.executable, __file__, "--serve", upstream, *defenses]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def serve(upstream: str, defenses: Sequence[str]) -> None:
    """In a process of its own, until it is stopped."""
    from upright._serving import serve_model
    from upright.core import open_named
    from upright.defenses import defended
    from upright.models import ModelOptions, open_model
    from upright.serving.terms import Place, Terms

    model = open_model(SPEC, ModelOptions(base_url=upstream, concurrency=1000))
    behind = defended(model, [open_named("defenses", spec) for spec in defenses])
    terms = Terms(names=("mock",))
    serve_model(behind, terms, Place(port=0), lambda url: print(url, flush=True))


async def asked(url: str, count: int, at_once: int) -> Told:
    import aiohttp

    waiting, took = iter(prompts(count)), []
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def work() -> None:
            for prompt in waiting:
                body = {"model": "mock", "messages": [{"role": "user", "content": prompt}]}
                start = time.perf_counter()
                async with session.post(f"{url}/chat/completions", json=body) as reply:
                    json.loads(await reply.read())["choices"]
                took.append(1e3 * (time.perf_counter() - start))

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return Told(median(took), quantiles(took, n=20)[-1], count / (time.perf_counter() - began))


def measured(url: str, count: int, at_once: int) -> tuple[Told, Told]:
    asyncio.run(asked(url, at_once, at_once))  # connections and judges are ready
    alone = asyncio.run(asked(url, count // 4, 1))
    return alone, asyncio.run(asked(url, 2 * count, at_once))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--latency", type=float, default=0.1)
    parser.add_argument("--serve", nargs="+")
    given = parser.parse_args()
    if given.serve:
        serve(given.serve[0], given.serve[1:])
        return
    print(
        f"The model answers after {1e3 * given.latency:g} ms.\n\n"
        "| before the model | calls an answer | one at a time: added ms, median | 95 % below | "
        f"{given.at_once} at once: added ms, median | answers/s |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    with serving(given.latency) as upstream:
        bare = measured(upstream, given.questions, given.at_once)
        for defenses in ((), *((defense,) for defense in DEFENSES)):
            with guarded(upstream, defenses) as url:
                before = seen(upstream)["asked"]
                alone, many = measured(url, given.questions, given.at_once)
                each = (seen(upstream)["asked"] - before) / (
                    given.at_once + given.questions // 4 + 2 * given.questions
                )
            print(
                f"| {', '.join(defenses) or 'the server alone'} | {each:.1f} "
                f"| {alone.middle - bare[0].middle:.1f} | {alone.slow - bare[0].middle:.1f} "
                f"| {many.middle - bare[1].middle:.1f} | {many.rate:,.0f} |",
                flush=True,
            )
    print(f"\nThe model itself: {bare[1].rate:,.0f} answers/s.")


if __name__ == "__main__":
    main()
