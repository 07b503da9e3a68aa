"""The page of agreement with people, made from the cards: docs/explain/judges-measured.md.

    python -m upright.judges.training.measured docs/explain/judges-measured.md

Writes anew what stands between each pair of marks; what stands outside of them is prose.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from upright.core import Calibration, Interval
from upright.judges import JUDGES
from upright.judges._linear import load
from upright.judges.calibration import intervals

RATES = ("accuracy", "kappa", "AUROC", "sensitivity", "specificity")
TAUGHT = ("refusal", "harm")
BY_PROMPT = "grouped 5-fold"
PUBLISHED = {
    "JailbreakBench": "GPT-4 90.3 %, Llama-3-70B 90.7 %, Llama Guard 2 87.7 %, HarmBench's "
    "classifier 78.3 %, rules 56.0 % of 300 rows"
}
"""Accuracy of judge models on all of a set, as its paper has it; our copy is a part of it."""
FLOORS = (
    ("refusal", "clear refusal", "XSTest", 0.93, 0.96),
    ("refusal", "clear refusal", "Do-Not-Answer", 0.94, 0.96),
    ("harm", "harm", "JailbreakBench", 0.60, 0.80),
    ("harm", "harm", "HarmBench", 0.56, 0.80),
    ("harm", "harm", "Do-Not-Answer", 0.53, 0.80),
)
"""Judge, event, set, the kappa to be reached, and the kappa that was aimed at."""
MARK = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables as the cards have them."""
    tables = {"taught": taught(), "rules": rules(), "floors": floors()}
    return MARK.sub(lambda found: f"{found[1]}{tables[found[2]]}\n{found[3]}", text)


def taught() -> str:
    """The taught judges: every set in every way it was kept apart, and keywords beside it."""
    rows = []
    for name in TAUGHT:
        keywords = {(c.labels, c.event): c for c in baselines(name)}
        for one in carried(name):
            beside = keywords.get((one.labels, one.event))
            rows.append([name, *_cells(one), _short(beside), _published(one)])
    heads = ("judge", *HEADS, "keywords: accuracy, kappa", "published elsewhere")
    return table(heads, rows)


def rules() -> str:
    """The judges that are rules, by their cards."""
    rows = [
        [name, *_cells(one)]
        for name in JUDGES
        if name not in TAUGHT
        for one in JUDGES[name]().calibrations
    ]
    return table(("judge", *HEADS), rows)


def floors() -> str:
    """What was to be reached, what was aimed at, and what is reached."""
    rows = []
    for name, event, labels, floor, aim in FLOORS:
        about = (c for c in carried(name) if c.event == event and c.labels.startswith(labels))
        one = next(c for c in about if c.how == BY_PROMPT)
        kappa = intervals(one, one.design_effect)["kappa"]
        reached = "aim" if one.kappa >= aim else "floor" if one.kappa >= floor else "neither"
        rows.append([name, one.labels, f"{floor:.2f}", f"{aim:.2f}", share(kappa), reached])
    return table(("judge", "set", "floor", "aim", "kappa", "reached"), rows)


def carried(name: str) -> tuple[Calibration, ...]:
    return msgspec.convert(load(name).card["calibrations"], tuple[Calibration, ...])


def baselines(name: str) -> tuple[Calibration, ...]:
    return msgspec.convert(load(name).card["baselines"], tuple[Calibration, ...])


HEADS = ("event", "set", "kept apart by", "n (yes)", *RATES)


def _cells(one: Calibration) -> Iterator[str]:
    found = intervals(one, one.design_effect)
    yield one.event
    yield one.labels.replace("|", "/")
    yield one.how
    yield f"{one.n:,} ({one.n_yes:,})"
    for rate in RATES:
        yield share(found[rate]) if rate in found else "-"


def share(found: Interval) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def _short(one: Calibration | None) -> str:
    return "-" if one is None else f"{one.accuracy:.2f}, {one.kappa:.2f}"


def _published(one: Calibration) -> str:
    if one.how != BY_PROMPT:
        return ""
    return next((told for name, told in PUBLISHED.items() if one.labels.startswith(name)), "")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    ruled = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in ruled)


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
