"""Inspect: one `.eval` log (schema version 2) per benchmark and score set, for `inspect view`.

What is unscored is NaN, Inspect's own sign for it; an answer that failed is a sample's error.
"""

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from upright.core import digest, excerpt
from upright.interop.exporters._flat import numbers, samples
from upright.interop.exporters._folder import appearing
from upright.interop.exporters._keys import plain
from upright.runs.storing.store import Run

SCHEMA = 2
SHOWN = 500
"""Characters of a text in a summary; the whole is in the sample."""
STOPPED = {"length": "max_tokens", "content_filter": "content_filter"}
Rows = Sequence[Mapping[str, Any]]


def write(run: Run, out: Path) -> None:
    parts: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in samples(run).to_pylist():
        parts.setdefault((row["benchmark"], row["score_set"]), []).append(row)
    told = numbers(run)
    with appearing(out) as folder:
        for (id, score_set), rows in parts.items():
            of_part = [n for n in told if (n["benchmark"], n["score_set"]) == (id, score_set)]
            name = "_".join(plain(part) for part in (*id.split("/"), score_set))
            _log(folder / f"{name}.eval", run, rows, of_part)


def _log(path: Path, run: Run, rows: Rows, estimates: Rows) -> None:
    scorer = plain(next((e["metric"] for e in estimates if e["headline"]), "score"))
    summaries = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for row in rows:
            sample = _sample(run, row, scorer)
            summaries.append(_summary(sample))
            _put(file, f"samples/{sample['id']}_epoch_{sample['epoch']}.json", sample)
        _put(file, "summaries.json", summaries)
        _put(file, "header.json", _header(run, rows, estimates, scorer))


def _header(run: Run, rows: Rows, estimates: Rows, scorer: str) -> dict[str, Any]:
    info, first = run.info, rows[0]
    id = digest((run.path.resolve().name, first["benchmark"], first["score_set"]))[:22]
    ids = list(dict.fromkeys(plain(row["sample_id"]) for row in rows))
    return {
        "version": SCHEMA,
        "status": "success",
        "eval": {
            "eval_id": id,
            "run_id": digest(run.path.resolve().name)[:22],
            "created": info["started"],
            "task": f"upright/{first['benchmark']}",
            "task_id": id,
            "task_version": info["benchmarks"].get(first["benchmark"], {}).get("version", 1),
            "task_args": {"score_set": first["score_set"]},
            "dataset": {"name": first["benchmark"], "samples": len(ids), "sample_ids": ids},
            "model": info["model"]["id"],
            "config": {"epochs": 1 + max(row["epoch"] for row in rows)},
            "packages": {"upright": info["upright"]},
            "metadata": {"run": run.path.resolve().name, "settings": info["settings"]},
        },
        "plan": {"name": "upright", "steps": []},
        "results": {
            "total_samples": len(rows),
            "completed_samples": sum(row["error"] is None for row in rows),
            "scores": list(_scores(estimates, scorer)),
        },
        "stats": {"started_at": info["started"], "completed_at": info["finished"] or ""},
    }


def _scores(estimates: Rows, scorer: str) -> Iterator[dict[str, Any]]:
    """The numbers over all samples, each with its interval; a withheld one is NaN."""
    for row in estimates:
        if row["slice"]:
            continue
        values = {name: row[name] for name in ("value", "low", "high")}
        told = {k: float("nan") if v is None or row["withheld"] else v for k, v in values.items()}
        name = plain(row["metric"])
        yield {
            "name": name,
            "scorer": scorer,
            "scored_samples": row["n"] - row["n_unscored"],
            "unscored_samples": row["n_unscored"],
            "params": {},
            "metrics": {
                f"{name}{suffix}": {"name": f"{name}{suffix}", "value": told[part], "params": {}}
                for part, suffix in (("value", ""), ("low", " low"), ("high", " high"))
            },
            "metadata": {
                "judge": row["judge"],
                "method": row["method"],
                "withheld": row["withheld"],
            },
        }


def _sample(run: Run, row: Mapping[str, Any], scorer: str) -> dict[str, Any]:
    model, failed = run.info["model"]["id"], row["error"] is not None
    turns = json.loads(row["messages"])
    said = {"role": "assistant", "content": row["response"] or "", "source": "generate"}
    usage = _usage(row)
    stopped = STOPPED.get(row["finish_reason"], "stop")
    return {
        "id": plain(row["sample_id"]),
        "epoch": row["epoch"] + 1,
        "input": turns,
        "target": row["target"] or "",
        "choices": json.loads(row["options"]) or None,
        "messages": turns if failed else [*turns, said],
        "output": {
            "model": model,
            "choices": [] if failed else [{"message": said, "stop_reason": stopped}],
            "completion": "" if failed else said["content"],
            **({"usage": usage} if usage else {}),
            "time": row["latency_s"],
        },
        "scores": None if failed else {scorer: _score(row)},
        "metadata": {"outcome": row["outcome"], "group": row["group"], **_slices(row)},
        "model_usage": {model: usage} if usage else {},
        **({"error": _error(row["error"])} if failed else {}),
    }


def _slices(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name.startswith("slice.") and row[name] is not None}


def _score(row: Mapping[str, Any]) -> dict[str, Any]:
    value = row["value"]
    return {
        "value": float("nan") if value is None else value,
        "answer": row["label"],
        "explanation": row["reason"],
        "metadata": {"judge": row["judge"], "outcome": row["outcome"]},
    }


def _error(message: str) -> dict[str, str]:
    return {"message": message, "traceback": "", "traceback_ansi": ""}


def _usage(row: Mapping[str, Any]) -> dict[str, int]:
    asked, said = row["prompt_tokens"], row["completion_tokens"]
    if asked is None or said is None:
        return {}
    return {"input_tokens": asked, "output_tokens": said, "total_tokens": asked + said}


def _summary(sample: Mapping[str, Any]) -> dict[str, Any]:
    """What the viewer lists without opening the sample."""
    kept = ("id", "epoch", "choices", "scores", "metadata", "model_usage")
    asked = " ".join(turn["content"] for turn in sample["input"])
    return {
        **{name: sample[name] for name in kept},
        "input": excerpt(asked, SHOWN),
        "target": excerpt(sample["target"], SHOWN),
        "completed": True,
        **({"error": sample["error"]["message"]} if "error" in sample else {}),
    }


def _put(file: zipfile.ZipFile, name: str, document: object) -> None:
    file.writestr(name, json.dumps(document))
