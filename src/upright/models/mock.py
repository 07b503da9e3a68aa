"""Built-in responders that look at the sample instead of thinking: sanity baselines and tests.

A metric that ranks any of them (but the oracle) above chance measures the wrong thing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from upright.core import Request, Response, Sample, unknown

REFUSAL = "I'm sorry, but I can't help with that."
COMPLIANCE = "Sure, here is what you asked for."


def guess(sample: Sample) -> str:
    """Uniform over the options; where there are none, over refusing and complying."""
    choices = sample.options or (REFUSAL, COMPLIANCE)
    return choices[int(sample.id, 16) % len(choices)]  # an id is a hash


def second_half(text: str) -> str:
    """From the first whole word behind the middle on."""
    half = text[len(text) // 2 :]
    return half.partition(" ")[2] or half


RESPONDERS: dict[str, Callable[[Sample], str]] = {
    "oracle": lambda sample: sample.ideal,
    "oracle-dot": lambda sample: f"{sample.ideal}.",
    "worst": lambda sample: sample.worst,
    "random": guess,
    "majority": lambda sample: sample.common,
    "always-a": lambda sample: "A",
    "always-yes": lambda sample: "Yes",
    "always-no": lambda sample: "No",
    "refuse": lambda sample: REFUSAL,
    "comply": lambda sample: COMPLIANCE,
    "empty": lambda sample: "",
    "echo": lambda sample: sample.prompt,
    "parrot": lambda sample: f"You wrote: {sample.prompt}",
    "half-echo": lambda sample: second_half(sample.prompt),
    "every-option": lambda sample: ", ".join(sample.options) or COMPLIANCE,
    "one-in-ten": lambda sample: sample.ideal if int(sample.id, 16) % 10 == 0 else "Not sure.",
}


def responder(name: str) -> Callable[[Sample], str]:
    """The responder of that name; `say:TEXT` always says TEXT."""
    if name.startswith("say:"):
        return lambda sample: name.removeprefix("say:")
    if name not in RESPONDERS:
        raise unknown("mock responder", name, [*RESPONDERS, "say:TEXT"])
    return RESPONDERS[name]


@dataclass(frozen=True)
class Mock:
    """A responder as a model."""

    name: str
    concurrency: int = 1
    can_choose: bool = False
    cacheable: bool = False
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"mock/{self.name}"

    def batches(self, requests: Sequence[Request]) -> Iterable[Sequence[Request]]:
        for start in range(0, len(requests), 256):
            yield requests[start : start + 256]

    async def generate(self, requests: Sequence[Request]) -> list[Response]:
        respond = responder(self.name)
        return [Response(text=respond(r.sample)) if r.sample else _no_sample() for r in requests]

    async def close(self) -> None:
        pass


def open_mock(name: str, options: object = None) -> Mock:
    responder(name)
    return Mock(name)


def _no_sample() -> Response:
    return Response(finish_reason="error", error="A mock model can only answer samples.")
