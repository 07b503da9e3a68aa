"""Public frameworks in a model card: by item, what the run has evidence for. In short."""

from collections.abc import Iterator

from upright.reports.coverage import Coverage, Covered, Standing, coverage
from upright.reports.frameworks import DISCLAIMER, frameworks
from upright.reports.markdown import plain, row
from upright.reports.profile import Profile


def coverage_section(profile: Profile) -> Iterator[str]:
    yield "### Coverage of public frameworks"
    yield ""
    yield f"**{DISCLAIMER}**"
    yield ""
    yield row(["framework", *Standing])
    yield row([":--"] * (1 + len(Standing)))
    for framework in frameworks().values():
        yield _row(coverage(profile, framework))
    yield ""
    yield "\\* some of the benchmarks that bear on the item are not in this run or are withheld."
    for framework in frameworks().values():
        yield f"- {plain(framework.title)}: {plain(framework.note, 600)}"
    yield ""


def _row(covered: Coverage) -> str:
    by_standing = (
        ", ".join(_name(one) for one in covered.items if one.standing == standing) or "–"
        for standing in Standing
    )
    return row([plain(covered.framework.title), *by_standing])


def _name(one: Covered) -> str:
    part = one.standing == Standing.EVIDENCE and not one.whole
    return plain(one.item.id) + ("\\*" if part else "")
