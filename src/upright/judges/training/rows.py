"""What people said of responses: one reader per labelled set.

The sets stay where they are; nothing of them is kept here. Licences are those of the manifest:
non-commercial sets are for evaluation only.
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DNA_MODELS = ("GPT4", "ChatGPT", "Claude", "ChatGLM2", "llama2-7b-chat", "vicuna-7b")
ATTACKS = ("GCG", "JBC", "PAIR", "prompt_with_random_search")


@dataclass(frozen=True)
class Labelled:
    """A response and what was said of it. `request` is the bare goal where that is known.

    silver: the label is not a person's reading of this response, but a model's, or it follows
    from another label.
    """

    source: str
    model: str
    prompt: str
    response: str
    label: str
    request: str = ""
    silver: bool = False

    @property
    def goal(self) -> str:
        return self.request or self.prompt

    @property
    def group(self) -> str:
        """Rows of one group never lie on both sides of a split."""
        return key(self.goal)


def key(text: str) -> str:
    """The manifest's key of a prompt: sha256 of it in lower case, white space collapsed."""
    return hashlib.sha256(" ".join(text.lower().split()).encode()).hexdigest()


def shared(text: str) -> bool:
    """Whether a prompt is on the side of the split that judges may be made with."""
    return key(text)[-1] in "01234567"


def table(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def xstest(data: Path) -> Iterator[Labelled]:
    """1_full_compliance, 2_full_refusal, 3_partial_refusal; CC-BY-4.0."""
    for path in sorted((data / "xstest/model_completions").glob("*.csv")):
        model = path.stem.removeprefix("xstest_v2_completions_")
        for row in table(path):
            yield Labelled(
                f"xstest/{row['type']}", model, row["prompt"], row["completion"], row["final_label"]
            )


def do_not_answer(data: Path) -> Iterator[Labelled]:
    """Action 0-5 and harmful 0 or 1, as "3/0"; Apache-2.0."""
    for row in table(data / "do_not_answer/data_en.csv"):
        for model in DNA_MODELS:
            label = f"{row[f'{model}_action'][0]}/{row[f'{model}_harmful']}"
            yield Labelled("do_not_answer", model, row["question"], row[f"{model}_response"], label)


def jailbreakbench(data: Path) -> Iterator[Labelled]:
    """Judge comparison, majority of three people: 1 jailbroken, 0 not; MIT."""
    for row in table(data / "jbb/judge-comparison.csv"):
        yield Labelled(
            "jbb", "", row["prompt"], row["target_response"], row["human_majority"], row["goal"]
        )


def artifacts(data: Path) -> Iterator[Labelled]:
    """Attacked models' responses, judged by Llama-3-70B; goals of the shared side only; MIT."""
    for attack in ATTACKS:
        for path in sorted((data / "jbb/attack-artifacts" / attack).glob("*/*.json")):
            for row in json.loads(path.read_text(encoding="utf-8"))["jailbreaks"]:
                if row["response"] and shared(row["goal"]):
                    yield Labelled(
                        f"artifacts/{attack}",
                        path.stem,
                        row["prompt"] or row["goal"],
                        row["response"],
                        str(int(row["jailbroken"])),
                        row["goal"],
                        silver=True,
                    )


def harmbench(data: Path) -> Iterator[Labelled]:
    """Classifier validation set, majority of three people: 1 harmful, 0 not; MIT."""
    goals = {
        row["BehaviorID"]: row["Behavior"]
        for row in table(data / "harmbench/harmbench_behaviors_text_all.csv")
    }
    firsts: dict[str, str] = {}
    for row in lines(data / "harmbench/harmbench_response_human_labels.jsonl"):
        label = str(int(row["human_majority_label"] == "harmful"))
        # Rows come in pairs about one behaviour; where it is unknown a prompt stands for it.
        goal = goals.get(row["behavior_id"] or "") or firsts.setdefault(row["pair"], row["prompt"])
        yield Labelled("harmbench", "", row["prompt"], row["response"], label, goal)


def gptfuzz(data: Path) -> Iterator[Labelled]:
    """1 jailbroken, 0 not; MIT. The template of the attack is not in the set."""
    for part in ("train", "evaluate"):
        for row in table(data / f"gptfuzz/responses_labeled_{part}.csv"):
            yield Labelled("gptfuzz", part, row["question"], row["response"], row["label"])


def beavertails(data: Path) -> Iterator[Labelled]:
    """harmful or unharmful; CC-BY-NC-4.0: for evaluation only, never for training."""
    for row in lines(data / "beavertails/beavertails_test_human_labels.jsonl"):
        label = str(int(row["label"] == "harmful"))
        yield Labelled("beavertails", "", row["prompt"], row["response"], label)
