"""Real runs of mock models on the mini suite, made once."""

from pathlib import Path

import pytest

from upright.api import Job, evaluate
from upright.core import Settings

MODELS = ("oracle", "refuse", "comply", "one-in-ten")
BENCHMARKS = (
    "safety/jailbreak",
    "safety/misuse",
    "safety/exaggerated_safety",
    "ethics/moralchoice_low",
)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One run per model."""
    job = Job(
        settings=Settings(benchmarks=BENCHMARKS), out=tmp_path_factory.mktemp("runs"), cache=False
    )
    return [evaluate(f"mock/{model}", job).path for model in MODELS]
