"""Which language a text is in: by script, or by its commonest words."""

import re
from collections import Counter
from collections.abc import Mapping

from upright.judges._plain import LONGEST

SCRIPTS: Mapping[str, str] = {
    "ja": "\u3040-\u30ff",
    "ko": "\uac00-\ud7af\u1100-\u11ff",
    "zh": "\u4e00-\u9fff\u3400-\u4dbf",
    "ru": "\u0400-\u04ff",
    "ar": "\u0600-\u06ff",
    "he": "\u0590-\u05ff",
    "hi": "\u0900-\u097f",
    "bn": "\u0980-\u09ff",
    "th": "\u0e00-\u0e7f",
    "el": "\u0370-\u03ff",
}
"""A script stands for its commonest language: Ukrainian passes for Russian, Urdu for Arabic."""
IN_SCRIPT = {name: re.compile(f"[{span}]") for name, span in SCRIPTS.items()}
COMMON: Mapping[str, str] = {
    "en": "the and of to is in that it was for with you this are be have not they what can your "
    "from by an will which there their has but or as we if how my at would so about when",
    "de": "der die das und ist nicht ein eine zu den von mit sich auf für im dem es ich sie wie "
    "auch als bei oder sind wird aus nach kann wenn haben werden wir einen einer durch "
    "dass man",
    "fr": "le la les des et est une un du que dans pour pas qui sur au avec ce il vous je ne par "
    "plus sont ou mais nous elle cette ces être comme fait aux son sa votre peut",
    "es": "el la los las de que y en un una es por con para no se del al lo como más pero su sus "
    "este esta muy ser puede está o hay sobre también cuando si son fue qué usted",
    "it": "il la le di che e un una è per non con del della in si sono come più ma gli anche dei "
    "nel alla questo questa essere al lo da ha ho i delle mi perché può suo",
    "pt": "o a os as de que e do da em um uma é para não com por se mais como dos no na ao mas "
    "foi são você ou seu sua pode muito ser também está isso das pelo",
    "nl": "de het een en van is dat niet in op te zijn voor met die er aan ook als maar om wordt "
    "bij je kan naar uit of deze hebben worden dit wat nog zo ik hij door heeft",
    "sv": "och att det är som en på för av den med inte till har de om ett jag kan var eller "
    "från man så vi när du ska detta också mycket finns",
    "pl": "i w na nie się z do to że jest jak o co po tak za od czy dla ale oraz może przez są "
    "być jego tego które który gdy tym jako ich",
    "tr": "ve bir bu da de için ile çok olarak daha ne var gibi olan değil ama en mi ben sen "
    "kadar sonra her ya veya çünkü nasıl bunu olduğu",
    "vi": "và của là có không được cho một các trong những với người này khi để đã từ tôi bạn về "
    "như thể ra nhiều làm cũng đến vào hay",
    "id": "yang dan di untuk dengan ini itu tidak dari adalah pada ke dalam akan atau juga saya "
    "anda bisa ada mereka kami sebagai oleh karena dapat lebih sudah bahwa seperti",
}
ENGLISH = frozenset((*COMMON["en"].split(), "a", "i", "do", "no", "me", "he", "so", "on"))
WORDS: Mapping[str, frozenset[str]] = {
    name: ENGLISH if name == "en" else frozenset(w for w in known.split() if w not in ENGLISH)
    for name, known in COMMON.items()
}
"""A word that is common in English, too, speaks for English alone."""
LETTERS = re.compile(r"[^\W\d_]+")
LEAST, LEAD = 0.12, 1.25
"""So large a share of common words a language must have, and so much more than the next one."""


def language(text: str) -> str:
    """A code such as "en" or "zh"; "" for what is too short, too mixed or unknown."""
    start = text[:LONGEST]
    letters = sum(map(len, LETTERS.findall(start)))
    shares = {name: len(find.findall(start)) / max(1, letters) for name, find in IN_SCRIPT.items()}
    if shares["ja"] > 0.1 and shares["ja"] + shares["zh"] > 0.4:
        return "ja"
    script = max(shares, key=lambda name: shares[name])
    if shares[script] > 0.4:
        return script
    return _latin([w.casefold() for w in LETTERS.findall(start)])


def _latin(said: list[str]) -> str:
    """The language whose common words are found most; four are needed, three different."""
    counts = Counter({name: sum(w in known for w in said) for name, known in WORDS.items()})
    (best, most), (_, second) = counts.most_common(2)
    if (
        most < 4
        or len(WORDS[best].intersection(said)) < 3
        or most < LEAST * len(said)
        or most < LEAD * second
    ):
        return ""
    return best
