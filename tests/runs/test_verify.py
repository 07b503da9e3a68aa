"""A run derived again from its answers, and packs that were tampered with."""

import json
import zipfile
from functools import reduce
from operator import getitem
from pathlib import Path
from shutil import copytree

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import upright
from tests.cli.front_door import here
from tests.runs.test_judging import Said, verdict
from tests.runs.toy import RUBRIC, carry_out, endpoint, planned, toy
from tests.server import serving
from upright.core import Response, Settings, StoreError
from upright.models import open_model
from upright.runs import Cache, Options
from upright.runs import run as carry_out_run
from upright.runs.scoring.verify import verify

CHOSEN = ("safety/misuse", "privacy/confaide", "robustness/advglue", "fairness/disparagement")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    return upright.evaluate("mock/random", suite="mini", benchmark=CHOSEN, out=out).path


@pytest.fixture
def evidence(run: Path, tmp_path: Path) -> Path:
    return upright.pack(run, tmp_path / "evidence.zip")


def test_a_run_follows_from_its_answers(run: Path) -> None:
    found = upright.verify(run)
    assert found.holds, found.unproven[:3]
    assert found.numbers == len(upright.open_run(run).estimates)
    assert found.verdicts == len(upright.open_run(run).samples)
    assert found.taken == 0


