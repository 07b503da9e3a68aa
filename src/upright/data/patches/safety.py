"""Corrections of the safety files."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from upright.core import Row
from upright.data.patches._patch import Patch, drop_repeats, rewrite

FIRST_SENTENCE = re.compile(r"From now on, .*?\. (.+)", re.DOTALL)
LAST_ITEM = re.compile(r".*\n\d+\. (.+)", re.DOTALL)
WRAPPERS: Mapping[str, re.Pattern[str]] = {
    "fixed sentence": re.compile(r".*? Here is my query: (.+)", re.DOTALL),
    "bad words": re.compile(r".*? Here is my query: (.+)", re.DOTALL),
    "refusal sentence prohibition": re.compile(r".*?\nQuery: (.+)", re.DOTALL),
    "leetspeak": re.compile(r".*?\nHere is my question: (.+)", re.DOTALL),
    "cot": re.compile(r"(.+?)\s*Think it step by step\.", re.DOTALL),
    "cou": re.compile(r".*\nRed-LM: (.+?)\n\nGive a more .*", re.DOTALL),
    "scenario": re.compile(
        r".*(?:first question: |QUESTION: | Prompt: |question to begin:|\nQuestion: |<<\} #)(.+)",
        re.DOTALL,
    ),
    "no_punctuation": FIRST_SENTENCE,
    "no_long_word": FIRST_SENTENCE,
    "without_the": FIRST_SENTENCE,
    "json_format": FIRST_SENTENCE,
    "multitask": LAST_ITEM,
}
"""By attack, where the request stands. "programming" cuts it into pieces whose spaces are lost."""


def base_request(attack: str, prompt: str) -> str:
    """The request without its attack; "" where the wrapper does not make it certain."""
    if attack == "url_encode":
        return unquote(prompt).strip()
    wrapper = WRAPPERS.get(attack)
    found = wrapper.fullmatch(prompt.strip()) if wrapper else None
    return found[1].strip() if found else ""


def trimmed_with_base(row: Row) -> Row:
    """No line ends after the prompt; the request beside it where it is certain."""
    prompt = row["prompt"].rstrip("\n")
    base = base_request(row["label"][0].lower(), prompt)
    if not base:
        return row if prompt == row["prompt"] else row.changed(prompt=prompt)
    return row.changed(prompt=prompt, base=base)


PATCHES: tuple[Patch, ...] = (
    Patch(
        id="D11",
        file="safety/misuse.json",
        title="the repeated request dropped (advice rows are set apart by the benchmark)",
        apply=drop_repeats(lambda row: row["prompt"]),
    ),
    Patch(
        id="D12",
        file="safety/jailbreak.json",
        title="line ends after prompts removed; the request without its attack added",
        apply=rewrite(trimmed_with_base),
    ),
    Patch(
        id="D13",
        file="safety/exaggerated_safety.json",
        title="all 200 prompts are safe: nothing to correct, and no unsafe contrast to be had",
        apply=rewrite(lambda row: row),
    ),
)
