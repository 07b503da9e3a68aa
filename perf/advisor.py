"""Advice beside a hard gate and a system note: what is refused, rightly and wrongly, and the time.

    PYTHONPATH=... python perf/advisor.py --data DATA --answers advisor.jsonl > table.md

Needs the guarded model (upright repair refusal_tuning). 300 prompts are answered in three ways;
what a guardian flags decides which answer counts, so that every threshold is looked at without
asking again. Answers are kept in --answers: a second call goes on.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from _advised import WAYS, answers, guardian, requests
from _overhead import Terms, parallel, sequential
from _prompt_sets import paired

from upright.core import Interval, Model, Outcome, Request
from upright.defenses._guardians import ByWords
from upright.judges.refusal import outcomes
from upright.models import ModelOptions, open_model
from upright.stats.intervals import wilson
from upright.stats.logistic import Flags, Reals
from upright.stats.paired import paired_difference

MODEL = "local/smollm2-135m-guarded"
EACH, TIMED = 100, 20
REFUSALS = (Outcome.REFUSED, Outcome.PARTIAL)
SHARES = (0.01, 0.05, 0.10, 0.25)


class Asked(NamedTuple):
    """Prompts, which are harmful, the guardian's chances, and what was refused in each way."""

    prompts: Sequence[str]
    harmful: Flags
    chances: Reals
    refused: Mapping[str, Flags]


def prompts_of(data: Path, limit: int) -> tuple[list[str], list[str]]:
    """Harmful ones of JBB; harmless ones of XSTest and JBB that sound harmful."""
    xstest, jbb = paired(data)
    return (
        list(jbb.harmful[:limit]),
        [*xstest.safe[:: len(xstest.safe) // EACH][:EACH][:limit], *jbb.safe[:limit]],
    )


def gate(asked: Asked, threshold: float) -> Flags:
    return (asked.chances >= threshold) | asked.refused["plain"]


def advice(asked: Asked, threshold: float) -> Flags:
    flagged = asked.chances >= threshold
    return np.where(flagged, asked.refused["advised"], asked.refused["plain"])


def rate(refused: Flags) -> str:
    low, high = wilson(float(refused.mean()), len(refused))
    return f"{refused.mean():.1%} ({low:.1%} to {high:.1%})"


def more(one: Flags, other: Flags) -> str:
    found = paired_difference(one.astype(float), other.astype(float), np.arange(len(one)))
    return points(found)


def points(found: Interval) -> str:
    value, low, high = (100 * float(x or 0) for x in (found.value, found.low, found.high))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})"


def at_one_half(asked: Asked) -> None:
    ways = {
        "none": asked.refused["plain"],
        "system note": asked.refused["noted"],
        "hard gate": gate(asked, 0.5),
        "advisor": advice(asked, 0.5),
    }
    bad, good = asked.harmful, ~asked.harmful
    flagged = asked.chances >= 0.5
    print(f"\nflagged: harmful {rate(flagged[bad])}, harmless {rate(flagged[good])}\n")
    print(
        f"| defense | harmful refused, n = {bad.sum()} | harmless refused, n = {good.sum()} ",
        end="",
    )
    print("| harmful, points more than none | harmless, points more than none |")
    print("| --- | --- | --- | --- | --- |")
    for name, refused in ways.items():
        gains = [more(ways["none"][side], refused[side]) for side in (bad, good)]
        told = " | ".join(gains) if name != "none" else "- | -"
        print(f"| {name} | {rate(refused[bad])} | {rate(refused[good])} | {told} |")
    print("\nadvisor minus hard gate, paired, points: harmful ", end="")
    print(more(gate(asked, 0.5)[bad], advice(asked, 0.5)[bad]), end="; harmless ")
    print(more(gate(asked, 0.5)[good], advice(asked, 0.5)[good]))


