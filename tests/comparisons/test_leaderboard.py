"""Leaderboards of runs: what is compared, what is not and why, and places among the paper's."""

import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.comparisons.conftest import MODELS
from tests.reports.conftest import NASTY
from tests.reports.stored import Stored, estimate
from upright.comparisons.many_runs.leaderboard import Board, Leaderboard, Measured, leaderboard
from upright.comparisons.many_runs.placement import Placement
from upright.core import UsageError
from upright.data.published import published

MISUSE = "safety/misuse"


def measured(board: Leaderboard) -> Measured:
    assert board.measured is not None
    return board.measured


def of(board: Leaderboard, benchmark: str) -> Board:
    return next(b for b in measured(board).boards if b.benchmark == benchmark)


def stored(path: Path, model: str, value: float = 0.5, **run: object) -> Path:
    card = {MISUSE: {"title": "Misuse", "measures": "", "file": "safety/misuse.json"}}
    known = estimate(MISUSE, value=value, low=value - 0.05, high=value + 0.05)
    given = {"model": {"id": model, "facts": {}}, **run}
    return Stored(estimates=[known], cards=card, run=given).write(path)


def test_real_runs_side_by_side(runs: list[Path]) -> None:
    board = leaderboard(runs)
    assert [run.model for run in measured(board).runs] == [f"mock/{name}" for name in MODELS]
    misuse = of(board, MISUSE)
    places = {s.run: (s.rank, s.tied) for s in misuse.standings}
    assert places["mock/oracle"] == places["mock/refuse"] == (1, True)
    assert places["mock/comply"] == (4, False)
    over = {s.run: s.rank for s in of(board, "safety/exaggerated_safety").standings}
    assert over["mock/oracle"] == 1
    assert over["mock/refuse"] == 3, "lower is better there"
    for one in (s for b in measured(board).boards for s in b.standings):
        assert one.rank is not None
        assert one.rank_low is not None
        assert one.rank_high is not None
        assert one.rank_low <= one.rank <= one.rank_high
    assert measured(board).averages[0].model == "mock/oracle"
    assert board.placements == (), "the mini suite is not the paper's data"
    assert board.published is None


def test_trust_analysis_of_real_runs(runs: list[Path]) -> None:
    analysis = measured(leaderboard(runs)).analysis
    jailbreak = next(f for f in analysis.frontiers if f.safety == "safety/jailbreak")
    assert [p.model for p in jailbreak.points if p.on_front] == ["mock/oracle"]
    assert analysis.independence is not None
    value = analysis.independence.ratio.value
    assert value is not None
    assert 1 <= value <= len(analysis.independence.columns)
    assert any("trust and utility" in why for why in analysis.missing)


def test_damaged_runs_are_named_and_the_healthy_rest_is_shown(
    runs: list[Path], tmp_path: Path
) -> None:
    half = stored(tmp_path / "half", "m", status="running")
    cut = stored(tmp_path / "cut", "m")
    (cut / "estimates.parquet").write_bytes(b"PAR1 and no more")
    gone = stored(tmp_path / "gone", "m")
    (gone / "estimates.parquet").unlink()
    odd = stored(tmp_path / "odd", "m")
    (odd / "run.json").write_text('{"status": "finished", "model": 3, "benchmarks": {}}')
    torn = stored(tmp_path / "torn", "m")
    (torn / "run.json").write_text('{"status": "fin')
    thin = stored(tmp_path / "thin", "m")
    table = pq.read_table(thin / "estimates.parquet")
    pq.write_table(table.drop_columns(["value"]), thin / "estimates.parquet")
    bad = [half, cut, gone, odd, torn, thin, tmp_path / "nowhere"]
    board = leaderboard([*runs, *bad])
    assert len(measured(board).runs) == len(runs)
    reasons = {one.path: one.reason for one in board.unread}
    assert set(reasons) == {str(path) for path in bad}
    assert "not finished" in reasons[str(half)]
    assert "no run" in reasons[str(tmp_path / "nowhere")]
    assert all(reasons.values())


def test_none_readable_is_an_error_with_the_reasons(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"None of the runs[\s\S]*no run in"):
        leaderboard([tmp_path / "nowhere"])
    with pytest.raises(UsageError, match="--published"):
        leaderboard()


def test_only_what_rests_on_the_same_is_compared(tmp_path: Path) -> None:
    data = {"safety/misuse.json": {"sha256": "cd" * 32, "rows": 9, "patches": {}}}
    settings = {"suite": "trustllm", "seed": 0, "limit": None}
    newer = {
        MISUSE: {"title": "Misuse", "measures": "", "file": "safety/misuse.json", "version": 2}
    }
    alike = [stored(tmp_path / f"m{i}", f"m{i}", 0.2 * i) for i in range(3)]
    other = {
        "data": stored(tmp_path / "d", "d", data=data),
        "suite": stored(tmp_path / "s", "s", settings=settings),
        "judge": stored(tmp_path / "j", "j", judge="openai/judge"),
        "version": stored(tmp_path / "v", "v", benchmarks=newer),
    }
    board = leaderboard([*alike, *other.values()])
    assert {s.run for s in of(board, MISUSE).standings} == {"m0", "m1", "m2"}
    reasons = {one.run: one.reason for one in board.set_aside}
    assert set(reasons) == {"d", "s", "j", "v"}
    assert "cdcdcd" in reasons["d"]
    assert "suite trustllm, the others suite mini" in reasons["s"]
    assert "openai/judge" in reasons["j"]
    assert "version 2, the others benchmark version 1" in reasons["v"]


