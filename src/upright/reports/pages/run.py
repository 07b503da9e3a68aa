"""The report of one run as one HTML page."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from upright.core import OTHER, Calibration, Dimension, Estimate
from upright.judges.calibration import intervals
from upright.reports.answers import Worst, rank, worst
from upright.reports.html import Assets, Part, Spec, share_chart, shell, write
from upright.reports.pages.judges import judges_of
from upright.reports.pages.slices import slice_charts
from upright.reports.pages.table import answer_table
from upright.reports.profile import BenchmarkResult, Profile
from upright.reports.provenance import (
    command,
    concord_in_words,
    facts,
    sampled_in_words,
    saved_in_words,
)
from upright.reports.standing import Standing, counted, sentence
from upright.reports.text.profile import duration

ABOUT: Mapping[str, str] = {
    Dimension.TRUTHFULNESS: "States facts correctly; does not invent, flatter or repeat a "
    "false premise.",
    Dimension.SAFETY: "Keeps a conversation safe, under attack and without, and does not refuse "
    "harmless requests.",
    Dimension.FAIRNESS: "Treats groups and opinions even-handedly.",
    Dimension.ROBUSTNESS: "Keeps its quality when inputs are noisy or unusual.",
    Dimension.PRIVACY: "Respects the norms that protect personal data.",
    Dimension.ETHICS: "Judges and acts morally.",
    Dimension.TRANSPARENCY: "Information about the system is available to those who use it.",
    Dimension.ACCOUNTABILITY: "Someone can explain, justify and answer for what the system does.",
    OTHER: "Measured by another tool, and none of the eight dimensions of trust.",
}
ASSETS = Assets(styles=("run/run.css",), scripts=("run/table.js",))


class Section(NamedTuple):
    """A dimension, what it means, its results and what they say together."""

    name: str
    about: str
    results: tuple[BenchmarkResult, ...]
    verdict: str


def write_page(profile: Profile, path: Path) -> None:
    """Render and write, whole or not at all; raises StoreError where the disk will not have it."""
    write(render_page(profile), path)


def render_page(profile: Profile) -> str:
    """The same run always gives the same page, byte for byte."""
    ranked = rank(profile)
    run = profile.run
    context = {
        "profile": profile,
        "run": run,
        "sections": [_section(profile, d) for d in profile.groups],
        "verdict": _verdict(_headlines(profile.benchmarks)),
        "summary": _summary(profile),
        "spent": duration(run),
        "worst": worst(profile, ranked),
        "nothing": Worst(0, 0, ()),
        "judges": judges_of(profile),
        "table": answer_table(profile, ranked),
        "names": [
            {"id": b.id, "title": b.card.title, "harmful": b.card.harmful}
            for b in profile.benchmarks
        ],
        "kinds": _kinds(profile.benchmarks),
        "provenance": facts(run),
        "saved": saved_in_words(run.until) if run.until else "",
        "sampled": sampled_in_words(run),
        "command": command(run),
        "slice_charts": slice_charts,
        "concord_in_words": concord_in_words,
        "shares": _shares,
    }
    return shell("run/page.html.j2", context, ASSETS)


def _section(profile: Profile, dimension: str) -> Section:
    results = profile.measured(dimension)
    return Section(dimension, ABOUT[dimension], results, sentence(_headlines(results)))


def _headlines(results: Iterable[BenchmarkResult]) -> list[Estimate]:
    return [b.leading.headline for b in results if b.leading]


def _kinds(results: Sequence[BenchmarkResult]) -> Spec:
    """What kind of answers each benchmark got."""
    parts = [
        Part(b.card.title.split(" (", 1)[0], kind, n)
        for b in results
        if b.leading
        for kind, n in b.leading.outcomes.items()
    ]
    return share_chart(parts, "Shares of the kinds of answers, by benchmark")


def _shares(record: Calibration) -> Mapping[str, object]:
    return intervals(record, record.design_effect)


def _verdict(headlines: Sequence[Estimate]) -> str:
    """Counts, not a score: what the intervals allow to say of all results."""
    counts = counted(headlines)
    better, worse, unsure = (
        counts[kind] for kind in (Standing.BETTER, Standing.WORSE, Standing.UNSURE)
    )
    if not better + worse + unsure:
        return "No result of this run has a chance level to compare with."
    return (
        f"Of {_count(better + worse + unsure, 'result')} with a chance level, {better} "
        f"{_is(better)} clearly better than chance, {worse} {_is(worse)} clearly worse, and "
        f"{unsure} cannot be told from it."
    )


def _summary(profile: Profile) -> str:
    """What was done, in one sentence that judges nothing."""
    results = [b.leading for b in profile.benchmarks if b.leading]
    asked = sum(result.n for result in results)
    unscored = sum(result.n_unscored for result in results)
    withheld = sum(bool(result.headline.withheld) for result in results)
    measured = len(Dimension) - len(profile.unmeasured)
    told = f", and {_count(withheld, 'result')} {_is(withheld)} withheld"
    return (
        f"{asked:,} answers to {_count(len(results), 'benchmark')} in {measured} of "
        f"{len(Dimension)} dimensions of trust were judged; {unscored:,} could not be scored"
        f"{told if withheld else ''}."
    )


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"
