"""Who judged the answers of a run, and how far that agrees with people and among judges."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from upright.core import Calibration
from upright.reports.markdown import plain, row
from upright.reports.profile import Profile
from upright.reports.provenance import concord_in_words, sampled_in_words
from upright.reports.scale import number


def judges_section(profile: Profile) -> Iterator[str]:
    read: dict[str, list[str]] = defaultdict(list)
    known: dict[str, tuple[Calibration, ...]] = {}
    for result in profile.benchmarks:
        if result.leading:
            found = profile.judges(result.leading.headline)
            known |= found
            for judge in found:
                read[judge].append(result.id)
    yield "### Judges"
    yield ""
    yield "| judge | read | agreement with people |"
    yield "| :-- | :-- | :-- |"
    for judge, benchmarks in read.items():
        agreement = "; ".join(map(_agreement, _lowest(known[judge]))) or "uncalibrated"
        yield row([plain(judge), ", ".join(map(plain, benchmarks)), agreement])
    yield ""
    yield (
        "κ is Cohen's kappa, the lowest where a labelled set was used in several ways; "
        "uncalibrated: nobody has compared the judge with people."
    )
    yield ""
    if sampled := sampled_in_words(profile.run):
        yield f"- {plain(sampled, 300)}"
    for result in profile.benchmarks:
        if concord := profile.concord(result):
            yield f"- {plain(result.id)}: {plain(concord_in_words(concord), 400)}"
        if result.leading and (how := result.leading.headline.correction):
            yield f"- {plain(result.id)}: {plain(how, 300)}"
    yield ""


def _lowest(calibrations: Iterable[Calibration]) -> Iterable[Calibration]:
    """One a labelled set: a card that chose the flattering way of measuring would mislead."""
    by_set: dict[str, Calibration] = {}
    for one in sorted(calibrations, key=lambda one: one.kappa, reverse=True):
        by_set[one.labels] = one
    return by_set.values()


def _agreement(calibration: Calibration) -> str:
    return (
        f"κ {number(calibration.kappa, 2)}, sensitivity {number(calibration.sensitivity, 2)}, "
        f"specificity {number(calibration.specificity, 2)} on {plain(calibration.labels, 160)}, "
        f"{plain(calibration.how, 60)}, n {calibration.n:,}"
    )
