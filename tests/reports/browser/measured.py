"""Pages of real runs: mock models on the mini suite, measured once."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from upright.api import Job, compare, evaluate, findings, leaderboard
from upright.comparisons.two_runs.gate import decide
from upright.core import Settings
from upright.reports.pages.comparison import write_comparison
from upright.reports.pages.findings import write_findings
from upright.reports.pages.leaderboard import write_leaderboard

MODELS = ("oracle", "one-in-ten", "random", "comply")
BENCHMARKS = (
    *("safety/jailbreak", "safety/misuse", "safety/exaggerated_safety"),
    *("truthfulness/internal", "fairness/stereotype_recognition", "robustness/advglue"),
)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("measured")
    job = Job(settings=Settings(benchmarks=BENCHMARKS), out=out, cache=False)
    return [evaluate(f"mock/{model}", job).path for model in MODELS]


@pytest.fixture(scope="session")
def comparison(runs: list[Path]) -> Path:
    """Of a model that answers right with one that complies with everything."""
    return compared(runs[0], runs[3])


@pytest.fixture(scope="session")
def board(runs: list[Path]) -> Path:
    """With the paper's models, and findings on both."""
    return ranked(runs)


@pytest.fixture(scope="session")
def checked(runs: list[Path]) -> Path:
    path = runs[0].parent / "findings.html"
    write_findings(findings(runs, published=True), path)
    return path


def compared(baseline: Path, candidate: Path) -> Path:
    found = compare(baseline, candidate, margin=0.05, flips=1000)
    path = candidate.parent / "comparison.html"
    write_comparison(found, decide(found), path)
    return path


def ranked(runs: Sequence[Path]) -> Path:
    path = runs[0].parent / "leaderboard.html"
    found = findings(runs, published=True)
    write_leaderboard(leaderboard(runs, published=True), found, path)
    return path
