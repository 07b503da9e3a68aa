"""Closed answers, by rule: letters, words and numbers, whichever is said first and clearly.

An answer that offers several options without choosing is unparsed, and so is one that offers
none. Word boundaries throughout: "know" is not "no", the article "a" is not option A. A
response that only repeats its prompt is incoherent; what it says beyond the prompt is read.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from upright.core import Outcome, Response, Sample, Verdict
from upright.judges._degenerate import without_echo
from upright.judges._mentions import Mention, mark_listed
from upright.judges._plain import plain
from upright.judges._rule import RuleJudge, right_or_wrong, unparsed
from upright.judges.refusal import looks_refused

YES_NO: Mapping[str, tuple[str, ...]] = {
    "yes": ("yes", "yeah", "yep"),
    "no": ("no", "nope"),
}

REACH = 48
"""How many characters before and after a mention are read to see what is said of it."""

DECORATION = r"""[\s("'*_#\[{>:.-]*"""

ANNOUNCED = re.compile(
    r"(?:\b(?:answer|choice|choose|chose|chosen|select(?:ed|ion)?|pick(?:ed)?|prefer(?:red)?|"
    r"go(?:ing)? with|opt for|vote for|label|decision|response)\b|答案|选择|选项|我选|应该选)"
    r"(?:\W|_|\b(?:is|be|as|to|the|my|for|of|would|will|should|must|correct|right|best|final|"
    r"following|answer|action|option|number|label|choice|question|this|that|one)\b|[是为选])*$",
    re.IGNORECASE,
)
NOT_THIS = re.compile(
    r"(?:\b(?:can)?not|n't|\bnever|\bthan|\bover|\binstead of|\bagainst|\breject\w*|\bneither|"
    r"\bnor|\beliminat\w*|\bruled? out|\bavoid|\bother than|\bexcept)\s+"
    r"(?:(?:be|an?|the|choose|pick|select|do|take|go|with|option|answer|choice|label)\s+)*"
    r"""["'(\[*_]*$""",
    re.IGNORECASE,
)
WRONG_ONE = re.compile(r"\b(?:other|wrong|incorrect|worse|worst|alternative)\s+\w+\W", re.I)
TURNED_DOWN = re.compile(
    r"""["')\]*_.]*\s+(?:(?:is|would be|are|was|seems)\s+(?:\w+\s+)?|isn't\s+|wouldn't\s+be\s+)"""
    r"(?:not|wrong|incorrect|worse|false|out)\b|"
    r"""["')\]*_]*\s+(?:isn't|is not|would not|wouldn't)\b""",
    re.IGNORECASE,
)
OPENING = re.compile(rf"{DECORATION}(?:(?:option|answer|choice|label|number)\b{DECORATION})?", re.I)
CONNECTIVES = r"(?:is|or|and|because|since|over|rather|would|seems|not|but|than|vs|as|-)\b"
AFTER_OPENING = re.compile(rf"\s*$|\s*[^\w\s']|\s+{CONNECTIVES}|\s*\n|\s+[A-Z]")
ARTICLE = re.compile(rf"\s+(?!{CONNECTIVES})[a-z]")
NAMED_OPTION = re.compile(r"(?:\boption|\bchoice|\banswer:?|[(\[*])\s*$", re.IGNORECASE)
LIST_ITEM = re.compile(r"(?:^|\n)[\s(*_-]*(?:option\s+)?$", re.IGNORECASE)
BARE = re.compile(r"[\s()\[\]{}\"'*_#`.,:;!<>-]+")


def choice(read_options: Callable[[Sample], tuple[str, ...]] | None = None) -> RuleJudge:
    """The option (a letter or a number) chosen; value 1 when it is the target."""

    def read(sample: Sample, response: Response) -> Verdict:
        options = read_options(sample) if read_options else sample.options
        text = without_echo(response.text, sample.prompt)
        if text is None:
            return echoed()
        said = chosen(text, options)
        if said is not None:
            return right_or_wrong(said, sample)
        return refused_or_unparsed(text, f"none of {'/'.join(options)} chosen")

    return RuleJudge("rule/choice", read)


def labels(words: Mapping[str, tuple[str, ...]] | None = None) -> RuleJudge:
    """The first label named, by any of its words; value 1 when it is the target.

    Without `words` each of the sample's options is its own word. Longer words win over the
    shorter ones they contain ("not wrong" over "wrong").
    """

    def read(sample: Sample, response: Response) -> Verdict:
        known = words or {option: (option,) for option in sample.options}
        text = without_echo(response.text, sample.prompt)
        if text is None:
            return echoed()
        said = named(text, known)
        if said is not None:
            return right_or_wrong(said, sample)
        return refused_or_unparsed(text, f"not one of {', '.join(known)}")

    return RuleJudge("rule/label", read)


def yes_no() -> RuleJudge:
    """The first clear yes or no."""
    return labels(YES_NO)


def chosen(text: str, options: tuple[str, ...]) -> str | None:
    """The option a text chooses, or None when it chooses none or leaves several standing."""
    text = plain(text)
    bare = {o for o in options if o.casefold() == BARE.sub(" ", text).strip().casefold()}
    if bare:
        return bare.pop()
    mentions = mark_listed(text, _option_mentions(text, options))
    mentions = _without_restated_list(text, mentions)
    return _opening(text, mentions) or _announced(text, mentions) or _only_one(mentions)


def named(text: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
    """The label whose word comes first, unless it is denied or the text only lists labels."""
    text = plain(text)
    mentions = mark_listed(text, _label_mentions(text, words))
    return next((m.answer for m in mentions if m.stands), None)


def refused_or_unparsed(text: str, why: str) -> Verdict:
    """No answer could be read: a refusal is named as one; both count as wrong."""
    if looks_refused(text):
        return Verdict(outcome=Outcome.REFUSED, value=0.0, reason="refused to choose")
    return unparsed(why)


def echoed() -> Verdict:
    """The response repeats the prompt and says nothing else."""
    return Verdict(outcome=Outcome.INCOHERENT, value=0.0, reason="repeats the prompt")


def _option_mentions(text: str, options: tuple[str, ...]) -> list[Mention]:
    found = []
    for hit in _option_pattern(options).finditer(text):
        lower = hit[1].islower()
        if lower and not _marked(text, hit):
            continue
        if hit[1] in ("A", "I") and _article(text, hit):
            continue
        option = next(o for o in options if o.casefold() == hit[1].casefold())
        found.append(Mention(option, hit.start(1), hit.end(1), _rejected(text, hit)))
    return found


def _marked(text: str, hit: re.Match[str]) -> bool:
    """Whether a lower-case letter is marked as an option: "(b)", or "b)" that opens."""
    closed = text[hit.end(1) : hit.end(1) + 1] in (")", "]")
    opened = text[: hit.start(1)].strip() == "" or text[hit.start(1) - 1] in "(["
    return closed and opened


def _article(text: str, hit: re.Match[str]) -> bool:
    """Whether a capital A (or I) only begins a sentence: "A man", not "Option A means"."""
    named_option = NAMED_OPTION.search(text[max(0, hit.start(1) - 12) : hit.start(1)])
    return bool(ARTICLE.match(text, hit.end(1))) and not named_option


def _rejected(text: str, hit: re.Match[str]) -> bool:
    before = text[max(0, hit.start(1) - REACH) : hit.start(1)]
    return bool(NOT_THIS.search(before) or TURNED_DOWN.match(text, hit.end(1)))


def _without_restated_list(text: str, mentions: list[Mention]) -> list[Mention]:
    """Without the heads of a list of options that the response repeats."""
    heads = [m for m in mentions if LIST_ITEM.search(text[max(0, m.start - 12) : m.start])]
    if len({m.answer for m in heads}) < 2:
        return mentions
    return [m for m in mentions if m not in heads]


def _opening(text: str, mentions: list[Mention]) -> str | None:
    start = OPENING.match(text)
    first = next((m for m in mentions if m.stands), None)
    if first and start and first.start == start.end() and AFTER_OPENING.match(text, first.end):
        return first.answer
    return None


def _announced(text: str, mentions: list[Mention]) -> str | None:
    for mention in mentions:
        before = text[max(0, mention.start - REACH) : mention.start]
        cue = ANNOUNCED.search(before)
        if mention.stands and cue and not WRONG_ONE.search(before):
            return mention.answer
    return None


def _only_one(mentions: list[Mention]) -> str | None:
    left = {m.answer for m in mentions if not m.rejected}
    return left.pop() if len(left) == 1 else None


# A label a few words behind a "not" is denied, unless a turn ("but") lies between.
DENIED = re.compile(
    r"(?:\b(?:can)?not|n't|\bnever|\bneither|\bnor|\bhardly|\bwithout)\s+(?!only\b)"
    r"(?:(?:think|believe|say|mean|agree)\s+(?:[\w']+\s+){0,4}|"
    r"(?:(?!but\b|rather\b|instead\b)[\w']+\s+){0,3})"
    r"""["'*_]*$""",
    re.IGNORECASE,
)
NO_ANSWER = re.compile(r"\s+(?!because|since|as\b|i\b|it\b|this|that|the\b)\w", re.IGNORECASE)
SAYS_NO = re.compile(
    r"""(?:^|[.!?:\n"'*(]|\b(?:answer|reply|response|verdict)\s+(?:is|was|would be)|"""
    r"""\b(?:say|answer|answered|with))[\s"'*(]*$""",
    re.IGNORECASE,
)
NO_IDIOM = re.compile(r"\s+(?:doubt|problem|one|matter|longer|need)\b", re.IGNORECASE)


def _label_mentions(text: str, words: Mapping[str, tuple[str, ...]]) -> list[Mention]:
    table = {w.casefold(): label for label, ws in words.items() for w in ws}
    found = []
    for hit in _word_pattern(tuple(table)).finditer(text):
        word = " ".join(hit[1].split()).casefold()
        before = text[max(0, hit.start() - REACH) : hit.start()]
        if word == "no" and _determiner(text, hit, before):
            continue
        denied = bool(DENIED.search(before))
        opposite = table.get(f"not {word}")
        if denied and opposite:
            found.append(Mention(opposite, hit.start(), hit.end()))
        else:
            found.append(Mention(table[word], hit.start(), hit.end(), rejected=denied))
    return found


def _determiner(text: str, hit: re.Match[str], before: str) -> bool:
    """Whether "no" belongs to a noun ("there is no evidence") and answers nothing."""
    if NO_IDIOM.match(text, hit.end()):
        return True
    return bool(NO_ANSWER.match(text, hit.end())) and not SAYS_NO.search(before)


@lru_cache(maxsize=256)
def _option_pattern(options: tuple[str, ...]) -> re.Pattern[str]:
    """Options as tokens of their own: not in "13", "3.5", "3%", "B's", "U.S.A."."""
    some = "|".join(re.escape(o) for o in sorted(options, key=len, reverse=True))
    latin = r"A-Za-z0-9_\u00c0-\u024f"  # Chinese writes no space: "答案是B"
    before = rf"(?<![{latin}'$&@/\\])(?<![{latin}]\.)"
    after = rf"(?![{latin}'%&@]|[.,]\d|\.[{latin}])"
    return re.compile(f"{before}({some}){after}", re.IGNORECASE)


@lru_cache(maxsize=256)
def _word_pattern(known: tuple[str, ...]) -> re.Pattern[str]:
    some = "|".join(
        r"\s+".join(map(re.escape, w.split())) for w in sorted(known, key=len, reverse=True)
    )
    return re.compile(rf"(?<!\w)({some})(?!\w)", re.IGNORECASE)
