"""Command lines and addresses as they may be stored: without the secrets in them."""

import os
import re
from collections.abc import Sequence

NAMED = re.compile(r"(?i)((?:api[-_]?key|token|secret|password)=)[^&\s]+")
LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
KEY = re.compile(r"\b(?:sk|hf|gsk|xai)[-_](?=\w*\d)[\w-]{16,}")
FLAG = re.compile(r"(?i)^--?[\w-]*(?:key|token|secret|password)$")
VARIABLE = re.compile(r"(?i)(?:api_?key|token|secret|password)$")


def without_secrets(command: Sequence[str]) -> list[str]:
    """What looks like a secret, or is the value of an environment variable named like one, goes."""
    held = [v for name, v in os.environ.items() if VARIABLE.search(name) and len(v) >= 8]
    shown = []
    for before, word in zip(["", *command], command, strict=False):
        shown.append("***" if FLAG.match(before) else _clean(word, held))
    return shown


def _clean(word: str, held: Sequence[str]) -> str:
    for secret in held:
        word = word.replace(secret, "***")
    return KEY.sub("***", LOGIN.sub("***@", NAMED.sub(r"\1***", word)))
