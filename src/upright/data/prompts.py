"""Published lists of prompts that are no suite: those to train on, and those to keep out of it.

Looked up as datasets are (--data, UPRIGHT_DATA, the user's cache) and verified; not downloaded.
"""

import csv
import io
from pathlib import Path
from typing import NamedTuple

from upright.core import DataError, Row
from upright.data.manifest import KnownFile
from upright.data.places import roots, verify


class PromptList(NamedTuple):
    """`file.name` is DATASET/FILE, `column` holds the prompts, `source` is where it comes from."""

    file: KnownFile
    column: str
    source: str


def _csv(name: str, rows: int, size: int, sha256: str) -> KnownFile:
    return KnownFile(name=name, rows=rows, bytes=size, sha256=sha256)


ADVBENCH = PromptList(
    _csv(
        "advbench/harmful_behaviors.csv",
        520,
        82125,
        "6cd1a5c63c07610d7eb67307772ee5606017ee950b5770ab288a2c487489d3e1",
    ),
    "goal",
    "https://github.com/llm-attacks/llm-attacks, data/advbench (MIT)",
)
DO_NOT_ANSWER = PromptList(
    _csv(
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
        _csv(
            "jbb/harmful-behaviors.csv",
            100,
            23116,
            "4a8ec6832056b631eb092dccc60d37a61c3d441268268888b3d006288afeffa1",
        ),
        "Goal",
        "https://huggingface.co/datasets/JailbreakBench/JBB-Behaviors, data (MIT)",
    ),
    PromptList(
        _csv(
            "jbb/benign-behaviors.csv",
            100,
            20570,
            "3cda234d21a991fa309bbfea4b6d9dae31ccdf8e9d452424b6a983e4fdc33468",
        ),
        "Goal",
        "https://huggingface.co/datasets/JailbreakBench/JBB-Behaviors, data (MIT)",
    ),
    PromptList(
        _csv(
            "xstest/xstest_prompts.csv",
            450,
            38719,
            "11783fb294ed017473ee53c207d71f2161c7672c8d0b037501e78387f801cb5a",
        ),
        "prompt",
        "https://github.com/paul-rottger/xstest (CC-BY-4.0)",
    ),
    PromptList(
        _csv(
            "harmbench/harmbench_behaviors_text_all.csv",
            400,
            198374,
            "2745611872be3b2eab141e39bb328b8c1140dc3cd8d0a49da6174260d9ccbfb9",
        ),
        "Behavior",
        "https://github.com/centerforaisafety/HarmBench, data/behavior_datasets (MIT)",
    ),
    PromptList(
        _csv(
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
    table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    return [Row(file.name, i, {**r, "prompt": r[wanted.column]}) for i, r in enumerate(table)]
