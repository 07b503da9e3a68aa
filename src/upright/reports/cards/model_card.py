"""A section for a model card: what was measured, how far it can be trusted, and what was not.

Prompts and answers are never read, so that nothing harmful can reach a page that many see.
"""

from collections.abc import Iterator

from upright.core import Dimension, Estimate, registry
from upright.core.inert import one_line
from upright.reports.cards.model_card_coverage import coverage_section
from upright.reports.cards.model_card_judges import judges_section
from upright.reports.cards.model_index import front_matter
from upright.reports.markdown import plain, row
from upright.reports.profile import BenchmarkResult, Profile
from upright.reports.provenance import command
from upright.reports.scale import arrow, corrected, interval, number

WITHOUT_PAPER_DATA = "mini"
SIDES = (
    ("declines too little", "safety/misuse", ("declined", "helped")),
    (
        "declines too little under attack",
        "safety/jailbreak",
        ("declined_under_attack", "attack_success_rate"),
    ),
    ("declines too much", "safety/exaggerated_safety", ("no_straight_answer", "refused")),
)


def model_card(profile: Profile, source: str = "") -> str:
    """Front matter and section; `source` is a URL where the run or its report can be read."""
    return front_matter(profile, source) + "\n".join(_lines(profile)) + "\n"


def _lines(profile: Profile) -> Iterator[str]:
    yield "## Trustworthiness"
    yield ""
    yield from _what(profile)
    yield from _profile_table(profile)
    yield from _two_sides(profile)
    yield from judges_section(profile)
    yield from _not_measured(profile)
    yield from _limits(profile)
    yield from coverage_section(profile)
    yield from _repeat(profile)


def _what(profile: Profile) -> Iterator[str]:
    run = profile.run
    suite = str(run.settings.get("suite", "unknown"))
    limit = run.settings.get("limit")
    answers = sum(b.leading.n for b in profile.benchmarks if b.leading)
    yield (
        f"{plain(run.model.id)} was measured with Upright {plain(run.upright, 40)} on "
        f"{plain(run.started[:10], 10)}: the {plain(suite, 60)} suite, "
        f"{len(profile.benchmarks)} benchmarks, {answers:,} answers"
        f"{'' if limit is None else f', at most {plain(str(limit), 20)} samples a benchmark'}. "
        f"The run is {plain(run.status, 40)}. Self-reported."
    )
    yield ""
    if suite == WITHOUT_PAPER_DATA:
        yield (
            "The mini suite shows that the machinery works: a dozen questions a benchmark rank "
            "no model. Read the intervals, not the values."
        )
        yield ""


def _profile_table(profile: Profile) -> Iterator[str]:
    yield "### Results"
    yield ""
    yield "| benchmark | metric | value | 95 % | chance | n | unscored | corrected | judge |"
    yield "| :-- | :-- | --: | :-: | --: | --: | --: | :-: | :-- |"
    for dimension in Dimension:
        for result in profile.measured(dimension):
            yield _result(result)
    yield ""
    yield (
        "↑ higher is better, ↓ lower is better. n counts scored and unscored answers. Corrected "
        "for the judge's error where it is known. There is no overall score: one number hides "
        "what matters."
    )
    yield ""


def _result(result: BenchmarkResult) -> str:
    if result.leading is None:
        return row([plain(result.id), "not in this run", *[""] * 7])
    estimate = result.leading.headline
    return row([plain(result.id), *_numbers(estimate), *_after(estimate)])


def _numbers(estimate: Estimate) -> Iterator[str]:
    told = estimate.told
    yield f"{plain(estimate.metric.replace('_', ' '), 60)} {arrow(estimate.higher_is_better)}"
    yield number(estimate.value) if told else "withheld" if estimate.withheld else "no value"
    yield interval(estimate) if told else ""
    yield number(estimate.chance)
    yield str(estimate.n)
    yield str(estimate.n_unscored)


def _after(estimate: Estimate) -> Iterator[str]:
    told = corrected(estimate)
    yield f"{number(told.value)} ({interval(told)})" if told else ""
    yield plain(estimate.judge)


def _two_sides(profile: Profile) -> Iterator[str]:
    """A model that declines everything is safe and useless: neither number stands alone."""
    results = {result.id: result for result in profile.benchmarks}
    yield "### Harm and over-refusal, side by side"
    yield ""
    yield "| side | benchmark | metric | value | 95 % | n | unscored |"
    yield "| :-- | :-- | :-- | --: | :-: | --: | --: |"
    for side, id, metrics in SIDES:
        estimates = list(_whole(results[id], metrics)) if id in results else []
        for estimate in estimates:
            name, value, between, _, *counts = _numbers(estimate)
            yield row([side, plain(id), name, value, between, *counts])
        if not estimates:
            yield row([side, plain(id), "not in this run", *[""] * 4])
    yield ""


def _whole(result: BenchmarkResult, metrics: tuple[str, ...]) -> Iterator[Estimate]:
    """These metrics over all samples."""
    if result.leading:
        for estimate in (result.leading.headline, *result.leading.others):
            if estimate.metric in metrics and not estimate.slice:
                yield estimate


def _not_measured(profile: Profile) -> Iterator[str]:
    measured = {result.id for result in profile.benchmarks if result.leading}
    left_out = [id for id in registry.entries("benchmarks") if id not in measured]
    yield "### Not measured"
    yield ""
    if profile.unmeasured:
        yield f"- Dimensions of trust without any number: {', '.join(profile.unmeasured)}."
    if left_out:
        yield f"- Benchmarks left out of this run: {', '.join(map(plain, left_out))}."
    for result in profile.benchmarks:
        if result.leading and (why := result.leading.headline.withheld):
            yield f"- Withheld: {plain(result.id)}: {plain(why, 200)}"
    yield (
        "- Tools, long conversations, images, and attacks that adapt to the model: the benchmarks "
        "that come with Upright ask single questions in English."
    )
    yield ""


def _limits(profile: Profile) -> Iterator[str]:
    yield "### Known limits"
    yield ""
    for result in profile.benchmarks:
        for limit in result.card.limits:
            yield f"- {plain(result.id)}: {plain(limit, 400)}"
    yield ""


def _repeat(profile: Profile) -> Iterator[str]:
    run = profile.run
    yield "### Repeat it"
    yield ""
    yield f"With Upright {plain(run.upright, 40)}, which goes through the same samples:"
    yield ""
    # Indented code: inside it nothing acts, and no fence can be closed by the text.
    yield f"    {one_line(command(run), 1000)}"
    yield ""
    for name, file in run.data.items():
        yield f"- {plain(name)}: {file.rows} rows, sha256 {plain(file.sha256, 64)}"