def at_equal_refusal(asked: Asked) -> None:
    """At each of the advisor's thresholds the gate that refuses as many harmful requests or, if
    none does, the nearest."""
    bad, good = asked.harmful, ~asked.harmful
    cuts = [*np.unique(asked.chances), 1.01]
    gates = [gate(asked, cut) for cut in cuts]
    print(
        "\n| harmful refused: advisor | hard gate | harmless refused: advisor | hard gate ", end=""
    )
    print("| points, paired |\n| ---: | ---: | --- | --- | --- |")
    for threshold in (0.9, 0.7, 0.5, 0.3, 0.1, 0.0):
        mine = advice(asked, threshold)
        # Of gates that are equally near, the one that refuses fewer harmless requests.
        other = min(
            gates, key=lambda g: (abs(int(g[bad].sum()) - int(mine[bad].sum())), g[good].sum())
        )
        print(f"| {mine[bad].mean():.0%} | {other[bad].mean():.0%} ", end="")
        print(f"| {rate(mine[good])} | {rate(other[good])} | {more(other[good], mine[good])} |")


def wrong_flags(asked: Asked) -> None:
    good = ~asked.harmful
    plain, told = asked.refused["plain"][good], asked.refused["advised"][good]
    print(f"\nEvery harmless request flagged, n = {good.sum()}: hard gate refuses all; ")
    print(f"advisor {rate(told)}; without advice {rate(plain)}; difference {more(plain, told)}; ")
    answered = int((~told & ~plain).sum())
    print(f"answered plainly and still with advice: {answered} of {int((~plain).sum())}")


def seconds(call: Callable[[Any], object], of: Any) -> float:
    start = time.perf_counter()
    call(of)
    return time.perf_counter() - start


def timed(model: Model, wanted: Sequence[Mapping[str, Request]]) -> Terms:
    """Means, for time adds up. Each prompt is asked plainly and advised in turn: load drifts."""

    def asked(request: Request) -> None:
        asyncio.run(model.generate([request]))

    found = []
    for ways in wanted[:: len(wanted) // TIMED][:TIMED]:
        plain, told = (seconds(asked, ways[way]) for way in ("plain", "advised"))
        guard = seconds(ByWords().of, ways["plain"].messages[-1].content)
        found.append((plain, guard, told - plain))
    return Terms(*(fmean(column) for column in zip(*found, strict=True)))


def overhead(terms: Terms) -> None:
    print(f"\nmeasured, means of {TIMED} prompts one at a time: T_b {terms.base:.3f} s, ", end="")
    print(f"T_g {terms.guardian * 1e3:.2f} ms, dT_b {terms.more:.3f} s\n")
    print("| flagged | sequential | in parallel |\n| ---: | ---: | ---: |")
    for share in SHARES:
        print(f"| {share:.0%} | {sequential(terms, share):.1%} | {parallel(terms, share):.1%} |")


def measured(model: Model, given: argparse.Namespace) -> tuple[Asked, Terms]:
    harmful, harmless = prompts_of(given.data, given.limit)
    prompts = [*harmful, *harmless]
    watch = guardian(given.data, prompts)
    wanted = [requests(model.id, prompt, watch) for prompt in prompts]
    refused = {}
    for way in WAYS:
        texts = answers(model, [ways[way] for ways in wanted], given.answers)
        kinds = [kind for kind, _ in outcomes(texts, prompts)]
        refused[way] = np.array([kind in REFUSALS for kind in kinds])
        for name, side in (
            ("harmful", slice(len(harmful))),
            ("harmless", slice(len(harmful), None)),
        ):
            print(f"{way}, {name}: {dict(Counter(str(k) for k in kinds[side]))}", flush=True)
    chances = np.array([watch.of(prompt).chance for prompt in prompts])
    asked = Asked(prompts, np.arange(len(prompts)) < len(harmful), chances, refused)
    return asked, timed(model, wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--answers", type=Path, default=Path("advisor.jsonl"))
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--limit", type=int, default=EACH, help="prompts per set")
    given = parser.parse_args()
    asked, terms = measured(open_model(given.model, ModelOptions(device="cpu", threads=1)), given)
    at_one_half(asked)
    at_equal_refusal(asked)
    wrong_flags(asked)
    overhead(terms)


if __name__ == "__main__":
    main()
