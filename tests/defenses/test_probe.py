"""The probe of hidden states, and the guardian that asks it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.defenses.test_methods import YES, Says, behind
from tests.models import tiny
from upright.core import open_named
from upright.defenses import PASSED, REFUSED, _probe
from upright.defenses._guardians import ByProbe
from upright.defenses._probe import Probe, kept_probe, load_probe
from upright.defenses._rega_monitor import Training
from upright.defenses.hard_gate import HardGate
from upright.models.weights import open_weights

TOLD = Training([(f"Burn house {n}", "Sure") for n in range(8)], [f"Bake {n}" for n in range(8)])


def test_what_lies_apart_is_told_apart_and_kept(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    harmful = np.arange(60) % 2 == 0
    hidden = random.normal(size=(60, 12))
    hidden[harmful, 3] += 6
    probe = Probe.fit(hidden, harmful)
    assert ((probe.log_odds(hidden) > 0) == harmful).all()
    probe.save(tmp_path / "a" / "probe.safetensors")
    again = load_probe(tmp_path / "a" / "probe.safetensors")
    np.testing.assert_allclose(again.log_odds(hidden), probe.log_odds(hidden), rtol=1e-4)


def test_a_column_that_tells_nothing_does_no_harm() -> None:
    hidden = np.random.default_rng(0).normal(size=(20, 3))
    hidden[:, 1] = 5.0
    assert np.isfinite(Probe.fit(hidden, np.arange(20) < 10).log_odds(hidden)).all()


def test_the_guardian_is_named_and_opens_nothing_before_it_is_asked() -> None:
    assert open_named("defenses", "hard_gate:guardian=probe").id == "hard_gate(probe)"
    assert open_named("defenses", "advisor:guardian=probe").id == "advisor(probe)"


def test_it_is_fitted_once_and_refuses_what_is_like_its_harmful_prompts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a random network: it learns these very prompts, no more."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    monkeypatch.setenv("UPRIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(_probe, "training", lambda data: TOLD)
    folder = tiny.folder(tmp_path / "tiny-llama")
    gate = HardGate(ByProbe(f"local/{folder}"))
    for prompt, did in ((TOLD.harmful[0][0], REFUSED), (TOLD.safe[0], PASSED)):
        response = behind(gate, Says(lambda messages: YES), prompt)
        assert response.decisions[0].did == did
    asyncio.run(gate.close())
    with open_weights(f"local/{folder}", device="cpu", threads=1) as weights:
        kept_probe(weights, 1, None)
    assert len(list((tmp_path / "probe").iterdir())) == 1
