"""What a run would cost: `--dry-run`."""

from dataclasses import dataclass

from upright.runs.asking.limits import prompt_tokens
from upright.runs.pieces import pieces
from upright.runs.plan import Plan
from upright.runs.scoring.panel import sample_size
from upright.runs.storing.cache import AT_ONCE, Cache


@dataclass(frozen=True, kw_only=True)
class Price:
    """What a provider charges per million tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """`calls` are to be paid; `prompt_tokens` is estimated, `completion_tokens` cannot be more.

    `judge_calls` is how often a judge model would be asked, at most.
    """

    samples: int
    calls: int
    from_cache: int
    judge_calls: int
    prompt_tokens: int
    completion_tokens: int
    price: float | None


def forecast(plan: Plan, cache: Cache | None = None, price: Price | None = None) -> Forecast:
    """Count what a plan would ask, without asking."""
    calls = prompt = completion = 0
    for some in pieces(plan.requests, AT_ONCE):
        known = cache.find(request.key for request in some) if cache else {}
        asked = [request for request in some if request.key not in known]
        calls += len(asked)
        prompt += sum(prompt_tokens(request) for request in asked)
        completion += sum(request.max_tokens for request in asked if not request.options)
    return Forecast(
        samples=plan.size,
        calls=calls,
        from_cache=len(plan.requests) - calls,
        judge_calls=_judge_calls(plan),
        prompt_tokens=prompt,
        completion_tokens=completion,
        price=price.of(prompt, completion) if price else None,
    )


def _judge_calls(plan: Plan) -> int:
    read = 0
    for part, items in plan.parts.items():
        score_set = plan.score_set(*part)
        most = sample_size(score_set, plan.settings.judge_sample)
        if score_set.rubric:
            read += len(items) if most is None else min(len(items), most)
    return read * len(plan.settings.judge) * plan.settings.judge_votes
