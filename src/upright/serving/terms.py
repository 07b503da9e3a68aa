"""How a model is served, and where."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from upright.core import UsageError


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How a model is served.

    names       by which clients may ask for it
    max_tokens  of an answer, at most
    waiting     questions under way at once, at most; more are told to come back
    """

    names: tuple[str, ...] = ()
    max_tokens: int = 1024
    waiting: int = 1000


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a server listens, who is let in, and what it writes down.

    port        0 takes a free one
    key_env     the environment variable that holds the key which clients must show
    log         decisions are appended to it; None writes none
    texts       whether questions and answers are written, too
    """

    host: str = "127.0.0.1"
    port: int = 8000
    key_env: str = ""
    log: Path | None = None
    texts: bool = False

    @property
    def key(self) -> str:
        """Raises UsageError where there is none and strangers might come in."""
        key = os.environ.get(self.key_env, "") if self.key_env else ""
        if self.key_env and not key:
            raise UsageError(f"The environment variable {self.key_env} holds no key: set it.")
        if not key and not _is_loopback(self.host):
            raise UsageError(
                f"At {self.host} anybody who reaches this machine could ask, at your cost. Have "
                "clients show a key: --key-env NAME, where NAME is a variable that holds it."
            )
        return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
