"""What a report reads of `run.json`, as it is stored; what is not there keeps its default."""

from typing import Any

import msgspec

from upright.core import Calibration


class ModelFacts(msgspec.Struct, frozen=True):
    id: str
    facts: dict[str, str] = {}


class DataFacts(msgspec.Struct, frozen=True):
    """A data file as it was read. `patches` counts the rows each correction touched."""

    sha256: str
    rows: int
    patches: dict[str, int] = {}


class CardFacts(msgspec.Struct, frozen=True):
    """The part of a benchmark's card that a reader of numbers needs."""

    title: str
    measures: str
    paper: str = ""
    data: str = ""
    licence: str = ""
    limits: tuple[str, ...] = ()
    published_as: tuple[str, ...] = ()
    published_judge: str = ""
    why_different: str = ""
    harmful: bool = False
    version: int = 1


class Calls(msgspec.Struct, frozen=True):
    planned: int = 0
    asked: int = 0
    from_cache: int = 0
    errors: int = 0
    hedged: int = 0


class Tokens(msgspec.Struct, frozen=True):
    prompt: int = 0
    completion: int = 0


class JudgeFacts(msgspec.Struct, frozen=True):
    """A judge model and what it cost."""

    id: str
    facts: dict[str, str] = {}
    calls: Calls = Calls()
    tokens: Tokens = Tokens()


class Concord(msgspec.Struct, frozen=True):
    """How far the judges of one score set agree: `alpha` between judge models, `local` with the
    benchmark's own judge."""

    n: int
    alpha: float | None = None
    alpha_of_draws: dict[str, float | None] = {}
    local: dict[str, float | None] = {}


class Origin(msgspec.Struct, frozen=True):
    """The tool whose files a run was imported from."""

    tool: str
    version: str = ""
    when: str = ""


class Saved(msgspec.Struct, frozen=True):
    """Calls that stopping early made unnecessary."""

    planned: int = 0
    asked: int = 0
    saved: int = 0


class Stopped(msgspec.Struct, frozen=True):
    """A score set that might stop: how much of it was asked, what all of it would give, and on
    which `side` of a bound it surely is."""

    benchmark: str
    score_set: str
    planned: int
    asked: int
    stopped: bool
    reason: str = ""
    side: str = ""
    low: float | None = None
    high: float | None = None


class JudgeSample(msgspec.Struct, frozen=True):
    """How many answers judge models read, of those they would have read without a sample, and on
    how many of these no verdict of theirs could be read."""

    read: int
    of: int
    unread: int = 0

    @property
    def lost(self) -> bool:
        """Whether there is no verdict at all, and so nothing that the sample corrects."""
        return 0 < self.read <= self.unread


class LikeFacts(msgspec.Struct, frozen=True):
    """The run that `--like` named: its folder's name, its model, the hash of its values, and on how
    many samples it has one."""

    run: str
    model: str
    sha256: str
    samples: int


class UntilFacts(msgspec.Struct, frozen=True):
    """What became of `--until` and `--decide`."""

    half_width: float | None = None
    bound: float | None = None
    like: LikeFacts | None = None
    calls: Saved = Saved()
    score_sets: tuple[Stopped, ...] = ()

    @property
    def ended_early(self) -> tuple[Stopped, ...]:
        return tuple(s for s in self.score_sets if s.stopped)


class RunFacts(msgspec.Struct, frozen=True):
    """`run.json`. `baselines` are values of built-in responders by benchmark, where measured;
    `calibrations` say how well the judges named in the estimates agree with people; `sessions` are
    when it was worked on, from when to when: several where it was interrupted."""

    upright: str
    started: str
    status: str
    model: ModelFacts
    benchmarks: dict[str, CardFacts]
    finished: str | None = None
    sessions: tuple[tuple[str, str | None], ...] = ()
    python: str = ""
    platform: str = ""
    packages: dict[str, str] = {}
    command: str | list[str] = ""
    judge: str | None = None
    settings: dict[str, Any] = {}
    data: dict[str, DataFacts] = {}
    calls: Calls = Calls()
    tokens: Tokens = Tokens()
    judge_calls: Calls = Calls()
    judge_tokens: Tokens = Tokens()
    judge_facts: dict[str, str] = {}
    baselines: dict[str, dict[str, float | None]] = {}
    judges: tuple[JudgeFacts, ...] = ()
    judge_sample: JudgeSample | None = None
    agreement: dict[str, dict[str, Concord]] = {}
    calibrations: dict[str, tuple[Calibration, ...]] = {}
    imported: Origin | None = None
    until: UntilFacts | None = None
