"""Public frameworks in a model card: by item, what the run has evidence for. In short."""

from collections.abc import Iterator

from upright.reports.cards.coverage import Coverage, Covered, Standing, coverage
from upright.reports.cards.frameworks import DISCLAIMER, frameworks
from upright.reports.markdown import plain, row
from upright.reports.profile import Profile

SHORT = 45


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
    yield (
        "\\* in part: some of what bears on the item is not in this run or is withheld. With "
        "numbers, intervals and what stays open: `upright card RUN --framework NAME`."
    )
    yield ""
    for framework in frameworks().values():
        yield f"- {plain(framework.title)}: {plain(framework.note, 600)}"
    yield ""


def _row(covered: Coverage) -> str:
    by_standing = (
        "; ".join(_name(one) for one in covered.items if one.standing == standing) or "–"
        for standing in Standing
    )
    return row([plain(covered.framework.title), *by_standing])


def _name(one: Covered) -> str:
    """Long titles are left to `--framework`."""
    item, part = one.item, one.standing == Standing.EVIDENCE and not one.whole
    name = f"{item.id} {item.title}" if len(item.title) <= SHORT else item.id
    return plain(name) + ("\\*" if part else "")
