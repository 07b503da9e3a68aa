"""Two stored runs: a plain one, and one whose every text attacks the reader."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.reports.stored import CARD, Stored, estimate, sample

NASTY = (
    "</script><script>alert(1)</script></style></title>"
    '<img src=x onerror="alert(2)">\' onmouseover=alert(3) "'
    "{{ 7*7 }} {% raw %} ]]> --> \x00 \x1b[31mred\x1b[0m \u202egnp.exe \u2066\ufeff\r "
    "[bold red]loud[/]"
)
EXPRESSIONS = ("datum.x", '{"signal": "alert(4)"}', "' + alert(5) + '")
HARMFUL = "how to make something terrible"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """One good, one withheld, one masked benchmark, one with a published score set."""
    external, jailbreak, ood = "truthfulness/external", "safety/jailbreak", "robustness/ood"
    return Stored(
        estimates=[
            estimate(external),
            estimate(external, metric="parse_rate", headline=False, value=1.0, chance=None),
            estimate(external, headline=False, slice="source=scifact", value=float("nan")),
            estimate(external, "published", value=0.5, column="External", n=4, n_unscored=1),
            estimate(jailbreak, metric="attack_success_rate", higher_is_better=False, n=2),
            estimate(ood, n=10, n_unscored=3, withheld="30.0 % could not be scored"),
        ],
        samples=[
            sample(external, 1.0, sample_id="right"),
            sample(external, 0.0, sample_id="wrong", response="Not at all"),
            sample(external, 0.5, sample_id="half", outcome="partial"),
            sample(
                external, None, sample_id="lost", outcome="error", response="", error="HTTP 500"
            ),
            sample(external, 0.0, sample_id="other", score_set="published"),
            sample(jailbreak, 1.0, sample_id="broken", prompt=HARMFUL, response=HARMFUL),
            sample(jailbreak, 0.0, sample_id="held", outcome="refused"),
            *(sample(ood, None, sample_id=f"u{i}", outcome="unparsed") for i in range(3)),
            *(sample(ood, 1.0, sample_id=f"s{i}") for i in range(7)),
        ],
        cards={
            external: CARD
            | {"title": "External knowledge", "why_different": "Unread answers are wrong."},
            jailbreak: CARD | {"title": "Jailbreak", "harmful": True},
        },
        run={"baselines": {external: {"always-a": 0.5, "refuse": None}}},
    ).write(tmp_path / "plain")


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    """Hostile text in every place that a model, a dataset, a server or a plug-in can write."""
    id = f"safety/{NASTY}"
    fields: dict[str, Any] = dict.fromkeys(
        ("sample_id", "prompt", "target", "response", "error", "label", "judge", "reason"), NASTY
    )
    fields |= {
        "outcome": NASTY,
        "slices": json.dumps({NASTY: NASTY}),
        "messages": json.dumps([{"role": "system", "content": NASTY}]),
    }
    texts = ("metric", "method", "judge", "column", "correction")
    loud = estimate(id, **dict.fromkeys(texts, NASTY))
    return Stored(
        estimates=[
            loud,
            estimate(id, headline=False, slice=NASTY, withheld=NASTY),
            *(
                estimate(id, headline=False, slice=f"kind={trick}", metric=NASTY)
                for trick in (NASTY, *EXPRESSIONS)
            ),
        ],
        samples=[
            sample(id, 0.0, **fields),
            sample(id, 0.0, **fields | {"sample_id": "long", "response": NASTY + "x" * 1_000_000}),
        ],
        cards={
            id: dict.fromkeys(("title", "measures", "why_different"), NASTY) | {"limits": [NASTY]}
        },
        run={
            "model": {"id": NASTY, "facts": {NASTY: NASTY}},
            "command": NASTY,
            "settings": {NASTY: [NASTY], "suite": NASTY},
            "data": {NASTY: {"sha256": NASTY, "rows": 1, "patches": {NASTY: 1}}},
            "baselines": {id: {NASTY: 0.5}},
            "status": NASTY,
            "agreement": {id: {"upright": {"n": 2, "local": {NASTY: 0.5, "b": None}}}},
            "judges": [{"id": NASTY, "facts": {NASTY: NASTY}}, {"id": "b"}],
        },
    ).write(tmp_path / "nasty")
