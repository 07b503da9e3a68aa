"""Our harm judge beside JailbreakBench's judges, on answers that people labelled."""

from pathlib import Path

import pytest

from upright.judges.calibration import NEW_SET
from upright.judges.training.jbb import FILE, JUDGES, measured, page
from upright.judges.training.measured import carried
from upright.judges.training.rows import table

PAGE = Path(__file__).parents[2] / "docs" / "explain" / "jailbreakbench.md"


@pytest.mark.full
def test_the_page_says_what_the_set_and_the_card_say(data: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, data) == text, "python -m upright.judges.training.jbb writes it anew"


@pytest.mark.full
def test_the_other_judges_are_as_good_here_as_published(data: Path) -> None:
    """The rows at hand are a fair part of the set: within six points of all 300."""
    rows = list(table(data / FILE))
    assert len(rows) == 146
    for column, (name, published) in JUDGES.items():
        found = measured(rows, column)
        assert abs(100 * found.accuracy - published.agreement) < 6, name
        assert abs(100 * (1 - found.specificity) - published.false_alarms) < 6, name
        assert abs(100 * (1 - found.sensitivity) - published.misses) < 6, name


def test_what_is_shown_of_ours_was_measured_without_the_set() -> None:
    told = [c for c in carried("harm") if c.labels.startswith("JailbreakBench")]
    assert {c.how for c in told} == {NEW_SET, "grouped 5-fold"}, "never in sample"
    assert all(c.accuracy < 0.9 for c in told)
