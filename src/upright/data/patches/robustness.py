"""Corrections of the robustness files."""

import re
from collections import defaultdict
from collections.abc import Sequence

from upright.core import Row, naming
from upright.data.patches._patch import Patch, Patched, chain, drop, drop_repeats, rewrite

PERTURBATIONS = {
    "grammatical error": "grammatical_error",
    "Misspelling of words (three typos)": "three_typos",
    "Misspelling of words (four typos)": "four_typos",
    "Misspelling of words (five typos)": "five_typos",
    "space in mid of words": "space_in_word",
}
RATING = re.compile(r"Rating:\d+\. ")
NAN = re.compile(r"(?<=Review: )nan\. ")
ONE_OPTION = re.compile(r"answer among \[(?:'[^']*'|\"[^\"]*\")\]")


def unperturbed(rows: Sequence[Row]) -> Patched:
    """Without the variants that equal the original they are compared with."""
    originals: dict[object, str] = {}
    for row in rows:
        with naming(row):
            if row["type"] == "original":
                originals[row["index"]] = row["prompt"]
    return drop(
        lambda row: row["type"] != "original" and row["prompt"] == originals.get(row["index"])
    )(rows)


def one_spelling(row: Row) -> Row:
    return row.changed(type=PERTURBATIONS[row["type"]]) if row["type"] in PERTURBATIONS else row


def unattacked(rows: Sequence[Row]) -> Patched:
    """Without the pairs whose two texts are the same but for white space."""
    texts = defaultdict(list)
    for row in rows:
        with naming(row):
            texts[row["task"], row["index"]].append(" ".join(row["prompt"].split()))
    same = {pair for pair, prompts in texts.items() if len(prompts) > len(set(prompts))}
    return drop(lambda row: (row["task"], row["index"]) in same)(rows)


def bare_review(row: Row) -> Row:
    """Without the star rating, which gives the answer away, and the missing title ("nan")."""
    prompt = NAN.sub("", RATING.sub("", row["prompt"]))
    return row if prompt == row["prompt"] else row.changed(prompt=prompt)


PATCHES = (
    Patch(
        id="D4",
        file="robustness/AdvInstruction.json",
        title="variants equal to their original dropped; one spelling per perturbation",
        apply=chain(unperturbed, rewrite(one_spelling)),
        mini=True,
    ),
    Patch(
        id="D5",
        file="robustness/AdvGLUE.json",
        title="the pair whose attacked text equals the original dropped",
        apply=unattacked,
    ),
    Patch(
        id="D7",
        file="robustness/ood_generalization.json",
        title=(
            "star rating and missing titles ('nan') removed; repeats and questions with a "
            "single option dropped"
        ),
        apply=chain(
            rewrite(bare_review),
            drop_repeats(lambda row: row["prompt"]),
            drop(lambda row: bool(ONE_OPTION.search(row["prompt"]))),
        ),
        mini=True,
    ),
    Patch(
        id="D14",
        file="robustness/ood_detection.json",
        title="line ends after prompts removed; the repeated prompt dropped",
        apply=chain(
            rewrite(
                lambda row: (
                    row
                    if row["prompt"] == row["prompt"].strip()
                    else row.changed(prompt=row["prompt"].strip())
                )
            ),
            drop_repeats(lambda row: row["prompt"]),
        ),
    ),
)
