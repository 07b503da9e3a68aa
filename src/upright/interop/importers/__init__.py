"""Files of other tools as one stored run. One file here per tool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from upright.core import DataError, UsageError, one_line, printable, unknown
from upright.interop.foreign import Log
from upright.interop.importers import garak, inspect, lm_eval, promptfoo
from upright.interop.storing import store
from upright.interop.untrusted import Source
from upright.runs.storing.journal import explained
from upright.runs.storing.store import Run

Reader = Callable[[Sequence[Source]], list[Log]]
"""What the files say, one log for each model that answered in them."""

READERS: Mapping[str, Reader] = {
    "lm-eval": lm_eval.read,
    "garak": garak.read,
    "inspect": inspect.read,
    "promptfoo": promptfoo.read,
}
TRUSTLLM = "trustllm"
"""Answers without verdicts that count: Upright judges them, as `score` does."""
KINDS = (*READERS, TRUSTLLM)
LONGEST_NAME = 100


def import_files(
    paths: Sequence[Path], kind: str, out: Path, model: str = "", command: Sequence[str] = ()
) -> Run:
    """Store what the files say of one model as a run.

    `model` chooses among several models, or names one that the files do not name.
    """
    if kind not in READERS:
        raise unknown("kind of file", kind, READERS)
    sources = [Source(path) for path in paths]
    log = _of_one_model(READERS[kind](sources), model)
    data = {printable(s.path.name): {"sha256": s.sha256, "rows": _rows(s)} for s in sources}
    with explained(out):
        return store(log, data, out, command)


def detect(paths: Sequence[Path]) -> str:
    """Which tool wrote the files, by what they hold."""
    kinds = {_kind(Source(path)): path for path in reversed(paths)}
    if len(kinds) == 2 and set(kinds) == {"lm-eval", "lm-eval results"}:
        return "lm-eval"
    if len(kinds) != 1:
        found = ", ".join(f"{path.name} ({kind})" for kind, path in kinds.items())
        raise UsageError(f"These files are of different tools: {found}. Import them one by one.")
    return next(iter(kinds)).removesuffix(" results")


def _kind(source: Source) -> str:
    content = source.content
    if content.startswith(b"PK"):
        return "inspect"
    if not content.strip():
        raise DataError(f"{source.path} is empty.")
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"[":
        return TRUSTLLM
    if start != b"{":
        raise _strange(source)
    # One document per line, or one for all of the file: the first line tells.
    try:
        first = next(iter(source.lines()))[1]
    except DataError:
        first = source.document()
    signs = {
        "entry_type": "garak",
        "doc_hash": "lm-eval",
        "lm_eval_version": "lm-eval results",
        "eval": "inspect",
        "evalId": "promptfoo",
        "results": "promptfoo",
        "res": TRUSTLLM,
        "response": TRUSTLLM,
    }
    found = next((kind for sign, kind in signs.items() if sign in first), "")
    if not found:
        raise _strange(source)
    return found


def _strange(source: Source) -> UsageError:
    return UsageError(
        f"{source.path} is not a file that is known here. Known are lm-eval's samples_*.jsonl, "
        "garak's *.report.jsonl, Inspect's .eval and .json logs, promptfoo's JSON output, and "
        "TrustLLM's result files. If it is one of these, say which: --from KIND"
    )


def _of_one_model(logs: Sequence[Log], model: str) -> Log:
    """The logs of one model as one."""
    names = sorted({one_line(log.model, LONGEST_NAME) for log in logs} - {""})
    chosen = one_line(model, LONGEST_NAME) or (names[0] if len(names) == 1 else "")
    if not names and not model:
        raise UsageError("The files do not say which model answered. Name it: --model NAME")
    if len(names) > 1 and chosen not in names:
        raise UsageError(
            f"The files hold answers of {len(names)} models, and a run is of one. "
            f"Choose it: --model NAME, of {', '.join(names)}"
        )
    kept = [log for log in logs if len(names) < 2 or one_line(log.model, LONGEST_NAME) == chosen]
    benchmarks = [
        replace(found, name=one_line(found.name, LONGEST_NAME))
        for log in kept
        for found in log.benchmarks
    ]
    ids = [benchmark.name for benchmark in benchmarks]
    if not ids:
        raise DataError("The files hold no answers.")
    if twice := next((id for id in ids if ids.count(id) > 1), None):
        raise UsageError(f"{twice} is in the files twice. Import each file as a run of its own.")
    return Log(
        tool=kept[0].tool,
        version=one_line(", ".join(sorted({log.version for log in kept} - {""})), LONGEST_NAME),
        model=chosen,
        benchmarks=benchmarks,
        started=one_line(min((log.started for log in kept if log.started), default=""), 40),
        finished=one_line(max((log.finished for log in kept if log.finished), default=""), 40),
    )


def _rows(source: Source) -> int:
    """Lines, where a line is an answer; else the file is one document."""
    return source.content.count(b"\n") if source.path.suffix == ".jsonl" else 1
