"""Text from outside: models and data files may send what no UTF-8 file can hold."""


def printable(text: str) -> str:
    """The same text with lone surrogates spelled out ("\\ud800"); everything else stays."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def excerpt(text: str, limit: int = 160) -> str:
    """The beginning of a text on one line, for messages."""
    line = " ".join(printable(text[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[:limit]}…"
