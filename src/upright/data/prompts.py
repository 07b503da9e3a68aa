"""Published lists of prompts that are no suite: those to train on, and those to keep out of it.

Looked up as datasets are (--data, UPRIGHT_DATA, the user's cache) and verified; not downloaded.
"""

import csv
import io
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from upright.core import DataError, Row
from upright.data.manifest import KnownFile
from upright.data.places import roots, verify


class PromptList(NamedTuple):
    """`file.name` is DATASET/FILE, `column` holds the prompts, `source` is where it comes from."""

    file: KnownFile
    column: str
    source: str


def _file(name: str, rows: int, size: int, sha256: str) -> KnownFile:
    return KnownFile(name=name, rows=rows, bytes=size, sha256=sha256)


ADVBENCH = PromptList(
    _file(
        "advbench/harmful_behaviors.csv",
        520,
        82125,
        "6cd1a5c63c07610d7eb67307772ee5606017ee950b5770ab288a2c487489d3e1",
    ),
    "goal",
    "https://github.com/llm-attacks/llm-attacks, data/advbench (MIT)",
)
DO_NOT_ANSWER = PromptList(
    _file(
        "do_not_answer/do_not_answer_en.csv",
        939,
        329395,
        "06acfa39a06a1b33d1f264ce41b4f7a95812010c594fb733ae4717ee0a4544fc",
    ),
    "question",
    "https://github.com/Libr-AI/do-not-answer, datasets/Instruction (Apache-2.0)",
)
EVALUATION = (
    PromptList(
        _file(
            "jbb/harmful-behaviors.csv",
            100,
            23116,
            "4a8ec6832056b631eb092dccc60d37a61c3d441268268888b3d006288afeffa1",
        ),
        "Goal",
        "https://huggingface.co/datasets/JailbreakBench/JBB-Behaviors, data (MIT)",
    ),
    PromptList(
        _file(
            "jbb/benign-behaviors.csv",
            100,
            20570,
            "3cda234d21a991fa309bbfea4b6d9dae31ccdf8e9d452424b6a983e4fdc33468",
        ),
        "Goal",
        "https://huggingface.co/datasets/JailbreakBench/JBB-Behaviors, data (MIT)",
    ),
    PromptList(
        _file(
            "xstest/xstest_prompts.csv",
            450,
            38719,
            "11783fb294ed017473ee53c207d71f2161c7672c8d0b037501e78387f801cb5a",
        ),
        "prompt",
        "https://github.com/paul-rottger/xstest (CC-BY-4.0)",
    ),
    PromptList(
        _file(
            "harmbench/harmbench_behaviors_text_all.csv",
            400,
            198374,
            "2745611872be3b2eab141e39bb328b8c1140dc3cd8d0a49da6174260d9ccbfb9",
        ),
        "Behavior",
        "https://github.com/centerforaisafety/HarmBench, data/behavior_datasets (MIT)",
    ),
    PromptList(
        _file(
            "strongreject/strongreject_dataset.csv",
            313,
            56359,
            "4dd70357e4ff8b5d0ba5ebafecab5d6dd5633ce8046e3dd1c8bd93e64de44381",
        ),
        "forbidden_prompt",
        "https://github.com/alexandrasouly/strongreject, strongreject_dataset (MIT)",
    ),
)
"""What refusal and over-refusal are measured on: never trained on."""
INSTRUCTIONS = tuple(
    PromptList(
        _file(f"llmbar/{name}.json", rows, size, sha256),
        "input",
        "https://github.com/princeton-nlp/LLMBar, Dataset/LLMBar, dataset.json of each part (MIT)",
    )
    for name, rows, size, sha256 in (
        (
            "Natural",
            *(100, 91269, "f7127b7aa78104cb8e03a2b1b3ac0077e95b125714dd441a8ee63666145a3375"),
        ),
        (
            "Adversarial_GPTInst",
            *(92, 211768, "1002425f73c2cf54b6e6de99bce3f6c60fa2a17d13194772e37d7481c1351d42"),
        ),
        (
            "Adversarial_GPTOut",
            *(47, 32640, "1ff56e520d7607750a9866a3be0f5b850392ca4477a1f69d80f32bd3e310f561"),
        ),
        (
            "Adversarial_Manual",
            *(46, 79050, "0d9598769a39cdbbd265778c37e49939d41d5f76dcfb17bd75dcfa07516d3837"),
        ),
        (
            "Adversarial_Neighbor",
            *(134, 131988, "6712c7eda6342602e0bc7c06c282fa95e2110d4e741a284026a62d937f9780a0"),
        ),
    )
)
"""Everyday instructions (LLMBar's; its adversarial parts are so in their answers, not used)."""


def read_prompts(wanted: PromptList, given: Path | None = None) -> list[Row]:
    """The rows of a list, each with its prompt as `prompt`."""
    file = wanted.file
    path = next((p for root in roots(given) if (p := root / file.name).is_file()), None)
    if path is None:
        raise DataError(
            f"{file.name} is not at hand. Get it from {wanted.source}, put it into "
            f"DIR/{file.name}, and name the folder: --data DIR, or UPRIGHT_DATA."
        )
    verify(path, file)
    table = _rows(path)
    return [Row(file.name, i, {**r, "prompt": r[wanted.column]}) for i, r in enumerate(table)]


def _rows(path: Path) -> list[dict[str, Any]]:
    """Of a CSV file with a header, or of a JSON array of objects."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".json":
        return msgspec.json.decode(text, type=list[dict[str, Any]])
    return list(csv.DictReader(io.StringIO(text, newline="")))
