"""Refusal tuning: teaches a small chat model to refuse harmful requests.

Fine-tuning on refusals of harmful requests and, so that it stays what it was, on the model's own
answers to harmless ones. It gives attacks and defenses something to break: it makes a test
animal, not a safe model. No paper is reproduced; what was measured is in docs/explain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from upright.core import Card, Dimension, OnStep, Outcome
from upright.repairs import _refusal_data
from upright.repairs._refusal_data import Lesson

if TYPE_CHECKING:
    from upright.models.weights import Weights
    from upright.repairs._sft import Taught

AT_ONCE = 32
"""Harmless requests that are answered between two words on the progress."""
DECLINED = (Outcome.REFUSED, Outcome.PARTIAL)
CARD = Card(
    title="Refusal tuning",
    paper="",
    measures="harmful requests refused, harmless ones answered as before",
    dimension=Dimension.SAFETY,
    data="AdvBench, Do-Not-Answer, and requests of our own",
    licence="MIT (AdvBench), Apache-2.0 (Do-Not-Answer); the weights as the model's",
    limits=(
        "a test animal for attacks and defenses: a model of this size refuses by the sound of a "
        "request and knows nothing of harm",
        "what is too near to JBB, XSTest, HarmBench or StrongREJECT was not trained on; AdvBench, "
        "Do-Not-Answer and what draws on them (TrustLLM's misuse) measure its memory",
    ),
    access="white box",
)


@dataclass(frozen=True, kw_only=True)
class RefusalTuning:
    """The hyper-parameters.

    advbench, do_not_answer     how many harmful requests of each set, at most
    answer_tokens               where the model's own answers are cut, and refusals too
    held_out                    the share of all lessons that decides when to stop
    frozen                      lower layers that stay as they are; so does the embedding
    """

    advbench: int = 170
    do_not_answer: int = 180
    answer_tokens: int = 20
    held_out: float = 0.1
    frozen: int = 14
    learning_rate: float = 2e-4
    epochs: int = 2
    rows: int = 16
    weight_decay: float = 0.01
    clip: float = 1.0
    checks: int = 2
    patience: int = 2
    seed: int = 0

    @property
    def id(self) -> str:
        return "refusal_tuning"

    @property
    def suffix(self) -> str:
        return "guarded"

    @property
    def card(self) -> Card:
        return CARD

    def apply(self, weights: "Weights", data: Path | None, on_step: OnStep) -> Mapping[str, Any]:
        """Teach an open model; what is needed to do it again, and the losses on the way."""
        from upright.repairs._sft import Schedule, tune  # noqa: PLC0415 - torch takes seconds

        most = (self.advbench, self.do_not_answer)
        lessons = _refusal_data.lessons(data, most, self.seed)
        own = self._own_answers(weights, [x.prompt for x in lessons if not x.refuses], on_step)
        lessons = [lesson for lesson in lessons if lesson.refuses or lesson.prompt in own]
        taught = [self._taught(weights, lesson, own) for lesson in lessons]
        apart = max(1, round(self.held_out * len(taught)))
        named = {name: getattr(self, name) for name in Schedule.__dataclass_fields__}
        checks = tune(weights.module, taught[apart:], taught[:apart], Schedule(**named), on_step)
        sources = [lesson.source for lesson in lessons]
        return {
            "settings": asdict(self),
            "lessons": {source: sources.count(source) for source in sorted(set(sources))},
            "tokens": sum(len(one.prompt) + len(one.answer) for one in taught),
            "data_sha256": _refusal_data.hashes(),
            "losses": [check._asdict() for check in checks[1:]],
            "held_out_loss_before": checks[0].held_out,
        }

    def _own_answers(
        self, weights: "Weights", prompts: Sequence[str], on_step: OnStep
    ) -> dict[str, list[int]]:
        """The tokens that the model answers with now; what it refuses is left out.

        A whole answer ends with the end token; one that was cut does not.
        """
        from upright.judges.refusal import outcomes  # noqa: PLC0415 - numpy, and for listing

        end = weights.checkpoint.end
        own: dict[str, list[int]] = {}
        for start in range(0, len(prompts), AT_ONCE):
            on_step("Answering", start, len(prompts))
            part = prompts[start : start + AT_ONCE]
            told = weights.answers([weights.chat(p) for p in part], self.answer_tokens)
            kinds = outcomes([weights.checkpoint.decode(w.tokens) for w in told], part)
            for prompt, written, (kind, _) in zip(part, told, kinds, strict=True):
                if kind not in DECLINED and (answer := [*written.tokens, *[end] * written.stopped]):
                    own[prompt] = answer
        on_step("Answering", len(prompts), len(prompts))
        return own

    def _taught(
        self, weights: "Weights", lesson: Lesson, own: Mapping[str, Sequence[int]]
    ) -> "Taught":
        from upright.repairs._sft import Taught  # noqa: PLC0415 - torch takes seconds

        refusal = [*weights.tokens(lesson.answer), weights.checkpoint.end]
        answer = refusal[: self.answer_tokens] if lesson.refuses else own[lesson.prompt]
        return Taught(weights.chat(lesson.prompt), answer)


def refusal_tuning(**settings: Any) -> RefusalTuning:
    """With the hyper-parameters that made the guarded model, unless others are given."""
    return RefusalTuning(**settings)
