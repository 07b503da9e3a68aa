"""The `model-index` of a Hugging Face model card: a run's headlines as YAML front matter.

The format has no field for an interval, so it stands in the metric's name, which people read,
and in its `args`, which programs read. `verified` is left out: the hub alone may set it.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from upright.core import Estimate
from upright.core.inert import one_line
from upright.reports.profile import BenchmarkResult, Profile
from upright.reports.scale import corrected

NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.-]+")
PAPER = "trustllm/"


def front_matter(profile: Profile, source: str = "") -> str:
    """Between its two `---` lines; `source` is a URL where the run can be read.

    Empty where every number is withheld: an index without results says nothing.
    """
    index = model_index(profile, source)
    if not index["results"]:
        return ""
    return "\n".join(["---", *_yaml({"model-index": [index]}), "---", "", ""])


def model_index(profile: Profile, source: str = "") -> dict[str, Any]:
    """A withheld number is left out: the format could not say that it is withheld."""
    told = [b for b in profile.benchmarks if b.leading and b.leading.headline.told]
    return {
        "name": one_line(profile.run.model.id, 200) or "unnamed",
        "results": [_result(benchmark, profile, source) for benchmark in told],
    }


def _result(result: BenchmarkResult, profile: Profile, source: str) -> dict[str, Any]:
    suite = one_line(str(profile.run.settings.get("suite", "")), 60) or "unknown"
    data = {
        "name": f"{one_line(result.card.title, 120)} ({suite} suite)",
        "type": _id(suite if suite == "trustllm" else f"upright-{suite}"),
        "config": one_line(result.id, 120),
    }
    if (file := data_file(result.card.data)) in profile.run.data:
        data["revision"] = one_line(profile.run.data[file].sha256, 64)
    version = one_line(profile.run.upright, 40)
    return {
        "task": {"type": "text-generation", "name": f"Trustworthiness: {result.dimension}"},
        "dataset": data,
        "metrics": [_metric(result.leading.headline)] if result.leading else [],
        **({"source": {"name": f"Upright {version}", "url": source}} if source else {}),
    }


def data_file(data: str) -> str:
    """The file that a benchmark's card names, as run.json names it with its hash."""
    return data.removeprefix(PAPER).split(",", maxsplit=1)[0]


def _metric(estimate: Estimate) -> dict[str, Any]:
    name = one_line(estimate.metric.replace("_", " "), 60)
    better = "higher" if estimate.higher_is_better else "lower"
    return {
        "type": _id(estimate.metric),
        "value": _rounded(estimate.value),
        "name": f"{name} ({_between(estimate)}n {estimate.n}, {estimate.n_unscored} unscored, "
        f"{better} is better)",
        "args": _present(_args(estimate)),
    }


def _args(estimate: Estimate) -> dict[str, Any]:
    args = {
        "low": _rounded(estimate.low),
        "high": _rounded(estimate.high),
        "n": estimate.n,
        "n_unscored": estimate.n_unscored,
        "chance": _rounded(estimate.chance),
        "higher_is_better": estimate.higher_is_better,
        "method": one_line(estimate.method, 120),
        "judge": one_line(estimate.judge, 120),
    }
    if told := corrected(estimate):
        args |= {
            "corrected": _rounded(told.value),
            "corrected_low": _rounded(told.low),
            "corrected_high": _rounded(told.high),
        }
    return args


def _between(estimate: Estimate) -> str:
    low, high = _rounded(estimate.low), _rounded(estimate.high)
    return "" if low is None or high is None else f"95 % interval {low} to {high}, "


def _rounded(value: float | None) -> float | None:
    return round(value, 4) if value is not None and math.isfinite(value) else None


def _id(text: str) -> str:
    """In the characters of the hub's own ids, which a type is meant to be."""
    return NOT_IN_AN_ID.sub("-", one_line(text, 60)).strip("-") or "unnamed"


def _present(pairs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in pairs.items() if value not in (None, "")}


def _yaml(value: dict[str, Any] | list[Any], indent: str = "") -> Iterator[str]:
    """Block style; every scalar as JSON, whose quotes and escapes YAML reads alike.

    Keys are ours. Texts have gone through `inert`, so that no control character is left.
    """
    pairs = value.items() if isinstance(value, dict) else ((None, one) for one in value)
    for key, one in pairs:
        lead = f"{indent}-" if key is None else f"{indent}{key}:"
        if isinstance(one, dict | list):
            yield lead
            yield from _yaml(one, f"{indent}  ")
        else:
            yield f"{lead} {json.dumps(one, ensure_ascii=False)}"
