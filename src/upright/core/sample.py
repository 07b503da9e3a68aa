"""Questions and answers: Row -> Sample -> Request -> Response."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import msgspec
from msgspec.structs import replace

from upright.core.errors import DataError


class Row(Mapping[str, Any]):
    """One row of a data file. Reading a field it lacks names the file and the row."""

    __slots__ = ("_fields", "file", "index", "raw_prompt")

    def __init__(
        self,
        file: str,
        index: int,
        fields: Mapping[str, Any],
        raw_prompt: str | None = None,
    ) -> None:
        self.file, self.index, self._fields = file, index, dict(fields)
        self.raw_prompt = raw_prompt if raw_prompt is not None else self._fields.get("prompt")
        """The prompt as published, before any patch."""

    def __getitem__(self, key: str) -> Any:
        try:
            return self._fields[key]
        except KeyError:
            raise DataError(
                f"{self.file}, row {self.index}: the field {key!r} is missing "
                f"(it has {', '.join(self._fields)})."
            ) from None

    # Mapping.get and `in` would swallow our DataError's reason; look at the dict itself.
    def get(self, key: str, default: Any = None) -> Any:
        return self._fields.get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Row({self.file}:{self.index})"

    def changed(self, **fields: Any) -> "Row":
        """The same row with some fields replaced or added; it remembers its raw prompt."""
        return Row(self.file, self.index, {**self._fields, **fields}, self.raw_prompt)


MALFORMED = (LookupError, ValueError, TypeError, AttributeError, StopIteration)
"""What reading a row of any shape may raise."""


class naming(AbstractContextManager[None]):
    """What goes wrong with a row is an error that names its file and its place.

    No generator, because every row is looked at inside of it.
    """

    __slots__ = ("_row", "_where")

    def __init__(self, row: Row, where: str = "") -> None:
        self._row, self._where = row, where

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, MALFORMED):
            told = f"{self._where} ({type(error).__name__}: {error})"
            raise DataError(
                f"{self._row.file}, row {self._row.index}: a field is not as expected{told}."
            ) from error


class Message(msgspec.Struct, frozen=True):
    """One chat turn. `role` is system, user or assistant."""

    role: str
    content: str


class Sample(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One question. `msgspec.structs.replace` makes another one with some fields changed.

    target          the right answer as the judge compares it (a letter, a label, a number, "")
    options         the answers to choose from, as the model must write them; () if free text
    ideal           what a perfect model would write; `worst` what the worst would: these
                    prove the judge and the metric without any model
    group           the cluster for intervals and for sampling: samples that share a source
                    text, a person, a pair. "" means a cluster of its own
    slices          how results are broken down; the first one is also the sampling stratum
    facts           what else the judge needs: plain data, whose tuples may come back as lists
    also_asked_as   an earlier wording whose answers may be judged as answers to this sample
    replicate       >0 asks the same question once more, independently
    common          the commonest right answer of its stratum: what a constant guesser says
    """

    messages: tuple[Message, ...]
    target: str = ""
    options: tuple[str, ...] = ()
    ideal: str = ""
    worst: str = ""
    group: str = ""
    slices: Mapping[str, str] = {}
    facts: Mapping[str, Any] = {}
    also_asked_as: str = ""
    replicate: int = 0
    common: str = ""
    copy: int = 0
    """Numbers the repetitions of identical samples, so that every id is unique."""

    @property
    def prompt(self) -> str:
        """What the user says (without system turns)."""
        if len(self.messages) == 1 and self.messages[0].role != "system":
            return self.messages[0].content
        return "\n".join(m.content for m in self.messages if m.role != "system")

    @property
    def stratum(self) -> str:
        return next(iter(self.slices.values()), "")

    @property
    def cluster(self) -> str:
        """The name of what it is drawn with: its group, or itself."""
        return self.group or self.id

    @cached_property
    def id(self) -> str:
        """Stable: a hash of what is asked and what is right."""
        return _id(self)

    def identify(self, id: str) -> None:
        """Be known under an id computed elsewhere."""
        self.__dict__["id"] = id


