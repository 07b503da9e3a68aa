"""The model behind."""

from collections.abc import Iterator

import pytest

from tests.server import Server as Upstream
from tests.server import serving
from tests.serving.guarded import KEY


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(key=KEY, answer=lambda prompt: f"You said: {prompt}") as server:
        yield server
