"""ReGA: the abstract model's equations, its chain, and the defense that reads it."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.defenses.test_methods import YES, Says, behind
from tests.models import tiny
from upright.core import DataError, Message, UsageError, ask
from upright.defenses import PASSED, REFUSAL, REFUSED
from upright.defenses import _rega_monitor as room
from upright.defenses._abstract_chain import chain, hitting, hitting_within, prism, unsafe_states
from upright.defenses._abstract_model import (
    Abstraction,
    AbstractModel,
    Flags,
    Floats,
    most_accurate,
    none_missed,
)
from upright.defenses._rega_monitor import (
    Monitor,
    Text,
    Training,
    fitted,
    kept,
    load,
    save,
    training,
)
from upright.defenses.rega import Local, ReGA, Scored, rega
from upright.models.weights import open_weights

DIM, COUNT = 12, 60
FEW = Abstraction(components=3, states=4)


def two_kinds(seed: int = 0, apart: float = 8.0) -> tuple[list[Floats], Flags]:
    """Texts of five tokens; the last tokens of safe ones lie elsewhere than of harmful ones."""
    random = np.random.default_rng(seed)
    safe = np.arange(COUNT) % 2 == 0
    paths = random.normal(size=(COUNT, 5, DIM)).astype(np.float32)
    paths[~safe, -3:, 0] += apart
    return list(paths), safe


MODEL = FEW.fit(*two_kinds())


def test_what_lies_apart_is_told_apart() -> None:
    paths, safe = two_kinds()
    model = FEW.fit(paths, safe)
    scores = np.array([model.score(path) for path in paths])
    assert scores[safe].min() > scores[~safe].max()
    best, none = most_accurate(scores, safe), none_missed(scores, safe)
    assert ((scores >= best) == safe).all()
    assert (scores[~safe] < none).all()
    assert none <= best


def test_a_score_is_the_last_states_labels_and_the_moves_between_them() -> None:
    """Steps 4 to 6 of the method, by hand: three states on a line."""
    line = np.eye(3, 1, dtype=np.float32)
    moves = np.array([[0, 0.5, 0.5], [0.25, 0.75, 0], [0, 0, 0]], np.float32)
    centres, safety = np.array([[0], [1], [2]], np.float32), np.array([0.9, 0.5, 0.1], np.float32)
    model = AbstractModel(np.zeros(3, np.float32), line, centres, safety, moves)
    hidden = np.zeros((4, 3), np.float32)
    hidden[:, 0] = (0.1, 0.9, 1.2, 2.3)
    assert model.path(hidden).tolist() == [0, 1, 1, 2]
    expected = [0.9, 0.9 + 0.5 + 0.5, 0.9 + 0.5 + 0.5 + 0.5 + 0.75, 0.5 + 0.5 + 0.1 + 0.75]
    np.testing.assert_allclose(model.scores(hidden), expected, rtol=1e-6)
    np.testing.assert_allclose(model.scores(hidden, labels=False), [0, 0.5, 1.25, 0.75], rtol=1e-6)


def test_labels_and_moves_are_smoothed_as_the_paper_smooths_them() -> None:
    rule = Abstraction(states=3)
    ends, safe = np.array([0, 0, 0, 1]), np.array([True, True, False, False])
    np.testing.assert_allclose(rule.labelled(ends, safe), [3 / 5, 1 / 3, 1 / 2], rtol=1e-6)
    moves = rule.counted([np.array([0, 1, 0, 1]), np.array([1])])
    np.testing.assert_allclose(moves[0], [1 / 5, 3 / 5, 1 / 5], rtol=1e-6)
    np.testing.assert_allclose(moves[1], [2 / 4, 1 / 4, 1 / 4], rtol=1e-6)
    assert not moves[2].any()


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_a_token_is_scored_by_what_stands_before_it_alone(seed: int, tokens: int) -> None:
    """So a score can be told while a text is written."""
    random = np.random.default_rng(seed)
    text = random.normal(scale=4, size=(12, DIM)).astype(np.float32)
    np.testing.assert_allclose(MODEL.scores(text)[:tokens], MODEL.scores(text[:tokens]), rtol=1e-12)
    assert (MODEL.scores(text) >= 0).all()
    assert (MODEL.scores(text) <= 2 * MODEL.window - 1).all()


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 11))
def test_a_conversation_is_never_safer_than_its_prompt(seed: int, prompt: int) -> None:
    text = np.random.default_rng(seed).normal(scale=4, size=(12, DIM)).astype(np.float32)
    watch = Monitor(MODEL, {})
    assert watch.conversation(text, prompt) <= watch.prompt(text[:prompt]) + 1e-12
    assert watch.conversation(text, prompt) <= watch.prompt(text) + 1e-12


def test_turning_and_moving_all_hidden_states_changes_no_score() -> None:
    paths, safe = two_kinds()
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(DIM, DIM)))
    turned = [(path @ turn + 3.0).astype(np.float32) for path in paths]
    model = FEW.fit(turned, safe)
    for path, other in zip(paths, turned, strict=True):
        assert model.score(other) == pytest.approx(MODEL.score(path), abs=1e-4)


def test_the_same_texts_make_the_same_model_and_it_outlives_being_stored(tmp_path: Path) -> None:
    paths, safe = two_kinds()
    texts = [Text([1, 2, 3, 4, 5], 4, bool(s)) for s in safe]
    one = fitted(paths, texts, FEW)
    save(tmp_path / "a", one)
    save(tmp_path / "b", fitted(paths, texts, FEW))
    for file in ("abstract_model.safetensors", "abstract_model.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    again = load(tmp_path / "a")
    assert again.thresholds == one.thresholds
    assert [again.prompt(path) for path in paths] == [one.prompt(path) for path in paths]


def test_too_few_texts_are_said() -> None:
    paths, safe = two_kinds()
    with pytest.raises(UsageError, match=r"3 texts with 3 different .* do not make 4"):
        FEW.fit(paths[:3], safe[:3])
    with pytest.raises(UsageError, match=r"60 texts with 1 different .* another layer"):
        FEW.fit([paths[0]] * COUNT, safe)


@pytest.mark.parametrize("chance", [0.5, 0.6])
def test_hitting_is_the_gambler_s_ruin(chance: float) -> None:
    """From k of n, the chance to reach 0 before n: (r^k - r^n) / (1 - r^n), r = (1 - p) / p."""
    n, ratio = 10, (1 - chance) / chance
    moves = np.eye(n + 1)
    for k in range(1, n):
        moves[k] = 0
        moves[k, k + 1], moves[k, k - 1] = chance, 1 - chance
    places = np.arange(n + 1)
    ruin = places == 0
    closed = 1 - places / n if ratio == 1 else (ratio**places - ratio**n) / (1 - ratio**n)
    np.testing.assert_allclose(hitting(moves, ruin), closed, atol=1e-12)
    np.testing.assert_allclose(hitting_within(moves, ruin, 3000), closed, atol=1e-9)
    assert hitting_within(moves, ruin, 3)[4] == 0
    assert (hitting_within(moves, ruin, 3) <= hitting_within(moves, ruin, 4)).all()


def test_the_chain_is_stochastic_and_written_as_such() -> None:
    moves = chain(MODEL)
    np.testing.assert_allclose(moves.sum(axis=1), 1, atol=1e-12)
    text = prism(MODEL)
    assert text.startswith("dtmc") and 'label "unsafe"' in text
    rows = re.findall(r"\[\] s=\d+ -> (.*);", text)
    assert len(rows) == len(moves)
    for row in rows:
        chances = [float(part.split(" : ")[0]) for part in row.split(" + ")]
        assert sum(chances) == pytest.approx(1, abs=1e-12)
    assert unsafe_states(MODEL).any() and not unsafe_states(MODEL).all()


def by_length(messages: Sequence[Message], answer: str | None) -> Scored:
    """Long prompts and long answers are harmful."""
    return Scored(-float(max(len(messages[-1].content), len(answer or ""))), -40.0)


def test_a_prompt_below_the_threshold_is_refused_and_nobody_asked() -> None:
    model = Says(lambda messages: YES)
    response = behind(ReGA(by_length), model, "long " * 20)
    assert (response.text, response.decisions[0].did) == (REFUSAL, REFUSED)
    assert "refused below -40.00" in response.decisions[0].reason
    assert not model.asked
    kept = behind(ReGA(by_length), model, "short")
    assert (kept.text, kept.decisions[0].did) == (YES, PASSED)


def test_with_answers_it_holds_back_a_conversation_below_the_threshold() -> None:
    held = behind(ReGA(by_length, answers=True), Says(lambda messages: YES), "short")
    assert (held.text, held.finish_reason) == (REFUSAL, "defense")
    assert held.decisions[0].reason.startswith("the conversation scores")
    kept = behind(ReGA(by_length, answers=True), Says(lambda messages: "No."), "short")
    assert (kept.text, kept.decisions[0].did) == ("No.", PASSED)


def test_options_show_in_the_id_and_wrong_ones_are_named() -> None:
    assert rega(layer=12, answers=True).id == "rega(12, True)"
    with pytest.raises(UsageError, match="Did you mean accurate"):
        rega(threshold="acurate")


def test_without_data_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path))
    monkeypatch.delenv("UPRIGHT_DATA", raising=False)
    with pytest.raises(DataError, match=r"advbench/harmful_behaviors.csv is not at hand"):
        training(None)


def test_a_folder_without_a_monitor_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no abstract model .*Leave the folder out"):
        load(tmp_path)


def test_it_reads_a_model_s_own_hidden_states(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    folder = tiny.folder(tmp_path / "tiny-llama")
    prompts = [f"{'Bake' if n % 2 else 'Burn'} {n}" for n in range(8)]
    with open_weights(f"local/{folder}", device="cpu", threads=1) as weights:
        chats = [weights.chat(prompt) for prompt in prompts]
        paths = [weights.hidden_states([c], layers=(1,), every_token=True)[0, :, 0] for c in chats]
    texts = [Text(chat, len(chat), n % 2 == 1) for n, chat in enumerate(chats)]
    monitor = fitted(paths, texts, FEW)
    save(tmp_path / "monitor", monitor)
    watch = Local(f"local/{folder}", 1, "accurate", str(tmp_path / "monitor"))
    for prompt, path in zip(prompts, paths, strict=True):
        assert watch(ask(prompt), None).score == pytest.approx(monitor.prompt(path), abs=1e-6)
    guarded = ReGA(watch, answers=True)
    response = behind(guarded, Says(lambda messages: "Fine."), prompts[1])
    assert response.decisions[0].defense == "rega"
    asyncio.run(guarded.close())


def test_it_is_fitted_once_and_again_for_other_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path))
    harmful = [(f"Burn {n}", "Sure") for n in range(8)]
    told = Training(harmful, [f"Bake {n}" for n in range(8)])
    folder, fits = tiny.folder(tmp_path / "tiny-llama"), Counter[int]()

    def counted(paths: Sequence[Floats], of: Sequence[Text]) -> Monitor:
        fits[len(of)] += 1
        return fitted(paths, of)

    monkeypatch.setattr(room, "training", lambda data: told)
    monkeypatch.setattr(room, "fitted", counted)
    with open_weights(f"local/{folder}", device="cpu", threads=1) as weights:
        one, again = (kept(weights, 1, None) for _ in range(2))
        assert one.thresholds == again.thresholds
        harmful.append(("Burn it all", "Sure"))
        kept(weights, 1, None)
        kept(weights, 2, None)
    assert fits == {32: 1, 34: 2}
    assert len(list((tmp_path / "rega").iterdir())) == 3
