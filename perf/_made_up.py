"""A benchmark of made-up questions, and a whole run of it against an endpoint."""

import random
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

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
    files       folder of the questions, a benchmark for each file of `write_files`; None means one
                benchmark, whose questions are at hand
    """

    url: str
    questions: int
    connections: int
    workers: int = 0
    files: Path | None = None


class Hired(Staffing):
    """Worker processes, even where there is but one: the front door takes that for none."""

    @property
    def alone(self) -> bool:
        return False


def write_files(folder: Path, count: int, parts: int) -> None:
    """The questions of so many benchmarks of equal size."""
    folder.mkdir()
    texts, each = prompts(count), count // parts
    for part in range(parts):
        some = texts[part * each : (part + 1) * each]
        (folder / f"{part}.json").write_bytes(msgspec.json.encode(some))


def benchmarks_of(files: Path) -> dict[str, Benchmark]:
    return {
        f"safety/made-up-{path.stem}": replace(made_up(), file=path.name)
        for path in sorted(files.iterdir(), key=lambda path: int(path.stem))
    }


def rows_of(files: Path | None, count: int = 0) -> Rows:
    """Made when they are read, as those of a suite's files are."""

    def rows(benchmark: Benchmark, patched: bool) -> list[Row]:
        # From files alone, where there are any: `prompts` keeps what it made.
        texts = _read(files / benchmark.file) if files else prompts(count)
        return [Row("", i, {"prompt": text}) for i, text in enumerate(texts)]

    return rows


def _read(file: Path) -> list[str]:
    return msgspec.json.decode(file.read_bytes(), type=list[str])


def carry_out(asked: Asked, folder: Path) -> Run:
    """Plan, journal on the disk, cache, judge, estimates, Parquet."""
    reached = Reached(SPEC, ModelOptions(base_url=asked.url, concurrency=asked.connections))
    model = open_model(reached.spec, reached.options)
    settings = Settings(suite="made up", score_sets=("upright",))
    chosen = benchmarks_of(asked.files) if asked.files else {"safety/made-up": made_up()}
    plan = make_plan(chosen, rows_of(asked.files, asked.questions), model, settings)
    models = {model.id: reached}
    staffing = Hired(workers=str(asked.workers), models=models) if asked.workers else None
    options = Options(out=folder, cache=Cache(folder / "cache.sqlite"), staffing=staffing)
    done = run(plan, model, options=options)
    assert done.info["calls"]["asked"] == asked.questions
    return done
