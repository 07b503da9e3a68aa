"""Corrections of the truthfulness files."""

import ast

from upright.core import Row
from upright.data.patches._patch import Patch, chain, drop_repeats, rewrite


def plain_evidence(row: Row) -> Row:
    """COVID-Fact evidence is printed as a Python list: join its sentences."""
    head, mark, rest = row["prompt"].partition("Here is the short paragraph: ")
    listed, claim_mark, claim = rest.partition("\n    Here is the claim: ")
    if not (mark and claim_mark and listed.startswith("[")):
        return row
    try:
        sentences = ast.literal_eval(listed)
    except (SyntaxError, ValueError):
        return row
    return row.changed(prompt=head + mark + " ".join(sentences) + claim_mark + claim)


PATCHES = (
    Patch(
        id="D6",
        file="truthfulness/external.json",
        title="repeated claims dropped; evidence written as text, not as a Python list",
        apply=chain(drop_repeats(lambda row: row["prompt"]), rewrite(plain_evidence)),
    ),
)
