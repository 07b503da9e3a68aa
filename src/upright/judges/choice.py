"""Closed answers, by rule: letters, words and numbers, whichever is said first and clearly.

An answer that offers several options without choosing is unparsed, and so is one that offers
none. Word boundaries throughout: "know" is not "no", the article "a" is not option A.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from upright.core import Outcome, Response, Sample, Verdict
from upright.judges._rule import RuleJudge, right_or_wrong, unparsed
from upright.judges.refusal import looks_refused

# "The answer is B", "Answer: (B)", "I choose option B": a letter announced as the choice.
ANNOUNCED = r"(?:answer|choice|option|choose|select|pick|prefer)\b[^A-Za-z0-9\n]*(?:is|be|would be|option|answer|number|label)?\s*[:\-]?\s*[(\[\"'*]*({})(?![A-Za-z0-9'’])"
# "B", "B.", "(B)", "**B**", "B) because": a letter that opens the response.
OPENING = r"^[\s(\[\"'*_#`]*({})(?=[\s)\].,:;\"'*_`!-]|$)(?!\s+[a-z])"


def choice(read_options: Callable[[Sample], tuple[str, ...]] | None = None) -> RuleJudge:
    """The option (a letter or a number) chosen; value 1 when it is the target."""

    def read(sample: Sample, response: Response) -> Verdict:
        options = read_options(sample) if read_options else sample.options
        said = chosen(response.text, options)
        if said is not None:
            return right_or_wrong(said, sample)
        return refused_or_unparsed(response.text, f"none of {'/'.join(options)} chosen")

    return RuleJudge("rule/choice", read)


def labels(words: Mapping[str, tuple[str, ...]] | None = None) -> RuleJudge:
    """The first label named, by any of its words; value 1 when it is the target.

    Without `words` each of the sample's options is its own word. Longer words win over the
    shorter ones they contain ("not wrong" over "wrong").
    """

    def read(sample: Sample, response: Response) -> Verdict:
        known = words or {option: (option,) for option in sample.options}
        said = named(response.text, known)
        if said is not None:
            return right_or_wrong(said, sample)
        return refused_or_unparsed(response.text, f"not one of {', '.join(known)}")

    return RuleJudge("rule/label", read)


YES_NO: Mapping[str, tuple[str, ...]] = {"yes": ("yes", "yeah", "yep"), "no": ("no", "nope")}


def yes_no() -> RuleJudge:
    """The first clear yes or no."""
    return labels(YES_NO)


def chosen(text: str, options: tuple[str, ...]) -> str | None:
    """The option a text chooses, or None when it chooses none or leaves several standing."""
    letters = "|".join(re.escape(o) for o in options)
    if _all_listed(text, options):
        return None
    for pattern in (OPENING, ANNOUNCED):
        hits = _pattern(pattern, letters).findall(text)
        if hits:
            return _canonical(hits[0], options)
    # Otherwise the text must mention exactly one option as a token of its own.
    alone = set(_pattern(r"(?<![A-Za-z0-9'’])({})(?![A-Za-z0-9'’])", letters).findall(text))
    alone.discard("a")
    if "A" in alone and re.search(r"\bA\s+[a-z]", text):  # the article
        alone.discard("A")
    found = {_canonical(hit, options) for hit in alone}
    return found.pop() if len(found) == 1 else None


def named(text: str, words: Mapping[str, tuple[str, ...]]) -> str | None:
    """The label whose word comes first, unless the text only lists all of them."""
    table = {w.casefold(): label for label, ws in words.items() for w in ws}
    alternatives = "|".join(re.escape(w) for w in sorted(table, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w])(?:{alternatives})(?![\w])", re.IGNORECASE)
    hits = [table[h.casefold()] for h in pattern.findall(text)]
    if not hits or (len(words) > 1 and _just_a_list(text, pattern, hits, len(words))):
        return None
    return hits[0]


def refused_or_unparsed(text: str, why: str) -> Verdict:
    """No answer could be read: a refusal is named as one; both count as wrong."""
    if looks_refused(text):
        return Verdict(outcome=Outcome.REFUSED, value=0.0, reason="refused to choose")
    return unparsed(why)


def _all_listed(text: str, options: tuple[str, ...]) -> bool:
    """Whether a text is nothing but two or more options ("A or B?", "1, 2, 3, 4")."""
    letters = "|".join(re.escape(o) for o in options)
    rest = _pattern(r"(?<![A-Za-z0-9])(?:option\s+)?({})(?![A-Za-z0-9])", letters).sub("", text)
    kinds = set(_pattern(r"(?<![A-Za-z0-9])({})(?![A-Za-z0-9])", letters).findall(text))
    return len({k.upper() for k in kinds}) > 1 and not re.sub(r"\b(or|and)\b|\W", "", rest)


def _just_a_list(text: str, pattern: re.Pattern[str], hits: list[str], n: int) -> bool:
    rest = re.sub(r"\b(or|and|either)\b|\W", "", pattern.sub("", text), flags=re.IGNORECASE)
    return len(set(hits)) > 1 and not rest


def _canonical(hit: str, options: tuple[str, ...]) -> str:
    return next(o for o in options if o.casefold() == hit.casefold())


@lru_cache(maxsize=256)
def _pattern(template: str, letters: str) -> re.Pattern[str]:
    # Single letters are matched as capitals only, except where they open the response.
    flags = re.IGNORECASE if template is OPENING or not letters.isupper() else 0
    if template is ANNOUNCED:
        announced, letter = template.split("({})")
        return re.compile(f"(?i:{announced})({letters}){letter}")
    return re.compile(template.format(letters), flags)
