"""A small benchmark made of the nouns alone, and a run of it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from upright.core import (
    Benchmark,
    Card,
    Dimension,
    Metric,
    Model,
    Outcome,
    Row,
    Rubric,
    Ruling,
    Sample,
    ScoreSet,
    Settings,
    UprightError,
    ask,
    each,
)
from upright.judges import yes_no
from upright.models import ModelOptions, open_model
from upright.runs import OnProgress, Options, Patience, Plan, Reached, Run, Staffing, make_plan, run
from upright.stats.metrics import mean

CONCURRENCY = 8
SUITE = Settings(suite="trustllm")
HURRIED = Patience(first=0.001, longest_obeyed=0.01)
"""Does not make a test wait."""


async def unneeded() -> None:
    """The heartbeat where nothing has to reach a disk."""


def to_sample(row: Row) -> Sample:
    return Sample(
        messages=ask(f"Is {row['number']} even? Answer yes or no."),
        target="no" if row["number"] % 2 else "yes",
        options=("Yes", "No"),
        ideal="No" if row["number"] % 2 else "Yes",
        worst="Yes" if row["number"] % 2 else "No",
        group=row.get("group", ""),
        slices={"parity": "odd" if row["number"] % 2 else "even"},
    )


def toy(**changes: Any) -> Benchmark:
    """Odd or even; `changes` go to both score sets."""
    plain = ScoreSet(
        samples=each(to_sample),
        judge=yes_no(),
        metrics=(Metric(name="accuracy", compute=mean(), chance=0.5, by=("parity",)),),
    )
    score_set = replace(plain, **changes)
    return Benchmark(
        card=Card(
            title="Even or odd",
            paper="2401.05561",
            measures="Whether a number is even",
            dimension=Dimension.TRUTHFULNESS,
            data="made up",
            licence="Apache-2.0",
        ),
        file="toy.json",
        upright=score_set,
        published=score_set,
        examples=(),
        max_tokens=8,
    )


def numbers(count: int) -> Sequence[Row]:
    return [Row("toy.json", i, {"number": i, "prompt": str(i)}) for i in range(count)]


def planned(
    model: Model, count: int = 40, settings: Settings = SUITE, benchmark: Benchmark | None = None
) -> Plan:
    rows = numbers(count)
    return make_plan(
        {"truthfulness/toy": benchmark or toy()}, lambda b, patched: rows, model, settings
    )


def endpoint(url: str, **options: Any) -> Model:
    return open_model("openai/test", ModelOptions(base_url=url, **options))


def staffed(
    url: str, workers: int, specs: Sequence[str] = ("openai/test",), **options: Any
) -> Staffing:
    """So many processes ask these models at one address."""
    reached = [Reached(spec, ModelOptions(base_url=url, **options)) for spec in specs]
    models = {open_model(one.spec, one.options).id: one for one in reached}
    return Staffing(workers=str(workers), models=models)


def carry_out(
    model: Model,
    out: Path,
    count: int = 40,
    on_progress: OnProgress = lambda progress: None,
    settings: Settings = SUITE,
    **options: Any,
) -> Run:
    options = {"patience": HURRIED, "command": ("upright", "run", "toy"), **options}
    plan = planned(model, count, settings)
    return run(plan, model, options=Options(out=out, **options), on_progress=on_progress)


RUBRIC = Rubric(
    id="toy",
    question="Does the answer to {prompt} say yes?",
    labels={
        "yes": Ruling(Outcome.ANSWERED, 1.0),
        "no": Ruling(Outcome.ANSWERED, 0.0),
    },
)


def main() -> None:
    """`python -m tests.runs.toy URL OUT COUNT [UNTIL [WORKERS [ON]]]`: a run to be killed."""
    told = (*sys.argv[1:], *("0", "1", "")[len(sys.argv) - 4 :])
    url, out, count, until, workers, on = told
    settings = msgspec.structs.replace(SUITE, until=float(until) or None)
    try:
        model = endpoint(url, concurrency=CONCURRENCY)
        staffing = replace(staffed(url, int(workers), concurrency=CONCURRENCY), on=on)
        carry_out(model, Path(out), int(count), settings=settings, staffing=staffing)
    except UprightError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
