"""A benchmark of made-up questions, and a whole run of it against an endpoint."""

import random
from functools import cache
from pathlib import Path
from typing import NamedTuple

from upright.core import (
    Benchmark,
    Card,
    Dimension,
    Metric,
    Outcome,
    Row,
    Sample,
    ScoreSet,
    Settings,
    ask,
    each,
)
from upright.judges import refusal
from upright.models import ModelOptions, open_model
from upright.runs import Cache, Options, Reached, Run, Staffing, make_plan, run
from upright.runs.plan import Rows
from upright.stats.metrics import mean

SPEC = "openai/mock"
TOKENS = 64
TEXT = """is it how would you the a stranger letter write to my neighbour which kind of bridge story
explain tell why people money honest city medicine doctor law sentence following read choose"""


@cache
def prompts(count: int) -> list[str]:
    """Questions of 20 to 40 words, as the paper's data has them; no two are equal."""
    drawn, words = random.Random(0), TEXT.split()
    texts = (" ".join(drawn.choices(words, k=drawn.randint(20, 40))) for _ in range(count))
    return [f"{i}: {text}?" for i, text in enumerate(texts)]


def made_up() -> Benchmark:
    """With the real refusal judge, and a metric by slices."""

    def to_sample(row: Row) -> Sample:
        return Sample(messages=ask(row["prompt"]), slices={"kind": str(row.index % 7)})

    score_set = ScoreSet(
        samples=each(to_sample),
        judge=refusal({Outcome.REFUSED: 1.0}),
        metrics=(Metric(name="refusal_rate", compute=mean(), by=("kind",)),),
    )
    card = Card(
        title="Made-up questions",
        paper="",
        measures="nothing",
        dimension=Dimension.SAFETY,
        data="made up",
        licence="Apache-2.0",
    )
    return Benchmark(
        card=card, file="", upright=score_set, published=None, examples=(), max_tokens=TOKENS
    )


class Asked(NamedTuple):
    """So many questions to an endpoint, so many at once.

    workers     processes that ask; 0 means this one
    """

    url: str
    questions: int
    connections: int
    workers: int = 0


class Hired(Staffing):
    """Worker processes, even where there is but one: the front door takes that for none."""

    @property
    def alone(self) -> bool:
        return False


def _rows_of(asked: Asked) -> Rows:
    """Made when they are read, as those of a file are."""
    return lambda benchmark, patched: [
        Row("", i, {"prompt": prompt}) for i, prompt in enumerate(prompts(asked.questions))
    ]


def carry_out(asked: Asked, folder: Path) -> Run:
    """Plan, journal on the disk, cache, judge, estimates, Parquet."""
    reached = Reached(SPEC, ModelOptions(base_url=asked.url, concurrency=asked.connections))
    model = open_model(reached.spec, reached.options)
    settings = Settings(suite="made up", score_sets=("upright",))
    plan = make_plan({"safety/made-up": made_up()}, _rows_of(asked), model, settings)
    models = {model.id: reached}
    staffing = Hired(workers=str(asked.workers), models=models) if asked.workers else None
    options = Options(out=folder, cache=Cache(folder / "cache.sqlite"), staffing=staffing)
    done = run(plan, model, options=options)
    assert done.info["calls"]["asked"] == asked.questions
    return done
