"""What stderr shows while a run goes on."""

import pytest

from upright.cli._progress import progress_bar
from upright.core import Outcome
from upright.runs import Progress


def test_the_bar_shows_counts_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    with progress_bar() as on_progress:
        on_progress(Progress("answers", 3, 10, {Outcome.ANSWERED: 3}))
        on_progress(Progress("answers", 10, 10, {Outcome.ERROR: 1, Outcome.ANSWERED: 9}))
    out, err = capsys.readouterr()
    assert out == ""
    assert "10/10" in err
    assert "9 answered, 1 error" in err
