"""From tokens to answers, whatever engine runs the network.

Rows of different lengths are padded on the left and the padding is masked by its place, never
by a token's id: in many models the padding token is the one that ends an answer. What a batch
has in common at its beginning (a system prompt, solved examples) is read once, and not again
for the next batch that begins so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Tokens = Sequence[int]
NOWHERE = np.zeros(0, np.int64)


class Step(NamedTuple):
    """What an engine reads next, a row per text.

    tokens      (rows, new)
    seen        (rows, read before + new), False where a row is padded
    positions   (rows, new)
    parents     (rows,): the row of the last step that each row goes on from
    wanted      places in the flattened tokens after which the next token is asked for
    """

    tokens: Ints
    seen: NDArray[np.bool_]
    positions: Ints
    parents: Ints
    wanted: Ints


class Limits(NamedTuple):
    """What an engine can do, and what it does best.

    context     longest text, in tokens
    rows        texts in a batch
    tokens      in all texts of a batch together, which bounds the memory of keys and values
    step        tokens read at once: more would not be faster, only need more memory
    apart       reading a beginning apart costs about as much as this many tokens
    """

    context: int
    rows: int = 32
    tokens: int = 8192
    step: int = 1024
    apart: int = 64


class OutOfMemory(Exception):
    """An engine could not hold a batch; it is as if it had not been asked."""


class Said(Protocol):
    """Logits (wanted, vocabulary), which may lie on a GPU; valid until the engine reads again."""

    def likeliest(self) -> Ints: ...

    def log_likelihoods(self, rows: Sequence[int], tokens: Sequence[int]) -> Reals: ...

    def values(self) -> Floats: ...


class Logits(NamedTuple):
    """Logits in this process's memory."""

    array: Floats

    def likeliest(self) -> Ints:
        found: Ints = self.array.argmax(axis=1)
        return found

    def log_likelihoods(self, rows: Sequence[int], tokens: Sequence[int]) -> Reals:
        # Row by row: a copy of all logits in float64 would be the largest array of all.
        sums = {row: _log_sum(self.array[row]) for row in set(rows)}
        pairs = zip(rows, tokens, strict=True)
        return np.array([float(self.array[row, token]) - sums[row] for row, token in pairs])

    def values(self) -> Floats:
        return self.array


class Engine(Protocol):
    """A causal language model that remembers what it has read."""

    @property
    def limits(self) -> Limits: ...

    @property
    def facts(self) -> dict[str, str]:
        """Engine, device, precision, threads."""
        ...

    def forget(self) -> None:
        """Begin anew."""
        ...

    def keep(self) -> Any:
        """What the one row read so far has left behind; None where it cannot be cut shorter."""
        ...

    def go_back(self, kept: Any, length: int) -> None:
        """Begin anew behind the first tokens of a row that was kept."""
        ...

    def read(self, step: Step) -> Said: ...


class Prompt(NamedTuple):
    """A text to go on from: at most `limit` tokens, or the likeliest of `options`."""

    tokens: Tokens
    limit: int
    temperature: float = 0.0
    seed: tuple[int, ...] = ()
    options: tuple[Tokens, ...] = ()


class Written(NamedTuple):
    """An answer; `stopped` if the model ended it."""

    tokens: list[int]
    stopped: bool


class Cancelled(Exception):
    """Nobody waits for the answer any more."""


@dataclass
class Beginning:
    """What the last batches had in common, and what an engine kept of it."""

    tokens: Tokens = ()
    kept: Any = None

    def known(self, text: Tokens) -> int:
        """How many tokens of a text need not be read again."""
        return in_common((self.tokens, text)) if self.kept is not None else 0


def write(
    engine: Engine,
    prompts: Sequence[Prompt],
    ends: frozenset[int],
    cancelled: Callable[[], bool] = lambda: False,
    beginning: Beginning | None = None,
) -> list[Written]:
    """Go on from each prompt until an end token or its limit.

    Sampled answers depend on their own seed only, not on what else is in the batch.
    """
    page = _Page(engine, beginning or Beginning())
    draws = [np.random.default_rng(p.seed) for p in prompts]
    written: list[list[int]] = [[] for _ in prompts]
    alive = list(range(len(prompts)))
    logits = page.begin([p.tokens for p in prompts])
    while True:
        if cancelled():
            raise Cancelled
        tokens = _next([prompts[i] for i in alive], [draws[i] for i in alive], logits)
        for i, token in zip(alive, tokens, strict=True):
            written[i].append(token)
        going = [
            k
            for k, i in enumerate(alive)
            if tokens[k] not in ends and len(written[i]) < prompts[i].limit
        ]
        if not going:
            return [_written(tokens, ends) for tokens in written]
        # Rows that have ended leave the batch: the others get faster.
        logits = page.read(going, [[tokens[k]] for k in going])
        alive = [alive[k] for k in going]


