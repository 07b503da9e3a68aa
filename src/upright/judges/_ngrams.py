"""Hashed n-grams of many texts at once: no Python step per n-gram, one answer on every platform.

Every character has a random 64-bit number. The prefix sums of number times BASE^position, modulo
2^64, give the hash of any stretch of the text from two look-ups: that is how words and character
n-grams are hashed; word n-grams mix the hashes of their words. Integers wrap alike everywhere.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.int64]

BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 1 << 64)
WORD_KEYS = (0xD6E8FEB86659FD93, 0xCA5A826395121157, 0x8CB92BA72F3D8DD7)
EDGE = "\x02"
"""Stands before every text, so that "how a text begins" is an n-gram, too."""
INVISIBLE = dict.fromkeys(
    (
        *(0x00AD, 0x034F, 0x061C, 0x180E, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
        *range(0xE0000, 0xE0080),
    )
)
LOOKALIKE = str.maketrans(
    "‘’‛ʼ´`“”„‟«»−–—‑" + "аеорсухіјѕԁԛѡһкмтвνοραιυτκμ" + "ʀɪɴɢᴀᴇᴏᴛ",
    "''''''\"\"\"\"\"\"----" + "aeopcyxijsdqwhkmtbvopaiutku" + "ringaeot",
)
SPACE, WORD, MARK, SIGN = 0, 1, 2, 3
"""Kinds of characters: a MARK is a token by itself, so is a SIGN (a Chinese or Japanese one)."""


@dataclass(frozen=True)
class Features:
    """Which n-grams are taken, and from where.

    head, tail      so many characters from the start and from the end of a text are read
    opening         the first so many words count once more, in bins of their own
    words, chars    sizes of word and of character n-grams
    bits            2 ** bits bins
    """

    head: int = 1000
    tail: int = 300
    opening: int = 24
    words: tuple[int, ...] = (1, 2, 3)
    chars: tuple[int, ...] = (4,)
    bits: int = 17


@dataclass(frozen=True)
class Bag:
    """The bins that one kind of n-gram falls into, text after text.

    Text i has bins[starts[i]:starts[i + 1]].
    """

    name: str
    bins: Indices
    starts: Indices


@dataclass(frozen=True)
class Tokens:
    """Texts as numbers: the characters' codes, and the tokens' hashes and places."""

    codes: NDArray[np.uint32]
    prefix: Hashes
    inverse: Hashes = field(repr=False)
    text_starts: Indices
    token_hashes: Hashes
    token_starts: Indices
    """Text i has tokens token_starts[i]:token_starts[i + 1]."""


def normalise(text: str, head: int, tail: int) -> str:
    """The start and the end of a text, in one spelling: what looks alike becomes alike."""
    if len(text) > 2 * (head + tail):
        text = without_blank_start(text, head)
        # Twice as much as is read in the end, for what the next steps take away.
        text = text[: 2 * head] + "\n" + text[-2 * tail :]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(INVISIBLE)[: 4 * (head + tail)])
        text = text.casefold().translate(LOOKALIKE)
    else:
        text = text.lower()
    lines = [line for part in text.split("\n") if (line := " ".join(part.split()))]
    text = "\n".join(lines)
    return text if len(text) <= head + tail else f"{text[:head]}\n{text[-tail:]}"


def without_blank_start(text: str, head: int) -> str:
    """A text whose first 2 * head characters show nothing, from where it begins to show."""
    if text[: 2 * head].translate(INVISIBLE).strip():
        return text
    return text.translate(INVISIBLE).lstrip()


def mixed(hashes: Hashes) -> Hashes:
    """Each hash with its bits spread (the finaliser of splitmix64)."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def _kinds() -> NDArray[np.uint8]:
    """The kind of each of the first 65,536 characters; all others are words."""
    kinds = np.full(0x10000, WORD, np.uint8)
    kinds[:0xC0] = MARK
    for first, last in ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)):
        kinds[first : last + 1] = WORD
    kinds[ord("'")] = WORD
    kinds[[0x20, 0x09, 0x0B, 0x0C, 0x0D, 0xA0]] = SPACE
    kinds[0x2000:0x2C00] = MARK
    kinds[0x3000:0x3040] = MARK
    kinds[0x3040:0xA000] = SIGN
    kinds[0xFE30:0xFF10] = MARK
    return kinds


