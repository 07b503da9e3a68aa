"""A response's own words: no wrapping, thoughts, quotations, code, ciphers, notes to a judge.

What a classifier of n-grams cannot know: that a quoted refusal refuses nothing, and that
"1 c4nn0t" is "I cannot". Each step first looks whether it could apply, so that plain text
costs a few microseconds.
"""

import json
import re
from urllib.parse import unquote

from upright.judges._ngrams import without_blank_start
from upright.judges._plain import SYSTEM_NOTE

ROLE = re.compile(
    r"^\s*(?:<\|?[\w/ ]{1,20}\|?>|\[/?\w{1,12}\]|#{1,4}\s*\w{1,12}:?|"
    r"(?:assistant|ai|response|answer|bot|output)\s*:)\s*",
    re.IGNORECASE,
)
ROLE_SIGNS = re.compile(r"[<\[#:]")
THOUGHT = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL | re.IGNORECASE)
QUOTED = re.compile(r'"[^"\n]{12,400}"')
CURLY = str.maketrans("“”„‟«»", '""""""')
FENCED = re.compile(r"```.*?(?:```|$)", re.DOTALL)
TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|<!--.{0,400}?-->", re.DOTALL)
LEET = str.maketrans("013457@$!", "oieastasi")
MIXED = re.compile(r"[a-zA-Z][01345@$]|[01345@$][a-zA-Z]")
LONGEST_JSON = 20_000


def spoken(text: str, longest: int) -> str:
    """What a response says itself, from its first and its last `longest` characters."""
    if "<think>" in text[:2000]:
        text = THOUGHT.sub(" ", text)
    if len(text) > 2 * longest:
        text = without_blank_start(text, longest)
        text = f"{text[:longest]}\n{text[-longest:]}"
    if text.count("%20") >= 2:
        text = unquote(text, errors="replace")
    text = _unwrapped(text.strip())
    if not text.isascii():
        text = text.translate(CURLY)
    text = _without_role(text).removeprefix('"')
    if "[" in text:
        text = SYSTEM_NOTE.sub(" ", text)
    if "```" in text:
        text = FENCED.sub("(code)", text)
    if '"' in text:
        text = QUOTED.sub("(quoted)", text)
    if any(sign in text for sign in "01345@$") and MIXED.search(text) and _in_leetspeak(text):
        text = text.translate(LEET)
    return text


def _unwrapped(text: str) -> str:
    """The text in a JSON object or between HTML tags."""
    if text.startswith("{") and text.endswith("}") and len(text) <= LONGEST_JSON:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = {}
        said = [value for value in found.values() if isinstance(value, str)]
        text = "\n".join(said) or text
    return TAG.sub(" ", text) if "<" in text and ">" in text else text


def _without_role(text: str) -> str:
    for _ in range(3):
        if not ROLE_SIGNS.search(text[:24]):
            break
        text = ROLE.sub("", text, count=1)
    return text.strip()


def _in_leetspeak(text: str) -> bool:
    """Whether a third of the words mix letters and digits."""
    said = re.findall(r"[\w@$]{3,}", text[:2000])
    mixed = sum(bool(MIXED.search(word)) for word in said)
    return len(said) >= 4 and mixed > len(said) / 3
