"""The pytest fixture `assert_upright`; pytest finds it where upright is installed."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def assert_upright(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`upright.testing.assert_upright`, with its runs in a temporary folder."""
    # Loaded by every pytest there is: measuring must not cost those who do not measure.
    from upright import testing  # noqa: PLC0415

    def measure(model: Any, benchmark: str, **how: Any) -> Any:
        if "job" not in how:
            how.setdefault("out", tmp_path_factory.mktemp("upright"))
        return testing.assert_upright(model, benchmark, **how)

    return measure
