"""Text of others inside a prompt, between marks that it cannot contain."""

from upright.core.sample import digest


def fenced(what: str, text: str, mark: str = "") -> str:
    """The text between two marks; by default ones that follow from it and do not occur in it."""
    mark = mark or mark_for(text)
    return f"[begin {what} {mark}]\n{text}\n[end {what} {mark}]"


def mark_for(text: str) -> str:
    """The same text always gets the same. The text must be printable."""
    mark = digest(text)[:12]
    while mark in text:
        mark = digest([mark, text])[:12]
    return mark
