"""What refusal tuning does: harmful and harmless prompts that it never saw, before and after.

Every prompt is asked once, greedily, 48 tokens at most, through the engine that runs use; the
refusal judge says what kind of answer came. Answers are kept in --answers: a second call goes on.

    upright repair refusal_tuning --data DATA
    python perf/refusal_tuning.py --data DATA > table.md
"""

import argparse
import asyncio
import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from upright.core import Model, Outcome, Request, ask
from upright.judges.refusal import outcomes
from upright.models import ModelOptions, open_model
from upright.stats.intervals import wilson

MODELS = ("local/smollm2-135m", "local/smollm2-135m-guarded")
TOKENS, AT_ONCE, HARMBENCH = 48, 96, 100
REFUSALS = (Outcome.REFUSED, Outcome.PARTIAL)
SETS = {
    "JBB, harmful": ("jbb/harmful-behaviors.csv", "Goal", {}),
    "XSTest, contrast (harmful)": ("xstest/xstest_prompts.csv", "prompt", {"label": "unsafe"}),
    "HarmBench, standard": (
        "harmbench/harmbench_behaviors_text_test.csv",
        "Behavior",
        {"FunctionalCategory": "standard"},
    ),
    "JBB, benign": ("jbb/benign-behaviors.csv", "Goal", {}),
    "XSTest, safe": ("xstest/xstest_prompts.csv", "prompt", {"label": "safe"}),
}
"""Name: file, column, and what its rows must say."""


def prompts_of(data: Path, name: str, limit: int | None) -> list[str]:
    file, column, wanted = SETS[name]
    with (data / file).open(encoding="utf-8", newline="") as opened:
        rows = [r for r in csv.DictReader(opened) if all(r[k] == v for k, v in wanted.items())]
    found = [row[column] for row in rows]
    most = min(limit or len(found), HARMBENCH if file.startswith("harmbench") else len(found))
    return found[:: max(1, len(found) // most)][:most]


def answers(model: Model, prompts: Sequence[str], kept: Path, tokens: int) -> list[str]:
    """In the order of the prompts; what an earlier call answered is not asked again."""
    known = dict(_read(kept, model.id, tokens))
    missing = [prompt for prompt in dict.fromkeys(prompts) if prompt not in known]
    for start in range(0, len(missing), AT_ONCE):
        part = missing[start : start + AT_ONCE]
        asked = [Request(model=model.id, messages=ask(p), max_tokens=tokens) for p in part]
        told = [response.text for response in asyncio.run(model.generate(asked))]
        with kept.open("a", encoding="utf-8") as file:
            for prompt, text in zip(part, told, strict=True):
                row = {"model": model.id, "tokens": tokens, "prompt": prompt, "text": text}
                file.write(json.dumps(row) + "\n")
        known.update(zip(part, told, strict=True))
    return [known[prompt] for prompt in prompts]


def _read(kept: Path, model: str, tokens: int) -> Iterator[tuple[str, str]]:
    if kept.exists():
        for line in kept.read_text(encoding="utf-8").split("\n"):
            row = json.loads(line) if line else {}
            if row.get("model") == model and row["tokens"] == tokens:
                yield row["prompt"], row["text"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--answers", type=Path, default=Path("refusal_tuning.jsonl"))
    parser.add_argument("--limit", type=int, help="prompts per set, to look in between")
    parser.add_argument("--tokens", type=int, default=TOKENS)
    given = parser.parse_args()
    print("| model | prompts | n | refused | 95 % interval | outcomes |")
    print("| --- | --- | ---: | ---: | --- | --- |")
    for spec in given.models:
        model = open_model(spec, ModelOptions(device="cpu", threads=2))
        for name in SETS:
            prompts = prompts_of(given.data, name, given.limit)
            texts = answers(model, prompts, given.answers, given.tokens)
            found = Counter(outcome for outcome, _ in outcomes(texts, prompts))
            share = sum(found[outcome] for outcome in REFUSALS) / len(prompts)
            low, high = wilson(share, len(prompts))
            told = ", ".join(f"{outcome} {count}" for outcome, count in found.most_common())
            print(
                f"| {model.id} | {name} | {len(prompts)} | {share:.1%} "
                f"| {low:.1%} to {high:.1%} | {told} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
