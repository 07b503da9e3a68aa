"""Text that a model or a dataset wrote, made safe to look at.

Escaping markup is not enough: terminal escape codes repaint the screen, bidirectional
overrides make a line read backwards, NUL and lone surrogates break encoders. Each becomes a
visible sign, so that a reader sees it was there.
"""

import re

CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f"
DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
BREAKS = "\u2028\u2029\ufeff"
NOT_TEXT = "\ud800-\udfff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
UNSAFE = re.compile(f"[{CONTROLS}{DIRECTIONS}{BREAKS}{NOT_TEXT}]")


def inert(text: str) -> str:
    """The same text with every character that acts instead of showing replaced by a sign."""
    return UNSAFE.sub(_sign, text.replace("\r\n", "\n"))


def one_line(text: str, width: int) -> str:
    """The start of a text on one line, cut with an ellipsis."""
    line = " ".join(inert(text[: 4 * width]).split())
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"
