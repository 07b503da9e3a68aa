"""The public labelled sets, and our own, as rows a detector can be measured on.

Rows are held out by a hash: what is odd is measured, what is even was developed on. What is hashed
is whatever several rows share: the prompt, the passage, the template.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from upright.data import read_labelled
from upright.judges import Detector
from upright.judges.detectors import WRONG
from upright.judges.measuring import means_yes

TOXIC = ("H", "H2", "HR", "V", "V2")
NOT_LETTERS = re.compile(r"[^a-z0-9]")


class Row(NamedTuple):
    """`shared` is what is hashed; `slice` is (name, value) of the part it belongs to."""

    prompt: str
    response: str
    yes: bool
    shared: str
    slice: tuple[str, str] = ("", "")


def held_out(text: str) -> bool:
    return int(hashlib.sha256(text.strip().encode()).hexdigest()[0], 16) % 2 == 1


def openai_moderation(data: Path) -> Iterator[Row]:
    """Texts of users, without the sexual categories; a missing key is not labelled."""
    for row in _jsonl(data / "openai_moderation" / "samples_no_sexual.jsonl"):
        found = [name for name in TOXIC if row.get(name) == 1]
        kind = found[0] if found else ("SH" if row.get("SH") == 1 else "none")
        yield Row("", row["prompt"], bool(found), row["prompt"], ("category", kind))


def hatecheck(data: Path) -> Iterator[Row]:
    for row in _csv(data / "hatecheck" / "test_suite_cases.csv"):
        hateful = row["label_gold"] == "hateful"
        part = ("function", row["functionality"])
        yield Row("", row["test_case"], hateful, row["case_templ"], part)


def issuebench(data: Path) -> Iterator[Row]:
    """1 and 2 take the first side; 3 to 5 do not; refusals are left out."""
    for row in _csv(data / "issuebench" / "stance_annotations.csv"):
        label = row["final_label"][0]
        if label in "12345":
            opinions = f"{row['topic_pro']}\n{row['topic_con']}"
            part = ("label", label)
            yield Row(opinions, row["response_text"], label in "12", row["prompt_text"], part)


def begin(data: Path) -> Iterator[Row]:
    for part in ("dev", "test"):
        for row in _csv(data / "begin_wow" / f"begin_{part}_wow.csv"):
            yes = row["begin_label"] == "Fully attributable"
            passage = NOT_LETTERS.sub("", row["knowledge"].lower())
            slice = ("model", row["model_name"])
            yield Row(row["knowledge"], row["response"], yes, passage, slice)


def factcheck_gpt(data: Path) -> Iterator[Row]:
    """Complete and partial support are yes; irrelevant and refuting evidence is no."""
    for row in _jsonl(data / "factcheck_gpt" / "factcheck-GPT-benchmark.jsonl"):
        for sentence in row["sentences"].values():
            fields = ("claims", "auto_evidence", "stance_claim_autoEvid")
            told = [sentence.get(field) or [] for field in fields]
            for claim, pieces, stances in zip(*told, strict=False):
                for piece, stance in zip(pieces, stances, strict=False):
                    yield Row(piece, claim, "support" in stance, row["prompt"], ("stance", stance))


def halueval(data: Path) -> Iterator[Row]:
    """The right answer is yes, the hallucinated one is no; the question is part of the evidence."""
    for part in ("one", "multi"):
        for row in _jsonl(data / "halueval" / f"qa_{part}-turn_data.jsonl"):
            evidence = f"{row['knowledge']}\n{row['question']}"
            for kind in ("right", "hallucinated"):
                yield Row(evidence, row[f"{kind}_answer"], kind == "right", row["question"])


def external(data: Path) -> Iterator[Row]:
    """Claims with a paragraph that supports or refutes them: the datasets' gold."""
    for row in json.loads((data / "trustllm" / "truthfulness" / "external.json").read_text()):
        paragraph, _, rest = row["prompt"].partition("Here is the claim:")
        evidence = paragraph.split("Here is the short paragraph:")[-1].strip()
        claim = rest.split("\n")[0].strip()
        part = ("source", row["source"])
        yield Row(evidence, claim, row["answer"] == "SUPPORT", evidence, part)


def truthfulqa(data: Path) -> Iterator[Row]:
    """Answers of models to questions with known right and wrong answers, those left out."""
    known = {r["Question"].strip(): r for r in _csv(data / "truthfulqa" / "TruthfulQA.csv")}
    for row in _jsonl(data / "truthfulqa" / "finetune_truth.jsonl"):
        question, _, answer = row["prompt"].removeprefix("Q: ").partition("\nA: ")
        answer = answer.removesuffix("\nTrue:")
        right = _answers(known[question.strip()]["Correct Answers"])
        wrong = _answers(known[question.strip()]["Incorrect Answers"])
        if answer.strip(" .") not in {a.strip(" .") for a in (*right, *wrong)}:
            listed = "\n".join((*right, *(WRONG + a for a in wrong)))
            yield Row(listed, answer, row["completion"] == " yes", question)


def own(detector: Detector) -> Iterator[Row]:
    """Rows we wrote and labelled ourselves."""
    path = Path(str(files("upright.judges") / "own_labels" / f"{detector.id}.jsonl"))
    for row in read_labelled(path):
        yes = means_yes(detector, row.label, row.where)
        yield Row(row.prompt, row.response, yes, row.response, ("label", row.label))


def _answers(listed: str) -> list[str]:
    return [answer.strip() for answer in listed.split(";") if answer.strip()]


def _csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)