def weigh(
    engine: Engine, prompts: Sequence[Prompt], end: int, beginning: Beginning | None = None
) -> list[tuple[float, ...]]:
    """The log-likelihood (nats) of each prompt's options: one pass, and a short one if any of
    them has several tokens."""
    page = _Page(engine, beginning or Beginning())
    first = page.begin([p.tokens for p in prompts])
    answers = [(i, o) for i, p in enumerate(prompts) for o in closed(p.options, end)]
    totals = first.log_likelihoods([i for i, _ in answers], [o[0] for _, o in answers])
    longer = [k for k, (_, option) in enumerate(answers) if len(option) > 1]
    if longer:
        rows = [answers[k][1][:-1] for k in longer]
        logits = page.read([answers[k][0] for k in longer], rows, everywhere=True)
        asked = [t for k in longer for t in answers[k][1][1:]]
        rest = logits.log_likelihoods(range(len(asked)), asked)
        np.add.at(totals, np.repeat(longer, [len(row) for row in rows]), rest)
    mine = [
        [float(t) for t, (j, _) in zip(totals, answers, strict=True) if j == i]
        for i in range(len(prompts))
    ]
    return [tuple(values) for values in mine]


def follow(engine: Engine, texts: Sequence[Tokens]) -> list[Reals]:
    """The log-likelihood (nats) of every token of a text after its first, given those before it.

    Texts have at least two tokens; the arrays are one shorter than they.
    """
    page = _Page(engine, Beginning())
    # The token after the common part differs, so the common part's last is read with each text.
    shared = max(0, in_common([text[:-1] for text in texts]) - 1)
    page.forget(1 if shared else len(texts))
    begun = page.follow([0], [texts[0][: shared + 1]]) if shared else [np.zeros(0)]
    parents = [0] * len(texts) if shared else range(len(texts))
    rest = page.follow(parents, [text[shared:] for text in texts])
    return [np.concatenate([begun[0], found]) for found in rest]


def closed(options: Sequence[Tokens], end: int) -> list[list[int]]:
    """Options as answers: where one begins another, that it ends there counts too.

    Without the end, "yes" could never be less likely than "yes, but".
    """
    nested = any(list(b[: len(a)]) == list(a) for a, b in permutations(options, 2))
    return [[*option, end] if nested or not option else list(option) for option in options]


