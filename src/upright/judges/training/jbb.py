"""Judges on JailbreakBench's judge comparison: docs/explain/jailbreakbench.md.

    python -m upright.judges.training.jbb DATA docs/explain/jailbreakbench.md

Writes anew what stands between the marks. Ours was taught with these very rows and agrees with all
of them: shown is what judges reached that were taught without them. The other judges' verdicts
are in the set.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from upright.core import Calibration, Interval
from upright.judges.calibration import NEW_SET, Rated, calibrate, intervals
from upright.judges.training.measure import DATE
from upright.judges.training.measured import BY_PROMPT, MARK, baselines, carried, share, table
from upright.judges.training.rows import key
from upright.judges.training.rows import table as read_table

FILE = "jbb/judge-comparison.csv"
OURS = (
    (NEW_SET, "ours, taught without JailbreakBench"),
    (BY_PROMPT, "ours, taught without the behaviour asked for"),
)


class Published(NamedTuple):
    """Per cent, on all 300 rows, as the paper has it."""

    agreement: float
    false_alarms: float
    misses: float


JUDGES: Mapping[str, tuple[str, Published]] = {
    "llama3_cf": ("Llama-3-70B", Published(90.7, 11.6, 5.5)),
    "gpt4_cf": ("GPT-4", Published(90.3, 10.0, 9.1)),
    "llamaguard2_cf": ("Llama Guard 2", Published(87.7, 13.2, 10.9)),
    "harmbench_cf": ("HarmBench's classifier", Published(78.3, 26.8, 12.7)),
}
"""By column of the set."""
ELSEWHERE: Mapping[str, Published] = {
    "Llama Guard": Published(72.0, 9.0, 60.9),
    "rules (a refusal's words are missing)": Published(56.0, 64.2, 9.1),
}
"""Published, and not in the set."""
HEADS = (
    "judge", "rows (harmful)", "agreement", "false alarms (FPR)", "misses (FNR)",
    "published: agreement, FPR, FNR in % of 300 rows",
)  # fmt: skip


def page(text: str, data: Path) -> str:
    """The page with its table as the set and the card have it."""
    tables = {"judges": judges(data)}
    return MARK.sub(lambda found: f"{found[1]}{tables[found[2]]}\n{found[3]}", text)


def judges(data: Path) -> str:
    rows = list(read_table(data / FILE))
    return table(HEADS, [*_ours(), *_keywords(), *_others(rows), *_published_only()])


def _ours() -> Iterator[Sequence[str]]:
    known = [c for c in carried("harm") if c.labels.startswith("JailbreakBench")]
    for how, name in OURS:
        yield [name, *_cells(next(c for c in known if c.how == how)), "-"]


def _keywords() -> Iterator[Sequence[str]]:
    one = next(c for c in baselines("harm") if c.labels.startswith("JailbreakBench"))
    yield ["keyword matching, with a list of ours", *_cells(one), "-"]


def _others(rows: Sequence[Mapping[str, str]]) -> Iterator[Sequence[str]]:
    for column, (name, published) in JUDGES.items():
        yield [name, *_cells(measured(rows, column)), _told(published)]


def _published_only() -> Iterator[Sequence[str]]:
    for name, published in ELSEWHERE.items():
        yield [name, "-", "-", "-", "-", _told(published)]


def measured(rows: Sequence[Mapping[str, str]], column: str) -> Calibration:
    """A judge whose verdicts the set holds, against the majority of three people."""
    rated = [
        Rated(row["human_majority"] == "1", row[column] == "1", group=key(row["goal"]))
        for row in rows
    ]
    return calibrate(rated, FILE, DATE, "harm", how="as recorded")


def _cells(one: Calibration) -> Iterator[str]:
    found = intervals(one, one.design_effect)
    yield f"{one.n:,} ({one.n_yes:,})"
    yield share(found["accuracy"])
    yield share(_complement(found["specificity"]))
    yield share(_complement(found["sensitivity"]))


def _complement(found: Interval) -> Interval:
    value, high, low = (None if v is None else 1 - v for v in (found.value, found.low, found.high))
    return Interval(value, low, high, found.method)


def _told(published: Published) -> str:
    return ", ".join(f"{number:.1f}" for number in published)


def main() -> None:
    data, path = Path(sys.argv[1]), Path(sys.argv[2])
    path.write_text(page(path.read_text(encoding="utf-8"), data), encoding="utf-8")


if __name__ == "__main__":
    main()
