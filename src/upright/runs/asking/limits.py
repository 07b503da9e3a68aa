"""Requests and tokens per minute: what a provider's contract allows, kept to from the start."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from upright.core import ModelRefused, Request, Response, UsageError

CHARACTERS_PER_TOKEN = 4
"""English prose in common tokenizers. An estimate, and shown as one."""
BURST = 1.0
"""Seconds' worth that may be taken at once. Short, because providers look at less than a minute."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of every model by itself, also of one that judges or is consulted; None means as many as the
    model takes."""

    rpm: int | None = None
    tpm: int | None = None


class Bucket:
    """Fills steadily. Whoever takes more than it holds is told how long to wait for it."""

    def __init__(self, per_minute: float, now: float) -> None:
        self._rate = per_minute / 60
        self._most = self._rate * BURST
        self._level, self._then = self._most, now

    def take(self, amount: float, now: float) -> float:
        """Seconds until the amount is there. It counts as taken, so that turns are kept."""
        self._level = min(self._most, self._level + (now - self._then) * self._rate)
        self._then = now
        self._level -= amount
        return max(0.0, -self._level / self._rate)

    def give_back(self, amount: float) -> None:
        """What was taken and not used; a negative amount where more was used."""
        self._level += amount


class Meter:
    """Both limits of one model, or the `share` of them that one of several processes has."""

    def __init__(self, limits: Limits, now: float, share: float = 1.0) -> None:
        self._requests = Bucket(limits.rpm * share, now) if limits.rpm else None
        self._tokens = Bucket(limits.tpm * share, now) if limits.tpm else None
        self._limits = limits

    def take(self, batch: Sequence[Request], now: float) -> float:
        """Seconds to wait before this batch may be asked. Raises ModelRefused where it never may:
        judges' and attackers' questions are not known before the run."""
        if reason := _too_large(batch, self._limits):
            raise ModelRefused(f"{reason} Raise --tpm.")
        wait = self._requests.take(1, now) if self._requests else 0.0
        if self._tokens:
            wait = max(wait, self._tokens.take(_most_tokens(batch), now))
        return wait

    def spare(self, batch: Sequence[Request], now: float) -> bool:
        """Take it only if nobody has to wait for it."""
        if not self.take(batch, now):
            return True
        if self._requests:
            self._requests.give_back(1)
        if self._tokens:
            self._tokens.give_back(_most_tokens(batch))
        return False

    def settle(self, batch: Sequence[Request], responses: Sequence[Response]) -> None:
        """Count what a batch really used, where the model says it."""
        if self._tokens and all(r.completion_tokens is not None for r in responses):
            used = sum((r.prompt_tokens or 0) + (r.completion_tokens or 0) for r in responses)
            self._tokens.give_back(_most_tokens(batch) - used)


def check_sizes(requests: Iterable[Request], limits: Limits) -> None:
    """Raises UsageError where a minute has fewer tokens than one of these may take."""
    for request in requests if limits.tpm else ():
        if reason := _too_large([request], limits):
            raise UsageError(f"{reason} Raise --tpm, or allow shorter answers with --max-tokens.")


def prompt_tokens(request: Request) -> int:
    """About how many tokens a request's messages have."""
    return sum(len(m.content) for m in request.messages) // CHARACTERS_PER_TOKEN + 1


def _most_tokens(batch: Sequence[Request]) -> int:
    """Repeats of one prompt share it."""
    return prompt_tokens(batch[0]) + sum(request.max_tokens for request in batch)


def _too_large(batch: Sequence[Request], limits: Limits) -> str:
    """Why this is never asked: providers refuse a call that alone is more than a minute's tokens,
    and here it would wait for minutes. "" where it is not so."""
    if limits.tpm is None or (most := _most_tokens(batch)) <= limits.tpm:
        return ""
    prompt = prompt_tokens(batch[0])
    return (
        f"--tpm {limits.tpm:,} has no room for a question that may take {most:,} tokens: about "
        f"{prompt:,} of its prompt and up to {most - prompt:,} of its answer."
    )
