"""Shards at an address."""

import sys
from types import ModuleType

import pytest

from upright.core import StoreError
from upright.runs.storing import shards
from upright.runs.storing.shards import left_behind


def test_what_an_object_store_refuses_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its library's errors are no OSErrors."""

    class NoCredentialsError(Exception):
        pass

    class Store:
        def exists(self, folder: str) -> bool:
            raise NoCredentialsError("Unable to locate credentials")

    module = ModuleType("botocore.exceptions")
    module.BotoCoreError = NoCredentialsError  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(shards, "_opened", lambda place: (Store(), place))
    with pytest.raises(StoreError, match="Cannot use s3://x/y: Unable to locate credentials"):
        left_behind("s3://x/y")
