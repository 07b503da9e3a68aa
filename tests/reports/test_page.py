"""The page: complete, inert, the same every time."""

import base64
import hashlib
import re
from pathlib import Path

import pytest

from tests.reports.conftest import HARMFUL, NASTY
from tests.reports.reading import read, spoken, unpacked
from tests.reports.stored import Stored, estimate, sample
from upright.reports import load_profile, render_page, write_page

SCRIPTS = ("shell.js", "charts.js", "table.js")


@pytest.fixture
def page(plain: Path) -> str:
    return render_page(load_profile(plain))


@pytest.fixture
def attacked(nasty: Path) -> str:
    return render_page(load_profile(nasty))


def test_it_tells_value_interval_counts_judge_and_what_is_missing(page: str) -> None:
    text = spoken(page)
    for told in (
        "mock/oracle",
        "External knowledge",
        "0.600 – 0.900",
        "uncalibrated",
        "As the original toolkit scores it",
        "Unread answers are wrong.",
        "30.0 % could not be scored",
        "always-a 0.500",
        "25 %",
        "D11 (1)",
        "upright run mock/oracle --suite mini",
    ):
        assert told in text, told


def test_a_withheld_value_appears_nowhere(plain: Path, tmp_path: Path) -> None:
    stored = Stored(
        estimates=[estimate("safety/misuse", value=0.123456, withheld="too many unscored")],
        samples=[sample("safety/misuse", None, outcome="error")],
    )
    page = render_page(load_profile(stored.write(tmp_path / "withheld")))
    assert "0.123" not in page
    assert "too many unscored" in page


def test_it_answers_where_the_model_stands_in_words(page: str) -> None:
    text = spoken(page)
    assert "Of 2 results with a chance level, 1 is clearly better than chance" in text
    assert "Clearly better than chance." in text
    assert "No value." in text
    assert text.count("Not measured: this run says nothing about it.") == 5


def test_there_is_no_overall_score(page: str) -> None:
    text = spoken(page).lower()
    assert "there is no overall score" in text
    for word in ("average of", "trust score", "grade", "passed", "failed"):
        assert word not in text


def test_nothing_hostile_becomes_markup(attacked: str) -> None:
    reader = read(attacked)
    inert = reader.kinds["application/json"] + reader.kinds["text/plain"]
    assert reader.tags["script"] - inert == len(SCRIPTS)
    assert reader.tags["style"] == 1
    assert not reader.tags["img"]
    assert not [a for a in reader.attributes if a.startswith("on") or a == "style"]


def test_the_same_elements_whatever_the_text_says(nasty: Path, tmp_path: Path) -> None:
    """Replace every hostile text by a mild one: the structure must not change."""
    mild = tmp_path / "mild"
    hostile = read(render_page(load_profile(nasty)))
    build_mild(mild)
    tame = read(render_page(load_profile(mild)))
    assert set(hostile.tags) == set(tame.tags)
    assert set(hostile.attributes) == set(tame.attributes)


def build_mild(path: Path) -> None:
    id, text = "safety/mild", "mild"
    fields = {"sample_id": text, "error": text, "slices": '{"mild": "mild"}'}
    fields |= {"messages": '[{"role": "system", "content": "mild"}]'}
    Stored(
        estimates=[
            estimate(id, column=text),
            estimate(id, headline=False, slice=text, withheld=text),
            *(estimate(id, headline=False, slice=f"kind={i}") for i in "abcd"),
        ],
        samples=[
            sample(id, 0.0, **fields),
            sample(id, 0.0, **fields | {"response": "x" * 1_000_000}),
        ],
        cards={id: {"title": text, "measures": text, "limits": [text]}},
        run={"baselines": {id: {text: 0.5}}},
    ).write(path)


def test_no_character_acts(attacked: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]", attacked)
    assert "⟨U+202E⟩" in attacked and "␀" in attacked and "␛" in attacked


def test_the_hostile_text_is_there_to_be_read(attacked: str) -> None:
    texts = "".join(t for _, t in read(attacked).texts)
    assert NASTY[: NASTY.index("\x00")] in texts


def test_a_megabyte_is_cut_and_said(attacked: str) -> None:
    assert len(attacked) < 500_000
    assert re.search(r"99\d,\d{3} more characters are in samples.parquet", attacked)


def test_harmful_text_is_masked(page: str) -> None:
    found = [path for path, text in read(page).texts if HARMFUL in text]
    assert found
    assert all(any(e.startswith("details.mask") for e in path) for path in found)


def test_other_text_is_not_masked(page: str) -> None:
    found = [path for path, text in read(page).texts if "Not at all" in text]
    assert found
    assert not any(e.startswith("details.mask") for path in found for e in path)


def test_right_answers_and_the_published_score_set_are_not_among_the_lost(page: str) -> None:
    ids = {t.strip() for path, t in read(page).texts if path[-1:] == ("span.id",)}
    assert {"wrong", "half", "lost", "broken"} <= ids
    assert not ids & {"right", "held", "other", "s1"}


def test_the_worst_come_first_and_the_unscored_keep_their_places(plain: Path) -> None:
    page = render_page(load_profile(plain))
    assert page.index(">wrong<") < page.index(">half<") < page.index(">lost<")


def test_its_policy_allows_exactly_its_own_scripts_and_style(page: str) -> None:
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found
    policy = found[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    (style,) = re.findall("<style>(.*?)</style>", page, re.S)
    assert f"style-src '{sha256(style)}'" in policy
    scripts = re.findall("<script>(.*?)</script>", page, re.S)
    library = [source.decode() for source in unpacked(page, "library")]
    assert (len(scripts), len(library)) == (len(SCRIPTS), 3)
    allowed = re.search("script-src ([^;]+);", policy)
    assert allowed
    assert allowed[1].split() == [f"'{sha256(script)}'" for script in [*scripts, *library]]


def sha256(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_it_asks_nothing_of_the_network(page: str) -> None:
    reader = read(page)
    assert all(target.startswith("#") for target in reader.targets)
    assert "url(" not in page and "@import" not in page


def test_every_link_has_a_place_and_every_place_one_name(page: str) -> None:
    reader = read(page)
    assert {t.removeprefix("#") for t in reader.targets} <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)


def test_the_same_run_gives_the_same_page(plain: Path, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write_page(load_profile(plain), tmp_path / name)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
