"""What a run and its workers say to each other. MessagePack, and nothing else, crosses over."""

import msgspec

from upright.core import Outcome, Request, Response
from upright.models import ModelOptions
from upright.runs.asking.engine import Patience
from upright.runs.asking.limits import Limits


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """First to a worker: the model, and that it is one of so many `workers` who ask it.

    concurrency     calls that this one may have under way
    limits          of all workers together
    """

    spec: str
    options: ModelOptions
    concurrency: int
    patience: Patience
    limits: Limits
    workers: int


class Questions(msgspec.Struct, frozen=True, tag=True):
    """Some of what is to be asked next."""

    requests: list[Request]


class Begin(msgspec.Struct, frozen=True, tag=True):
    """Ask all that was said since the last time, and write the answers to this shard.

    again   these were given up once: that some fail says nothing of the server
    """

    shard: str
    again: bool


class Slower(msgspec.Struct, frozen=True, tag=True):
    """Both ways: a server pushed back.

    age     seconds since the call that it pushed back began; None if its load is not the reason
    wait    seconds it asked to be left alone
    """

    age: float | None
    wait: float | None


class Heard(msgspec.Struct, frozen=True, tag=True):
    """From a worker, every second: how many answers of each kind are in its shard so far."""

    outcomes: dict[Outcome, int]


class Failed(msgspec.Struct, frozen=True, tag=True):
    """From a worker: the questions that it gave up."""

    responses: dict[str, Response]


class Done(msgspec.Struct, frozen=True, tag=True):
    """From a worker: every question has its answer, and what the model turned out to be."""

    facts: dict[str, str]


class Refused(msgspec.Struct, frozen=True, tag=True):
    """From a worker: no use to go on, with an error that the user can read.

    model   whether it was the model that refused
    """

    why: str
    model: bool


ToWorker = Hello | Questions | Begin | Slower
FromWorker = Slower | Heard | Failed | Done | Refused