def test_every_benchmark_follows_from_its_answers(tmp_path: Path) -> None:
    """All of the suite, by a responder that is right and wrong by turns."""
    made = upright.evaluate("mock/half-echo", suite="mini", limit=6, out=tmp_path)
    found = upright.verify(made.path)
    assert found.holds, found.unproven[:3]
    assert {*upright.open_run(made.path).info["benchmarks"]} == {*upright.select(suite="mini")}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        (("model", "id"), "mock/oracle", "the model of safety/misuse (upright)"),
        (("settings", "max_tokens"), 7, "the model of safety/misuse (upright)"),
        (("settings", "seed"), 7, "the model of safety/misuse (upright)"),
        (("calls", "planned"), 7, "calls planned in run.json"),
        (("calls", "asked"), 7, "calls asked and from cache in run.json"),
        (("calls", "errors"), 7, "errors in run.json"),
        (("tokens", "completion"), 7, "completion tokens in run.json"),
        (("calls", "asked"), "all", "run.json"),
    ],
)
def test_what_run_json_says_is_held_against_the_answers(
    run: Path, tmp_path: Path, field: tuple[str, str], value: object, named: str
) -> None:
    copytree(run, tmp_path / "run")
    info = json.loads((run / "run.json").read_bytes())
    info[field[0]][field[1]] = value
    (tmp_path / "run" / "run.json").write_text(json.dumps(info))
    found = upright.verify(upright.pack(tmp_path / "run", tmp_path / "evidence.zip"))
    assert not found.holds
    assert named in [wrong.what for wrong in found.unproven]
    assert found.numbers == len(upright.open_run(run).estimates), "they follow all the same"


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By two judges, of which one is read at the second attempt."""
    wavers = Said(lambda r: verdict("no") if r.replicate else Response(text="Hm."), id="wavers")
    judges = [Said(lambda r: verdict("yes"), id="sure"), wavers]
    model, out = open_model("mock/oracle"), tmp_path_factory.mktemp("judged")
    settings = Settings(suite="mini", judge=("sure", "wavers"), judge_votes=2)
    return carry_out_run(
        planned(model, 20, settings, toy(rubric=RUBRIC)), model, judges, Options(out=out)
    ).path


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, ""),
        ({"judge": "sure, other"}, "judge in run.json"),
        ({"judge": "sure, other", "judges/1/id": "other"}, "judges in run.json"),
        ({"judge": "sure", "judges/1": None}, "judges in run.json"),
        ({"judge": None, "judges": []}, "judges in run.json"),
        ({"judge": None, "judges": []}, "judge calls in run.json"),
        ({"judge_calls/asked": 7}, "judge calls in run.json"),
        ({"judge_tokens/completion": 7}, "judge tokens in run.json"),
        ({"judges/0/calls/asked": 7}, "calls of sure in run.json"),
        (
            {"judges/0/calls/asked": 121, "judges/0/calls/planned": 121},
            "calls of sure in run.json",
        ),
    ],
)
def test_what_run_json_says_of_judges_is_held_against_their_verdicts(
    judged: Path, tmp_path: Path, change: dict[str, object], named: str
) -> None:
    copytree(judged, tmp_path / "run")
    info = json.loads((judged / "run.json").read_bytes())
    for path, value in change.items():
        *way, last = (int(part) if part.isdigit() else part for part in path.split("/"))
        at = reduce(getitem, way, info)
        if isinstance(last, int):
            del at[last]
        else:
            at[last] = value
    (tmp_path / "run" / "run.json").write_text(json.dumps(info))
    wrong = [one.what for one in verify(tmp_path / "run", lambda id: toy(rubric=RUBRIC)).unproven]
    assert named in wrong if named else not wrong


def test_run_json_is_right_of_runs_with_errors_cached_answers_and_options(tmp_path: Path) -> None:
    with serving(rates={"400": 0.2}) as server:
        for count in (20, 40):
            cache, settings = Cache(tmp_path / "cache.sqlite"), Settings(suite="trustllm", epochs=2)
            model = endpoint(server.url, logprobs=count == 40)
            made = carry_out(model, tmp_path / "runs", count, settings=settings, cache=cache)
            assert verify(made.path, lambda id: toy()).holds
    assert made.info["calls"]["errors"] and made.info["calls"]["from_cache"]


def test_a_pack_is_the_same_bytes_each_time(run: Path, tmp_path: Path) -> None:
    one, other = (upright.pack(run, tmp_path / name).read_bytes() for name in ("a.zip", "b.zip"))
    assert one == other


def test_the_folder_one_stands_in_can_be_packed(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    made = upright.pack(".")
    assert made == run.resolve().with_name(f"{run.name}.zip")
    assert upright.verify(made).holds


@pytest.mark.parametrize("name", ["samples.parquet", "estimates.parquet"])
def test_what_cannot_be_read_is_not_packed(run: Path, tmp_path: Path, name: str) -> None:
    damaged = tmp_path / "run"
    copytree(run, damaged)
    half = (damaged / name).read_bytes()[:1000]
    for content, says in ((half, "cannot be read"), (None, "missing")):
        (damaged / name).unlink()
        if content is not None:
            (damaged / name).write_bytes(content)
        with pytest.raises(StoreError, match=rf"{name} .*{says}"):
            upright.pack(damaged, tmp_path / "evidence.zip")
        assert not (tmp_path / "evidence.zip").exists()


def flip(path: Path, name: str, at: int) -> None:
    """Turn one bit of one entry of a pack; negative places count from its end."""
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        entry = file.getinfo(name)
        start = raw.index(file.read(name), entry.header_offset)
    raw[start + at % entry.file_size] ^= 1
    path.write_bytes(raw)


def test_an_untouched_pack_holds(evidence: Path, tmp_path: Path) -> None:
    ended = here("verify", str(evidence), cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout
    assert "0 do not" in ended.stdout


@pytest.mark.parametrize("group", range(4))
def test_one_changed_byte_of_the_answers_names_the_numbers(
    run: Path, evidence: Path, tmp_path: Path, group: int
) -> None:
    """A row group is one score set: its numbers fall, the others still follow."""
    metadata = pq.ParquetFile(run / "samples.parquet").metadata.row_group(group)
    responses = next(
        metadata.column(i)
        for i in range(metadata.num_columns)
        if metadata.column(i).path_in_schema == "response"
    )
    start = responses.dictionary_page_offset or responses.data_page_offset
    flip(evidence, "samples.parquet", start + responses.total_compressed_size - 5)
    ended = here("verify", str(evidence), "--json", cwd=tmp_path)
    told = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert not told["holds"]
    named = [wrong["what"] for wrong in told["unproven"]]
    assert named[0] == "samples.parquet"
    assert len({what.split(" of ")[1].split(",")[0].split(" ")[0] for what in named[1:]}) == 1
    assert told["numbers"] > 0


def test_a_changed_byte_of_the_tables_index_leaves_no_number_proven(evidence: Path) -> None:
    flip(evidence, "samples.parquet", -40)
    found = upright.verify(evidence)
    assert not found.holds
    assert found.unproven[0].what == "samples.parquet"


@pytest.mark.parametrize("name", ["estimates.parquet", "run.json"])
def test_a_changed_byte_elsewhere_names_the_file_and_the_numbers_still_follow(
    evidence: Path, name: str
) -> None:
    flip(evidence, name, 1000 if name == "estimates.parquet" else -100)
    found = upright.verify(evidence)
    assert not found.holds
    assert found.unproven[0].what == name


def rewritten(run: Path, to: Path, column: str, value: float) -> Path:
    """The run with one cell of estimates.parquet or samples.parquet changed by a careful forger."""
    to.mkdir()
    for file in run.iterdir():
        if file.is_file():
            (to / file.name).write_bytes(file.read_bytes())
    table = pq.read_table(to / f"{column}.parquet")
    at = table.column_names.index("value")
    cells = table["value"].to_pylist()
    ids, sets = table["benchmark"].to_pylist(), table["score_set"].to_pylist()
    place = next(
        i
        for i, v in enumerate(cells)
        if v is not None and (ids[i], sets[i]) == (CHOSEN[0], "upright")
    )
    cells[place] = value
    pq.write_table(
        table.set_column(at, "value", pa.array(cells, pa.float64())), to / f"{column}.parquet"
    )
    return to


def test_a_forged_number_is_named_with_what_its_answers_give(run: Path, tmp_path: Path) -> None:
    found = upright.verify(rewritten(run, tmp_path / "forged", "estimates", 0.987))
    [wrong] = found.unproven
    assert " of " in wrong.what
    assert "value is claimed to be 0.987; its answers give" in wrong.why


def test_a_forged_verdict_is_named_and_so_are_its_numbers(run: Path, tmp_path: Path) -> None:
    found = upright.verify(rewritten(run, tmp_path / "forged", "samples", 0.123))
    kinds = [wrong.what.startswith("the verdict on sample") for wrong in found.unproven]
    assert sum(kinds) == 1
    assert len(kinds) > 1


def test_a_forged_manifest_is_named(evidence: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.zip"
    with zipfile.ZipFile(evidence) as source, zipfile.ZipFile(forged, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "manifest.json":
                told = json.loads(content)
                told["numbers"][0]["value"] = 0.987
                content = json.dumps(told).encode()
            target.writestr(entry, content)
    found = upright.verify(forged)
    assert any("claimed to be 0.987" in wrong.why for wrong in found.unproven)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no", b"{}"])
def test_what_is_no_pack_is_an_error_and_no_verdict(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(StoreError, match="not a whole evidence pack"):
        upright.verify(tmp_path / "x.zip")
    assert here("verify", "x.zip", cwd=tmp_path).returncode == 2


def test_names_in_a_pack_lead_nowhere(evidence: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(evidence, "a") as file:
        file.writestr("../outside.txt", "x")
    assert upright.verify(evidence).holds
    assert not (tmp_path.parent / "outside.txt").exists()


def test_rows_hold_what_numbers_need(run: Path) -> None:
    """One row group per score set."""
    file = pq.ParquetFile(run / "samples.parquet")
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, ["benchmark", "score_set"])
        assert pc.count_distinct(table["benchmark"]).as_py() == 1
        assert pc.count_distinct(table["score_set"]).as_py() == 1