def ask(prompt: str, system: str = "") -> tuple[Message, ...]:
    """A single user turn, after a system turn if one is given."""
    turns = (Message("system", system),) if system else ()
    return (*turns, Message("user", prompt))


def finished(samples: Sequence[Sample]) -> list[Sample]:
    """The samples of one score set with distinct ids and `common` filled in."""
    return list(finishing(samples))


def finishing(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The same, one at a time: memory need not hold them all twice."""
    common = _commonest(samples)
    seen: Counter[str] = Counter()
    for sample in samples:
        id = _id(sample)
        told = {"common": common[sample.stratum], "copy": seen[id]}
        same = (sample.common, sample.copy) == tuple(told.values())
        again = sample if same else replace(sample, **told)
        if not again.copy:
            # `common` is no part of it: spare a hash.
            again.identify(id)
        yield again
        seen[id] += 1


def _id(sample: Sample) -> str:
    told = (sample.messages, sample.target, sample.options, sample.replicate, sample.copy)
    return digest(told)[:16]


def _commonest(samples: Sequence[Sample]) -> dict[str, str]:
    """By stratum, the ideal answer to the most frequent target (the first in a tie)."""
    ideals: dict[str, dict[str, list[str]]] = {}
    for sample in sorted(samples, key=lambda s: s.target):
        ideals.setdefault(sample.stratum, {}).setdefault(sample.target, []).append(sample.ideal)
    return {stratum: max(by.values(), key=len)[0] for stratum, by in ideals.items()}


class Request(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One call to a model. `key` identifies it: equal keys are asked once.

    options     not empty: pick the likeliest of these answers instead of writing text
    sample      for models that know the sample (mock, replay); never part of the key
    only_for    set where a model looks at the sample itself, so that equal questions of
                different samples are different requests
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float = 0.0
    max_tokens: int = 512
    seed: int = 0
    epoch: int = 0
    replicate: int = 0
    options: tuple[str, ...] = ()
    only_for: str = ""
    sample: Sample | None = None

    @cached_property
    def key(self) -> str:
        # Greedy decoding does not depend on the seed, so that a new seed reuses old answers.
        drawn = (self.seed, self.epoch, self.replicate) if self.temperature else self.replicate
        told = (self.model, self.messages, self.temperature, self.max_tokens, drawn, self.options)
        return digest((*told, self.only_for) if self.only_for else told)

    def identify(self, key: str) -> None:
        """Be known under a key computed elsewhere."""
        self.__dict__["key"] = key


EARLIER_WORDING = "earlier_wording"
"""The finish reason of an answer that was given to `Sample.also_asked_as`."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a defense did about one request.

    did         passed, changed (what goes in, or what comes out), or refused
    calls       to models beyond those that would have been made without it, -1 where it spared the
                one: 1 and the calls of all decisions are what an answer took. `tokens` are those of
                models of its own
    seconds     that it took itself: what it waited for the model behind it does not count
    """

    defense: str
    did: str
    reason: str = ""
    calls: int = 0
    tokens: int = 0
    seconds: float = 0.0


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer, or the reason there is none.

    finish_reason       stop, length, content_filter, choice (picked by likelihood), error,
                        given_up (a passing error, until patience ran out), or earlier_wording
                        (recorded as the answer to another wording)
    decisions           of the defenses before the model, in the order in which they were asked
    option_logprobs     log-likelihood in nats of each of the request's options, in their order
    latency             seconds from asking to answer; `attempts` counts the calls it took, one
                        after another, and `hedged` says that the last of them was made twice
    """

    text: str = ""
    finish_reason: str = "stop"
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency: float = 0.0
    attempts: int = 1
    hedged: bool = False
    option_logprobs: tuple[float, ...] | None = None
    error: str | None = None
    decisions: tuple[Decision, ...] = ()


def digest(value: object) -> str:
    """sha256 (hex) of a value's canonical JSON."""
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()