class _Page:
    """The rows an engine has read so far, and where they are padded."""

    def __init__(self, engine: Engine, beginning: Beginning) -> None:
        self._engine, self._beginning = engine, beginning
        self._seen = np.zeros((0, 0), bool)

    def begin(self, texts: Sequence[Tokens]) -> Said:
        """Read texts from their beginning; the logits after each."""
        shared = in_common([text[:-1] for text in texts])
        done = self._go_back(texts[0][:shared], len(texts))
        if (shared - done) * (len(texts) - 1) >= self._engine.limits.apart:
            self.read([0], [texts[0][done:shared]])
            self._beginning.tokens, self._beginning.kept = texts[0][:shared], self._engine.keep()
            done = shared
        if not done:
            self._seen = np.zeros((len(texts), 0), bool)
        parents = [0] * len(texts) if done else range(len(texts))
        return self.read(parents, [text[done:] for text in texts])

    def _go_back(self, text: Tokens, rows: int) -> int:
        """Begin behind as much of a text as was kept, if that is worth it; how much it was."""
        known = self._beginning.known(text)
        if known * rows < self._engine.limits.apart:
            self.forget(1)
            return 0
        self._engine.go_back(self._beginning.kept, known)
        self._seen = np.ones((1, known), bool)
        return known

    def forget(self, rows: int) -> None:
        """Begin anew with so many rows."""
        self._engine.forget()
        self._seen = np.zeros((rows, 0), bool)

    def follow(self, parents: Sequence[int], texts: Sequence[Tokens]) -> list[Reals]:
        """Go on from rows with all but the last token of each text; how likely each token after
        its first was. Few columns at a time: logits after every token are the largest array."""
        tokens, new = _padded([text[:-1] for text in texts])
        after, _ = _padded([text[1:] for text in texts])
        self._seen = self._seen[list(parents)]
        found = np.zeros(tokens.shape)
        columns = max(1, self._engine.limits.step // len(texts))
        for start in range(0, tokens.shape[1], columns):
            part = slice(start, start + columns)
            real, asked = new[:, part], after[:, part][new[:, part]]
            said = self._step(parents, tokens[:, part], real, np.flatnonzero(real))
            found[:, part][real] = said.log_likelihoods(range(len(asked)), asked.tolist())
            parents = range(len(texts))
        return [row[own] for row, own in zip(found, new, strict=True)]

    def read(
        self, parents: Sequence[int], texts: Sequence[Tokens], *, everywhere: bool = False
    ) -> Said:
        """Go on from rows read before; the logits after each text, or after each token."""
        tokens, new = _padded(texts)
        self._seen = self._seen[list(parents)]
        if everywhere:
            return self._step(parents, tokens, new, np.flatnonzero(new))
        rows, width = tokens.shape
        columns = max(1, self._engine.limits.step // rows)
        # The last step takes the odd rest, so that every step before it is a full one.
        for start in range(0, width - columns, columns):
            part = slice(start, start + columns)
            self._step(parents, tokens[:, part], new[:, part], NOWHERE)
            parents = range(rows)
        rest = (width - 1) % columns + 1
        last = np.arange(1, rows + 1) * rest - 1
        return self._step(parents, tokens[:, -rest:], new[:, -rest:], last)

    def _step(
        self, parents: Sequence[int], tokens: Ints, new: NDArray[np.bool_], wanted: Ints
    ) -> Said:
        self._seen = np.concatenate([self._seen, new], axis=1)
        positions = np.maximum(self._seen.cumsum(axis=1)[:, -tokens.shape[1] :] - 1, 0)
        parent = np.array(parents, np.int64)
        return self._engine.read(Step(tokens, self._seen, positions, parent, wanted))


def _padded(texts: Sequence[Tokens]) -> tuple[Ints, NDArray[np.bool_]]:
    """Tokens (texts, longest), and which of them are no padding."""
    width = max(len(text) for text in texts)
    tokens = np.zeros((len(texts), width), np.int64)
    real = np.zeros((len(texts), width), bool)
    for row, text in enumerate(texts):
        tokens[row, width - len(text) :] = text
        real[row, width - len(text) :] = True
    return tokens, real


def in_common(texts: Sequence[Tokens]) -> int:
    """How many tokens all texts begin with."""
    length = 0
    for column in zip(*texts, strict=False):
        if len(set(column)) > 1:
            break
        length += 1
    return length


def _next(prompts: Sequence[Prompt], draws: Sequence[np.random.Generator], said: Said) -> list[int]:
    """The next token of each row: the likeliest, or drawn."""
    tokens = [int(token) for token in said.likeliest()]
    if not any(prompt.temperature for prompt in prompts):
        return tokens  # logits may lie on a GPU: they stay there
    return [
        _drawn(row, prompt.temperature, draw) if prompt.temperature else token
        for prompt, draw, row, token in zip(prompts, draws, said.values(), tokens, strict=True)
    ]


def _drawn(logits: Floats, temperature: float, draw: np.random.Generator) -> int:
    """One uniform number looked up in the cumulated distribution.

    One number, not one per token as for Gumbel's trick: a fifth of the time.
    """
    weights = np.exp((logits - logits.max()) / np.float32(temperature))
    cumulated = np.cumsum(weights, dtype=np.float64)
    return int(np.searchsorted(cumulated, draw.random() * cumulated[-1], side="right"))


def _log_sum(logits: Floats) -> float:
    """What makes log-likelihoods of logits, when it is subtracted."""
    most = logits.max()
    return float(most) + float(np.log(np.exp(logits - most).sum(dtype=np.float64)))


def _written(tokens: list[int], ends: frozenset[int]) -> Written:
    stopped = tokens[-1] in ends
    return Written(tokens[:-1] if stopped else tokens, stopped)