KINDS = _kinds()
NUMBERS = mixed(np.arange(1, 0x10001, dtype=np.uint64) * np.uint64(BASE))
NUMBERS[ord("1") : ord("9") + 1] = NUMBERS[ord("0")]  # any digit stands for every digit
KINDS.flags.writeable = NUMBERS.flags.writeable = False


def powers(base: int, n: int) -> Hashes:
    """base^0 ... base^(n-1) modulo 2^64."""
    return np.concatenate(
        ([np.uint64(1)], np.multiply.accumulate(np.full(max(0, n - 1), base, np.uint64)))
    )[:n].astype(np.uint64)


def tokenise(texts: Sequence[str], head: int, tail: int) -> Tokens:
    """Normalise texts, cut them into tokens and hash these."""
    cut = [EDGE + normalise(text, head, tail) for text in texts]
    lengths = np.fromiter(map(len, cut), np.int64, len(cut))
    text_starts = np.concatenate(([0], lengths.cumsum()))
    codes = np.frombuffer("".join(cut).encode("utf-32-le", "surrogatepass"), np.uint32)
    prefix, inverse = _prefix(codes)
    starts, ends = _token_bounds(codes, text_starts)
    hashes = (prefix[ends] - prefix[starts]) * inverse[starts]
    return Tokens(
        codes=codes,
        prefix=prefix,
        inverse=inverse,
        text_starts=text_starts,
        token_hashes=mixed(hashes),
        token_starts=np.searchsorted(starts, text_starts),
    )


def _prefix(codes: NDArray[np.uint32]) -> tuple[Hashes, Hashes]:
    """Prefix sums of the characters' numbers times BASE^place; and INVERSE^place."""
    numbers = NUMBERS[np.minimum(codes, 0xFFFF)]
    prefix = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(numbers * powers(BASE, len(codes)), out=prefix[1:])
    return prefix, powers(INVERSE, len(codes))


def _token_bounds(codes: NDArray[np.uint32], text_starts: Indices) -> tuple[Indices, Indices]:
    """Where each token starts and ends."""
    kinds = KINDS[np.minimum(codes, 0xFFFF)]
    change = np.empty(len(codes) + 1, np.bool_)
    change[1:-1] = (kinds[1:] != kinds[:-1]) | (kinds[1:] >= MARK)
    change[0] = change[-1] = True
    change[text_starts] = True
    bounds = np.flatnonzero(change)
    starts, ends = bounds[:-1], bounds[1:]
    token = kinds[starts] != SPACE
    return starts[token], ends[token]


def bags(texts: Sequence[str], features: Features) -> list[Bag]:
    """One bag for each kind of n-gram."""
    told = tokenise(texts, features.head, features.tail)
    out = []
    for size in features.words:
        out += _word_bags(told, size, features)
    for size in features.chars:
        out.append(_char_bag(told, size, features))
    return out


def _word_bags(told: Tokens, size: int, features: Features) -> list[Bag]:
    n = len(told.token_hashes)
    count = max(0, n - size + 1)
    hashes = np.full(count, size, np.uint64)
    for place in range(size):
        hashes += told.token_hashes[place : place + count] * np.uint64(WORD_KEYS[place])
    where, starts = _inside(told.token_starts, size)
    hashes = hashes[where]
    out = [Bag(f"words{size}", _bins(hashes, features.bits), starts)]
    if features.opening:
        places = where - np.repeat(told.token_starts[:-1], np.diff(starts))
        early = places < features.opening
        counts = np.concatenate(([0], np.cumsum(early)))[starts]
        bins = _bins(hashes[early] + np.uint64(500), features.bits)
        out.append(Bag(f"opening{size}", bins, counts))
    return out


def _char_bag(told: Tokens, size: int, features: Features) -> Bag:
    where, starts = _inside(told.text_starts, size)
    hashes = (told.prefix[where + size] - told.prefix[where]) * told.inverse[where]
    hashes += np.uint64(100 + size)
    return Bag(f"chars{size}", _bins(hashes, features.bits), starts)


def _inside(bounds: Indices, size: int) -> tuple[Indices, Indices]:
    """Where an n-gram may start so that it ends in the same text; and each text's share of them."""
    counts = np.maximum(np.diff(bounds) - size + 1, 0)
    starts = np.concatenate(([0], counts.cumsum()))
    shift = np.repeat(bounds[:-1] - starts[:-1], counts)
    return np.arange(starts[-1]) + shift, starts


def _bins(hashes: Hashes, bits: int) -> Indices:
    return (mixed(hashes) >> np.uint64(64 - bits)).astype(np.int64)