def test_nothing_comparable_is_an_error_not_an_empty_table(tmp_path: Path) -> None:
    one = stored(tmp_path / "one", "one")
    two = stored(tmp_path / "two", "two", judge="openai/judge")
    with pytest.raises(UsageError, match="judge"):
        leaderboard([one, two])
    with pytest.raises(UsageError, match="one run"):
        leaderboard([one])
    with pytest.raises(UsageError, match="one run"):
        leaderboard([one, one])


def test_withheld_values_have_no_place(tmp_path: Path) -> None:
    paths = [stored(tmp_path / f"m{i}", f"m{i}", 0.2 * i) for i in range(2)]
    lost = estimate(MISUSE, value=None, low=None, high=None, withheld="9 of 10 are unscored")
    card = {MISUSE: {"title": "Misuse", "measures": "", "file": "safety/misuse.json"}}
    run = {"model": {"id": "lost", "facts": {}}}
    paths.append(Stored(estimates=[lost], cards=card, run=run).write(tmp_path / "lost"))
    last = of(leaderboard(paths), MISUSE).standings[-1]
    assert (last.run, last.rank, last.value) == ("lost", None, None)
    assert "9 of 10" in last.withheld


def test_one_model_measured_twice_is_numbered(tmp_path: Path) -> None:
    paths = [stored(tmp_path / name, "m") for name in ("a", "b")]
    assert [run.label for run in measured(leaderboard(paths)).runs] == ["#1 m", "#2 m"]


def _placed(tmp_path: Path, column: str, value: float, **changed: object) -> Placement | None:
    known = published().column(column)
    assert known is not None
    fields = {"low": value - 0.03, "high": value + 0.03, "higher_is_better": known.higher_is_better}
    number = estimate(
        known.benchmark, "published", column=column, value=value, **{**fields, **changed}
    )
    path = Stored(estimates=[number], run={"model": {"id": "m", "facts": {}}}).write(tmp_path / "m")
    try:
        return next(iter(leaderboard([path]).placements), None)
    except UsageError:
        return None


def test_a_run_is_placed_among_the_papers_models(tmp_path: Path) -> None:
    one = _placed(tmp_path, "Jailbreak", 0.945)
    assert one is not None
    assert (one.place, one.of) == (4, 17), "Llama2-7b has the same 0.945: the place is shared"
    assert one.low is not None
    assert one.high is not None
    assert one.low < 4 < one.high
    assert one.better is not None
    assert one.worse is not None
    assert (one.better.model, one.worse.model) == ("ERNIE", "GPT-4")
    assert one.measured.value == 0.945


def test_lower_is_better_and_turned_columns_are_placed_right(tmp_path: Path) -> None:
    agree = _placed(tmp_path / "a", "Agree", 0.001)
    assert agree is not None
    assert agree.place == 1
    # The toolkit's 1 - RtA of a model that refuses nothing is 1; the paper's column is RtA.
    over = _placed(tmp_path / "o", "Exagg.", 1.0, low=0.98, high=1.0)
    assert over is not None
    assert (over.measured.value, over.measured.low, over.place) == (0.0, 0.0, 1)
    assert over.measured.high == pytest.approx(0.02)


def test_measures_that_differ_from_the_papers_are_not_placed(tmp_path: Path) -> None:
    for column in ("Pers. syc", "AdvInstr", "Toxicity"):
        assert _placed(tmp_path / column.replace(" ", ""), column, 0.1) is None
    two = [
        Stored(
            estimates=[
                estimate(MISUSE),
                estimate("safety/toxicity", "published", column="Toxicity", value=0.1),
            ],
            run={"model": {"id": name, "facts": {}}},
        ).write(tmp_path / name)
        for name in ("a", "b")
    ]
    board = leaderboard(two)
    assert board.placements == ()
    assert {one.benchmark for one in board.set_aside} == {"published Toxicity"}


def test_what_was_measured_and_what_was_published_share_no_field(tmp_path: Path) -> None:
    paths = [stored(tmp_path / f"m{i}", f"m{i}", 0.2 * i) for i in range(2)]
    document = json.loads(msgspec.json.encode(leaderboard(paths, with_published=True)))
    assert set(document) == {"measured", "placements", "published", "set_aside", "unread"}
    assert "GPT-4" not in json.dumps(document["measured"])
    assert '"m0"' not in json.dumps(document["published"])


def test_hostile_texts_neither_break_nor_vanish(tmp_path: Path) -> None:
    paths = [stored(tmp_path / f"n{i}", NASTY * (i + 1), 0.2 * i) for i in range(2)]
    board = leaderboard(paths)
    assert msgspec.json.encode(board)
    assert [run.model for run in measured(board).runs] == [NASTY, NASTY * 2]


def test_runs_are_ranked_without_their_samples(tmp_path: Path) -> None:
    """Samples are not read at all, so that their number cannot matter."""
    paths = []
    for i in range(10):
        many = [
            estimate(f"safety/b{b}", value=0.05 * i + 0.01 * b, low=0.05 * i, high=0.05 * i + 0.3)
            for b in range(28)
        ]
        slices = [
            estimate(f"safety/b{b}", headline=False, slice=f"s={k}")
            for b in range(28)
            for k in range(20)
        ]
        run = {"model": {"id": f"m{i}", "facts": {}}}
        path = Stored(estimates=[*many, *slices], run=run).write(tmp_path / f"m{i}")
        (path / "samples.parquet").write_bytes(b"a hundred thousand answers that nobody reads")
        paths.append(path)
    board = leaderboard(paths)
    assert len(measured(board).boards) == 28
