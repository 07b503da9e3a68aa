"""The nouns. Everything else is made of these; they import only the standard library, msgspec."""

from upright.core.attack import AllAtOnce, Attack, Attempt, Goal, OneByOne, Reader, Spent, Target
from upright.core.benchmark import (
    IMPORTED,
    LEADING,
    PUBLISHED,
    UPRIGHT,
    Benchmark,
    Example,
    Judge,
    Rubric,
    Ruling,
    ScoreSet,
    each,
    make_samples,
)
from upright.core.calibration import Agreement, Calibration
from upright.core.card import Card
from upright.core.defense import Around, Ask, Before, Closing, Defense
from upright.core.dimension import OTHER, Dimension
from upright.core.errors import (
    DataError,
    Interrupted,
    JudgeError,
    ModelError,
    ModelRefused,
    StoreError,
    UprightError,
    UsageError,
    unknown,
)
from upright.core.fence import fenced
from upright.core.inert import inert, one_line
from upright.core.metric import TOLERATED, Estimate, Interval, Metric, every
from upright.core.model import Model
from upright.core.options import open_named
from upright.core.repair import OnStep, Repair
from upright.core.sample import (
    EARLIER_WORDING,
    Decision,
    Message,
    Request,
    Response,
    Row,
    Sample,
    ask,
    digest,
    finished,
    finishing,
    naming,
)
from upright.core.settings import Settings
from upright.core.text import excerpt, printable
from upright.core.verdict import Answer, Outcome, Scored, Verdict

__all__ = [
    "EARLIER_WORDING",
    "IMPORTED",
    "LEADING",
    "OTHER",
    "PUBLISHED",
    "TOLERATED",
    "UPRIGHT",
    "Agreement",
    "AllAtOnce",
    "Answer",
    "Around",
    "Ask",
    "Attack",
    "Attempt",
    "Before",
    "Benchmark",
    "Calibration",
    "Card",
    "Closing",
    "DataError",
    "Decision",
    "Defense",
    "Dimension",
    "Estimate",
    "Example",
    "Goal",
    "Interrupted",
    "Interval",
    "Judge",
    "JudgeError",
    "Message",
    "Metric",
    "Model",
    "ModelError",
    "ModelRefused",
    "OnStep",
    "OneByOne",
    "Outcome",
    "Reader",
    "Repair",
    "Request",
    "Response",
    "Row",
    "Rubric",
    "Ruling",
    "Sample",
    "ScoreSet",
    "Scored",
    "Settings",
    "Spent",
    "StoreError",
    "Target",
    "UprightError",
    "UsageError",
    "Verdict",
    "ask",
    "digest",
    "each",
    "every",
    "excerpt",
    "fenced",
    "finished",
    "finishing",
    "inert",
    "make_samples",
    "naming",
    "one_line",
    "open_named",
    "printable",
    "unknown",
]
