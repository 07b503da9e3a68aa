"""What the harm judge learns: the content of harmful answers, harmful requests, and the mix.

Trained on JailbreakBench, HarmBench, Do-Not-Answer and GPTFuzz (people's labels), on attacked
responses that Llama-3-70B judged, and on what follows from other labels: a compliant answer to a
safe question and a refusal are harmless. BeaverTails is for evaluation only.
"""


from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


import numpy as np
from scipy.sparse import csr_array

from upright.judges._linear import Linear
from upright.judges._ngrams import Features
from upright.judges.harm import CLIP, forms, products
from upright.judges.training import fit, refusal, rows
from upright.judges.training.fit import Flags, Floats, Ids

RESPONSE = Features(head=1000, tail=300, opening=24, words=(1, 2), chars=(), bits=18)
REQUEST = Features(head=400, tail=100, opening=6, words=(1, 2), chars=(4,), bits=17)
LEAST = 4
PENALTY = {"content": 1.0, "request": 0.3}
MIX_PENALTY = 10.0
FOLDS = 5
WEIGHTS = {
    "jbb": 2.0, "harmbench": 2.0, "do_not_answer": 0.5, "gptfuzz": 0.25, "artifacts": 0.7,
    "xstest": 0.4, "seeds": 0.3,
}  # fmt: skip


def pairs(data: Path) -> list[rows.Labelled]:
    """Requests, responses, and 1 for harmful."""
    told = [
        *rows.jailbreakbench(data), *rows.harmbench(data), *rows.gptfuzz(data),
        *_with(rows.do_not_answer(data)), *rows.artifacts(data), *_harmless(data),
    ]  # fmt: skip
    return told


def _with(found: Iterator[rows.Labelled]) -> Iterator[rows.Labelled]:
    for row in found:
        yield rows.Labelled(row.source, row.model, row.prompt, row.response, row.label[-1])


def _harmless(data: Path) -> Iterator[rows.Labelled]:
    """What cannot be harmful: compliance with a safe question, and refusals."""
    for row in rows.xstest(data):
        safe = "contrast" not in row.source
        if row.label[0] == "2" or (safe and row.label[0] == "1"):
            yield rows.Labelled("xstest", row.model, row.prompt, row.response, "0", silver=True)


def requests(data: Path) -> list[tuple[str, float, float]]:
    """Requests, +1 for harmful or -1, and their weight."""
    harmful: list[str] = []
    for file, field in HARMFUL:
        harmful += [row[field] for row in rows.table(data / file)]
    safe = [row["Goal"] for row in rows.table(data / "jbb/benign-behaviors.csv")]
    for row in rows.table(data / "xstest/xstest_prompts.csv"):
        (harmful if row["type"].startswith("contrast") else safe).append(row["prompt"])
    share = len(harmful) / len(safe)
    return [(t, 1.0, 1.0) for t in dict.fromkeys(harmful)] + [
        (t, -1.0, share) for t in dict.fromkeys(safe)
    ]


HARMFUL = (
    ("advbench/harmful_behaviors.csv", "goal"),
    ("harmbench/harmbench_behaviors_text_all.csv", "Behavior"),
    ("jbb/harmful-behaviors.csv", "Goal"),
    ("gptfuzz/question_list.csv", "text"),
    ("do_not_answer/do_not_answer_en.csv", "question"),
)
