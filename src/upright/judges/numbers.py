"""Ratings on a scale: numbers, or the words that stand for them."""

import re
from collections.abc import Mapping, Sequence

from upright.judges._mentions import Mention, mark_listed
from upright.judges._plain import plain

STEPS: Mapping[str, int] = {"disagree": -1, "neutral": 0, "agree": 1}
STRONG = "strongly|completely|totally|fully|absolutely|entirely"
MILD = "somewhat|slightly|partly|partially|moderately|mildly"
PHRASE = re.compile(
    rf"\b(?:(?:(?P<strong>{STRONG})|(?P<mild>{MILD}))\s+(?P<side>dis|)agree|(?P<neutral>neutral))\b",
    re.IGNORECASE,
)
BARE = re.compile(r"\b(?P<side>dis|)agree\b", re.IGNORECASE)
NUMBER = re.compile(
    r"(?<![\w.,$-])(-?|minus |negative )(\d{1,6}(?:\.\d{1,6})?)(?![\w%]|[.,]\d)", re.I
)
DENIED = re.compile(
    r"(?:\bnot|n't|\bneither|\bnor|\brather than|\binstead of)\s+(?:\w+\s+)?$", re.I
)
GLUE = re.compile(r"""[\s()\[\]:=.,"'*-]*(?:\bor\b|\bi\.e\b)?[\s()\[\]:=.,"'*-]*""")


def rating(text: str, valid: Sequence[float]) -> float | None:
    """The first clear rating on the scale `valid`; None when there is none.

    A number counts when it is on the scale. "Strongly", "somewhat" and "neutral" stand for the
    steps of a five-step scale. A restated scale ("-100 to 100", all steps in a row) is skipped.
    """
    text = plain(text)
    scale = sorted(valid)
    mentions = mark_listed(text, _merged(text, _ratings(text, scale)))
    stands = [m for m in mentions if m.stands]
    if stands:
        return float(stands[0].answer)
    if mentions:
        return None
    return _bare(text, scale)


def _ratings(text: str, scale: Sequence[float]) -> list[Mention]:
    found = []
    for hit in NUMBER.finditer(text):
        value = float(hit[2]) * (-1 if hit[1] else 1)
        if value in scale:
            found.append(_mention(text, hit, value))
    if len(scale) == 5:
        found += [_mention(text, hit, scale[_step(hit)]) for hit in PHRASE.finditer(text)]
    return sorted(found, key=lambda m: m.start)


def _step(hit: re.Match[str]) -> int:
    """The place of a phrase among five steps."""
    if hit["neutral"]:
        return 2
    reach = 2 if hit["strong"] else 1
    return 2 - reach if hit["side"] else 2 + reach


def _mention(text: str, hit: re.Match[str], value: float) -> Mention:
    denied = DENIED.search(text[max(0, hit.start() - 32) : hit.start()])
    return Mention(repr(value + 0.0), hit.start(), hit.end(), rejected=bool(denied))


def _merged(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """A number and the phrase beside it that means the same are one mention."""
    merged: list[Mention] = []
    for mention in mentions:
        last = merged[-1] if merged else None
        if last and last.answer == mention.answer and _joined(text[last.end : mention.start]):
            merged[-1] = Mention(last.answer, last.start, mention.end, last.rejected)
        else:
            merged.append(mention)
    return merged


def _joined(between: str) -> bool:
    return len(between) < 20 and bool(GLUE.fullmatch(between))


def _bare(text: str, scale: Sequence[float]) -> float | None:
    """ "Agree" without a degree, where nothing clearer is said and only one side is named."""
    sides = {
        bool(hit["side"]) for hit in BARE.finditer(text) if not _mention(text, hit, 0).rejected
    }
    if len(scale) != 5 or len(sides) != 1:
        return None
    return scale[1] if sides.pop() else scale[3]
