"""A page taken apart: elements, attributes, what a person reads, what its data blocks hold."""

import base64
import gzip
import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "input", "br"}


class Reader(HTMLParser):
    """Elements, attributes and texts, with the elements each text lies in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.targets: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            self.attributes[name] += 1
            if name in ("href", "src") and value:
                self.targets.add(value)
            if name == "id" and value:
                self.ids.append(value)
        css = dict(attrs).get("class") or ""
        self.kinds[dict(attrs).get("type") or ""] += 1
        if tag not in VOID:
            self.open.append(f"{tag}.{css}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop().split(".")[0] == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def spoken(page: str) -> str:
    """What a person reads, on one line."""
    texts = (t for path, t in read(page).texts if not {"script.", "style."} & set(path))
    return " ".join(" ".join(texts).split())


def blocks(page: str) -> list[Any]:
    """The plain data blocks."""
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    return [json.loads(block) for block in found]


def unpacked(page: str, kind: str = "answers") -> list[bytes]:
    """The compressed ones."""
    found = re.findall(rf'data-packed="{kind}">([^<]*)</script>', page)
    return [gzip.decompress(base64.b64decode(block)) for block in found]


def answers(page: str) -> tuple[list[Any], list[list[Any]]]:
    """Texts and rows of the page's table of answers."""
    parts = [json.loads(block) for block in unpacked(page)]
    texts = [text for part in parts for text in part["texts"]]
    return texts, [row for part in parts for row in part["rows"]]
