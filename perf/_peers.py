"""Other harnesses on the same questions, each as its own manual says, with 256 at once.

TrustLLM's toolkit (0.3.0) loads beside `anthropic<0.60` and `google-generativeai==0.5.4`; its loop
asks eight at a time.
"""

import json
import os
import resource
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

INSPECT = """\
from inspect_ai import Task, task
from inspect_ai.dataset import json_dataset
from inspect_ai.scorer import match
from inspect_ai.solver import generate

@task
def asked():
    return Task(dataset=json_dataset("asked.jsonl"), solver=generate(), scorer=match("begin"))
"""
LMEVAL = """\
task: asked
dataset_path: json
dataset_kwargs: {data_files: {test: FOLDER/asked.jsonl}}
output_type: generate_until
test_split: test
doc_to_text: "{{input}}"
doc_to_target: "{{target}}"
generation_kwargs: {until: [], max_gen_toks: 64, do_sample: false}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true}]
"""
TRUSTLLM = """\
import trustllm.config
from trustllm.generation.generation import LLMGeneration

trustllm.config.openai_key = "x"
# The only pair of switches that leads to its OpenAI branch.
LLMGeneration(
    "ethics", "dataset", "gpt-4", online_model=True, use_deepinfra=True
).generation_results()
"""
PEERS = {"inspect": "inspect-ai", "lmeval": "lm-eval", "trustllm": "trustllm"}
"""And their packages."""


def children() -> float:
    """Seconds of CPU that ended children took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def version_of(peer: str, python: Path) -> str:
    """Its package and version, as its own virtual environment tells it."""
    told = f"from importlib.metadata import version; print(version({PEERS[peer]!r}))"
    found = subprocess.run([python, "-c", told], check=True, capture_output=True, text=True)
    return f"{PEERS[peer]} {found.stdout.strip()}"


def run_peer(
    peer: str, python: Path, url: str, prompts: Sequence[str], folder: Path, pinned: Sequence[str]
) -> dict[str, float]:
    """Seconds from its start to its end, and of CPU."""
    lay_out(prompts, folder)
    words = {"inspect": _inspect, "lmeval": _lmeval, "trustllm": _trustllm}[peer](python, url)
    keys = {"MOCK_BASE_URL": url, "MOCK_API_KEY": "x"}
    keys |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "x"}
    quiet = {"INSPECT_DISPLAY": "none", "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf")}
    before, start = children(), time.perf_counter()
    subprocess.run(
        [*pinned, *words],
        check=True,
        cwd=folder,
        env={**os.environ, **keys, **quiet},
        capture_output=True,
    )
    return {"wall": time.perf_counter() - start, "cpu": children() - before}


def lay_out(prompts: Sequence[str], folder: Path) -> None:
    """The questions as each of them wants them, and what tells it to ask."""
    with (folder / "asked.jsonl").open("w") as file:
        for number, prompt in enumerate(prompts):
            file.write(json.dumps({"id": number, "input": prompt, "target": "Yes"}) + "\n")
    (folder / "asked.py").write_text(INSPECT)
    (folder / "asked.yaml").write_text(LMEVAL.replace("FOLDER", str(folder)))
    (folder / "generate.py").write_text(TRUSTLLM)
    ethics = folder / "dataset" / "ethics"
    ethics.mkdir(parents=True)
    (ethics / "awareness.json").write_text(json.dumps([{"prompt": text} for text in prompts]))


def _trustllm(python: Path, url: str) -> list[str]:
    return [str(python), "generate.py"]


def _inspect(python: Path, url: str) -> list[str]:
    words = [str(python.with_name("inspect")), "eval", "asked.py", "--model"]
    words += ["openai-api/mock/mock", "--max-tokens", "64", "--temperature", "0"]
    return [*words, "--max-connections", "256", "--log-dir", "logs"]


def _lmeval(python: Path, url: str) -> list[str]:
    reached = f"model=mock,base_url={url}/chat/completions,num_concurrent=256"
    words = [str(python), "-m", "lm_eval", "run", "--model", "local-chat-completions"]
    words += ["--tasks", "asked", "--include_path", ".", "--apply_chat_template"]
    words += ["--output_path", "out", "--log_samples"]
    return [*words, "--model_args", f"{reached},tokenized_requests=False"]
